"""Which functions may a rule use besides the operators? Exact ones: no clock, no float, no locale."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from verification.language.expression import (
    Expr,
    certain_presence,
    lift,
    make,
    needs,
    same_kind,
)
from verification.language.kinds import ORDERED, WHOLE, Kind, KindsDiffer, Value
from vocabulary.codes import Code

_NUMBER = frozenset({Kind.NUMBER})
_DATE = frozenset({Kind.DATE})
_TEXT = frozenset({Kind.TEXT})


def first_of(*cases: tuple[Expr, Expr | Value], otherwise: Expr | Value) -> Expr:
    """The value beside the first condition that holds, else `otherwise`.

    Where a condition is unknown the result is unknown, unless what it would give and what
    follows are the same known value.
    """
    known = [value for _, value in cases if isinstance(value, Expr)]
    beside = otherwise if isinstance(otherwise, Expr) else known[0] if known else None
    values = [lift(value, beside=beside) for _, value in cases] + [lift(otherwise, beside=beside)]
    conditions = [lift(condition) for condition, _ in cases]
    needs("first_of", frozenset({Kind.FLAG}), *conditions)
    certain_presence("a condition of `first_of`", *conditions)
    same_kind("first_of", *values)
    args = [arg for pair in zip(conditions, values, strict=False) for arg in pair] + [values[-1]]
    optional = any(value.optional for value in values)
    return make("first_of", *args, kind=values[0].kind, optional=optional, codes=values[0].codes)


def every_of(*conditions: Expr) -> Expr:
    """All of the conditions hold."""
    return reduce(lambda left, right: left & right, conditions)


def some_of(*conditions: Expr) -> Expr:
    """At least one of the conditions holds."""
    return reduce(lambda left, right: left | right, conditions)


def least(first: Expr | Value, second: Expr | Value) -> Expr:
    """The smaller of two; unknown if either is."""
    return _extreme("least", first, second)


def greatest(first: Expr | Value, second: Expr | Value) -> Expr:
    """The larger of two; unknown if either is."""
    return _extreme("greatest", first, second)


def half_up(dividend: Expr, divisor: Expr | Value) -> Expr:
    """The quotient rounded to the nearest, a half upwards, by whole-number arithmetic.

    The divisor must be seen to be positive when the rule is declared: a literal, or `greatest(n, 1)`.
    """
    return _quotient("half_up", dividend, lift(divisor))


def floor_div(dividend: Expr, divisor: Expr | Value) -> Expr:
    """The quotient rounded down, also below zero. The divisor as for `half_up`."""
    return _quotient("floor_div", dividend, lift(divisor))


def ceil_div(dividend: Expr, divisor: Expr | Value) -> Expr:
    """The quotient rounded up, also below zero. The divisor as for `half_up`."""
    return _quotient("ceil_div", dividend, lift(divisor))


def remainder(dividend: Expr, divisor: Expr | Value) -> Expr:
    """What `floor_div` leaves: 0 or more, less than the divisor."""
    return _quotient("mod", dividend, lift(divisor))


def month_of(day: Expr) -> Expr:
    """The month in which a date lies."""
    needs("month_of", _DATE, day)
    return make("month_of", day, kind=Kind.MONTH)


def first_day(month: Expr) -> Expr:
    """The first day of a month."""
    needs("first_day", frozenset({Kind.MONTH}), month)
    return make("first_day", month, kind=Kind.DATE)


def year_of(when: Expr) -> Expr:
    """The calendar year of a date or a month."""
    needs("year_of", frozenset({Kind.DATE, Kind.MONTH}), when)
    return make("year_of", when, kind=Kind.NUMBER)


def month_in_year(when: Expr) -> Expr:
    """1 to 12, of a date or a month."""
    needs("month_in_year", frozenset({Kind.DATE, Kind.MONTH}), when)
    return make("month_in_year", when, kind=Kind.NUMBER)


def date_number(day: Expr) -> Expr:
    """A date as one number: 2026-11-22 is 20261122."""
    needs("date_number", _DATE, day)
    return make("date_number", day, kind=Kind.NUMBER)


def full_years(*, since: Expr, on: Expr) -> Expr:
    """Completed years between two dates: somebody's age. Who was born on 29 February turns on 1 March."""
    return floor_div(date_number(on) - date_number(since), 10_000)


def plus_days(day: Expr, days: Expr | Value) -> Expr:
    """The date so many days later, or earlier when negative."""
    count = lift(days)
    needs("plus_days", _DATE, day)
    needs("plus_days", _NUMBER, count)
    return make("plus_days", day, count, kind=Kind.DATE)


