"""In what form does a department write a value, and what does it mean in ours?

Each form is read to what msgspec then checks: text, whole numbers, dates, months, flags. What
a database gives in an exact type of its own, a date or a decimal, is read as what it is. A
form never guesses: what does not fit raises `NotInForm`, which tells the shape of the value
and never the value. A float is refused everywhere, since neither an id number nor an amount
survives one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from string import ascii_letters, digits

from vocabulary.errors import MalformedMoney, MalformedMonth
from vocabulary.money import Money
from vocabulary.month import Month


class Form(Enum):
    """How a department writes a value; the text is what an operator is told to expect."""

    TEXT = "text"
    INTEGER = "a whole number"
    FEN = "whole fen"
    YUAN = "yuan with at most two places as text"
    SQUARE_METRES = "square metres with at most two places as text"
    ISO_DATE = "a date as 2026-10-31"
    COMPACT_DATE = "a date as 20261031"
    SLASH_DATE = "a date as 2026/10/31"
    DATE_AND_TIME = "a date and time as 2026-10-31 08:00:00"
    COMPACT_MONTH = "a month as 202610"
    ISO_MONTH = "a month as 2026-10"
    SCHOOL_YEAR = "a school year as 2025-2026"
    ONE_ZERO = "1 or 0"
    YES_NO = "是 or 否"
    PADDED_REGION = "12 digits of region, padded with zeros"


class NotInForm(ValueError):
    """A value is not written as agreed."""


def read(form: Form, value: object) -> object:
    """Give what a value means.

    >>> read(Form.YUAN, "636.00"), read(Form.COMPACT_DATE, "20261031")
    (63600, datetime.date(2026, 10, 31))
    >>> read(Form.YUAN, 636.0)
    Traceback (most recent call last):
        ...
    connectors.forms.NotInForm: expected yuan with at most two places as text, got a float
    """
    try:
        return READERS[form](value)
    except (ValueError, TypeError):
        raise NotInForm(f"expected {form.value}, got {shape(value)}") from None


def shape(value: object) -> str:
    """Tell what a value is like without telling it."""
    if value is None or value == "":
        return "nothing"
    if isinstance(value, str):
        return "a formula" if value.startswith("=") else f"text of {len(value)} characters"
    return f"a {type(value).__name__}"


def plainly_text(values: Sequence[str]) -> bool:
    """Tell whether each of these texts is what `Form.TEXT` reads it as, and none is empty, at one look.

    >>> plainly_text(["甲", "HD-1"]), plainly_text(["甲", " 乙"]), plainly_text(["5.3E+17"]), plainly_text([""])
    (True, False, False, False)
    """
    together = "".join(values)
    if not all(values):
        return False
    # Letters and digits hold no blank and no formula, and without an E no number of a spreadsheet.
    if together.isascii():
        if not together.encode().translate(None, _HARMLESS):
            return True
    elif "e" not in together and "E" not in together and together.replace("-", "").isalnum():
        return True
    return _NOT_PLAIN.search("\0".join(values)) is None or not values


def _text(value: object) -> str:
    """Text without the blanks around it; a spreadsheet's formula is no fact."""
    if not isinstance(value, str) or value.startswith("=") or _SCIENTIFIC.fullmatch(value):
        raise NotInForm
    return value.strip()


def _integer(value: object) -> int:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value.adjusted() < _MOST_DIGITS
        and value % 1 == 0
    ):
        return int(value)
    if type(value) is not int:
        raise NotInForm
    return value


def _yuan(value: object) -> int:
    if isinstance(value, Decimal):
        return _integer(value.scaleb(2))
    if not isinstance(value, str):
        raise NotInForm
    if _TWO_PLACES.fullmatch(value):
        # By far the most frequent writing, read without making a `Money` of it.
        return int(value[:-3] + value[-2:])
    try:
        return Money.from_yuan(value).fen
    except MalformedMoney:
        raise NotInForm from None


