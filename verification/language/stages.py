"""In which order can facts be told of everybody at once, which must be, and for how long is each looked at?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from verification.language.expression import Expr, walk
from verification.language.fold import Fold, of_the_day
from verification.language.level import (
    HOUSEHOLD,
    MEMBER,
    Definition,
    FactOf,
    MemberRows,
    facts_in,
    members_facts_in,
)
from verification.language.parameter import Pack
from verification.language.period import of_the_period
from verification.language.rows import Aggregate
from verification.language.rule import Catalogue
from verification.language.sql_groups import looks_at_rows_alone

Named = tuple[str, str]
"""Level and name of a fact."""

TEXT: Named = (MEMBER, " text")
"""Stands for the characters of the id number, which are a column like a fact's."""

_EVER = 1_000_000


class Stages:
    """The facts of a catalogue, of which the day's constants are worked out.

    `fold`      what is left of an expression once the day is known
    `alone`     whether an aggregate can be told of rows before they are joined with anything
    `settled`   what is told of everybody: what comes out, and what one level lends to the other;
                with `everybody` whatever decides something
    """

    def __init__(
        self,
        catalogue: Catalogue,
        pack: Pack,
        *,
        on: date | None,
        everybody: bool,
        alone: Callable[[Aggregate], bool] = looks_at_rows_alone,
    ) -> None:
        self.catalogue, self.pack, self.on, self._alone = catalogue, pack, on, alone
        self.fold = Fold(pack, of_the_day(on))
        self._looks: dict[Named, tuple[Named, ...]] = {}
        self._shared: dict[str, list[tuple[Named, Aggregate]]] = {}
        self._levels = {HOUSEHOLD: catalogue.household, MEMBER: catalogue.member}
        self._exprs: dict[Named, Expr | None] = {TEXT: None}
        self._at: dict[Named, int] = {}
        deciding = [each for rule in catalogue.rules for each in rule.deciding()] if everybody else []
        self.settled = self._closed({*self._seen([*catalogue.told, *deciding]), *self._lent()})
        self.last = max((self.of(named) for named in self.settled), default=-1)
        self._until = self._lasting()

    def definition(self, named: Named) -> Definition:
        """What a fact is called and holds."""
        return self._levels[named[0]].definitions[named[1]]

    def fact(self, named: Named) -> FactOf:
        """The fact as an expression."""
        found = getattr(self._levels[named[0]], named[1])
        assert isinstance(found, FactOf)
        return found

    def expr(self, named: Named) -> Expr:
        """What a fact is."""
        found = self._defined(named)
        assert found is not None, "expected a fact that is told, got a column of the level's own row"
        return found

    def own(self, level: str) -> frozenset[Named]:
        """The columns of a level's own rows."""
        names = {(level, each.name) for each in self._definitions(level) if each.expr is None}
        return frozenset(names | ({TEXT} if level == MEMBER else set()))

    def of(self, named: Named) -> int:
        """The stage in which a fact can be told; what a level has of its own comes before the first."""
        if named not in self._at:
            expr, used = self._defined(named), [self.of(each) for each in self._below(named)]
            later = isinstance(expr, Aggregate)
            self._at[named] = -1 if expr is None else max(max(used, default=-1) + later, 0)
        return self._at[named]

    def settled_at(self, level: str) -> list[Named]:
        """The facts told of everybody of a level, each after those it looks at."""
        return self._ordered(level, self.settled)

    def missing(self, exprs: Iterable[Expr], level: str, there: frozenset[Named]) -> list[Named]:
        """The facts of a level that expressions look at, and that are neither there nor settled."""
        found = self._closed(self._seen(exprs), without=there | self.settled)
        return self._ordered(level, found)

    def needed(self, exprs: Iterable[Expr], level: str) -> frozenset[Named]:
        """The facts of a level that must stand in a table, so that expressions can be told from it."""
        found = self._closed(self._seen(exprs), without=frozenset(), stop=self.settled)
        return frozenset(named for named in found if named[0] == level)

    def kept_after(self, facts: Iterable[Named], level: str, stage: int) -> frozenset[Named]:
        """Those of some facts at which something looks after this stage of a level."""
        turn = _turn(level, stage)
        return frozenset(named for named in facts if self._until.get(named, -1) > turn)

    def shared(self, level: str) -> list[tuple[Named, Aggregate]]:
        """The aggregates that decide something and can be told of everybody at once, for whoever asks.

        Either they look at records alone, or at nothing else but what is settled.
        """
        if level not in self._shared:
            deciding = [each for rule in self.catalogue.rules for each in rule.deciding()]
            names = self._ordered(level, self.settled | self._closed(self._seen(deciding)))
            told = [(named, self.expr(named)) for named in names]
            self._shared[level] = [
                (named, each)
                for named, each in told
                if isinstance(each, Aggregate) and self._is_shared(named, each)
            ]
        return self._shared[level]

    def _is_shared(self, named: Named, expr: Aggregate) -> bool:
        if named in self.settled:
            return self._alone(expr) and not isinstance(expr.plan.root, MemberRows)
        return all(each in self.settled or self._defined(each) is None for each in looked_at(expr))

    def _definitions(self, level: str) -> list[Definition]:
        return self.catalogue.definitions(self._levels[level])

    def _defined(self, named: Named) -> Expr | None:
        if named not in self._exprs:
            found = self.definition(named).expr
            folded = None if found is None else self.fold(found)
            self._exprs[named] = of_the_period(folded, self.pack) if isinstance(folded, Aggregate) else folded
        return self._exprs[named]

    def _below(self, named: Named) -> tuple[Named, ...]:
        """The facts at which a fact looks itself."""
        if named not in self._looks:
            expr = self._defined(named)
            self._looks[named] = () if expr is None else tuple(looked_at(expr))
        return self._looks[named]

    def _ordered(self, level: str, facts: Iterable[Named]) -> list[Named]:
        wanted = set(facts)
        names = [(level, name) for name in self._levels[level].definitions if (level, name) in wanted]
        return [named for named in names if self._defined(named) is not None]

    def _seen(self, exprs: Iterable[Expr]) -> set[Named]:
        return {named for expr in exprs for named in looked_at(self.fold(expr))}

    def _closed(
        self,
        facts: Iterable[Named],
        without: frozenset[Named] = frozenset(),
        stop: frozenset[Named] = frozenset(),
    ) -> frozenset[Named]:
        """Facts, and those at which they look, and so on; `stop` are taken, but not what they look at."""
        found: set[Named] = set()
        left = list(facts)
        while left:
            named = left.pop()
            if named in found or named in without:
                continue
            found.add(named)
            left += () if named in stop else self._below(named)
        return frozenset(found)

    def _lent(self) -> Iterator[Named]:
        """What the rules of one level take from the other, or from members as rows."""
        for each in self.catalogue.rules:
            for named in self._closed(self._seen(each.expressions())):
                expr = self._defined(named)
                if named[0] != each.level.name:
                    yield named
                elif expr is not None:
                    yield from ((MEMBER, found.name) for found in members_facts_in(expr))

    def _lasting(self) -> dict[Named, int]:
        """The last turn in which something looks at a fact."""
        until: dict[Named, int] = {}
        for named in self.settled:
            for each in self._below(named):
                until[each] = max(until.get(each, -1), _turn(named[0], self.of(named)))
        everything = self._closed(self._seen(self.catalogue.expressions()), stop=self.settled)
        for named in everything:
            until[named] = _EVER
        return until


def looked_at(expr: Expr) -> Iterator[Named]:
    """The facts at which an expression looks itself."""
    for fact in facts_in(expr):
        yield fact.level.name, fact.definition.name
    for found in members_facts_in(expr):
        yield MEMBER, found.name
    if any(node.op == "text_of" for node in walk(expr)):
        yield TEXT


def _turn(level: str, stage: int) -> int:
    return 2 * stage + (1 if level == MEMBER else 0)
