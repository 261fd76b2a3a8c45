"""What is kept of a verdict, so that whoever may see it can reach it again? Its inputs and its result, canonical JSON.

The inputs are what the departments answered, cut to the columns that the rules read; the result
is the verdict's figures, its arithmetic and its findings, in the one spelling of RFC 8785. The log
commits to them, the vault keeps them, and neither is readable once the person is shredded.

    ValueError
    └── BadRecord     the bytes are no inputs of a verification
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from verification.verdict import Verdict
from vocabulary.errors import Malformed
from vocabulary.evidence import (
    Evidence,
    FailureKind,
    Found,
    NoRecord,
    NotAsked,
    Outcome,
    Provenance,
    SourceFailed,
)
from vocabulary.month import Month
from vocabulary.record import Record, partial, read_word
from vocabulary.register import BY_NAME

INPUTS, RESULT = "hedui-inputs/v1", "hedui-result/v1"

Columns = Mapping[type[Record], frozenset[str]]


class BadRecord(ValueError):
    """These are no inputs of a verification, or those of another version."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcome entry that keeps a verdict, and the digests (SHA-256, hex) of what it rested on and came to."""

    entry: int
    inputs: str
    result: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What a verdict rested on and what it came to: canonical JSON, both."""

    inputs: bytes
    result: bytes

    def decided(self, entry: int) -> Decided:
        """What a decision that rests on the verdict names. `entry` is where the log put the outcome."""
        return Decided(entry, sha256(self.inputs).hexdigest(), sha256(self.result).hexdigest())


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a verification was given."""

    household: str
    on: date
    evidence: Evidence


def record_of(verdict: Verdict, evidence: Evidence, *, reads: Columns) -> DecisionRecord:
    """The record of a verdict that was reached from this evidence.

    `reads`   the columns that the rules need: no other leaves its trace here
    """
    inputs = {
        "evidence": {
            record.__name__: {subject: _told(one, reads[record]) for subject, one in by_subject.items()}
            for record, by_subject in evidence.outcomes.items()
            if record in reads
        },
        "format": INPUTS,
        "household": verdict.household,
        "on": verdict.on,
    }
    return DecisionRecord(_canonical(inputs), result_of(verdict))


def result_of(verdict: Verdict) -> bytes:
    """The verdict's figures, its arithmetic line by line, its findings, and what could not be told."""
    told = {name: getattr(verdict, name) for name in _FIGURES}
    told["arithmetic"] = [[step.zh, step.fen, step.adds] for step in verdict.arithmetic]
    told["findings"] = [{name: getattr(one, name) for name in _OF_FINDING} for one in verdict.findings]
    told["gates"] = [[gate.category, gate.answer, gate.because] for gate in verdict.gates]
    told["members"] = [[one.person, one.counted, one.article] for one in verdict.members]
    return _canonical({**told, "format": RESULT})


def inputs_of(data: bytes, *, reads: Columns) -> Inputs:
    """The inputs of a verification, read back from their canonical bytes. Raises `BadRecord`.

    `reads`   the columns that the rules need: a record without one of them is refused
    """
    try:
        given = msgspec.json.decode(data, type=_Written)
        if given.format != INPUTS:
            raise BadRecord(f"expected inputs in the format `{INPUTS}`")
        outcomes = {
            BY_NAME[name]: {
                subject: _outcome(BY_NAME[name], one, reads[BY_NAME[name]])
                for subject, one in by_subject.items()
            }
            for name, by_subject in given.evidence.items()
        }
    except (msgspec.MsgspecError, Malformed, KeyError, ValueError) as error:
        raise BadRecord(f"expected the inputs of a verification, got {type(error).__name__}") from None
    return Inputs(given.household, given.on, Evidence(outcomes))


_FIGURES = (
    "household",
    "on",
    "window",
    "category",
    "declared_category",
    "counted_members",
    "annual_fen",
    "declared_annual_fen",
    "lower_bound_fen",
    "per_capita_month",
    "payable_fen",
    "declared_payable_fen",
    "single_person",
    "rigid_fen",
    "rigid_ratio_percent",
    "lines",
    "cannot_tell",
)
_OF_FINDING = ("rule", "severity", "person", "article", "evidence", "records")


class _Told(msgspec.Struct, omit_defaults=True):
    """One outcome as it is written: which of the four, and what goes with it."""

    state: str
    source: Provenance | None = None
    records: list[Any] = []
    clause: str = ""
    failure: str = ""
    at: datetime | None = None
    detail: str = ""


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    evidence: dict[str, dict[str, _Told]]
    format: str
    household: str
    on: date


def _told(outcome: Outcome, columns: frozenset[str]) -> _Told:
    match outcome:
        case Found(records=records, provenance=source):
            return _Told("FOUND", source, [_cut(row, columns) for row in records])
        case NoRecord(provenance=source):
            return _Told("NO_RECORD", source)
        case NotAsked(clause=clause):
            return _Told("NOT_ASKED", clause=clause)
        case SourceFailed(failure=failure, at=at, detail=detail):
            return _Told("SOURCE_FAILED", failure=failure.value, at=at, detail=detail)


def _cut(row: Record, columns: frozenset[str]) -> object:
    """A row without what no rule reads."""
    extra = _extra(type(row), columns)
    if not extra:
        return row
    return {name: value for name, value in msgspec.structs.asdict(row).items() if name not in extra}


@lru_cache(maxsize=1024)
def _extra(record: type[Record], columns: frozenset[str]) -> Collection[str]:
    return frozenset(record.__struct_fields__) - columns - {"record_id", "as_of"}


def _outcome(record: type[Record], told: _Told, columns: frozenset[str]) -> Outcome:
    match told.state, told.source:
        case "FOUND", Provenance() as source if told.records:
            rows = tuple(_row(record, one, columns) for one in told.records)
            return Found(rows, source)
        case "NO_RECORD", Provenance() as source:
            return NoRecord(source)
        case "NOT_ASKED", None:
            return NotAsked(record.department, told.clause)
        case "SOURCE_FAILED", None if told.at is not None:
            return SourceFailed(record.department, FailureKind(told.failure), told.at, told.detail)
    raise BadRecord("expected one of the four outcomes, with what goes with it")


def _row(record: type[Record], given: Any, columns: frozenset[str]) -> Record:
    if not isinstance(given, dict) or not given.keys() >= columns:
        raise BadRecord("expected a record as an object, with every column that the rules read")
    kind = partial(record, frozenset(given))
    return msgspec.convert(given, kind, dec_hook=read_word)


def _word(value: object) -> object:
    """A month, an id number, a region: words of ours that the encoder does not know for text."""
    if isinstance(value, Month):
        return str(value)
    if isinstance(value, str):
        return str.__str__(value)
    raise NotImplementedError(f"expected a word of the vocabulary, got `{type(value).__name__}`")


# Sorted, UTF-8, whole numbers only: for what is written here the canonical spelling; a test holds both together.
_canonical = msgspec.json.Encoder(order="sorted", enc_hook=_word).encode
