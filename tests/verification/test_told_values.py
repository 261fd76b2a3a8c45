"""Kind by kind, month by month and status by status: of whom is each rule told, and what comes to what?"""

from __future__ import annotations

import pytest

from demo.story_check import differences, verify
from tests.verification.told_values import Told, read, told, whom
from verification.catalogue import CATALOGUE

RULES = {rule.number for rule in CATALOGUE.rules}


@pytest.mark.parametrize("case", list(told()), ids=lambda case: case.name)
def test_it_is_told_as_the_case_says_and_of_nobody_else(case: Told) -> None:
    story = read(case)
    verdict = verify(story)
    assert story.expect or case.of in RULES
    assert differences(story, verdict) == []
    assert story.expect or whom(story, verdict, case.of) == case.told
