"""Can a column of a snapshot be read as a whole? Amounts and keys, which hardly repeat, where all are plainly written.

A plain column is looked at as its bytes, all cells at once. It is asked only whether every cell is
written in the plainest way of its form; whatever is not, were it one blank, goes the way of
single cells. So this decides nothing: what it reads, `connectors.forms` reads to the same.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from connectors.forms import Form
from vocabulary.record import ColumnKind

Signs: TypeAlias = npt.NDArray[np.uint8]
Ends: TypeAlias = npt.NDArray[np.int32]

LONG_ID = 18
"""Characters of an id number."""

SHORTEST_LIMIT = 32
"""Characters that every text column of every record type may have."""


def read_whole(form: Form, kind: ColumnKind, cells: Sequence[object] | pa.Array) -> pa.Array | None:
    """Give a column's meanings, or None when not every cell is there and plainly written."""
    read = _READERS.get((form, kind))
    if read is None:
        return None
    try:
        written = _text(cells)
        return read(written) if written is not None and len(written) else None
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


def _fen(written: pa.Array) -> pa.Array | None:
    """Ten digits of yuan are below every limit of `Fen`."""
    signs, ends = _signs(written)
    if np.diff(ends).min() < len("0.00"):
        return None
    below_zero = signs[ends[:-1]] == _MINUS
    yuan_digits = np.diff(ends) - below_zero - len(".00")
    plain = (
        yuan_digits.min() >= 1
        and yuan_digits.max() <= 10
        and (signs[ends[1:] - len(".00")] == _POINT).all()
        and np.count_nonzero(_DIGITS[signs]) == len(signs) - len(written) - np.count_nonzero(below_zero)
    )
    if not plain:
        return None
    digits = signs[signs != _POINT]
    shorter = (ends - np.arange(len(ends))).astype(np.int32)
    fen = pa.StringArray.from_buffers(len(written), pa.py_buffer(shorter), pa.py_buffer(digits))
    return pc.cast(fen, pa.int64())


def _key(written: pa.Array) -> pa.Array | None:
    """Letters, digits and hyphens within the shortest limit of any text; a letter besides E makes it no 5E17."""
    signs, ends = _signs(written)
    lengths = np.diff(ends)
    if lengths.min() < 1 or lengths.max() > SHORTEST_LIMIT or not _OF_KEYS[signs].all():
        return None
    return written if np.logical_or.reduceat(_NO_NUMBER[signs], ends[:-1]).all() else None


def _id_number(written: pa.Array) -> pa.Array | None:
    signs, ends = _signs(written)
    if (np.diff(ends) != LONG_ID).any():
        return None
    places = signs.reshape(len(written), LONG_ID)
    plain = _DIGITS[places[:, :-1]].all() and (_DIGITS[places[:, -1]] | (places[:, -1] == _X)).all()
    return written if plain else None


def _signs(written: pa.Array) -> tuple[Signs, Ends]:
    """Give the bytes of all cells, one after the other, and where each begins: the next one's beginning ends it."""
    _, offsets, data = written.buffers()
    ends = np.frombuffer(offsets, np.int32)[written.offset : written.offset + len(written) + 1]
    signs = np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]
    return signs, ends - ends[0]


def _among(signs: bytes) -> npt.NDArray[np.bool_]:
    """Tell of each byte whether it is one of these."""
    among = np.zeros(256, bool)
    among[[*signs]] = True
    return among


_POINT, _MINUS, _X = b".-X"
_DIGITS = _among(string.digits.encode())
_OF_KEYS = _among((string.digits + string.ascii_letters + "-").encode())
_NO_NUMBER = _OF_KEYS & ~_DIGITS & ~_among(b"eE")

_READERS: Mapping[tuple[Form, ColumnKind], Callable[[pa.Array], pa.Array | None]] = {
    (Form.YUAN, ColumnKind.FEN): _fen,
    (Form.TEXT, ColumnKind.TEXT): _key,
    (Form.TEXT, ColumnKind.ID_NUMBER): _id_number,
}
