"""On which rows could a rule be found? In SQL: whose they are, by as much of its condition as those rows tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from verification.language.expression import Expr, every_part
from verification.language.level import FactOf, facts_in
from verification.language.sql_facts import Facts
from verification.language.sql_groups import Group
from verification.language.sql_places import Place
from verification.language.sql_split import BITS
from verification.language.sql_text import Layers
from verification.language.stages import Named


@dataclass
class Near:
    """Conditions that can hold of the same few alone: of whom has rows of these anchors; of anybody, where there are none.

    `opened`   of each, what it is of aggregates and of what is told of everybody
    `before`   of each, as much of it as is told of everybody: where that does not hold, it does not
    """

    anchors: dict[Named, None] = field(default_factory=dict)
    conditions: list[Expr] = field(default_factory=list)
    opened: list[Expr] = field(default_factory=list)
    before: list[Expr | None] = field(default_factory=list)

    def add(self, condition: Expr, *, anchors: frozenset[Named], opened: Expr, before: Expr | None) -> None:
        """One condition more."""
        self.anchors |= dict.fromkeys(sorted(anchors))
        self.conditions.append(condition)
        self.opened.append(opened)
        self.before.append(before)


class NearSql:
    """Writes how those who are near are found among everybody."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.dialect = facts, facts.dialect

    def joins(self, everybody: Place, near: Near) -> str:
        """The joins by which a place's rows `b` become those who are near; empty where no row can count."""
        groups = self.groups(near.anchors)
        if len(groups) == 1:
            table, on = self.facts.joined_group(groups[0], everybody.level, "n")
            return f" JOIN ({self._telling(groups[0], table, near)}) AS n ON {on}"
        selects = [one for named in near.anchors for one in self._differing(everybody, named)]
        return self.among(selects) if selects else ""

    def among(self, selects: list[str]) -> str:
        """The join by which of a place's rows `b` those stay whose `row` some SELECTs give."""
        q = self.dialect.quoted
        if self.dialect.semi:
            return f" SEMI JOIN ({' UNION ALL '.join(selects)}) AS a ON a.{q('row')} = b.{q('row')}"
        once = f"SELECT DISTINCT {q('row')} FROM ({' UNION ALL '.join(selects)}) AS u"
        return f" JOIN ({once}) AS a ON a.{q('row')} = b.{q('row')}"

    def groups(self, anchors: dict[Named, None] | frozenset[Named]) -> list[Group]:
        """Where some anchors are gathered."""
        found = {id(piece.group): piece.group for named in anchors for piece in self.facts.pieces(named)}
        return list(found.values())

    def doubts(self, near: Near) -> Iterator[str]:
        """Tests of a place's rows `b`: for want of an answer it is not known whether somebody is near."""
        aggregates = dict(near.anchors)
        groups = self.groups(near.anchors)
        if len(groups) == 1:
            for opened in near.opened:
                aggregates |= dict.fromkeys(map(_named, facts_in(*self._told_by(groups[0], opened))))
        for named in aggregates:
            yield from (f"NOT ({each})" for each in self.facts.answered(named))

    def _differing(self, everybody: Place, anchor: Named) -> Iterator[str]:
        """SELECTs of the rows of those whose rows give an aggregate another value than none would."""
        q = self.dialect.quoted
        for piece in self.facts.pieces(anchor):
            table, on = self.facts.joined_group(piece.group, everybody.level, "g")
            differs = self.facts.differs(piece, "g")
            yield f"SELECT b.{q('row')} FROM {q(everybody.table)} AS b JOIN {q(table)} AS g ON {on} WHERE {differs}"

    def _telling(self, group: Group, table: str, near: Near) -> str:
        """SELECT of the rows of a group on which one of the conditions could be found."""
        q, layers = self.dialect.quoted, self.facts.layers()
        told = [list(self._told_by(group, opened)) for opened in near.opened]
        parts = [part for each in told for part in each]
        layers.expect(*parts)
        for fact in facts_in(*parts):
            layers.stand(fact, self.facts.worth(_named(fact)))
        pieces = {piece.name: piece for named in near.anchors for piece in self.facts.pieces(named)}
        differs = " OR ".join(self.facts.differs(piece, "g") for piece in pieces.values())
        holds = [self._may_hold(layers, each) for each in told]
        where = f"({differs})" + (f" AND ({' OR '.join(dict.fromkeys(holds))})" if all(holds) else "")
        return f"SELECT g.* FROM ({layers.over(f'SELECT g.* FROM {q(table)} AS g')}) AS g WHERE {where}"

    def _may_hold(self, layers: Layers, parts: list[Expr]) -> str:
        """Whether these parts of a condition hold of a group's row, or are in doubt; empty where there are none."""
        if not parts:
            return ""
        doubts = {each for fact in facts_in(*parts) for each in self.facts.doubted(_named(fact))}
        holds = f"({' AND '.join(layers.cell(part).value for part in parts)})"
        return " OR ".join([holds, *sorted(doubts)])

    def _told_by(self, group: Group, opened: Expr) -> Iterator[Expr]:
        """The parts of a condition that the rows of a group tell alone, if every department answered."""
        for part in every_part(opened):
            facts = facts_in(part)
            if facts and all(self._tells(group, fact) for fact in facts):
                yield part

    def _tells(self, group: Group, fact: FactOf) -> bool:
        pieces = self.facts.pieces(_named(fact))
        alone = len(pieces) == 1 and pieces[0].group is group and pieces[0].each.op != BITS
        return alone and not fact.optional


def _named(fact: FactOf) -> Named:
    return fact.level.name, fact.definition.name
