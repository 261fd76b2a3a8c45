"""Who has to be asked by the rules? In SQL: those of whom a rule can hold, and those in doubt.

A rule of which enough is told of everybody is asked of everybody. Another is asked of those who
have a row on which it could be found (see `anchor`); what else it looks at is told of them alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

from verification.language.anchor import Anchors
from verification.language.expression import Expr, every_part
from verification.language.functions import every_of
from verification.language.kinds import Kind
from verification.language.level import MEMBER
from verification.language.rows import Aggregate
from verification.language.rule import Rule
from verification.language.source import Plan, Records
from verification.language.sql_facts import Facts
from verification.language.sql_near import Near, NearSql
from verification.language.sql_places import Place
from verification.language.sql_rows import near_of
from verification.language.stages import Named, looked_at
from vocabulary.record import Record


class Asked:
    """Writes, once everybody's facts are told, the tables of those who have to be asked."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.stages, self.dialect = facts, facts.stages, facts.dialect
        self._near = NearSql(facts)

    def who(self, level: str) -> Place:
        """The members or households of whom a rule may have an answer other than no, with what is told of everybody."""
        q, everybody = self.dialect.quoted, self.facts.place[level]
        plain, near = self._sorted(level)
        selects = [self._of(everybody, plain)] if plain else []
        for at, each in enumerate(near):
            selects += self._fired(everybody, f"{level}_near_{at}", each)
        if doubts := {test for each in near for test in self._near.doubts(each)}:
            tests = " OR ".join(sorted(doubts))
            selects.append(f"SELECT b.{q('row')} FROM {q(everybody.table)} AS b WHERE {tests}")
        kept = self.stages.needed(self._exprs(level), level) & everybody.facts
        asked = Place(level, f"asked_{level}", kept)
        columns = ", ".join(f"b.{q(name)}" for name in self.facts.places.columns(level, kept))
        some = self._near.among(selects) if selects else f" WHERE b.{q('row')} IS NULL"
        self.facts.make(
            asked.table, f"SELECT {columns} FROM {self.facts.places.rows(everybody, kept)} AS b{some}"
        )
        return asked

    def rest(self, asked: Place) -> Place:
        """The same with all that the rules and their evidence look at."""
        exprs = self._exprs(asked.level)
        # Few members are ever asked, but every household whose category or cause has to be told.
        few = asked.level == MEMBER and self.dialect.semi
        with self._closer(asked, exprs) if few else nullcontext():
            return self.facts.tell_rest(asked, f"{asked.level}_late", exprs)

    def _closer(self, place: Place, exprs: Iterable[Expr]) -> AbstractContextManager[None]:
        """Within it only the rows of those in a place are drawn, and of all whom their households list.

        Of little use where a place holds many.
        """
        q, people = self.dialect.quoted, f"people_of_{place.table}"
        self.facts.make(
            people,
            f"SELECT m.{q('household')}, m.{q('person')} FROM {q(self.facts.place[MEMBER].table)} AS m"
            f" SEMI JOIN {q(place.table)} AS h ON h.{q('household')} = m.{q('household')}",
        )
        near = {}
        for record, keys in self._drawn(place, exprs).items():
            tests = [
                f"r.{q(key)} IN (SELECT {q('household' if key == 'household' else 'person')} FROM {q(people)})"
                for key in keys
            ]
            near[record] = near_of(record)
            rows = f"SELECT r.* FROM {q(record.__name__)} AS r WHERE {' OR '.join(tests)}"
            self.facts.make(near[record], rows)
        return self.facts.rows.drawn_from(near)

    def _drawn(self, place: Place, exprs: Iterable[Expr]) -> dict[type[Record], list[str]]:
        """The record types of which the facts are told that some expressions still lack, each with whom its rows name.

        Rows that are looked up by person and household name the person, which says enough.
        """
        missing = self.stages.missing(exprs, place.level, place.facts)
        told = [self.stages.expr(named) for named in missing if not self.facts.is_shared(named)]
        found: dict[type[Record], set[str]] = {}
        for each in (each for each in told if isinstance(each, Aggregate)):
            for plan, on in [
                (each.plan, each.on),
                *([(each.match.plan, each.match.on)] if each.match else []),
            ]:
                for record in plan.types:
                    found.setdefault(record, set()).update(_names(record, plan, on or ()))
        columns = self.facts.rows.columns
        return {record: sorted(found[record] & columns[record]) for record in columns if record in found}

    def _rules(self, level: str) -> list[Rule]:
        return [each for each in self.stages.catalogue.rules if each.level.name == level]

    def _exprs(self, level: str) -> list[Expr]:
        return [self.stages.fold(each) for rule in self._rules(level) for each in rule.expressions()]

    def _sorted(self, level: str) -> tuple[list[Expr], list[Near]]:
        """The conditions of which enough is told of everybody; and the others, by those of whom they can hold."""
        there, anchors = self.facts.place[level].facts, self._anchors(level)
        plain: list[Expr] = []
        near: dict[object, Near] = {}
        for condition in (self.stages.fold(each) for rule in self._rules(level) for each in rule.deciding()):
            if not self.stages.missing([condition], level, there):
                plain.append(condition)
                continue
            anchor, opened = anchors.of(condition), anchors.opened(condition)
            if anchor is not None and not anchor:
                continue  # it never holds
            before = self._before(opened)
            found = near.setdefault(self._alike(anchor, before), Near())
            found.add(condition, anchors=anchor or frozenset(), opened=opened, before=before)
        return plain, list(near.values())

    def _alike(self, anchor: frozenset[Named] | None, before: Expr | None) -> object:
        """What is the same of conditions that can hold of the same few."""
        if anchor is None:
            return before.digest if before is not None else None
        groups = self._near.groups(anchor)
        return id(groups[0]) if len(groups) == 1 else anchor

    def _anchors(self, level: str) -> Anchors:
        allowed: dict[Named, Aggregate] = {}
        for named, each in self.stages.shared(level):
            if named not in self.stages.settled:
                allowed[named] = each
        return Anchors(self.stages.pack, self.stages.on, self.stages.settled, allowed)

    def _before(self, opened: Expr) -> Expr | None:
        """As much of a condition as is told of everybody: where that does not hold, it does not."""
        parts = [part for part in every_part(opened) if self.stages.settled >= set(looked_at(part))]
        return every_of(*parts) if parts else None

    def _fired(self, everybody: Place, name: str, near: Near) -> list[str]:
        """SELECTs of the rows near some anchors for which a condition is not known to be false."""
        level, q, place = everybody.level, self.dialect.quoted, everybody
        joins = self._near.joins(everybody, near)
        if near.anchors and not joins:
            return []  # no row can count
        before = [each for each in near.before if each is not None]
        before = before if len(before) == len(near.before) else []
        if joins or before:
            kept = self.stages.needed(near.conditions, level) & everybody.facts
            place = Place(level, f"{name}_of", kept)
            columns = ", ".join(q(each) for each in self.facts.places.columns(level, kept))
            self.facts.make(
                place.table, f"SELECT {columns} FROM {self._holding(everybody, before, joins, kept)}"
            )
        told = self.facts.tell_rest(place, name, near.conditions, once=True)
        self.facts.make(name, self._of(told, near.conditions))
        return [f"SELECT {q('row')} FROM {q(name)}"]

    def _of(self, place: Place, conditions: list[Expr]) -> str:
        """SELECT of the rows for which a condition is not known to be false."""
        return f"SELECT {self.dialect.quoted('row')} FROM {self._holding(place, conditions)}"

    def _holding(
        self, place: Place, conditions: list[Expr], joins: str = "", kept: Iterable[Named] = ()
    ) -> str:
        """The same rows whole, of all that some joins leave, as something to select from."""
        layers = self.facts.layers()
        layers.expect(*conditions)
        tests = dict.fromkeys(_may_hold(layers.cell(each).value, each) for each in conditions)
        inner = layers.over(self.facts.beside(place, conditions, joins=joins, kept=kept))
        where = f" WHERE {' OR '.join(tests)}" if tests else ""
        return f"({inner}) AS {self.dialect.quoted('all')}{where}"


def _may_hold(text: str, condition: Expr) -> str:
    return f"COALESCE({text}, TRUE)" if condition.uncertain else text


def _names(record: type[Record], plan: Plan, on: tuple[str, ...]) -> tuple[str, ...]:
    """Columns of which one names whose a row is: all that could, where it is not looked up as it is."""
    if not isinstance(plan.root, Records):
        return record.subjects
    persons = [name for name in on if plan.columns[name].kind is Kind.PERSON]
    return tuple(persons[:1]) or on
