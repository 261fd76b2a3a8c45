"""What may stand in a public field of an entry?

No kind holds free text: codes are short, ASCII and without long digit runs, so that neither a
name nor an id number fits. Standard library only: the offline verifier uses this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from audit.commitment import LARGEST_INT

MOST_SUBJECTS = 1000
MOST_CODES = 512
LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, UTC."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a public field may hold. `says` is the range in words; `person` marks one stored as a pseudonym."""

    says: str
    fits: Callable[[object], bool]
    person: bool = False


_CODE = re.compile(r"(?!.*[0-9]{11})[A-Za-z0-9_.:/\-]{1,64}").fullmatch
_HASH = re.compile(r"[0-9a-f]{64}").fullmatch
_PSEUDONYM = re.compile(r"[0-9a-f]{32}").fullmatch
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])").fullmatch
_REGION = re.compile(r"([0-9]{2}){1,3}|[0-9]{9}|[0-9]{12}").fullmatch


def is_code(value: object) -> bool:
    """Tell whether a value is a code: 1 to 64 of `A-Za-z0-9_.:/-`, no 11 digits in a row (a telephone has 11)."""
    return isinstance(value, str) and _is_code(value)


def is_pseudonym(value: object) -> bool:
    """Tell whether a value is 32 lower-case hex digits."""
    return isinstance(value, str) and _PSEUDONYM(value) is not None


def is_hash(value: object) -> bool:
    """Tell whether a value is a SHA-256 digest, 64 lower-case hex digits."""
    return isinstance(value, str) and _is_hash(value)


def is_number(value: object) -> bool:
    """Tell whether a value is a whole number from 0 to 2**53 - 1."""
    return type(value) is int and 0 <= value <= LARGEST_INT


def is_instant(value: object) -> bool:
    """Tell whether a value is milliseconds since 1970-01-01 UTC, before the year 10000: later days have no date."""
    return type(value) is int and 0 <= value <= LAST_MS


# The same departments, posts, columns, packs and rule sets come again and again: remembering is cheaper than looking.


@lru_cache(maxsize=4096)
def _is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE(value) is not None


@lru_cache(maxsize=256)
def _is_hash(value: str) -> bool:
    return _HASH(value) is not None


def _are_codes(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_CODES and _each(_is_code, value)


def _are_pseudonyms(value: object) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= MOST_SUBJECTS and all(map(is_pseudonym, value))


def _are_states(value: object) -> bool:
    return isinstance(value, dict) and _each(_is_code, value) and _each(_is_code, value.values())


def _are_counts(value: object) -> bool:
    return isinstance(value, dict) and _each(_is_code, value) and all(map(is_number, value.values()))


def _each(fits: Callable[[object], bool], values: Iterable[object]) -> bool:
    try:
        return all(map(fits, values))
    except TypeError:  # a list or an object, which nothing can be remembered under, is no code
        return False


def _is_day(value: object) -> bool:
    return isinstance(value, str) and _DAY(value) is not None


def _is_region(value: object) -> bool:
    return isinstance(value, str) and _REGION(value) is not None


CODE = Kind("1 to 64 of `A-Za-z0-9_.:/-`, never 11 digits in a row", is_code)
CODES = Kind(f"0 to {MOST_CODES} codes", _are_codes)
HASH = Kind("SHA-256, 64 hex digits", is_hash)
INDEX = Kind("index of an entry, 0 to 2^53-1", is_number)
COUNT = Kind("whole number, 0 to 2^53-1", is_number)
PERSON = Kind("pseudonym, 32 hex digits", is_pseudonym, person=True)
PSEUDONYMS = Kind(f"1 to {MOST_SUBJECTS} pseudonyms", _are_pseudonyms)
STATES = Kind("object: code → code", _are_states)
COUNTS = Kind("object: code → whole number", _are_counts)
DAY = Kind("YYYY-MM-DD", _is_day)
REGION = Kind("行政区划代码, 2, 4, 6, 9 or 12 digits", _is_region)
