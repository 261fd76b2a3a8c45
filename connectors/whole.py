"""Can a column of a snapshot be read as a whole? Amounts and keys, which hardly repeat, where all are plainly written.

Arrow reads a plain column ten times as fast as Python. It is asked only whether every cell is
written in the plainest way of its form; whatever is not, were it one blank, goes the way of
single cells. So this decides nothing: what it reads, `connectors.forms` reads to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.forms import Form
from vocabulary.record import ColumnKind

SHORTEST_LIMIT = 32
"""Characters that every text column of every record type may have."""


def read_whole(form: Form, kind: ColumnKind, cells: Sequence[object] | pa.Array) -> pa.Array | None:
    """Give a column's meanings, or None when not every cell is there and plainly written."""
    read = _READERS.get((form, kind))
    if read is None:
        return None
    try:
        written = _text(cells)
        return None if written is None else read(written)
    except pa.ArrowInvalid:
        return None


def _text(cells: Sequence[object] | pa.Array) -> pa.Array | None:
    """Give the cells as Arrow text, or None where one is empty or no text: nothing else is plainly written."""
    if isinstance(cells, pa.Array):
        if cells.null_count or not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            return None
        return cells.cast(pa.string())
    # Arrow would take bytes for text.
    return pa.array(cells, type=pa.string()) if set(map(type, cells)) == {str} else None


def _fen(written: Any) -> pa.Array | None:
    """Ten digits of yuan are below every limit of `Fen`."""
    if not _all(written, r"^-?[0-9]{1,10}\.[0-9]{2}$"):
        return None
    return pc.cast(pc.replace_substring(written, pattern=".", replacement=""), pa.int64())


def _key(written: Any) -> pa.Array | None:
    """Letters, digits and hyphens within the shortest limit of any text; a letter besides E makes it no 5E17."""
    plain = _all(written, r"^[A-Za-z0-9-]*[A-DF-Za-df-z-][A-Za-z0-9-]*$")
    return written if plain and pc.max(pc.utf8_length(written)).as_py() <= SHORTEST_LIMIT else None


def _id_number(written: Any) -> pa.Array | None:
    return written if _all(written, r"^[0-9]{17}[0-9X]$") else None


def _all(written: Any, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(written, pattern=pattern), min_count=0).as_py())


_READERS: Mapping[tuple[Form, ColumnKind], Callable[[Any], pa.Array | None]] = {
    (Form.YUAN, ColumnKind.FEN): _fen,
    (Form.TEXT, ColumnKind.TEXT): _key,
    (Form.TEXT, ColumnKind.ID_NUMBER): _id_number,
}
