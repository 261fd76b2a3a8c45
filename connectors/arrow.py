"""How does a snapshot stand in Arrow? One type per kind of column, decimals never, fen always whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from operator import attrgetter

import pyarrow as pa

from connectors.ask import carried
from connectors.decode import Decoder, Row
from vocabulary.record import ColumnKind, Record, columns_of

BATCH_ROWS = 16_384
"""Rows in one batch: a few MB, whatever the record type."""

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


def decoded(decode: Decoder, rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
    """Give a department's own rows as batches of at most `BATCH_ROWS`. Raises `BrokenRow`."""
    schema, source = schema_of(decode.record, frozenset(decode.made.__struct_fields__)), iter(rows)
    types = {one.name: one.type for one in schema}
    while chunk := list(islice(source, BATCH_ROWS)):
        arrays = decode.arrays(chunk, types)
        yield pa.RecordBatch.from_arrays([arrays[name] for name in schema.names], schema=schema)


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
