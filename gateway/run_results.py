"""What did a run come to? Households by category, findings by rule, and which households they are, from what is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from verification.catalogue import CATALOGUE
from vocabulary.codes import Category
from vocabulary.evidence import Answer


@dataclass(frozen=True, slots=True)
class RuleCount:
    """What one rule came to: persons or households of whom it found something, or could not tell."""

    rule: str
    name_zh: str
    name_en: str
    severity: str
    found: int
    cannot_tell: int


def counted(judgements: Iterable[bytes]) -> tuple[dict[Category | None, int], tuple[RuleCount, ...]]:
    """Households by category, and answers by rule, from judgements as they are kept."""
    categories: Counter[Category | None] = Counter()
    answers: Counter[tuple[str, Answer]] = Counter()
    for each in map(_judged, judgements):
        category = _category(each.facts["category"])
        categories[Category(category) if isinstance(category, str) else None] += 1
        answers.update((found.rule, found.answer) for found in each.found)
    rules = tuple(
        RuleCount(
            rule.number,
            rule.zh,
            rule.en,
            rule.severity.value,
            answers[rule.number, Answer.YES],
            answers[rule.number, Answer.UNKNOWN],
        )
        for rule in CATALOGUE.rules
        if answers[rule.number, Answer.YES] or answers[rule.number, Answer.UNKNOWN]
    )
    return dict(categories), rules


def households_with(
    results: Iterable[tuple[str, bytes]],
    *,
    rule: str = "",
    category: Category | None = None,
    told: bool = True,
) -> Iterator[str]:
    """The numbers of the households in which a rule was found, or that are in a category.

    `results`   household number and judgement, as a run keeps them
    `told`      with no rule and no category, False asks for those whose category could not be told
    """
    for number, kept in results:
        each = _judged(kept)
        if rule:
            fits = any(found.rule == rule and found.answer is Answer.YES for found in each.found)
        else:
            found = _category(each.facts["category"])
            fits = found == category.value if category else isinstance(found, str) is told
        if fits:
            yield number


class _FoundOf(msgspec.Struct):
    rule: str
    answer: Answer


class _Judged(msgspec.Struct):
    facts: dict[str, msgspec.Raw]
    found: list[_FoundOf]


_judged = msgspec.json.Decoder(_Judged).decode
_category = msgspec.json.Decoder(str | dict[str, str]).decode
