"""What can a department be asked, and what must every connector keep?

A connector answers two questions: `fetch`, about a few persons or households while somebody
waits, and `snapshot`, about the whole district. It never judges, never merges and never
fills in: what the department did not say stays unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Protocol, runtime_checkable

import msgspec
import pyarrow as pa

from connectors.subjects import Subjects
from vocabulary.codes import Department
from vocabulary.evidence import Outcome, Quality, SourceFailed
from vocabulary.record import ColumnKind, Record, columns_of

Clock = Callable[[], datetime]
"""Gives the present instant in UTC."""

Worth = Callable[[type[Record]], Quality]
"""Gives what is known of the batch that an answer about a record type comes from."""


def unchecked(_record: type[Record]) -> Quality:
    """Give the word for batches of which nothing is known."""
    return Quality.UNCHECKED


class Ask(msgspec.Struct, frozen=True):
    """One question to one department: these columns of this record type, for these subjects.

    `by`        the column by which it is looked up, one of `record.subjects`
    `ids`       id numbers or household numbers, as many as one likes; asked twice is answered once.
                `Subjects` that several questions share are written and looked for once for all of them
    `columns`   what the inquiry may see; the answer adds only `record_id`, `as_of` and the subjects
    `masked`    of these, what it may see only in part (脱敏): the answer has a `Masked` there, and the value
                itself stays behind. Keys and subjects, by which rows are told apart and joined, are never among them

    Raises `KeyError` naming a column that the type does not have, cannot be looked up by or cannot be masked.
    """

    record: type[Record]
    by: str
    ids: tuple[str, ...]
    columns: frozenset[str]
    masked: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        _require_known(self.record, self.by, self.columns, self.masked)
        if type(self.ids) is not Subjects:
            msgspec.structs.force_setattr(self, "ids", Subjects(self.ids))

    @property
    def subjects(self) -> Subjects:
        """The same as `ids`, with what is worked out of them."""
        return self.ids  # type: ignore[return-value]  # made so above

    @property
    def carried(self) -> frozenset[str]:
        """The columns that an answer carries: those asked for, and the subjects, so that rules can group."""
        return carried(self.record, self.columns)


@lru_cache(maxsize=512)
def carried(record: type[Record], columns: frozenset[str]) -> frozenset[str]:
    """Give the columns that an answer to `columns` carries."""
    return columns | {"record_id", "as_of"} | frozenset(record.subjects)


@lru_cache(maxsize=512)
def _require_known(record: type[Record], by: str, columns: frozenset[str], masked: frozenset[str]) -> None:
    if by not in record.subjects:
        raise KeyError(f"{record.__name__} is not looked up by {by}")
    if not columns <= columns_of(record).keys():
        name = min(columns - columns_of(record).keys())
        raise KeyError(f"{record.__name__} has no column {name}")
    for name in sorted(masked - (columns & maskable(record))):
        raise KeyError(f"{record.__name__} is not asked for {name} masked")


@lru_cache(maxsize=512)
def maskable(record: type[Record]) -> frozenset[str]:
    """Give the columns that can be asked for masked: texts and numbers, but no key and no subject."""
    kept = {"record_id", *record.subjects}
    return frozenset(
        one.name for one in columns_of(record).values() if one.kind in _TEXTS and one.name not in kept
    )


_TEXTS = frozenset({ColumnKind.TEXT, ColumnKind.ID_NUMBER, ColumnKind.CREDIT_CODE})


class SnapshotFailed(Exception):
    """The department did not give its whole district; `failure` says how. What came before is not to be used."""

    def __init__(self, failure: SourceFailed) -> None:
        super().__init__(f"{failure.department.value}: {failure.failure.value}: {failure.detail}")
        self.failure = failure


class Snapshot(Iterator[pa.RecordBatch]):
    """A district in batches. `cursor` tells where to go on behind the batch that was given last.

    A cursor is text, opaque and not secret; keep it together with the batch, in one act. Given
    as `since` it brings every row that comes behind, none twice and none left out, in another
    process or after days. A row that was changed in between is as it is when it is read.
    """

    def __init__(self, parts: Iterator[tuple[pa.RecordBatch, str]], *, since: str) -> None:
        self._parts = parts
        self.cursor = since

    def __next__(self) -> pa.RecordBatch:
        """Give the next batch, of one row or more."""
        batch, self.cursor = next(self._parts)
        return batch


@runtime_checkable
class Connector(Protocol):
    """One department behind one transport. May be asked by several tasks of one event loop at a time."""

    @property
    def department(self) -> Department:
        """Whose records these are."""
        ...

    async def fetch(self, ask: Ask) -> Mapping[str, Outcome]:
        """Give exactly one outcome for each id asked.

        Never raises for a failing source: that is the outcome `SourceFailed`. `Found.records`
        are `partial(ask.record, ask.carried)`, in the order of `record_id`.
        """
        ...

    def snapshot(self, record: type[Record], columns: frozenset[str], since: str = "") -> Snapshot:
        """Give every row of the district in batches, in bounded memory, by `connectors.arrow.schema_of`.

        `since`   the cursor of an earlier snapshot of this record type, which is gone on with; empty begins

        Raises `SnapshotFailed`, possibly after some batches; `STALE` where what it began with is gone.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections. The connector is not asked again."""
        ...


@runtime_checkable
class Together(Protocol):
    """A connector that may be asked several questions of one inquiry in one act; never those of two inquiries."""

    @property
    def asks_together(self) -> bool:
        """Whether its source can be: a contract says so."""
        ...

    async def fetch_all(self, asks: Sequence[Ask]) -> list[Mapping[str, Outcome]]:
        """Give for each question, in their order, what `fetch` would have given."""
        ...


class Begun(Protocol):
    """Questions to one source that are on their way. End them once: by `answers`, or by `drop`.

    `limit_s`   how long its answer may take
    """

    limit_s: float

    async def answers(self, *, ends_at: float) -> Sequence[Mapping[str, Outcome]]:
        """Give for each question what `fetch` would have given; by the loop's clock not after `ends_at`.

        Raises `TimeoutError` then, and `Failed` after `give_up`.
        """
        ...

    def give_up(self, after_s: float) -> None:
        """Wait no longer, after so many seconds: `answers` ends."""
        ...

    def drop(self) -> None:
        """Wait no longer, for nobody wants the answers."""
        ...


@runtime_checkable
class Prompt(Protocol):
    """A connector that can send questions without waiting for anything: none of them needs a task of its own."""

    def begin(self, asks: Sequence[Ask], *, worth: Worth = unchecked) -> Begun | None:
        """Send the questions, more than one only where `asks_together`; None when they must be asked patiently.

        `worth`   what each answer's provenance says of its batch, asked once the answer is there
        """
        ...
