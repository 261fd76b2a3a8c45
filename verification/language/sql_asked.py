"""Who has to be asked by the rules? In SQL: those of whom a rule can hold, and those in doubt.

A rule of which enough is told of everybody is asked of everybody. Another is asked of those who
have a row on which it could be found (see `anchor`); what else it looks at is told of them alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from verification.language.anchor import Anchors
from verification.language.expression import Expr, every_part
from verification.language.level import MEMBER
from verification.language.rows import Aggregate
from verification.language.rule import Rule
from verification.language.sql_facts import Facts, Place
from verification.language.stages import Named, looked_at


@dataclass
class _Near:
    """Conditions that can hold where one of some aggregates has a row; and parts of them told of everybody."""

    conditions: list[Expr] = field(default_factory=list)
    before: list[Expr | None] = field(default_factory=list)


class Asked:
    """Writes, once everybody's facts are told, the tables of those who have to be asked."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.stages, self.dialect = facts, facts.stages, facts.dialect

    def who(self, level: str) -> Place:
        """The members or households of whom a rule may have an answer other than no, with what is told of everybody."""
        rules = self._rules(level)
        everybody, selects = self.facts.place[level], []
        plain: list[Expr] = []
        near: dict[frozenset[Named] | None, _Near] = {}
        anchors = self._anchors(level)
        for condition in (self.stages.fold(each) for rule in rules for each in rule.deciding()):
            if not self.stages.missing([condition], level, everybody.facts):
                plain.append(condition)
                continue
            found = near.setdefault(anchors.of(condition), _Near())
            found.conditions.append(condition)
            found.before.append(self._before(condition, anchors))
        near.pop(frozenset(), None)
        selects += [self._of(everybody, plain)] if plain else []
        for at, (anchor, each) in enumerate(near.items()):
            selects += self._fired(everybody, f"{level}_near_{at}", anchor, each)
        kept = self.stages.needed(self._exprs(level), level) & everybody.facts
        asked = Place(level, f"asked_{level}", kept)
        self.facts.make(asked.table, self._chosen(everybody, kept, selects))
        return asked

    def rest(self, asked: Place) -> Place:
        """The same with all that the rules and their evidence look at."""
        exprs = self._exprs(asked.level)
        # Few members are ever asked, but every household whose category or cause has to be told.
        few = asked.level == MEMBER and self.dialect.semi
        with self.facts.closer(asked, exprs) if few else nullcontext():
            return self.facts.tell_rest(asked, f"{asked.level}_late", exprs)

    def _rules(self, level: str) -> list[Rule]:
        return [each for each in self.stages.catalogue.rules if each.level.name == level]

    def _exprs(self, level: str) -> list[Expr]:
        return [self.stages.fold(each) for rule in self._rules(level) for each in rule.expressions()]

    def _anchors(self, level: str) -> Anchors:
        allowed: dict[Named, Aggregate] = {}
        for named, each in self.stages.shared(level):
            if named not in self.stages.settled:
                allowed[named] = each
        return Anchors(self.stages.pack, self.stages.on, self.stages.settled, allowed)

    def _before(self, condition: Expr, anchors: Anchors) -> Expr | None:
        """As much of a condition as is told of everybody: where that does not hold, it does not."""
        parts = [
            part
            for part in every_part(anchors.opened(condition))
            if self.stages.settled >= set(looked_at(part))
        ]
        whole: Expr | None = None
        for part in parts:
            whole = part if whole is None else whole & part
        return whole

    def _of(self, place: Place, conditions: list[Expr], among: list[str] | None = None) -> str:
        """SELECT of the rows, `among` those of some SELECTs, for which a condition is not known to be false."""
        q, layers = self.dialect.quoted, self.facts.layers()
        layers.expect(*conditions)
        tests = [_may_hold(layers.cell(each).value, each) for each in conditions]
        join = f" JOIN ({' UNION '.join(among)}) AS a ON a.{q('row')} = b.{q('row')}" if among else ""
        inner = layers.over(self.facts.beside(place, conditions, joins=join))
        return f"SELECT {q('row')} FROM ({inner}) AS {q('all')} WHERE {' OR '.join(tests)}"

    def _fired(
        self, everybody: Place, name: str, anchor: frozenset[Named] | None, near: _Near
    ) -> Iterator[str]:
        """SELECTs of the rows near an anchor for which a condition is not false, and of those in doubt of it."""
        level = everybody.level
        kept = self.stages.needed(near.conditions, level) & everybody.facts
        selects = [one for each in sorted(anchor or ()) for one in self._anchored(everybody, each)]
        before = [each for each in near.before if each is not None]
        nobody = anchor is not None and not selects
        if len(before) == len(near.before) and not nobody:
            selects = [self._of(everybody, before, selects)]
        place = everybody
        if selects or nobody:
            self.facts.make(name, self._chosen(everybody, kept, selects))
            place = Place(level, name, kept)
        place = self.facts.tell_rest(place, name, near.conditions)
        yield self._of(place, near.conditions)
        doubts = sorted({f"NOT ({each})" for one in anchor or () for each in self.facts.answered(one)})
        if doubts:
            q = self.dialect.quoted
            yield f"SELECT b.{q('row')} FROM {q(everybody.table)} AS b WHERE {' OR '.join(doubts)}"

    def _anchored(self, place: Place, anchor: Named) -> Iterator[str]:
        """SELECTs of the rows of those whose rows give an aggregate another value than none would."""
        q = self.dialect.quoted
        for piece in self.facts.pieces(anchor):
            table, on = self.facts.joined_group(piece.group, place.level, "g")
            differs = self.facts.differs(piece, "g")
            yield f"SELECT b.{q('row')} FROM {q(place.table)} AS b JOIN {q(table)} AS g ON {on} WHERE {differs}"

    def _chosen(self, place: Place, kept: frozenset[Named], selects: list[str]) -> str:
        """SELECT of a place's rows that one of the SELECTs of `row` gives."""
        q = self.dialect.quoted
        columns = ", ".join(f"b.{q(name)}" for name in self.facts.columns(place.level, kept))
        if not selects:
            return f"SELECT {columns} FROM {q(place.table)} AS b WHERE b.{q('row')} IS NULL"
        rows = " UNION ".join(selects) if len(selects) > 1 else selects[0]
        return (
            f"SELECT {columns} FROM {q(place.table)} AS b JOIN ({rows}) AS a ON a.{q('row')} = b.{q('row')}"
        )


def _may_hold(text: str, condition: Expr) -> str:
    return f"COALESCE({text}, TRUE)" if condition.uncertain else text
