"""How is an aggregate of lines of several record types told from each type's rows alone?

A sum over a union is the sum over its parts. Each part is gathered where its rows lie, with what
is the same in all its lines worked out, and together with whatever else is gathered there; no
line is ever written down. Where only the best evidence counts, the lines of a lower rank leave
out the months of which a better one speaks: as bits of a number a person and family, which costs
a fraction of comparing month by month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from verification.language.dialect import Dialect
from verification.language.expression import Expr, every_part, nothing, with_args
from verification.language.fold import FALSE, TRUE, Fold
from verification.language.kinds import Kind
from verification.language.level import MEMBER, FactOf
from verification.language.parameter import Pack
from verification.language.period import Period, of_the_period, period_of
from verification.language.rows import FEW_MONTHS, Aggregate, Unless
from verification.language.source import Best, ColumnOf, Filtered, Lines, Plan, Union, ranked
from verification.language.sql_pairs import paired
from vocabulary.month import Month

BITS = "rows bits"
"""Which of a few months occur, a bit each: what the number of different months is told from, part by part."""


class Split:
    """Splits aggregates for runs of one day.

    `on`   the day of all cases; months of which bits are kept end with its month
    """

    def __init__(self, pack: Pack, dialect: Dialect, *, on: date | None) -> None:
        self._pack, self._fold = pack, Fold(pack, {})
        self._found: dict[str, tuple[Aggregate, ...]] = {}
        self._first = None if on is None or dialect.bits is None else int(Month.of(on)) - FEW_MONTHS + 1

    def parts(self, each: Aggregate) -> tuple[Aggregate, ...]:
        """Aggregates of one record type's rows each, which make it up; where it cannot be split, itself, or of pairs.

        None at all where no row can count.
        """
        found = self._found.get(each.digest)
        if found is None:
            found = self._found[each.digest] = self._parts(paired(each))
        return found

    def _parts(self, each: Aggregate) -> tuple[Aggregate, ...]:
        union = _union(each.plan.root)
        period = period_of(each)
        if union is None or period is None or not self._can(each, period):
            return (each,)
        sources = self._sources(each.plan.root, union)
        return tuple(_added([found for of, part in sources for found in self._part(each, of, part)]))

    def _can(self, each: Aggregate, period: Period) -> bool:
        """Whether what it comes to adds up, and no month counts of which no bits are kept."""
        if self._first is None or each.match is not None or not _of_keys(each.plan.root, period.column):
            return False
        value = each.role("value")
        months = value is not None and value.digest == period.column.digest
        adds = each.op in _ADDED or (each.op == "rows kinds" and months)
        return adds and self._first <= period.first and period.last < self._first + FEW_MONTHS

    def _sources(self, root: Plan, union: Union) -> Iterator[tuple[Plan, Lines]]:
        """The parts of a union, each with the rows that it is drawn from: of the best, those of no better line."""
        if isinstance(root, Union):
            yield from ((part.of, part) for part in union.parts)
            return
        assert isinstance(root, Best)
        better: list[Lines] = []
        for parts in ranked(root) or ():
            for part in parts:
                yield self._unless(root, union, part, tuple(better)) if better else part.of, part
            better += parts

    def _unless(self, root: Best, union: Union, part: Lines, better: tuple[Lines, ...]) -> Plan:
        assert self._first is not None
        keys = {name: part.values[name] for name in root.by}
        of = part.of
        return Unless(
            name=of.name, columns=of.columns, types=of.types, of=of, keys=keys, lines=union, better=better,
            first=self._first,
        )  # fmt: skip

    def _part(self, each: Aggregate, of: Plan, part: Lines) -> Iterator[Aggregate]:
        """The aggregate of one part's rows; nothing where none of them can count."""
        roles = dict(zip(each.roles, each.args, strict=True))
        if isinstance(each.plan, Filtered):
            roles["where"] = each.plan.condition & roles["where"] if "where" in roles else each.plan.condition
        drawn = {role: self._fold(_drawn(arg, each.plan.root, part)) for role, arg in roles.items()}
        on = dict.fromkeys(each.on or ())
        if "where" in drawn:
            rest = [test for test in every_part(drawn.pop("where")) if not _names_own(test, on)]
            for test in rest:
                drawn["where"] = drawn["where"] & test if "where" in drawn else test
        op = _op(each)
        whole = replace(
            each, op=op, plan=of, on=tuple(sorted(on)), roles=tuple(drawn), args=tuple(drawn.values()),
            kind=each.kind if op == each.op else Kind.NUMBER, lenient=False,
        )  # fmt: skip
        found = of_the_period(whole, self._pack)
        where = found.role("where")
        if where is None or where.digest != FALSE.digest:
            yield _without_true(found)


