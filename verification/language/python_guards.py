"""Which facts need not be told of a household, because no rule that looks at them can hold?

A rule that demands `h.drawing` looks at the income of single months of those who draw, and of
nobody else. A fact at which nothing but such rules looks is told beneath the demand. That is
exact in three values: what is no and unknown together is no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import HOUSEHOLD, MEMBER, FactOf, facts_in, members_facts_in
from verification.language.rows import Aggregate
from verification.language.rule import Catalogue

Guards = frozenset[str]
"""Names of the household's facts each of which must hold."""

Fact = tuple[str, str]
"""A fact's level and name."""

Looking = dict[Fact, list[tuple[Fact | None, Guards]]]
"""Of each fact, which facts look at it (None: a rule), and what is demanded there besides."""


def guards_of(catalogue: Catalogue) -> Mapping[Fact, Guards]:
    """The guards of every fact that has some: where one of them does not hold, nothing needs the fact.

    A guard is told of the household before anything is told of its members.
    """
    looking: Looking = {}
    for each in catalogue.rules:
        for condition in each.deciding():
            _look_at(condition, frozenset(), looking)
        demanded = frozenset.intersection(*(_demanded(condition) for condition in each.deciding()))
        for _, value in each.evidence:
            _looked_at_by(None, demanded, value, looking)
    for told in catalogue.told:
        _looked_at_by(None, frozenset(), told, looking)
    for level in (catalogue.member, catalogue.household):
        for found in catalogue.definitions(level):
            if found.expr is not None:
                _looked_at_by((level.name, found.name), frozenset(), found.expr, looking)
    guards: dict[Fact, Guards] = {}
    for fact in looking:
        _settle(fact, looking, guards)
    return {fact: found for fact, found in guards.items() if found}


def _settle(fact: Fact, looking: Looking, guards: dict[Fact, Guards]) -> Guards:
    """What all that look at a fact demand: facts are defined one after another, so this comes to an end."""
    if fact not in guards:
        demands = [
            beside | (_settle(user, looking, guards) if user is not None else frozenset())
            for user, beside in looking.get(fact, [])
        ]
        guards[fact] = frozenset.intersection(*demands) if demands else frozenset()
    return guards[fact]


def _look_at(condition: Expr, demanded: Guards, looking: Looking) -> None:
    """What a condition looks at, each part beneath what the other parts demand."""
    if condition.op != "and":
        _looked_at_by(None, demanded, condition, looking)
        return
    left, right = condition.args
    _look_at(left, demanded | _demanded(right), looking)
    _look_at(right, demanded | _demanded(left), looking)


def _demanded(condition: Expr) -> Guards:
    """The facts without which a condition cannot hold."""
    if condition.op == "and":
        return _demanded(condition.args[0]) | _demanded(condition.args[1])
    if isinstance(condition, FactOf) and _is_guard(condition):
        return frozenset({str(condition.constants[1])})
    return frozenset()


def _is_guard(fact: FactOf) -> bool:
    found = fact.definition
    return fact.level.name == HOUSEHOLD and fact.kind is Kind.FLAG and not fact.optional and found.turn == 0


def _looked_at_by(user: Fact | None, demanded: Guards, expr: Expr, looking: Looking) -> None:
    for fact in _facts_of(expr):
        itself = {fact[1]} if fact[0] == HOUSEHOLD else set[str]()
        looking.setdefault(fact, []).append((user, demanded - itself))


def _facts_of(expr: Expr) -> Iterable[Fact]:
    yield from ((fact.level.name, fact.definition.name) for fact in facts_in(expr))
    if isinstance(expr, Aggregate):
        yield from ((MEMBER, found.name) for found in members_facts_in(expr))
