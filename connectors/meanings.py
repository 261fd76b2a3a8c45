"""What do the texts of one column mean? Each is worked out once, and whole columns of plain texts are taken as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

import msgspec

from connectors.forms import plainly_text
from vocabulary.idnumber import LONGEST_WRITTEN, WrittenId
from vocabulary.record import ColumnKind, read_word

KEPT_MEANINGS = 4_096
"""Of one column of one decoder: the months, days, codes and usual amounts of a district."""

PERSONAL = frozenset({ColumnKind.TEXT, ColumnKind.ID_NUMBER})
"""Columns whose values are not kept longer than their question."""


class Meanings(dict[object, object]):
    """What the texts of one column mean, each worked out once. A value of another type is worked out each time."""

    def __init__(
        self, reader: Callable[[object], object], hint: Any, *, keeps: bool, reads_text: bool
    ) -> None:
        super().__init__()
        self._reader, self._hint, self._keeps = reader, hint, keeps
        self._plain = hint is str or hint == str | None
        self._as_it_is = _AS_IT_IS.get(hint) if reads_text else None
        self.word: type[str] | None = _WORDS.get(hint) if reads_text else None
        """What a plain text becomes, where it means what is written."""
        self._kinds = _TEXTS if reads_text and hint in (str, WrittenId) else _TEXTS_OR_NOTHING
        self.kind: Any = _kind(hint, is_text=self._as_it_is is not None)
        """Of what types the cells must be that `plainly` takes: with no two that are one key and not one value."""

    def of(self, cells: Sequence[object]) -> Sequence[object]:
        """The meanings of a column's cells, one or more. Raises one of `UNREADABLE`."""
        kinds = set(map(type, cells))
        if kinds <= self._kinds:
            return self.plainly(cells)
        if kinds == {int} and self._keeps:
            # 1, 1.0 and True are one key, but not one value: so only where all are of one type.
            return [*map(self.__getitem__, cells)]
        return [self[cell] if type(cell) is str else self._meaning(cell) for cell in cells]

    def plainly(self, cells: Sequence[object]) -> Sequence[object]:
        """As `of`, of cells that are of the types in `kind`."""
        if self._as_it_is is not None:
            meant = self._as_it_is(cells)
            if meant is not None:
                return meant
        first = cells[0]
        if cells[-1] == first and cells.count(first) == len(cells):  # such as the day of a delivery
            return [self[first]] * len(cells)
        return [*map(self.__getitem__, cells)]

    def __missing__(self, cell: object) -> object:
        meaning = self._meaning(cell)
        if self._keeps:
            if len(self) >= KEPT_MEANINGS:
                self.clear()
            self[cell] = meaning
        return meaning

    def _meaning(self, cell: object) -> object:
        value = self._reader(cell)
        return value if self._plain else msgspec.convert(value, self._hint, dec_hook=read_word)


def _texts(cells: Sequence[str]) -> Sequence[str] | None:
    return cells if plainly_text(cells) else None


def _perhaps_texts(cells: Sequence[str | None]) -> Sequence[str | None] | None:
    there = [cell for cell in cells if cell is not None] if None in cells else cells
    return cells if not there or plainly_text(there) else None  # type: ignore[arg-type]  # what is left is text


def _id_numbers(cells: Sequence[str]) -> list[WrittenId] | None:
    """Id numbers that need no tidying, which `WrittenId.parse` would give as they are."""
    if not plainly_text(cells) or max(map(len, cells)) > LONGEST_WRITTEN:
        return None
    together = "".join(cells)
    return [*map(WrittenId, cells)] if together == together.upper() else None


_AS_IT_IS: Mapping[Any, Callable[[Sequence[Any]], Sequence[object] | None]] = {
    str: _texts,
    str | None: _perhaps_texts,
    WrittenId: _id_numbers,
}
"""Whole columns of texts that mean what is written, or None where one of them must be looked at by itself."""

_WORDS: Mapping[Any, type[str]] = {
    str: str,
    str | None: str,
    WrittenId: WrittenId,
    WrittenId | None: WrittenId,
}

_TEXTS = frozenset({str})
_TEXTS_OR_NOTHING = frozenset({str, NoneType})


def _kind(hint: Any, *, is_text: bool) -> Any:
    if is_text:
        return str | None if hint == str | None else str
    return str | int | bool | None if hint in (bool, bool | None) else str | int | None
