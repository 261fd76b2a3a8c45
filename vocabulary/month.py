"""Which calendar month? A month is one integer, so that a window is a subtraction on every engine."""

from __future__ import annotations

import re
from datetime import date
from typing import Self

from vocabulary.errors import MalformedMonth

FIRST, LAST = 1900 * 12, 2199 * 12 + 11

_WRITTEN = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class Month(int):
    """A calendar month as year × 12 + (month − 1), 1900-01 to 2199-12; differences are months.

    >>> Month.parse("2026-11") - Month.parse("2025-11")
    12
    >>> str(Month.of(date(2026, 11, 22)).plus(-1))
    '2026-10'
    """

    __slots__ = ()

    def __new__(cls, ordinal: int) -> Self:
        """Take an ordinal. Raises `MalformedMonth` outside 1900-01 to 2199-12."""
        if not FIRST <= ordinal <= LAST:
            raise MalformedMonth(f"expected a month of the years 1900 to 2199, got ordinal {ordinal}")
        return super().__new__(cls, ordinal)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM`. Raises `MalformedMonth`."""
        found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise MalformedMonth(f"expected a month as `2026-10`, got `{text!s:.20}`")
        return cls(int(found[1]) * 12 + int(found[2]) - 1)

    @classmethod
    def of(cls, day: date) -> Self:
        """The month in which `day` lies."""
        return cls(day.year * 12 + day.month - 1)

    def plus(self, months: int) -> Month:
        """The month so many months later, or earlier when negative."""
        return Month(int(self) + months)

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(int(self) // 12, int(self) % 12 + 1, 1)

    def __str__(self) -> str:
        return f"{int(self) // 12:04d}-{int(self) % 12 + 1:02d}"

    def __repr__(self) -> str:
        return f"Month('{self}')"
