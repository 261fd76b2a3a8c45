"""Are engines compared on households among which every rule gives every answer?"""

from collections import Counter

import pytest

from tests.verification.every_answer import Answers, answers, worlds
from verification.catalogue import CATALOGUE
from verification.language.rule import Rule
from vocabulary.evidence import Answer


@pytest.fixture(scope="module")
def given() -> Answers:
    found: Answers = Counter()
    for _, snapshot, pack in worlds():
        found += answers(snapshot, pack)
    return found


@pytest.mark.parametrize("rule", CATALOGUE.rules, ids=lambda rule: rule.number)
def test_each_rule_answers_yes_and_no_and_cannot_tell(rule: Rule, given: Answers) -> None:
    assert given[rule.number, Answer.YES] > 0
    assert given[rule.number, Answer.NO] > 0
    # What rests on nothing but who is listed is always known: there is nobody else to be asked about.
    assert (given[rule.number, Answer.UNKNOWN] > 0) is bool(rule.doubts)
