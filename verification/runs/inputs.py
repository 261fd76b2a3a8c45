"""Are these the same inputs? A digest of everything that a run reads, whatever the order of its rows."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from verification.runs.tables import Snapshot


def digest_of(snapshot: Snapshot) -> str:
    """sha256 in hex over every value of the snapshot: tables, cases and what was not answered.

    Equal for equal rows in any order, in any chunks; columns count by name. A table without
    rows counts as one that is not there.
    """
    whole = hashlib.sha256()
    named = {f"record {record.__name__}": snapshot.table(record) for record in snapshot.tables}
    for name, table in sorted({**named, "cases": snapshot.cases, "persons": snapshot.persons}.items()):
        if table.num_rows:
            whole.update(f"{name}\n{_table(table)}\n".encode())
    return whole.hexdigest()


def _table(table: pa.Table) -> str:
    names = sorted(table.column_names)
    ordered = table.select(names).sort_by([(name, "ascending") for name in names])
    digest = hashlib.sha256(f"{table.num_rows} rows\n".encode())
    for name in names:
        column = ordered.column(name).combine_chunks()
        digest.update(f"{name} {column.type}\n".encode())
        digest.update(_bytes(column))
    return digest.hexdigest()


def _bytes(column: pa.Array) -> bytes:
    """The values one after the other, texts with their lengths, and which of them are missing."""
    missing = _buffer(pc.is_null(column).cast(pa.uint8()))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = pc.fill_null(column, "")
        lengths = _buffer(pc.binary_length(texts).cast(pa.int64()))
        return missing + lengths + "".join(texts.to_pylist()).encode()
    numbers = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    return missing + _buffer(pc.fill_null(numbers.cast(pa.int64()), 0))


def _buffer(column: pa.Array) -> bytes:
    return bytes(column.to_numpy(zero_copy_only=False).tobytes())
