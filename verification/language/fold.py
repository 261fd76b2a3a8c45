"""What is left of an expression once the day is known? Constants worked out, branches that cannot be taken cut.

A run asks about every household on one day. The window, the standard and every parameter of
that day are then plain numbers, and most aggregates no longer look at anything but rows. Only
what is certain is worked out: where a pack has no value, the expression stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from verification.language.evaluate import evaluate
from verification.language.expression import Expr, literal, make, nothing
from verification.language.kinds import Kind, Value
from verification.language.level import HOUSEHOLD, FactOf
from verification.language.parameter import Pack, value_at
from verification.language.rows import Aggregate
from verification.language.source import ColumnOf
from verification.language.values import ABSENT
from vocabulary.codes import Code
from vocabulary.month import Month

TRUE, FALSE = literal(value=True), literal(value=False)


class Fold:
    """Folds expressions for one pack; facts that are known stand in `given`, by level and name.

    `stays`   whether a fact that is not given stays the fact it is; else it becomes what it is
              defined as, and so on down to rows. Either way it is worked out if it comes to a constant
    """

    def __init__(
        self,
        pack: Pack,
        given: Mapping[tuple[str, str], Expr],
        *,
        stays: Callable[[FactOf], bool] = lambda fact: True,
    ) -> None:
        self._pack, self._given, self._stays = pack, dict(given), stays
        self._known: dict[str, Expr] = {}

    def __call__(self, expr: Expr) -> Expr:
        """What is left of an expression."""
        mark = expr.digest + (expr.plan.digest if isinstance(expr, (ColumnOf, Aggregate)) else "")
        if mark not in self._known:
            self._known[mark] = self._folded(expr)
        return self._known[mark]

    def _folded(self, expr: Expr) -> Expr:
        if isinstance(expr, FactOf):
            return self._fact(expr)
        if not expr.args:
            return expr
        args = tuple(self(arg) for arg in expr.args)
        if isinstance(expr, Aggregate):
            same = all(new is old for new, old in zip(args, expr.args, strict=True))
            return expr if same else replace(expr, args=args)
        if expr.op in _SHORT:
            return _SHORT[expr.op](expr, args)
        return self._worked_out(expr, args)

    def _fact(self, fact: FactOf) -> Expr:
        found = fact.definition
        given = self._given.get((fact.level.name, found.name))
        if given is not None:
            return given
        if found.expr is None or isinstance(found.expr, Aggregate):
            return fact
        told = self(found.expr)
        return told if _constant(told) or not self._stays(fact) else fact

    def _worked_out(self, expr: Expr, args: tuple[Expr, ...]) -> Expr:
        if any(arg.op == "nothing" for arg in args) and not any(arg.uncertain for arg in args):
            return nothing(expr.kind, expr.codes)
        if all(arg.op == "literal" for arg in args):
            worth = evaluate(replace(expr, args=args), _no_fact, self._pack)
            if worth is ABSENT:
                return nothing(expr.kind, expr.codes)
            if worth is not None:
                return _literal(worth, expr)  # type: ignore[arg-type] # neither absent nor unknown
        return self._classed(_on(expr, args))

    def _classed(self, expr: Expr) -> Expr:
        """What a table of the pack says of a code, where it says something of every code of the list, as a choice of codes.

        No row holds a code that its list does not: it was refused when it was read.
        """
        if expr.op == "param_class" and (table := self._class_of_all(expr)) is not None:
            if expr.kind is Kind.FLAG:
                return _among(expr.args[0], [code for code in table if table[code]])
            return replace(expr, uncertain=expr.args[0].uncertain)
        if expr.op in ("eq", "ne") and expr.args[1].op == "literal" and expr.args[0].op == "param_class":
            asked, value = expr.args[0], expr.args[1].constants[0]
            table = self._class_of_all(asked)
            if table is not None:
                wanted = [code for code in table if (table[code] == value) is (expr.op == "eq")]
                return _among(asked.args[0], wanted)
        return expr

    def _class_of_all(self, expr: Expr) -> dict[Code, Value] | None:
        """What a table says of each code of the key's list on one day; None where that is not said of all."""
        key, at = expr.args
        if key.codes is None or key.optional or at.op != "literal":
            return None
        table = self._pack.table(str(expr.constants[0]))
        day = at.constants[0]
        assert isinstance(day, (date, int)), "expected a date or a month, by the type of `param_class`"
        found = {code: value_at(table.get(str(code), table.get("*", ())), day) for code in key.codes}
        told = {code: value for code, value in found.items() if value is not None}
        return told if len(told) == len(found) else None


def of_the_day(on: date | None) -> dict[tuple[str, str], Expr]:
    """The household's own columns that a day settles; nothing where the day is not known."""
    if on is None:
        return {}
    return {(HOUSEHOLD, "on"): literal(on), (HOUSEHOLD, "month"): literal(Month.of(on))}


def _no_fact(fact: FactOf) -> None:
    raise AssertionError(f"expected constants alone, got the fact `{fact.constants[1]}`")


def _constant(expr: Expr) -> bool:
    return expr.op in ("literal", "nothing")


def _among(key: Expr, codes: list[Code]) -> Expr:
    """Whether a known code is one of these; certain where it is one of none or of all there are."""
    if key.uncertain and not codes:
        return make("ne", key, key, kind=Kind.FLAG)
    every = len(codes) == len(key.codes or ()) and not key.uncertain
    return key.among(*codes) if codes and not every else literal(value=every)


def _literal(worth: Value, like: Expr) -> Expr:
    return Expr("literal", (), like.kind, constants=(worth,), codes=like.codes)


def _on(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same operator on what is left of its arguments; certain where they are."""
    if all(new is old for new, old in zip(args, expr.args, strict=True)):
        return expr
    doubtful = expr.op in ("param", "param_class") or any(arg.uncertain for arg in args)
    return replace(expr, args=args, uncertain=expr.uncertain and doubtful)


def _and(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    return _logic(expr, args, decides=FALSE, passes=TRUE)


def _or(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    return _logic(expr, args, decides=TRUE, passes=FALSE)


def _logic(expr: Expr, args: tuple[Expr, ...], *, decides: Expr, passes: Expr) -> Expr:
    left, right = args
    if decides.digest in (left.digest, right.digest):
        return decides
    if left.digest == passes.digest:
        return right
    return left if right.digest == passes.digest else _on(expr, args)


def _first_of(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    kept: list[Expr] = []
    for place in range(0, len(args) - 1, 2):
        condition, value = args[place], args[place + 1]
        if condition.digest == TRUE.digest:
            return replace(expr, args=(*kept, value)) if kept else value
        if condition.digest != FALSE.digest:
            kept += [condition, value]
    return _on(expr, (*kept, args[-1])) if len(kept) == len(args) - 1 else _shorter(expr, kept, args[-1])


def _shorter(expr: Expr, kept: list[Expr], rest: Expr) -> Expr:
    return replace(expr, args=(*kept, rest)) if kept else rest


def _otherwise(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    if args[0].op == "nothing":
        return args[1]
    return args[0] if args[0].op == "literal" else _on(expr, args)


def _missing(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    return literal(value=args[0].op == "nothing") if _constant(args[0]) else _on(expr, args)


def _required(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    """Stays in doubt, whatever is left of what may be absent."""
    return replace(expr, args=args) if args[0].optional else args[0]


_SHORT: dict[str, Callable[[Expr, tuple[Expr, ...]], Expr]] = {
    "and": _and,
    "or": _or,
    "first_of": _first_of,
    "otherwise": _otherwise,
    "missing": _missing,
    "required": _required,
}
