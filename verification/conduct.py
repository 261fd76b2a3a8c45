"""Did those who asked, drew a sample or decide keep the rules? The rules of conduct, judged on given facts.

    broken("inquiry", {"purpose_given": True, "case_given": False, …}, pack)

    refusing({"purpose_given": True, "case_given": False, …})    what a refusal names, without a pack

A fact that is not given is unknown, and what rests on it cannot be told. Nothing here fetches
anything: the gateway knows its questions, casework its decisions, the log its entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verification.conduct_facts import decision, inquiry, sample, trail
from verification.language.evaluate import Worth, evaluate
from verification.language.expression import Expr
from verification.language.kinds import PackGap, Value, kind_of
from verification.language.level import FactOf, Level
from verification.language.parameter import Dated, Pack
from verification.language.rule import Rule, Severity, rules_in
from verification.language.values import Result, result
from verification.rules import access as access_rules
from verification.rules import decision as decision_rules
from vocabulary.evidence import Answer

CONDUCT: tuple[Rule, ...] = tuple(rules_in(access_rules, decision_rules))
"""The rules about those who ask and decide, by number; those about households are `verification.catalogue`."""

LEVELS: Mapping[str, Level] = {each.name: each for each in (inquiry, trail, sample, decision)}


class UnknownFact(ValueError):
    """A fact was given that the level does not have, or in another kind than it has."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule of conduct that was found broken (YES), or of which it cannot be told (UNKNOWN)."""

    rule: Rule
    answer: Answer
    evidence: Mapping[str, Result]

    @property
    def clause(self) -> str:
        """What a refusal says: the rule and its article."""
        return f"{self.rule.number} {self.rule.zh}: {self.rule.cite}"


def broken(level: str, facts: Mapping[str, Value], pack: Pack) -> tuple[Broken, ...]:
    """The rules of a level that are broken, and those that cannot be told, in the order of their numbers.

    Raises `UnknownFact`, `PackGap`.
    """
    _check(LEVELS[level], facts)
    found = []
    for each in CONDUCT:
        if each.level.name == level:
            worth = _worth(each.condition, facts, pack)
            answer = Answer.of(worth if isinstance(worth, bool) else None)
            if answer is not Answer.NO:
                shown = {
                    name: result(_worth(expr, facts, pack), expr.kind, expr.codes)
                    for name, expr in each.evidence
                }
                found.append(Broken(each, answer, shown))
    return tuple(found)


def refusing(facts: Mapping[str, Value]) -> Rule | None:
    """The first rule that refuses a question (AUT), None where the facts break none of them. Raises `UnknownFact`."""
    _check(inquiry, facts)
    blocking = (each for each in CONDUCT if each.level is inquiry and each.severity is Severity.BLOCK)
    return next((each for each in blocking if _worth(each.condition, facts, _NO_PACK) is True), None)


def _worth(expr: Expr, facts: Mapping[str, Value], pack: Pack) -> Worth:
    def told(fact: FactOf) -> Worth:
        return facts.get(str(fact.constants[1]))

    return evaluate(expr, told, pack)


class _NoPack:
    """Rules that refuse a question are the same everywhere: they ask for no parameter."""

    hash = ""

    def values(self, name: str) -> tuple[Dated, ...]:
        raise PackGap(f"expected a rule without parameters, got one that asks for `{name}`")

    def table(self, name: str) -> Mapping[str, tuple[Dated, ...]]:
        raise PackGap(f"expected a rule without parameters, got one that asks for `{name}`")


_NO_PACK = _NoPack()


def _check(level: Level, facts: Mapping[str, Value]) -> None:
    for name, value in facts.items():
        known = level.definitions.get(name)
        if known is None or kind_of(value) is not known.holds.kind:
            expected = "one of " + ", ".join(level.definitions) if known is None else known.holds.kind.value
            raise UnknownFact(f"expected {expected} of the {level.name}, got `{name}`")
