"""Is this a citizen's id number (公民身份号码), and what does it say of its holder?

GB 11643-1999: six digits of region, eight of birth date, three of sequence (odd for men),
one check character by ISO 7064 MOD 11-2. Parsing and the check sum are python-stdnum's;
whether the region exists is not asked here, because codes retire and demo districts use
unassigned ones (see `vocabulary.region`).
"""

from __future__ import annotations

from datetime import date
from typing import Self

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from vocabulary.codes import Sex
from vocabulary.errors import MalformedIdNumber


class IdNumber(str):
    """公民身份号码: 18 characters, checked. It is a string so that it joins, sorts and hashes as one.

    The standard's own example, and the same number with its check digit one off:

    >>> IdNumber.parse("11010519491231002X").birth
    datetime.date(1949, 12, 31)
    >>> IdNumber.parse("110105194912310021")
    Traceback (most recent call last):
        ...
    vocabulary.errors.MalformedIdNumber: expected 18 characters that pass GB 11643, got `1101**********0021`
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id number; a lower-case `x` and surrounding blanks are forgiven, nothing else.

        A legacy number of 15 digits (before 1999-10-01) is raised to 18: the century 19 is
        put in and the check character computed, as GB 11643-1999 lays down.
        Raises `MalformedIdNumber`.
        """
        tidy = text.strip().upper()
        if not tidy.isascii() or len(tidy) not in (15, 18):
            raise MalformedIdNumber(f"expected 15 or 18 ASCII characters, got {len(tidy)}")
        if len(tidy) == 15:
            tidy = _raise_legacy(tidy)
        if not passes_check(tidy):
            raise MalformedIdNumber(f"expected 18 characters that pass GB 11643, got `{mask(tidy)}`")
        try:
            ric.get_birth_date(tidy)
        except ValidationError:
            raise MalformedIdNumber(f"expected a birth date in digits 7 to 14, got `{mask(tidy)}`") from None
        return cls(tidy)

    @property
    def region(self) -> str:
        """Six digits of GB/T 2260: where the number was first given, not where its holder lives."""
        return self[:6]

    @property
    def birth(self) -> date:
        """Date of birth. A leap day stays a leap day: 20000229 is 2000-02-29."""
        return date(int(self[6:10]), int(self[10:12]), int(self[12:14]))

    @property
    def sex(self) -> Sex:
        """GB/T 2261.1: the 17th digit is odd for men."""
        return Sex.MALE if int(self[16]) % 2 else Sex.FEMALE

    @property
    def masked(self) -> str:
        """For people and for logs: region, the last four, nothing of the birth date.

        >>> IdNumber.parse("11010519491231002X").masked
        '1101**********002X'
        """
        return mask(self)


LONGEST_WRITTEN = 32
"""Characters of a `WrittenId`."""


class WrittenId(str):
    """An id number as a register wrote it: tidied, not believed. Rule ID-01 says whether it is one.

    A register may hold a mistyped number; refusing the row would hide the person instead of
    finding the mistake.

    >>> WrittenId.parse(" 11010519491231002x ").masked
    '1101**********002X'
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Trim and raise to upper case. Raises `MalformedIdNumber` when nothing is left, or more than `LONGEST_WRITTEN`."""
        tidy = text.strip().upper()
        if not 0 < len(tidy) <= LONGEST_WRITTEN:
            raise MalformedIdNumber(f"expected 1 to {LONGEST_WRITTEN} characters, got {len(tidy)}")
        return cls(tidy)

    @property
    def masked(self) -> str:
        """For people and for logs, as `IdNumber.masked`."""
        return mask(self)


def passes_check(text: str) -> bool:
    """Tell whether 18 characters carry the check character of GB 11643 (weights 7 9 10 5 8 4 2 1 …)."""
    if len(text) != 18 or not text[:17].isascii() or not text[:17].isdigit():
        return False
    return bool(ric.calc_check_digit(text) == text[17])


def mask(text: str) -> str:
    """Show the first four and the last four characters; what is shorter than nine is hidden whole."""
    return text[:4] + "*" * (len(text) - 8) + text[-4:] if len(text) > 8 else "*" * len(text)


def _raise_legacy(fifteen: str) -> str:
    if not fifteen.isdigit():
        raise MalformedIdNumber("expected 15 digits for a legacy number, got other characters")
    body = fifteen[:6] + "19" + fifteen[6:]
    return body + str(ric.calc_check_digit(body + "0"))
