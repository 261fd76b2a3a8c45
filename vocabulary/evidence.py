"""What did a department answer? Four outcomes, never a bare list and never None.

    Found          records, and where they came from
    NoRecord       the department was asked and has nothing
    NotAsked       we did not ask, and the clause says why
    SourceFailed   we asked and got no usable answer

Null is never "no": only `NoRecord` says that there is nothing. How a source can fail is a
closed list, `FailureKind`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeVar, cast

import msgspec

from vocabulary.codes import Code, Department, SharingClass
from vocabulary.record import Record

R = TypeVar("R", bound=Record)


class Answer(Enum):
    """Yes, no or cannot tell. It has no truth value: compare it, so that UNKNOWN is never taken for NO.

    >>> bool(Answer.UNKNOWN)
    Traceback (most recent call last):
        ...
    TypeError: an Answer is compared with YES, NO or UNKNOWN, never used as a truth value
    """

    YES = "yes"
    NO = "no"
    UNKNOWN = "cannot tell"

    def __bool__(self) -> bool:
        raise TypeError("an Answer is compared with YES, NO or UNKNOWN, never used as a truth value")

    @classmethod
    def of(cls, value: bool | None) -> Answer:
        """The answer that a three-valued condition gives; None is unknown."""
        return cls.UNKNOWN if value is None else cls.YES if value else cls.NO


class EvidenceState(Code):
    """The five states of evidence (核对状态) of a statement against a department."""

    MATCH = "MATCH", "一致"
    MISMATCH = "MISMATCH", "不一致"
    NO_RECORD = "NO_RECORD", "查无记录"
    NOT_ASKED = "NOT_ASKED", "未查询"
    SOURCE_FAILED = "SOURCE_FAILED", "数据源未答复"


class FailureKind(Code):
    """How a source can fail; each is something an operator or a department can act on."""

    UNREACHABLE = "UNREACHABLE", "无法连接"
    TIMED_OUT = "TIMED_OUT", "超时"
    REFUSED = "REFUSED", "对方拒绝"
    CONTRACT_BROKEN = "CONTRACT_BROKEN", "数据不符合约定"
    STALE = "STALE", "数据过期"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED", "超出配额"


class Quality(Code):
    """What is known of the batch that a record came in: did it keep what the department had agreed to?"""

    SOUND = "SOUND", "合格"
    UNCHECKED = "UNCHECKED", "未检核"
    DOUBTFUL = "DOUBTFUL", "存疑"
    """An expectation that decides who or what is meant was not kept: nothing is concluded from the batch."""


class Provenance(msgspec.Struct, frozen=True, gc=False):
    """Where an answer came from. The day for which it holds stands on each record (`as_of`)."""

    department: Department
    catalogue_id: str
    """Number of the data resource in the shared catalogue, 政务数据共享条例 art. 13."""
    sharing_class: SharingClass
    fetched_at: datetime
    """UTC."""
    quality: Quality = Quality.UNCHECKED


class Found(msgspec.Struct, frozen=True, gc=False):
    """The department has records: one or more, of one type, in the order of `record_id`."""

    records: tuple[Record, ...]
    provenance: Provenance


class NoRecord(msgspec.Struct, frozen=True, gc=False):
    """The department was asked and has nothing: a statement of its own, not a failure."""

    provenance: Provenance


@dataclass(frozen=True, slots=True)
class NotAsked:
    """We did not ask. `clause` is the article or the agreement's clause that forbids or excuses it."""

    department: Department
    clause: str


@dataclass(frozen=True, slots=True)
class SourceFailed:
    """We asked and got no usable answer. `detail` names no person: it is shown and logged."""

    department: Department
    failure: FailureKind
    at: datetime
    detail: str = ""


Outcome = Found | NoRecord | NotAsked | SourceFailed


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was answered in one inquiry: per record type and subject (person or household), one outcome.

    A pair that is absent was not asked; `of` says so with the clause `NOT_IN_THIS_INQUIRY`.
    """

    outcomes: Mapping[type[Record], Mapping[str, Outcome]] = field(default_factory=dict)

    def of(self, record: type[Record], subject: str) -> Outcome:
        """The outcome for one subject; `NotAsked` when the inquiry did not ask."""
        of_record = self.outcomes.get(record)
        found = None if of_record is None else of_record.get(subject)
        return NotAsked(record.department, NOT_IN_THIS_INQUIRY) if found is None else found

    def records(self, record: type[R], subject: str) -> tuple[R, ...]:
        """The records found, and nothing where there are none, whatever the reason: ask `of` first."""
        outcome = self.of(record, subject)
        return cast("tuple[R, ...]", outcome.records) if isinstance(outcome, Found) else ()

    def failures(self) -> Iterator[SourceFailed]:
        """Every failure, once per record type and subject."""
        for by_subject in self.outcomes.values():
            for outcome in by_subject.values():
                if isinstance(outcome, SourceFailed):
                    yield outcome


NOT_IN_THIS_INQUIRY = "not needed by this inquiry"
