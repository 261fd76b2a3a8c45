"""How does a snapshot stand in Arrow? One type per kind of column, decimals never, fen always whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import TypeAlias

import pyarrow as pa

from connectors.ask import carried
from connectors.decode import Decoder, Row
from vocabulary.record import ColumnKind, Record, columns_of

BATCH_ROWS = 16_384
"""Rows in one batch: a few MB, whatever the record type."""

Chunk: TypeAlias = Sequence[Row] | pa.RecordBatch
"""Some of a department's own rows: one after the other, or as Arrow columns; fields in the decoder's order."""

_TYPES: dict[ColumnKind, pa.DataType] = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.CODE: pa.string(),
    ColumnKind.ID_NUMBER: pa.string(),
    ColumnKind.CREDIT_CODE: pa.string(),
    ColumnKind.REGION: pa.string(),
    ColumnKind.FEN: pa.int64(),
    ColumnKind.NUMBER: pa.int64(),
    ColumnKind.MONTH: pa.int32(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.FLAG: pa.bool_(),
}


@lru_cache(maxsize=512)
def schema_of(record: type[Record], columns: frozenset[str]) -> pa.Schema:
    """The schema of a snapshot: `record_id`, `as_of`, the subjects and `columns`, in the type's own order.

    A code stands as its code, a month as its ordinal (year × 12 + month − 1), money as whole fen.
    """
    wanted = carried(record, columns)
    return pa.schema(
        [
            pa.field(one.name, _TYPES[one.kind], nullable=one.optional)
            for one in columns_of(record).values()
            if one.name in wanted
        ]
    )


def decoded(decode: Decoder, chunk: Chunk) -> pa.RecordBatch:
    """Give a department's own rows, one or more, in our words. Raises `BrokenRow`."""
    schema = schema_of(decode.record, frozenset(decode.made.__struct_fields__))
    columns = chunk.columns if isinstance(chunk, pa.RecordBatch) else [*zip(*chunk, strict=True)]
    arrays = decode.arrays(columns, {one.name: one.type for one in schema})
    return pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)


def chunked(rows: Iterable[Row], cursor: Callable[[int, Row], str]) -> Iterator[tuple[Chunk, str]]:
    """Cut rows into chunks of at most `BATCH_ROWS`, each with the cursor behind it.

    `cursor`   is told how many rows were given and the last of them
    """
    source, given = iter(rows), 0
    while chunk := list(islice(source, BATCH_ROWS)):
        given += len(chunk)
        yield chunk, cursor(given, chunk[-1])


def gathered(parts: Iterable[tuple[pa.RecordBatch, str]]) -> Iterator[tuple[pa.RecordBatch, str]]:
    """Join small batches to larger ones of at most `BATCH_ROWS`, each with the cursor behind its last row."""
    held: list[pa.RecordBatch] = []
    rows, cursor = 0, ""
    for batch, after in parts:
        if held and rows + len(batch) > BATCH_ROWS:
            yield pa.concat_batches(held), cursor
            held, rows = [], 0
        held.append(batch)
        rows, cursor = rows + len(batch), after
    if held:
        yield pa.concat_batches(held), cursor


def batches(
    record: type[Record], columns: frozenset[str], rows: Iterable[Record]
) -> Iterator[pa.RecordBatch]:
    """Give records, whole or partial, as batches of at most `BATCH_ROWS`; no rows give no batch."""
    schema, source = schema_of(record, columns), iter(rows)
    while chunk := list(islice(source, BATCH_ROWS)):
        yield _batch(schema, chunk)


def _batch(schema: pa.Schema, rows: Sequence[Record]) -> pa.RecordBatch:
    arrays = [pa.array([*map(attrgetter(one.name), rows)], type=one.type) for one in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
