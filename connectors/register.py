"""What does every connector do alike? It decodes once and turns failures into values; a transport does the reaching."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from connectors.arrow import Chunk, decoded, gathered
from connectors.ask import Ask, Clock, Snapshot, SnapshotFailed
from connectors.decode import Decoder, Row, decoder
from connectors.failure import Failed, broken
from connectors.guard import Guard
from connectors.mapping import Table, Tables
from connectors.outcomes import outcomes
from connectors.search import Find, Finds, unsearchable
from vocabulary.codes import Department
from vocabulary.evidence import Outcome
from vocabulary.record import Record, columns_of


class Register(ABC):
    """A connector to one department's register; a transport says how rows are looked up and how they stream."""

    def __init__(self, department: Department, tables: Tables, *, guard: Guard, clock: Clock) -> None:
        self.department = department
        self._tables = tables
        self._guard = guard
        self._clock = clock

    async def fetch(self, ask: Ask) -> Mapping[str, Outcome]:
        """See `Connector.fetch`."""
        try:
            table = self._table(ask.record)
            decode = decoder(ask.record, table, ask.columns, ask.masked)
            rows = await self._guard.ask(lambda: self._look_up(ask, table, decode))
            return outcomes(ask, decode, rows, at=self._clock())
        except Failed as why:
            return why.for_all(ask.ids, self.department, at=self._clock())

    async def find(self, wanted: Find) -> Finds:
        """See `Searched.find`."""
        try:
            table = self._table(wanted.record)
            decode = decoder(wanted.record, table, wanted.columns)
            rows = [*await self._guard.ask(lambda: self._search(wanted, table, decode))]
            whose = dict.fromkeys(key for row in rows if (key := decode.subject(row, wanted.by)) is not None)
            ask = Ask(wanted.record, wanted.by, tuple(whose), wanted.columns)
            return outcomes(ask, decode, rows, at=self._clock())
        except Failed as why:
            return why.value(self.department, at=self._clock())

    def snapshot(self, record: type[Record], columns: frozenset[str], since: str = "") -> Snapshot:
        """See `Connector.snapshot`."""
        return Snapshot(self._parts(record, columns, since), since=since)

    def delivered(self, record: type[Record]) -> Iterator[Row]:
        """Give every row as the department wrote it, undecoded, for `connectors.expectations`. Raises `Failed`."""
        table = self._table(record)
        for chunk, _ in self._stream(table, decoder(record, table, frozenset(columns_of(record))), ""):
            yield from rows_of(chunk)

    @abstractmethod
    def version(self) -> str:
        """Give what the source calls itself, for whoever sets it up. Raises `Failed`."""

    @abstractmethod
    async def aclose(self) -> None:
        """See `Connector.aclose`."""

    @abstractmethod
    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> Iterable[Row]:
        """Give the rows of those asked for, with the decoder's fields in its order. Raises `Failed`."""

    async def _search(self, wanted: Find, table: Table, decode: Decoder) -> Iterable[Row]:
        """Give the rows of those found, in the order of their keys, where the transport can. Raises `Failed`."""
        raise unsearchable()

    @abstractmethod
    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """Give every row behind the cursor `since` in chunks of about `BATCH_ROWS`, each with the cursor behind it.

        Raises `Failed`.
        """

    def _table(self, record: type[Record]) -> Table:
        if record not in self._tables:
            raise broken(f"expected `{record.__name__}` in the contract, got it declared absent")
        return self._tables[record]

    def _parts(
        self, record: type[Record], columns: frozenset[str], since: str
    ) -> Iterator[tuple[pa.RecordBatch, str]]:
        try:
            table = self._table(record)
            decode = decoder(record, table, columns)
            yield from gathered(
                (decoded(decode, chunk), after) for chunk, after in self._stream(table, decode, since)
            )
        except Failed as why:
            raise SnapshotFailed(why.value(self.department, at=self._clock())) from None


def rows_of(chunk: Chunk) -> Iterator[Row]:
    """Give a chunk row by row."""
    if isinstance(chunk, pa.RecordBatch):
        yield from zip(*(column.to_pylist() for column in chunk.columns), strict=True)
    else:
        yield from chunk
