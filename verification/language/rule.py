"""What is a rule, and what is a catalogue of rules?

    @rule("INC-01", "申报无业而在保", "insured by an employer while declared without work",
          of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 13")
    def insured_while_declared_without_work(p: Level) -> Says:
        return p.both_months > 0, {"months": p.both_months, "base_fen": p.both_base_fen}

A rule is a condition on the facts of one level and the evidence that is shown with it. Its
answer is yes, no or cannot tell; which of the three is the engine's to say, never the rule's:
a condition that may be absent, or that rests on a lower bound, is refused when it is declared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

from verification.language.expression import Expr, certain_presence, lift, needs, walk
from verification.language.kinds import Kind, OnlyALowerBound, Refused, Value
from verification.language.level import Definition, Doubt, FactOf, Level, MemberRows, facts_in
from verification.language.rows import Aggregate, Grouped
from verification.language.source import Best, ColumnOf, Filtered, Lines, Plan, Records, Union, column
from vocabulary.codes import Code
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES

Says = tuple[Expr, Mapping[str, Expr | Value]]
"""A condition and the evidence shown with it, by name."""


class Severity(Code):
    """疑点等级: what a finding asks for; the order is ascending."""

    INFO = "INFO", "提示"
    REVIEW = "REVIEW", "需人工复核"
    CONFLICT = "CONFLICT", "存在疑点，确认前须核实"
    BLOCK = "BLOCK", "不得继续"


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule as declared; `condition` and `evidence` are expressions over facts of `level`.

    `milder`   a lesser severity, and the condition under which the rule is found with it
    """

    number: str
    zh: str
    en: str
    severity: Severity
    cite: str
    level: Level
    condition: Expr
    evidence: tuple[tuple[str, Expr], ...]
    doubts: frozenset[Doubt]
    milder: tuple[Severity, Expr] | None = None

    def reads(self) -> dict[type[Record], frozenset[str]]:
        """Record types, and their columns, that an answer needs."""
        return reads(*self.expressions())

    def deciding(self) -> Iterator[Expr]:
        """Its conditions."""
        yield self.condition
        if self.milder is not None:
            yield self.milder[1]

    def expressions(self) -> Iterator[Expr]:
        """Its conditions and evidence."""
        yield from self.deciding()
        yield from (value for _, value in self.evidence)


def rule(
    number: str,
    zh: str,
    en: str,
    *,
    of: Level,
    severity: Severity,
    cite: str,
    or_else: tuple[Severity, Expr] | None = None,
) -> Callable[[Callable[[Level], Says]], Rule]:
    """Declare a rule on the function that says its condition and evidence.

    `or_else`   a lesser severity with which it is found where the condition does not hold but this one does

    Raises `MayBeAbsent` or `OnlyALowerBound` where the condition could turn a missing value or
    a failure into an answer, `Refused` where it is not a condition or cites nothing.
    """
    if not cite:
        raise Refused(f"expected an article for {number}, got none")

    def declare(says: Callable[[Level], Says]) -> Rule:
        condition, evidence = says(of)
        settled = _condition(number, of, condition)
        milder = (or_else[0], _condition(number, of, or_else[1])) if or_else is not None else None
        shown = tuple((name, of.settle(lift(value))) for name, value in sorted(evidence.items()))
        facts = facts_in(settled, milder[1] if milder else None)
        doubts = frozenset(doubt for fact in facts for doubt in fact.definition.doubts)
        return Rule(number, zh, en, severity, cite, of, settled, shown, doubts, milder)

    return declare


def _condition(number: str, level: Level, condition: Expr) -> Expr:
    needs(f"the condition of {number}", frozenset({Kind.FLAG}), condition)
    certain_presence(f"the condition of {number}", condition)
    settled = level.settle(condition)
    if settled.bound:
        raise OnlyALowerBound(f"expected a condition of {number} on whole answers, got a lower bound")
    return settled


def rules_in(*modules: ModuleType) -> list[Rule]:
    """The rules that modules declare, in the order of their numbers."""
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Rule)]
    return sorted(found, key=lambda each: each.number)