def plus_months(day: Expr, months: Expr | Value) -> Expr:
    """The same day so many months later; the last day of that month where it has no such day."""
    count = lift(months)
    needs("plus_months", _DATE, day)
    needs("plus_months", _NUMBER, count)
    return make("plus_months", day, count, kind=Kind.DATE)


def days_between(*, since: Expr, until: Expr) -> Expr:
    """Days from one date to another; negative when `until` is before `since`."""
    needs("days_between", _DATE, since, until)
    return make("days_between", since, until, kind=Kind.NUMBER)


def part(text: Expr, start: int, stop: int) -> Expr:
    """Characters `start` to `stop` (not included) counted from 0; what lies beyond the end is left out."""
    needs("part", _TEXT, text)
    if not 0 <= start < stop:
        raise KindsDiffer(f"expected 0 <= start < stop in `part`, got `{start}` and `{stop}`")
    return make("part", text, kind=Kind.TEXT, constants=(start, stop))


def length(text: Expr) -> Expr:
    """How many characters."""
    needs("length", _TEXT, text)
    return make("length", text, kind=Kind.NUMBER)


def position(letters: str, text: Expr) -> Expr:
    """Where a single character stands in `letters`, from 0; -1 where it does not or there is none."""
    needs("position", _TEXT, text)
    return make("position", text, kind=Kind.NUMBER, constants=(letters,))


def contains(text: Expr, letters: str) -> Expr:
    """Whether these characters stand in the text, one after the other."""
    needs("contains", _TEXT, text)
    if not letters:
        raise KindsDiffer("expected at least one character in `contains`, got none")
    return make("contains", text, kind=Kind.FLAG, constants=(letters,))


def digit(text: Expr, index: int) -> Expr:
    """The digit at a place counted from 0; -1 where no ASCII digit stands there."""
    return position("0123456789", part(text, index, index + 1))


def number_in(text: Expr, start: int, stop: int) -> Expr:
    """The number that digits `start` to `stop` write; meaningless (never an error) where one is no digit."""
    digits: list[Expr] = [digit(text, index) for index in range(start, stop)]
    return reduce(lambda number, one: number * 10 + one, digits)


def pick(letters: str, index: Expr) -> Expr:
    """The character of `letters` at a place counted from 0; an empty text beyond either end."""
    needs("pick", _NUMBER, index)
    return make("pick", index, kind=Kind.TEXT, constants=(letters,))


def tidy(text: Expr) -> Expr:
    """A name as it is compared: Unicode NFKC without blanks at either end."""
    needs("tidy", _TEXT, text)
    return make("tidy", text, kind=Kind.TEXT)


def text_of(person: Expr) -> Expr:
    """The characters of the id number of the member a rule is about, as written."""
    needs("text_of", frozenset({Kind.PERSON}), person)
    if person.op != "fact" or person.constants[1:] != ("person",):
        raise KindsDiffer("expected the member's own `person` in `text_of`, got another expression")
    return make("text_of", person, kind=Kind.TEXT)


def up_to(value: Expr, last: Code) -> Expr:
    """Whether a code stands in its list no later than `last`; for lists whose order is ascending."""
    members = list(type(last))
    return value.among(*members[: members.index(last) + 1])


def total_of(amounts: Iterable[Expr]) -> Expr:
    """The sum of one or more expressions."""
    return reduce(lambda left, right: left + right, amounts)


def _extreme(op: str, first: Expr | Value, second: Expr | Value) -> Expr:
    left = lift(first, beside=second if isinstance(second, Expr) else None)
    right = lift(second, beside=left)
    needs(op, ORDERED, left, right)
    same_kind(op, left, right)
    return make(op, left, right, kind=left.kind)


def _quotient(op: str, dividend: Expr, divisor: Expr) -> Expr:
    needs(op, WHOLE, dividend)
    needs(op, _NUMBER, divisor)
    if not _positive(divisor):
        raise KindsDiffer(
            f"expected a divisor of `{op}` that is seen to be positive, such as `greatest(n, 1)`"
        )
    return make(op, dividend, divisor, kind=dividend.kind)


def _positive(expr: Expr) -> bool:
    if expr.op == "literal":
        value = expr.constants[0]
        return isinstance(value, int) and value > 0
    if expr.op == "greatest":
        return any(_positive(arg) for arg in expr.args)
    if expr.op in ("mul", "add", "least"):
        return all(_positive(arg) for arg in expr.args)
    return False
