"""What do the texts of one column mean? Each is worked out once, and whole columns of plain texts are taken as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cached_property, lru_cache
from types import NoneType
from typing import Any, get_args

import msgspec

from connectors.forms import plainly_text
from vocabulary.idnumber import LONGEST_WRITTEN, WrittenId
from vocabulary.masked import Masked
from vocabulary.record import ColumnKind, read_word

KEPT_MEANINGS = 4_096
"""Of one column of one decoder: the months, days, codes and usual amounts of a district."""

PERSONAL = frozenset({ColumnKind.TEXT, ColumnKind.ID_NUMBER})
"""Columns whose values are not kept longer than their question."""


class Meanings(dict[object, object]):
    """What the texts of one column mean, each worked out once. A value of another type is worked out each time."""

    def __init__(
        self,
        reader: Callable[[object], object],
        hint: Any,
        *,
        keeps: bool,
        reads_text: bool,
        spellings: Sequence[str] = (),
        hides: Callable[[str], Masked] | None = None,
    ) -> None:
        """What a column means.

        `spellings`   all texts that mean something, where these are few and known, as a contract's codes are
        `hides`       gives what is shown of a value where the value itself is not to be told, nor kept
        """
        super().__init__()
        self._reader, self._hint, self._hides = reader, hint, hides
        self._keeps = keeps and hides is None
        self.is_optional = NoneType in get_args(hint)
        self.word: type[str] | None = _WORDS.get(hint) if reads_text and hides is None else None
        """What a plain text becomes, where it means what is written."""
        self.kind: Any = _kind(hint, is_text=self.word is not None)
        """Of what types cells must be of which no two are one key and not one value."""
        self._spellings = spellings

    @cached_property
    def spelled(self) -> type[Enum] | None:
        """The texts that mean something, each with its meaning as `means`, where all are known; made when first asked for.

        JSON is then decoded to these, without a text being made of each cell and looked for.
        """
        if not self._spellings or self._hides is not None:
            return None
        texts = [*self._spellings, ""] if self.is_optional else self._spellings
        try:
            meant = {text: self._meaning(text) for text in texts}
        except (ValueError, msgspec.ValidationError):  # each is told of in its own row
            return None
        return _spelled(tuple([(text, type(meaning), meaning) for text, meaning in meant.items()]))

    def of(self, cells: Sequence[object]) -> Sequence[object]:
        """The meanings of a column's cells, one or more. Raises one of `UNREADABLE`."""
        kinds = set(map(type, cells))
        if self.word is not None and kinds == _TEXTS:
            meant = _as_they_are(cells, self.word)  # type: ignore[arg-type]  # all are text
            if meant is not None:
                return meant
        first = cells[0]
        if kinds <= _TEXTS_OR_NOTHING and cells[-1] == first and cells.count(first) == len(cells):
            return [self[first]] * len(cells)  # such as the day of a delivery
        if kinds <= _TEXTS_OR_NOTHING or (kinds == {int} and self._keeps):
            # 1, 1.0 and True are one key, but not one value: so only where all are of one type.
            return [*map(self.__getitem__, cells)]
        return [self[cell] if type(cell) is str else self._meaning(cell) for cell in cells]

    def __missing__(self, cell: object) -> object:
        meaning = self._meaning(cell)
        if self._keeps or cell is None:
            if len(self) >= KEPT_MEANINGS:
                self.clear()
            self[cell] = meaning
        return meaning

    def _meaning(self, cell: object) -> object:
        value = self._reader(cell)
        if self.word is not str:
            value = msgspec.convert(value, self._hint, dec_hook=read_word)
        return value if self._hides is None or value is None else self._hides(str(value))


@lru_cache(maxsize=256)
def _spelled(meanings: tuple[tuple[str, type, object], ...]) -> type[Enum]:
    """Columns that mean the same share it. The type stands beside the meaning because 1 is equal to True."""
    enumeration: Any = Enum  # its members are known at run time only
    made = enumeration("Spelled", {f"s{place}": text for place, (text, _, _) in enumerate(meanings)})
    for one, (_, _, meaning) in zip(made, meanings, strict=True):
        one.means = meaning
    kind: type[Enum] = made
    return kind


def plainly_ids(cells: Sequence[str]) -> bool:
    """Tell whether these are id numbers that need no tidying, which `WrittenId.parse` would give as they are."""
    together = "".join(cells)
    return plainly_text(cells) and max(map(len, cells)) <= LONGEST_WRITTEN and together == together.upper()


def _as_they_are(cells: Sequence[str], word: type[str]) -> Sequence[str] | None:
    """Texts that mean what is written, or None where one of them must be looked at by itself."""
    if word is str:
        return cells if plainly_text(cells) else None
    return [*map(word, cells)] if plainly_ids(cells) else None


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
        return str | None if NoneType in get_args(hint) else str
    return str | int | bool | None if hint in (bool, bool | None) else str | int | None
