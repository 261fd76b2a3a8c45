"""What can an expression be worth, and what is refused when one is declared?

There is no float. Money, plain numbers, months and dates are kinds of their own: an amount
is never added to a month, and a code is compared only with members of its own list.

    Exception
    └── Refused                    a declaration says something the language does not allow
        ├── KindsDiffer            an operator was given kinds that do not go together
        ├── MayBeAbsent            a value that a register may leave out reaches a condition unresolved
        └── OnlyALowerBound        a condition rests on a sum of what happened to be answered
    Exception
    └── PackGap                    a policy pack lacks a parameter, or gives it in another kind
"""

from __future__ import annotations

from datetime import date
from enum import Enum

from vocabulary.codes import Code
from vocabulary.month import Month
from vocabulary.record import ColumnKind


class Refused(Exception):
    """A declaration says something that the rule language does not allow."""


class KindsDiffer(Refused):
    """An operator was given kinds that do not go together."""


class MayBeAbsent(Refused):
    """A value that a register may leave out reaches a place that needs one: say what then with `.otherwise`."""


class OnlyALowerBound(Refused):
    """A condition rests on the sum of what happened to be answered: it could turn a failure into a no."""


class PackGap(Exception):
    """A policy pack lacks a parameter that a rule needs, or gives it in another kind."""


class Kind(Enum):
    """What an expression is worth."""

    FEN = "fen"
    NUMBER = "number"
    MONTH = "month"
    DATE = "date"
    CODE = "code"
    TEXT = "text"
    FLAG = "flag"
    PERSON = "person"
    HOUSEHOLD = "household"


Value = int | str | bool | date
"""A value of any kind: `Month` is an int, `Code` a str."""

WHOLE = frozenset({Kind.FEN, Kind.NUMBER})
"""Kinds that are whole numbers and may be multiplied."""

ORDERED = frozenset({Kind.FEN, Kind.NUMBER, Kind.MONTH, Kind.DATE})
"""Kinds of which one may ask what is less."""

COLUMN_KINDS: dict[ColumnKind, Kind] = {
    ColumnKind.TEXT: Kind.TEXT,
    ColumnKind.CODE: Kind.CODE,
    ColumnKind.ID_NUMBER: Kind.PERSON,
    ColumnKind.CREDIT_CODE: Kind.TEXT,
    ColumnKind.REGION: Kind.TEXT,
    ColumnKind.FEN: Kind.FEN,
    ColumnKind.NUMBER: Kind.NUMBER,
    ColumnKind.MONTH: Kind.MONTH,
    ColumnKind.DATE: Kind.DATE,
    ColumnKind.FLAG: Kind.FLAG,
}
"""How a record's column is seen by the rules; a `household` column is a HOUSEHOLD though written as text."""


def kind_of(value: object) -> Kind:
    """The kind of a literal; a plain int is a NUMBER until it meets money.

    >>> kind_of(Month.parse("2026-10"))
    <Kind.MONTH: 'month'>
    >>> kind_of(0.5)
    Traceback (most recent call last):
        ...
    verification.language.kinds.KindsDiffer: expected a whole number, month, date, code, text or flag, got `float`
    """
    for python, kind in _LITERALS:
        if isinstance(value, python):
            return kind
    raise KindsDiffer(
        f"expected a whole number, month, date, code, text or flag, got `{type(value).__name__}`"
    )


_LITERALS: tuple[tuple[type, Kind], ...] = (
    (bool, Kind.FLAG),
    (Month, Kind.MONTH),
    (int, Kind.NUMBER),
    (date, Kind.DATE),
    (Code, Kind.CODE),
    (str, Kind.TEXT),
)
"""In this order: a bool and a Month are ints, a Code is a str."""