class Catalogue:
    """Rules to be judged together, and facts to be told with them.

    `told`   further facts that a judgement gives, of either level
    """

    def __init__(
        self, member: Level, household: Level, rules: Iterable[Rule], told: Iterable[Expr] = ()
    ) -> None:
        self.member, self.household = member, household
        self.rules = tuple(sorted(rules, key=lambda each: each.number))
        self.told = tuple(fact for fact in told if isinstance(fact, FactOf))
        numbers = [each.number for each in self.rules]
        if len(set(numbers)) < len(numbers):
            raise Refused("expected every rule number once, got one twice")
        for fact in self.told:
            if fact.level not in (member, household):
                raise Refused(f"expected facts of this catalogue's levels, got `{fact.constants[1]}`")

    def expressions(self) -> Iterator[Expr]:
        """Every condition, piece of evidence and told fact."""
        for each in self.rules:
            yield from each.expressions()
        yield from self.told

    def definitions(self, level: Level) -> list[Definition]:
        """The facts of a level that are needed, each after those it uses."""
        return [found for found in level.definitions.values() if (level.name, found.name) in self._needed]

    @cached_property
    def _needed(self) -> frozenset[tuple[str, str]]:
        return frozenset(_needed(self.expressions()))

    @cached_property
    def decisive(self) -> frozenset[tuple[str, str]]:
        """Level and name of the facts that a condition or a told fact rests on, or that another level's do.

        The others are only shown as evidence of a rule of their own level, beside its answer. Told once: a
        catalogue is bound to many packs.
        """
        exprs = [expr for each in self.rules for expr in each.deciding()]
        lent = [
            expr
            for each in self.rules
            for _, value in each.evidence
            for expr in _lent(value, each.level.name)
        ]
        return frozenset(_needed([*exprs, *lent, *self.told]))

    def nodes(self) -> Iterator[Expr]:
        """Every node of the expressions, of the facts they use and of the rows these are drawn from."""
        yield from _below(self.expressions(), set())

    def reads(self) -> dict[type[Record], frozenset[str]]:
        """Record types, and their columns, that must be fetched: nothing else is."""
        return reads(*self.expressions())

    @property
    def hash(self) -> str:
        """sha256 of the canonical catalogue, hex: the identity of the rule set, whatever the pack."""
        return hashlib.sha256("\n".join(self.canonical()).encode()).hexdigest()

    def canonical(self) -> Iterator[str]:
        """The catalogue line by line: rules in order of number, then facts in order of level and name."""
        for each in self.rules:
            yield f"rule {each.number} {each.severity} {each.level.name} {each.condition.digest} {each.cite}"
            if each.milder is not None:
                yield f"milder {each.milder[0]} {each.milder[1].digest}"
            yield from (f"evidence {name} {value.digest}" for name, value in each.evidence)
        for level in (self.household, self.member):
            for found in sorted(self.definitions(level), key=lambda each: each.name):
                yield f"fact {level.name} {found.name} {found.expr.digest if found.expr is not None else ''}"


def reads(*exprs: Expr) -> dict[type[Record], frozenset[str]]:
    """Record types, and their columns, that expressions rest on; the household's members always."""
    found: dict[type[Record], set[str]] = {
        Membership: {"household", "person", "joined_on", "left_on", "record_id", "relation"}
    }
    seen: set[str] = set()
    for node in _below(exprs, seen):
        if isinstance(node, FactOf) and node.definition.expr is None and node.level.name == "member":
            found[Membership].add(str(node.constants[1]))
        elif isinstance(node, ColumnOf) and isinstance(node.plan.root, MemberRows):
            if node.plan.root.level.definitions[node.column].expr is None:
                found[Membership].add(node.column)
        elif isinstance(node, ColumnOf) and isinstance(node.plan.root, Records):
            found.setdefault(node.plan.root.record, set()).add(node.column)
        elif isinstance(node, Aggregate):
            _add_rows(found, node)
    order = {record: place for place, record in enumerate(RECORD_TYPES)}
    return {record: frozenset(found[record]) for record in sorted(found, key=lambda each: order[each])}


def _add_rows(found: dict[type[Record], set[str]], node: Aggregate) -> None:
    """The columns by which rows are the member's or the household's, and matched."""
    for plan, columns in (
        (node.plan, node.on or ()),
        (node.plan, node.match.columns if node.match else ()),
        *([(node.match.plan, (*(node.match.on or ()), *node.match.columns))] if node.match else []),
    ):
        if isinstance(plan.root, Records):
            own = {name for name in columns if name in plan.columns}
            ordered = {"record_id"} if node.op in ("rows latest", "rows earliest") else set[str]()
            found.setdefault(plan.root.record, set()).update(own | ordered)


def _below(exprs: Iterable[Expr], seen: set[str]) -> Iterator[Expr]:
    """Every node of expressions, of the facts they use, and of the rows these are drawn from."""
    for expr in exprs:
        for node in walk(expr):
            mark = node.digest + (node.plan.digest if isinstance(node, ColumnOf) else "")
            if mark in seen:
                continue
            seen.add(mark)
            yield node
            yield from _below(_behind(node), seen)


def _behind(node: Expr) -> Iterator[Expr]:
    if isinstance(node, FactOf) and node.definition.expr is not None:
        yield node.definition.expr
    if isinstance(node, ColumnOf) and isinstance(node.plan.root, MemberRows):
        found = node.plan.root.level.definitions[node.column]
        if found.expr is not None:
            yield found.expr
    if isinstance(node, (ColumnOf, Aggregate)):
        yield from _drawn(node.plan)
    if isinstance(node, Aggregate) and node.match is not None:
        yield from _drawn(node.match.plan)


def _drawn(plan: Plan) -> Iterator[Expr]:
    """The expressions by which rows are drawn from records."""
    if isinstance(plan, Filtered):
        yield plan.condition
        yield from _drawn(plan.of)
    elif isinstance(plan, Lines):
        yield from plan.values.values()
        yield from _drawn(plan.of)
    elif isinstance(plan, Union):
        for each in plan.parts:
            yield from _drawn(each)
    elif isinstance(plan, Best):
        yield from _drawn(plan.of)
    elif isinstance(plan, Grouped):
        yield from (column(plan.of, name) for name in plan.by)
        yield from plan.values.values()


def _lent(expr: Expr, level: str) -> Iterator[Expr]:
    """What an expression of a level takes from the other level, or from members' rows."""
    for node in _below([expr], set()):
        other = isinstance(node, FactOf) and node.level.name != level
        if other or (isinstance(node, ColumnOf) and isinstance(node.plan.root, MemberRows)):
            yield node


def _needed(exprs: Iterable[Expr]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for node in _below(exprs, set()):
        if isinstance(node, FactOf):
            found.add((node.level.name, node.definition.name))
        if isinstance(node, ColumnOf) and isinstance(node.plan.root, MemberRows):
            found.add(("member", node.column))
    return found
