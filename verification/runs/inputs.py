"""Are these the same inputs? A digest of everything that a run reads, whatever the order of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from verification.runs.tables import Snapshot


def digest_of(snapshot: Snapshot) -> str:
    """sha256 in hex over every value of the snapshot: tables, cases and what was not answered.

    Equal for equal rows in any order, in any chunks; columns count by name. A table without
    rows counts as one that is not there.
    """
    whole = hashlib.sha256()
    records = {f"record {record.__name__}": record for record in snapshot.tables}
    for name in sorted({*records, "cases", "persons"}):  # one in memory at a time
        table = snapshot.table(records[name]) if name in records else getattr(snapshot, name)
        if table.num_rows:
            whole.update(f"{name}\n{_table(table)}\n".encode())
    return whole.hexdigest()


def _table(table: pa.Table) -> str:
    names = sorted(table.column_names)
    ordered = table.select(names).sort_by([(name, "ascending") for name in names])
    digest = hashlib.sha256(f"{table.num_rows} rows\n".encode())
    for name in names:
        column = ordered.column(name)
        digest.update(f"{name} {column.type}\n".encode())
        for buffer in _buffers(column):
            digest.update(buffer)
    return digest.hexdigest()


def _buffers(column: pa.ChunkedArray) -> Iterator[memoryview]:
    """Which values are missing; then the values one after the other, of texts their lengths before them."""
    yield from _values(pc.is_null(column).cast(pa.uint8()))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        texts = pc.fill_null(column, "").cast(pa.large_string())
        yield from _values(pc.binary_length(texts))
        for chunk in texts.chunks:
            _, offsets, text = chunk.buffers()
            ends = memoryview(offsets).cast("q")[chunk.offset : chunk.offset + len(chunk) + 1]
            yield memoryview(text or b"")[ends[0] : ends[-1]]
        return
    numbers = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    yield from _values(pc.fill_null(numbers.cast(pa.int64()), 0))


def _values(column: pa.ChunkedArray) -> Iterator[memoryview]:
    """Of numbers none of which is missing."""
    for chunk in column.chunks:
        width = chunk.type.bit_width // 8
        yield memoryview(chunk.buffers()[1])[chunk.offset * width : (chunk.offset + len(chunk)) * width]
