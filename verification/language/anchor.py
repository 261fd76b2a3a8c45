"""Of whom need a rule be asked at all? Of those who have a row on which it could be found, and of those in doubt.

Most rules are about something that few people have. With the value that an aggregate has where
there is no row, their condition comes to no whatever else holds; a city is then not asked, only
those who have such a row, and those of whom it is not known whether they have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from verification.language.expression import Expr, nothing, walk
from verification.language.fold import FALSE, Fold, of_the_day
from verification.language.level import FactOf
from verification.language.parameter import Pack
from verification.language.rows import Aggregate

Named = tuple[str, str]
"""Level and name of a fact."""


class Anchors:
    """Finds, for conditions of rules, the aggregates without whose rows they cannot hold.

    `settled`   facts that are told of everybody anyway, and so stay as they are
    `allowed`   the aggregates, folded, that may be an anchor
    """

    def __init__(
        self, pack: Pack, on: date | None, settled: frozenset[Named], allowed: Mapping[Named, Aggregate]
    ) -> None:
        self._pack, self._on, self._settled, self._allowed = pack, on, settled, allowed
        self._open = self._fold(frozenset())

    def of(self, condition: Expr) -> frozenset[Named] | None:
        """The fewest aggregates found; empty where it never holds, None where everybody must be asked."""
        left = self.opened(condition)
        if left.digest == FALSE.digest:
            return frozenset()
        found = [named for named in _aggregates(left) if named in self._allowed]
        kept = frozenset(found)
        if self._left(condition, kept).digest != FALSE.digest:
            return None
        for named in found:
            if self._left(condition, kept - {named}).digest == FALSE.digest:
                kept -= {named}
        return kept

    def opened(self, condition: Expr) -> Expr:
        """A condition in which only settled facts and aggregates of rows stand as facts."""
        return self._open(condition)

    def _left(self, condition: Expr, without_rows: Iterable[Named]) -> Expr:
        """What is left of a condition where these aggregates have no row."""
        return self._fold(without_rows)(condition)

    def _fold(self, without_rows: Iterable[Named]) -> Fold:
        given = {**of_the_day(self._on), **{named: start_of(self._allowed[named]) for named in without_rows}}
        return Fold(
            self._pack,
            given,
            stays=lambda fact: (fact.level.name, fact.definition.name) in self._settled,
        )


def start_of(each: Aggregate) -> Expr:
    """What an aggregate comes to where there is no row."""
    if each.op not in _STARTS:
        return nothing(each.kind, each.codes)
    return Expr("literal", (), each.kind, constants=(_STARTS[each.op],))


def _aggregates(expr: Expr) -> list[Named]:
    """The facts that are left, in the order in which they occur."""
    return [(node.level.name, node.definition.name) for node in walk(expr) if isinstance(node, FactOf)]


_STARTS: dict[str, int | str | bool] = {
    "rows count": 0,
    "rows total": 0,
    "rows kinds": 0,
    "rows some": False,
    "rows every": True,
    "rows listing": "",
}
