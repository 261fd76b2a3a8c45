"""What do operators compute, where Python itself has no exact word for it? Total functions: none ever raises.

Inside compiled rules None is unknown and `Missing.ABSENT` is absent; what leaves them says
`Missing.UNKNOWN` and `Missing.ABSENT` by name.
"""

from __future__ import annotations

import unicodedata
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, date
from enum import Enum

from verification.language.kinds import Kind, Value
from vocabulary.codes import Code
from vocabulary.month import FIRST, LAST, Month


class Missing(Enum):
    """The two ways in which there is no value."""

    UNKNOWN = "unknown"
    """No usable answer: whatever would rest on it cannot be told."""
    ABSENT = "absent"
    """The register was asked and has none."""


Result = Value | Missing
"""What a fact or a piece of evidence is worth."""

ABSENT = Missing.ABSENT


def tidy(text: str) -> str:
    """NFKC without blanks at either end.

    >>> tidy(chr(0x3000) + "安" + chr(0xFF21) + " ")
    '安A'
    """
    return unicodedata.normalize("NFKC", text).strip(" ")


def position(letters: str, text: str) -> int:
    """Where the single character `text` stands in `letters`; -1 for none or more than one."""
    return letters.find(text) if len(text) == 1 else -1


LONGEST = 32
"""So many characters of a text `Places` looks up at least."""

_BEYOND = (-1,) * LONGEST


class Places(dict[str, int]):
    """The place of each of some letters, -1 for any other character."""

    def __init__(self, letters: str) -> None:
        super().__init__((letter, letters.find(letter)) for letter in letters)

    def __missing__(self, letter: str) -> int:
        return -1

    def of(self, text: str) -> list[int]:
        """The place of every character of a text, and -1 for those that it is too short to have.

        >>> Places("01").of("1x0")[:5]
        [1, -1, 0, -1, -1]
        """
        return [*map(self.__getitem__, text), *_BEYOND]


def pick(letters: str, index: int) -> str:
    """The character at a place; empty beyond either end."""
    return letters[index] if 0 <= index < len(letters) else ""


def first_day(month: int) -> date:
    """Of a month; of one beyond the calendar, which sums of months reach, the first or the last day that there is.

    >>> first_day(2026 * 12 + 1), first_day(10_003 * 12)
    (datetime.date(2026, 2, 1), datetime.date(9999, 12, 31))
    """
    year, place = divmod(month, 12)
    if MINYEAR <= year <= MAXYEAR:
        return date(year, place + 1, 1)
    return date.min if year < MINYEAR else date.max


def plus_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month; never beyond what a date can hold.

    >>> plus_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    >>> plus_months(date(9999, 12, 31), 1)
    datetime.date(9999, 12, 31)
    """
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def plus_days(day: date, days: int) -> date:
    """The date so many days later; never beyond what a date can hold."""
    ordinal = day.toordinal() + days
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))


def result(value: Value | Missing | None, kind: Kind, codes: type[Code] | None) -> Result:
    """What leaves compiled rules: a value of the vocabulary, or which way it is missing."""
    if value is None:
        return Missing.UNKNOWN
    if isinstance(value, Missing):
        return value
    if kind is Kind.MONTH and isinstance(value, int):
        return month_told(value)
    if codes is not None:
        return codes(str(value))
    return value


def month_told(ordinal: int) -> Month:
    """A month as it leaves compiled rules: one outside the vocabulary's years (as of 9999-12-31) is its last or first."""
    return Month(min(max(ordinal, FIRST), LAST))


def written(value: Result) -> str | int | bool | None:
    """A result as it stands in canonical JSON; None for one that is missing."""
    if isinstance(value, Missing):
        return None
    if isinstance(value, Month):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str) else value
