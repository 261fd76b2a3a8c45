"""Kind by kind, month by month and status by status: of whom is each rule told, and of nobody else?"""

from __future__ import annotations

import pytest

from demo.story_check import verify
from tests.verification.told_values import Told, read, told

CASES = list(told())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_told_of_those_and_of_nobody_else(case: Told) -> None:
    story = read(case)
    found = [each for each in verify(story).findings if each.rule == case.rule]
    assert {story.alias(each.person) if each.person else "household" for each in found} == case.whom
