"""Of which months can an aggregate's rows be, and which of the pack's values stay the same throughout them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verification.language.expression import Expr, every_part, literal, with_args
from verification.language.fold import Fold
from verification.language.kinds import Kind
from verification.language.parameter import Dated, Pack, value_at
from verification.language.rows import Aggregate
from vocabulary.month import Month


@dataclass(frozen=True)
class Period:
    """The months of a column, from `first` to `last`, both within it."""

    column: Expr
    first: int
    last: int

    @property
    def months(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def period_of(each: Aggregate) -> Period | None:
    """The months that the aggregate's own period leaves to its rows; None where it has no two ends, or no month."""
    during = each.role("during")
    ends: dict[str, list[tuple[Expr, int]]] = {"ge": [], "le": []}
    for part in every_part(during) if during is not None else ():
        if part.op in _ENDS and part.args[0].kind is Kind.MONTH and part.args[1].op == "literal":
            month = part.args[1].constants[0]
            assert isinstance(month, int), "expected a month, by the type of the comparison"
            for end in _ENDS[part.op]:
                ends[end].append((part.args[0], int(month)))
    if (
        not ends["ge"]
        or not ends["le"]
        or len({column.digest for both in ends.values() for column, _ in both}) > 1
    ):
        return None
    first, last = max(month for _, month in ends["ge"]), min(month for _, month in ends["le"])
    return Period(ends["ge"][0][0], first, last) if first <= last else None


def of_the_period(each: Aggregate, pack: Pack) -> Aggregate:
    """The same aggregate with what the pack says throughout its period worked out, where it always says the same.

    Rows of other months are not looked at, so what would be said of them makes no difference.
    """
    period = period_of(each)
    if period is None or period.months > _MANY:
        return each
    steady = _Steady(pack, period)
    args = tuple(
        arg if role == "during" else steady(arg) for role, arg in zip(each.roles, each.args, strict=True)
    )
    if all(new is old for new, old in zip(args, each.args, strict=True)):
        return each
    found = Fold(pack, {})(replace(each, args=args))
    assert isinstance(found, Aggregate), "expected an aggregate to stay one"
    return found


class _Steady:
    """Writes parameters asked at any month of a period as asked at the first."""

    def __init__(self, pack: Pack, period: Period) -> None:
        self._pack, self._period = pack, period

    def __call__(self, expr: Expr) -> Expr:
        args = tuple(self(arg) for arg in expr.args)
        if (
            expr.op in ("param", "param_class")
            and args[-1].digest == self._period.column.digest
            and self._stays(expr)
        ):
            args = (*args[:-1], literal(Month(self._period.first)))
        return with_args(expr, args)

    def _stays(self, expr: Expr) -> bool:
        name = str(expr.constants[0])
        found = [self._pack.values(name)] if expr.op == "param" else list(self._pack.table(name).values())
        return all(self._same(values) for values in found)

    def _same(self, values: Sequence[Dated]) -> bool:
        months = range(self._period.first, self._period.last + 1)
        return len({value_at(values, month) for month in months}) == 1


_ENDS = {"ge": ("ge",), "le": ("le",), "eq": ("ge", "le")}
"""Which ends of a period a comparison with a month is."""

_MANY = 240
"""Longer periods are left as they are: hardly anything stays the same for twenty years."""
