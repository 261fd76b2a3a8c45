"""What do the texts of one column mean? Each is worked out once, and whole columns of plain texts are taken as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any

import msgspec

from connectors.forms import plainly_text
from vocabulary.idnumber import WrittenId
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
        self._is_text = self._as_it_is is not None and hint in (str, WrittenId)
        self.kind: Any = str if self._is_text else _PLAIN_FLAG if hint in _FLAGS else _PLAIN_VALUE
        """Of what types the cells must be that `plainly` takes: with no two that are one key and not one value."""

    def of(self, cells: Sequence[object]) -> Sequence[object]:
        """The meanings of a column's cells. Raises one of `UNREADABLE`."""
        kinds = set(map(type, cells))
        if self._as_it_is is not None and kinds == {str}:
            meant = self._as_it_is(cells)  # type: ignore[arg-type]  # all are text
            if meant is not None:
                return meant
        if kinds == {str} or (kinds == {int} and self._keeps):
            # 1, 1.0 and True are one key, but not one value: so only where all are of one type.
            return [*map(self.__getitem__, cells)]
        if NoneType in kinds and len(kinds) < 3:
            nothing = self._meaning(None)
            return [nothing if cell is None else self._of(cell) for cell in cells]
        return [*map(self._of, cells)]

    def plainly(self, cells: Sequence[object]) -> Sequence[object]:
        """As `of`, of cells that are of the types in `kind`."""
        if self._is_text:
            meant = self._as_it_is(cells)  # type: ignore[arg-type,misc]  # all are text, and it is one of `_AS_IT_IS`
            if meant is not None:
                return meant
        return [*map(self.__getitem__, cells)]

    def _of(self, cell: object) -> object:
        return self[cell] if type(cell) is str else self._meaning(cell)

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


def _id_numbers(cells: Sequence[str]) -> list[WrittenId] | None:
    """Id numbers that need no tidying, which `WrittenId.parse` would give as they are."""
    if not plainly_text(cells) or max(map(len, cells)) > LONGEST_ID:
        return None
    together = "".join(cells)
    return [*map(WrittenId, cells)] if together == together.upper() else None


LONGEST_ID = 32
"""Characters that `WrittenId.parse` takes."""

_AS_IT_IS: Mapping[Any, Callable[[Sequence[str]], Sequence[object] | None]] = {
    str: _texts,
    str | None: _texts,
    WrittenId: _id_numbers,
}
"""Whole columns of texts that mean what is written, or None where one of them must be looked at by itself."""

_FLAGS: tuple[Any, ...] = (bool, bool | None)
_PLAIN_FLAG: Any = str | int | bool | None
_PLAIN_VALUE: Any = str | int | None
