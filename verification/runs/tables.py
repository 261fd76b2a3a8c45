"""What does a run read? One Arrow table a record type, with the columns that the rules ask for and no others.

Money, numbers and months are 64-bit integers (a month is its ordinal), dates are dates, codes,
texts and id numbers are text, flags are booleans; what a register leaves out is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.records.civil_affairs import Membership

CASES = pa.schema([("household", pa.string()), ("on", pa.date32()), ("mask", pa.int64())])
PERSONS = pa.schema([("person", pa.string()), ("mask", pa.int64())])
_TYPES = {
    ColumnKind.FEN: pa.int64(),
    ColumnKind.NUMBER: pa.int64(),
    ColumnKind.MONTH: pa.int64(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.FLAG: pa.bool_(),
}


@dataclass(frozen=True)
class InFile:
    """Rows in a Parquet file, which are read when they are needed.

    pyarrow's own datasets bring pandas along, which takes half a second of whatever starts; so does `which`.
    """

    path: Path

    @cached_property
    def schema(self) -> pa.Schema:
        """Of all columns of the file."""
        return pq.read_schema(self.path)

    def to_table(self, columns: list[str] | None = None, which: pc.Expression | None = None) -> pa.Table:
        """The rows in memory: some of them, with some of their columns."""
        if which is not None:
            return pq.read_table(self.path, columns=columns, filters=which, partitioning=None)
        with pq.ParquetFile(self.path) as file:
            return file.read(columns)


Rows: TypeAlias = pa.Table | InFile
"""Rows in memory, or in a file."""


@dataclass(frozen=True)
class Snapshot:
    """All that a run reads.

    `tables`   by record type; each row once. A type that is not there has no rows
    `cases`    columns `household`, `on`, and `mask`: record types without a usable answer for it
    `persons`  columns `person`, `mask`: the same for persons; one that is not there was answered about
    """

    tables: Mapping[type[Record], Rows]
    cases: pa.Table
    persons: pa.Table = field(default_factory=lambda: no_rows(PERSONS))

    def table(self, record: type[Record]) -> pa.Table:
        """The rows of a record type in memory, wherever they are."""
        return in_memory(self.tables[record])


def in_memory(rows: Rows) -> pa.Table:
    """All the rows, wherever they are."""
    return rows if isinstance(rows, pa.Table) else rows.to_table()


def listing_of(snapshot: Snapshot) -> Rows:
    """Who was ever listed with which household; nobody, where the snapshot does not say."""
    listed = snapshot.tables.get(Membership)
    return no_rows(schema_of(Membership, ("household", "person"))) if listed is None else listed


def schema_of(record: type[Record], columns: Iterable[str]) -> pa.Schema:
    """The Arrow schema of some columns of a record type, in the order in which it declares them."""
    wanted, known = set(columns), columns_of(record)
    return pa.schema(
        [
            pa.field(name, _TYPES.get(column.kind, pa.string()), nullable=column.optional)
            for name, column in known.items()
            if name in wanted
        ]
    )


def table_of(record: type[Record], rows: Sequence[Record], columns: Iterable[str]) -> pa.Table:
    """Rows as a table of some of their columns."""
    schema = schema_of(record, columns)
    arrays = [pa.array([_cell(getattr(row, each.name)) for row in rows], type=each.type) for each in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def cases_table(cases: Iterable[tuple[str, date, int]]) -> pa.Table:
    """Cases from household number, day, and mask of what was not usably answered for the household."""
    rows = list(cases)
    columns = [
        [household for household, _, _ in rows],
        [on for _, on, _ in rows],
        [mask for _, _, mask in rows],
    ]
    return pa.table(columns, schema=CASES)


def masks_table(masks: Mapping[str, int]) -> pa.Table:
    """Persons about whom something was not usably answered."""
    return pa.table([[str(person) for person in masks], list(masks.values())], schema=PERSONS)


def no_rows(schema: pa.Schema) -> pa.Table:
    """A table without rows. `Schema.empty_table` brings pandas along: a fifth of a second, and 36 MiB."""
    return pa.Table.from_batches([], schema)


def packed(table: pa.Table) -> bytes:
    """A table as bytes: an Arrow stream, compressed."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def unpacked(data: bytes) -> pa.Table:
    """The table that was packed."""
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


def _cell(value: object) -> object:
    return str(value) if isinstance(value, str) else value
