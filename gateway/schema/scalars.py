"""How do the words of the vocabulary look in an answer? Strings that lose nothing: no float, no local time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import graphene
from graphql import GraphQLEnumType, GraphQLError, GraphQLNamedType, StringValueNode

from vocabulary.errors import Malformed
from vocabulary.money import Money as Amount
from vocabulary.month import Month as CalendarMonth
from vocabulary.region import RegionCode as Region


class Written(graphene.Scalar):
    """A scalar that is written as a string; literals and variables are read alike."""

    class Meta:
        """Not a type of its own."""

        abstract = True

    read: Callable[[str], Any] = staticmethod(str)

    @classmethod
    def parse_value(cls, value: Any) -> Any:
        """Read a variable. The message never repeats it."""
        if not isinstance(value, str):
            raise GraphQLError(f"expected a string for {cls._meta.name}, got another type")
        try:
            return cls.read(value)
        except (Malformed, ValueError):
            raise GraphQLError(
                f"expected {cls._meta.name} as its description says, got another text"
            ) from None

    @classmethod
    def parse_literal(cls, node: Any, _variables: Any = None) -> Any:
        """Read a literal of the document."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Money(Written):
    """金额 in yuan: a decimal string with two places, exact, as in `636.00`."""

    read = staticmethod(lambda text: Amount.from_yuan(text).fen)

    @staticmethod
    def serialize(fen: int) -> str:
        """Whole fen as yuan."""
        return str(Amount(fen))


class Month(Written):
    """月份: a calendar month, as in `2026-10`."""

    read = staticmethod(CalendarMonth.parse)

    @staticmethod
    def serialize(month: int) -> str:
        """An ordinal as year and month."""
        return str(CalendarMonth(month))


class Date(Written):
    """日期: a calendar day (ISO 8601), as in `2026-11-16`."""

    read = staticmethod(date.fromisoformat)

    @staticmethod
    def serialize(day: date) -> str:
        """The day as ISO 8601."""
        return day.isoformat()


class Instant(Written):
    """时刻: an instant in UTC (ISO 8601), as in `2026-11-16T02:30:00Z`."""

    read = staticmethod(datetime.fromisoformat)

    @staticmethod
    def serialize(instant: datetime) -> str:
        """The instant in UTC, whole seconds."""
        return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class IdNumber(Written):
    """公民身份号码 (GB 11643): 18 characters, or its mask `5299**********0011` where the agreement says 脱敏."""

    @staticmethod
    def serialize(text: str) -> str:
        """As decided: in full or masked."""
        return str(text)


class CreditCode(Written):
    """统一社会信用代码 (GB 32100): 18 characters, or its mask."""

    @staticmethod
    def serialize(text: str) -> str:
        """As decided: in full or masked."""
        return str(text)


class RegionCode(Written):
    """行政区划代码 (GB/T 2260, and 9 or 12 digits below it)."""

    read = staticmethod(Region.parse)

    @staticmethod
    def serialize(text: str) -> str:
        """The digits."""
        return str(text)


OFTEN_KEPT = 8_192
"""Values of one scalar whose writing is remembered: the months and days of some years, and the usual amounts."""

_OFTEN = frozenset({"Money", "Month", "Date", "Instant"})
"""Scalars that repeat by the thousand and name nobody."""


class _Written(dict[Any, Any]):
    """Value → what is written of it, null of null; what is not known yet is written by the type itself."""

    def __init__(self, kind: Any) -> None:
        super().__init__({None: None})
        self._kind = kind

    def __missing__(self, value: Any) -> Any:
        written = self._kind.serialize(value)
        if written is None:
            raise TypeError(f"expected `{self._kind.name}` to write a value, got null")
        if len(self) >= OFTEN_KEPT:
            self.clear()
            self[None] = None
        self[value] = written
        return written


_TEXTS = frozenset({"IdNumber", "CreditCode", "RegionCode"})
"""Scalars that are written as the text that they are."""


@cache
def written_often(kind: GraphQLNamedType) -> Mapping[Any, Any] | type[str] | None:
    """For a scalar that repeats, and for every enumeration, what is written of each value; None for another type.

    `str` for a scalar that is written as the text that it is.
    """
    if kind.name in _TEXTS:
        return str
    return _Written(kind) if kind.name in _OFTEN or isinstance(kind, GraphQLEnumType) else None
