"""Every story comes out as it is told, to the fen."""

import pytest

from demo.story import Story, load_all
from demo.story_check import differences, verify
from verification.catalogue import CATALOGUE

STORIES = load_all()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_the_story_comes_out_as_told(story: Story) -> None:
    assert story.expect, "a story that expects nothing proves nothing"
    assert differences(story, verify(story)) == []


def test_every_rule_about_a_household_has_a_story_in_which_it_is_found() -> None:
    told = {rule for story in STORIES for rule in dict(story.expect).get("findings", {})}
    assert [each.number for each in CATALOGUE.rules if each.number not in told] == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_the_steps_that_add_make_the_annual_income(story: Story) -> None:
    verdict = verify(story)
    added = sum(step.fen for step in verdict.arithmetic if step.adds)
    assert (added == verdict.annual_fen) if verdict.arithmetic else (verdict.annual_fen is None)


def test_no_sentence_of_a_finding_shows_an_id_number_or_a_name() -> None:
    for story in STORIES:
        told = "".join(f.zh + f.en for f in verify(story).findings)
        for person in story.people.values():
            assert person.id not in told
            assert person.name not in told


def test_findings_that_accuse_say_that_they_suspect() -> None:
    for story in STORIES:
        for finding in verify(story).findings:
            assert finding.zh.startswith(("疑似", "提示", "待核"))
