"""Are these the same inputs? A digest of everything that a run reads, whatever the order of its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from verification.runs.tables import Snapshot


def digest_of(snapshot: Snapshot) -> str:
    """sha256 in hex over every value of the snapshot: tables, cases and what was not answered.

    Equal for equal rows in any order, in any chunks, narrow or as dictionaries; columns count by name.
    A table without rows counts as one that is not there. Rows are read in the order of their ids, or of
    their households or persons where they have none, and of all columns besides: who chooses rows can
    bring about two equal digests no more easily than two equal sha256.
    """
    whole = hashlib.sha256(_FORM)
    records = {f"record {record.__name__}": record for record in snapshot.tables}
    for name in sorted({*records, "cases", "persons"}):  # one in memory at a time
        table = snapshot.table(records[name]) if name in records else getattr(snapshot, name)
        if table.num_rows:
            whole.update(f"{name}\n{_table(table)}\n".encode())
    return whole.hexdigest()


_FORM = b"inputs, form 2\n"
"""Before it, rows were in the order of all columns by name: such a digest is of no inputs now, and never equal."""

_FIRST = ("record_id", "household", "person")
"""By the first of these that a table has its rows are put in order."""


def _table(table: pa.Table) -> str:
    settled = pa.table({name: _settled(table.column(name)) for name in sorted(table.column_names)})
    order = _order(settled)
    digest = hashlib.sha256(f"{table.num_rows} rows\n".encode())
    for name in settled.column_names:
        column = settled.column(name)
        digest.update(f"{name} {column.type}\n".encode())
        for buffer in _buffers(column if order is None else column.take(order)):
            digest.update(buffer)
    return digest.hexdigest()


def _settled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in the one type that stands for all that hold the same values."""
    held = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(held) or pa.types.is_large_string(held):
        return column.cast(pa.large_string())
    return column.cast(pa.int64()) if pa.types.is_integer(held) else column.cast(held)


def _order(table: pa.Table) -> pa.Array | None:
    """The places of the rows in their order; None where they are in it.

    One column is looked at first: it alone tells where no two rows have the same in it, and to sort by
    one takes a fraction of what it takes by all.
    """
    names = table.column_names
    first = next((name for name in _FIRST if name in names), names[0])
    column = table.column(first)
    if _ascends(column):
        return None
    order = pc.sort_indices(column)
    if _ascends(column.take(order)):
        return order
    return pc.sort_indices(table, [(name, "ascending") for name in (first, *names)])


def _ascends(column: pa.ChunkedArray) -> bool:
    """Whether each value is there, and greater than the one before."""
    if column.null_count:
        return False
    rises = pc.less(column.slice(0, len(column) - 1), column.slice(1))
    return pc.all(rises).as_py() is not False  # nothing, where there is one row


def _buffers(column: pa.ChunkedArray) -> Iterator[memoryview]:
    """Which values are missing; then the values one after the other, of texts their lengths before them."""
    yield from _values(pc.is_null(column).cast(pa.uint8()))
    if pa.types.is_large_string(column.type):
        texts = pc.fill_null(column, "")
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