def _op(each: Aggregate) -> str:
    """What a part is gathered as: whether some row holds is told from how many do."""
    if each.op == "rows kinds":
        return BITS
    return "rows count" if each.op == "rows some" and each.role("value") is None else each.op


def _union(root: Plan) -> Union | None:
    """The lines that an aggregate looks at, where they are written down part by part."""
    if isinstance(root, Best):
        return root.of if isinstance(root.of, Union) and ranked(root) is not None else None
    return root if isinstance(root, Union) else None


def _of_keys(root: Plan, column: Expr) -> bool:
    """Whether a month is the one month by which the best lines are told from the others, where any are."""
    if not isinstance(root, Best):
        return True
    months = [name for name in root.by if root.columns[name].kind is Kind.MONTH]
    return isinstance(column, ColumnOf) and months == [column.column]


def _drawn(expr: Expr, root: Plan, part: Lines) -> Expr:
    """What is said of a line, said of the row from which it is drawn."""
    if isinstance(expr, ColumnOf):
        if expr.plan.root.digest != root.digest:
            return expr
        return part.values[expr.column] if expr.column in part.values else nothing(expr.kind, expr.codes)
    args = tuple(_drawn(arg, root, part) for arg in expr.args)
    if expr.op in ("otherwise", "required") and not args[0].optional:
        return args[0]
    if expr.op == "missing" and not args[0].optional:
        return FALSE
    same = with_args(expr, args)
    if same is expr or expr.op in _RESOLVES:
        return same
    return replace(same, optional=expr.optional and any(arg.optional for arg in args))


def _names_own(test: Expr, on: dict[str, None]) -> bool:
    """Whether a condition says no more than whose the rows are; if so they are gathered by that column too."""
    if test.op != "eq":
        return False
    column, fact = test.args
    if not isinstance(column, ColumnOf) or not isinstance(fact, FactOf) or column.optional:
        return False
    own = fact.level.name == MEMBER and fact.definition.expr is None and fact.definition.name == column.column
    if own and column.kind in (Kind.PERSON, Kind.HOUSEHOLD):
        on[column.column] = None
        return True
    return False


def _added(parts: list[Aggregate]) -> Iterator[Aggregate]:
    """Sums of the same rows as one sum; more than once counted rows stay apart."""
    sums: dict[str, Aggregate] = {}
    for each in parts:
        value = each.role("value")
        if each.op != "rows total" or value is None or any(arg.uncertain for arg in each.args):
            yield each
            continue
        others = [arg.digest for role, arg in zip(each.roles, each.args, strict=True) if role != "value"]
        key = "\x1f".join((each.plan.digest, *(each.on or ()), *others))
        before = sums.get(key)
        sums[key] = each if before is None else _with_value(before, value)
    yield from sums.values()


def _with_value(each: Aggregate, further: Expr) -> Aggregate:
    args = tuple(
        arg + further if role == "value" else arg for role, arg in zip(each.roles, each.args, strict=True)
    )
    return replace(each, args=args)


def _without_true(each: Aggregate) -> Aggregate:
    where = each.role("where")
    if where is None or where.digest != TRUE.digest:
        return each
    left = [(role, arg) for role, arg in zip(each.roles, each.args, strict=True) if role != "where"]
    return replace(each, roles=tuple(role for role, _ in left), args=tuple(arg for _, arg in left))


_ADDED = frozenset({"rows count", "rows total", "rows some", "rows every"})
"""What adds up over parts: the last two are told from how many rows hold."""

_RESOLVES = frozenset({"otherwise", "missing", "required", "first_of", "param", "param_class"})
"""Whether these may be absent is not settled by whether any argument may be."""
