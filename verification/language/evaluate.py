"""What is each part of a condition worth, for one household? The reasoning behind an answer, step by step.

This walks the tree; it is the plainest statement of what every operator means, and the
compiled engines are tested against it. It knows nothing of rows: facts are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from verification.language import values
from verification.language.describe import words
from verification.language.expression import Expr
from verification.language.kinds import Value
from verification.language.level import FactOf
from verification.language.parameter import Pack, check, value_at
from verification.language.values import ABSENT, Missing, Result, result

Worth = Value | Missing | None
"""Inside: None is unknown."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of an expression, in words, and what it is worth; `depth` 0 is the whole."""

    depth: int
    zh: str
    en: str
    value: Result


def explain(expr: Expr, facts: Mapping[tuple[str, str], Result], pack: Pack) -> tuple[Step, ...]:
    """Every part of an expression that is not a constant, the whole first, each with its value.

    `facts`   by level and name; one that is not there counts as unknown
    """

    def told(fact: FactOf) -> Worth:
        value = facts.get((str(fact.constants[0]), str(fact.constants[1])), Missing.UNKNOWN)
        return None if value is Missing.UNKNOWN else value

    return tuple(_steps(expr, told, pack, 0))


def evaluate(expr: Expr, told: Callable[[FactOf], Worth], pack: Pack) -> Worth:
    """What an expression over facts is worth: a value, ABSENT, or None for unknown."""
    if isinstance(expr, FactOf):
        return told(expr)
    if expr.op == "literal":
        return expr.constants[0]
    if expr.op == "nothing":
        return ABSENT
    if expr.op == "first_of":
        return _first_of(expr, told, pack)
    args = [evaluate(arg, told, pack) for arg in expr.args]
    if expr.op in ("and", "or"):
        return _logic(expr.op, args)
    if expr.op == "otherwise":
        return args[1] if args[0] is ABSENT else args[0]
    if expr.op == "required":
        return None if args[0] is ABSENT else args[0]
    if expr.op == "missing":
        return None if args[0] is None else args[0] is ABSENT
    if any(arg is None for arg in args):
        return None
    if any(arg is ABSENT for arg in args):
        return ABSENT
    if expr.op in ("param", "param_class"):
        return _parameter(expr, args, pack)
    return _OPERATORS[expr.op](expr, *args)


def _steps(expr: Expr, told: Callable[[FactOf], Worth], pack: Pack, depth: int) -> Iterator[Step]:
    if expr.op == "literal":
        return
    value = result(evaluate(expr, told, pack), expr.kind, expr.codes)
    yield Step(depth, words(expr, "zh"), words(expr, "en"), value)
    for arg in expr.args:
        yield from _steps(arg, told, pack, depth + 1)


def _logic(op: str, args: list[Worth]) -> Worth:
    decided = op == "or"
    if any(arg is decided for arg in args):
        return decided
    return None if any(arg is None for arg in args) else not decided


def _first_of(expr: Expr, told: Callable[[FactOf], Worth], pack: Pack) -> Worth:
    worth = evaluate(expr.args[-1], told, pack)
    for place in range(len(expr.args) - 3, -1, -2):
        condition = evaluate(expr.args[place], told, pack)
        value = evaluate(expr.args[place + 1], told, pack)
        if condition is True:
            worth = value
        elif condition is None and value != worth:
            worth = None
    return worth


def _parameter(expr: Expr, args: list[Worth], pack: Pack) -> Worth:
    name, at = str(expr.constants[0]), args[-1]
    if expr.op == "param":
        found = pack.values(name)
    else:
        table = pack.table(name)
        found = table.get(str(args[0]), table.get("*", ()))
    assert isinstance(at, (date, int))
    value = value_at(check(found, name, expr.kind, expr.codes), at)
    return value if value is not None else ABSENT if expr.constants[1] else None


def _year(expr: Expr, when: Value) -> int:
    return when.year if isinstance(when, date) else int(when) // 12


def _month_in_year(expr: Expr, when: Value) -> int:
    return when.month if isinstance(when, date) else int(when) % 12 + 1


_OPERATORS: dict[str, Callable[..., Worth]] = {
    "not": lambda _, a: not a,
    "add": lambda _, a, b: a + b,
    "sub": lambda _, a, b: a - b,
    "mul": lambda _, a, b: a * b,
    "floor_div": lambda _, a, b: a // b,
    "ceil_div": lambda _, a, b: -(-a // b),
    "half_up": lambda _, a, b: (2 * a + b) // (2 * b),
    "mod": lambda _, a, b: a % b,
    "eq": lambda _, a, b: a == b,
    "ne": lambda _, a, b: a != b,
    "lt": lambda _, a, b: a < b,
    "le": lambda _, a, b: a <= b,
    "gt": lambda _, a, b: a > b,
    "ge": lambda _, a, b: a >= b,
    "among": lambda _, a, *members: a in members,
    "least": lambda _, a, b: min(a, b),
    "greatest": lambda _, a, b: max(a, b),
    "month_of": lambda _, day: day.year * 12 + day.month - 1,
    "first_day": lambda _, month: values.first_day(month),
    "year_of": _year,
    "month_in_year": _month_in_year,
    "date_number": lambda _, day: day.year * 10000 + day.month * 100 + day.day,
    "plus_days": lambda _, day, n: values.plus_days(day, n),
    "plus_months": lambda _, day, n: values.plus_months(day, n),
    "days_between": lambda _, a, b: (b - a).days,
    "part": lambda expr, text: text[expr.constants[0] : expr.constants[1]],
    "length": lambda _, text: len(text),
    "position": lambda expr, text: values.position(expr.constants[0], text),
    "pick": lambda expr, index: values.pick(expr.constants[0], index),
    "contains": lambda expr, text: expr.constants[0] in text,
    "tidy": lambda _, text: values.tidy(text),
    "text_of": lambda _, person: str(person),
}
