"""What did a run come to? Households by category, and findings by rule, from judgements as they are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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


class FoundOf(msgspec.Struct, frozen=True):
    """What a rule came to in one judgement."""

    rule: str
    answer: Answer


class Judged(msgspec.Struct, frozen=True):
    """Of one household's judgement, what is counted."""

    facts: dict[str, msgspec.Raw]
    found: list[FoundOf]

    @property
    def category(self) -> Category | None:
        """The verified category; None where it could not be told."""
        told = _category(self.facts["category"])
        return Category(told) if isinstance(told, str) else None


def read_judged(canonical: bytes) -> Judged:
    """What is counted of a judgement in the form in which a run keeps it."""
    return _judged(canonical)


def counted(judgements: Iterable[bytes]) -> tuple[dict[Category | None, int], tuple[RuleCount, ...]]:
    """Households by category, and answers by rule, from judgements as they are kept."""
    return tallied(map(read_judged, judgements))


def tallied(judgements: Iterable[Judged]) -> tuple[dict[Category | None, int], tuple[RuleCount, ...]]:
    """The same from judgements that are read."""
    categories: Counter[Category | None] = Counter()
    answers: Counter[tuple[str, Answer]] = Counter()
    for each in judgements:
        categories[each.category] += 1
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


_judged = msgspec.json.Decoder(Judged).decode
_category = msgspec.json.Decoder(str | dict[str, str]).decode
