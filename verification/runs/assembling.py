"""What do the rows of an engine make up? Judgements: the facts told of each household, and what its rules found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.rule import Rule
from verification.language.to_python import Found, Judgement, because_of
from verification.language.to_sql import Answered, Sql
from verification.language.values import Result
from verification.runs import duck
from vocabulary.evidence import Answer


def assembled(
    sql: Sql,
    told: Callable[[str], Iterable[duck.Told]],
    answers: Callable[[str, Answered], Iterable[duck.Answer]],
) -> Iterator[Judgement]:
    """The judgements that an engine's rows make up, in the order of household numbers.

    `told`      the facts told on a level, `answers` what a rule answers that is not NO; households in order
    """
    members: dict[str, dict[str, dict[str, Result]]] = {}
    for household, person, facts in told(MEMBER):
        members.setdefault(household, {})[person or ""] = facts
    found: dict[str, list[Found]] = {}
    for level in (HOUSEHOLD, MEMBER):
        for answered in sql.answers[level]:
            for household, each in _found(answered.rule, answers(level, answered)):
                found.setdefault(household, []).append(each)
    for household, _, facts in told(HOUSEHOLD):
        ours = sorted(found.get(household, ()), key=lambda each: (each.rule.number, each.person or ""))
        yield Judgement(household, facts, members.get(household, {}), tuple(ours))


def _found(rule: Rule, rows: Iterable[duck.Answer]) -> Iterator[tuple[str, Found]]:
    for household, person, own, mask, among, answer, milder, evidence in rows:
        because = because_of(rule.doubts, own=own, household=mask, among=among) if answer is None else ()
        severity = rule.milder[0] if milder and rule.milder is not None else rule.severity
        yield household, Found(rule, person, Answer.of(answer), severity, evidence, because)