def _iso_date(value: object) -> date:
    if type(value) is date:
        return value
    # `fromisoformat` alone would also take a week's day, 2024-W09-4.
    if isinstance(value, str) and _ISO.fullmatch(value):
        return date.fromisoformat(value)
    raise NotInForm


def _compact_date(value: object) -> date:
    if type(value) is date:
        return value
    text = str(value) if type(value) is int else value
    if isinstance(text, str) and len(text) == 8 and _DIGITS.fullmatch(text):
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    raise NotInForm


def _slash_date(value: object) -> date:
    if type(value) is date:
        return value
    found = _SLASHED.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise NotInForm
    return date(int(found[1]), int(found[2]), int(found[3]))


def _date_and_time(value: object) -> date:
    if isinstance(value, datetime) and value.tzinfo is None:  # one with a zone may be another day in China
        return value.date()
    if isinstance(value, str) and _CLOCKED.fullmatch(value):
        return date.fromisoformat(value[:10])
    raise NotInForm


def _compact_month(value: object) -> Month:
    text = str(value) if type(value) is int else value
    if isinstance(text, str) and len(text) == 6 and _DIGITS.fullmatch(text):
        return _month(text[:4] + "-" + text[4:])
    raise NotInForm


def _month(value: object) -> Month:
    if not isinstance(value, str):
        raise NotInForm
    try:
        return Month.parse(value)
    except MalformedMonth:
        raise NotInForm from None


def _school_year(value: object) -> int:
    found = _YEARS.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or int(found[2]) != int(found[1]) + 1:
        raise NotInForm
    return int(found[1])


def _one_zero(value: object) -> bool:
    if isinstance(value, bool):
        return value
    return _FLAGS[str(value)] if type(value) in (str, int) and str(value) in _FLAGS else _refuse()


def _yes_no(value: object) -> bool:
    return _WORDS[value.strip()] if isinstance(value, str) and value.strip() in _WORDS else _refuse()


def _padded_region(value: object) -> str:
    """Zeros at the end, whole levels at a time: 529901000000 is the district, 529901003000 the street."""
    if not (isinstance(value, str) and len(value) == 12 and _DIGITS.fullmatch(value)):
        raise NotInForm
    for level, width in ((9, 3), (6, 3), (4, 2), (2, 2)):
        if value[level:] != "0" * width:
            break
        value = value[:level]
    return value


def _refuse() -> bool:
    raise NotInForm


READERS: dict[Form, Callable[[object], object]] = {
    Form.TEXT: _text,
    Form.INTEGER: _integer,
    Form.FEN: _integer,
    Form.YUAN: _yuan,
    Form.SQUARE_METRES: _yuan,
    Form.ISO_DATE: _iso_date,
    Form.COMPACT_DATE: _compact_date,
    Form.SLASH_DATE: _slash_date,
    Form.DATE_AND_TIME: _date_and_time,
    Form.COMPACT_MONTH: _compact_month,
    Form.ISO_MONTH: _month,
    Form.SCHOOL_YEAR: _school_year,
    Form.ONE_ZERO: _one_zero,
    Form.YES_NO: _yes_no,
    Form.PADDED_REGION: _padded_region,
}

# Excel shows a long id number as 5.29901E+17 and saves that: the digits are gone for good.
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+")
# Behind and before a NUL: blanks, a formula, nothing at all, or what may be a number of a spreadsheet.
_NOT_PLAIN = re.compile(r"(?:^|\0)(?:[=\s\0]|\Z|\d(?:\.\d+)?[eE])|\s(?:\0|\Z)")
_HARMLESS = "".join(sign for sign in ascii_letters + digits + "-_/.:" if sign not in "eE").encode()
_TWO_PLACES = re.compile(r"-?[0-9]{1,11}\.[0-9]{2}")
_MOST_DIGITS = 18
_DIGITS = re.compile(r"-?[0-9]{1,18}")
_SLASHED = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCKED = re.compile(_ISO.pattern + r" (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_YEARS = re.compile(r"([0-9]{4})-([0-9]{4})")
_FLAGS = {"1": True, "0": False}
_WORDS = {"是": True, "否": False}
