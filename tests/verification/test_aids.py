"""Which aid is open and was not given: of whom, of nobody, and where it cannot be told."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest

from demo.story import Story, load_all
from demo.story_check import pack_of
from tests.verification.caseload import stories_snapshot
from tests.verification.told_values import FOLDER, Told, read, told
from verification.aids import AIDS
from verification.language.case import case_of
from verification.language.to_python import Judge
from verification.pack import load_pack
from verification.runs.cases import cases_of
from verification.runs.district import judge_district
from vocabulary.evidence import Answer, Evidence, FailureKind, SourceFailed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership

DEMO = load_pack("demo-2026")
AT = datetime(2026, 11, 16, 9, tzinfo=UTC)
CASES = list(told(FOLDER / "aids"))
STORIES = [
    *(read(case) for case in CASES[::3] if "pack_changes" not in case.text),
    *(story for story in load_all()[::3] if not story.unanswered and not story.pack_changes),
]
TYPES = [record for record in AIDS.reads() if record is not Membership]

Answers = dict[tuple[str, str | None], Answer]


@cache
def judge() -> Judge:
    return Judge(AIDS, DEMO)


def answers(story: Story, evidence: Evidence | None = None) -> Answers:
    """What the four rules say of everybody; whoever is not there was answered NO."""
    case = case_of(evidence or story.evidence(), household=story.household, on=story.on, reads=AIDS.reads())
    judged = (Judge(AIDS, pack_of(story)) if story.pack_changes else judge()).judge(case)
    return {(found.rule.number, found.person): found.answer for found in judged.found}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_told_as_the_case_says_and_of_nobody_else(case: Told) -> None:
    story = read(case)
    found = [person for (rule, person), answer in answers(story).items() if rule == case.of]
    assert (
        " ".join(sorted(story.alias(one) if one else "household" for one in found)) or "nobody"
    ) == case.told


def test_each_aid_is_told_of_in_some_case_and_not_in_another() -> None:
    for rule in AIDS.rules:
        assert {case.told == "nobody" for case in CASES if case.of == rule.number} == {True, False}


def silent(whole: Evidence, record: type[Record]) -> Evidence:
    failed = SourceFailed(record.department, FailureKind.TIMED_OUT, AT)
    return Evidence({**whole.outcomes, record: dict.fromkeys(whole.outcomes[record], failed)})


@pytest.mark.parametrize("record", TYPES, ids=lambda record: record.__name__)
def test_a_register_that_is_silent_leaves_each_answer_as_it_was_or_unknown(record: type[Record]) -> None:
    shaken = 0
    for story in STORIES:
        before, after = answers(story), answers(story, silent(story.evidence(), record))
        for key in before.keys() | after.keys():
            said, says = before.get(key, Answer.NO), after.get(key, Answer.NO)
            assert says is said or says is Answer.UNKNOWN, (story.id, key)
            shaken += says is not said
    assert shaken or record.__name__ in RARELY, "nothing rests on it: why is it asked?"


RARELY = {"Benefit", "CategoryHistory", "Person"}
"""These decide for orphans, for 特困 minors at school and where an id number fails its check; no household here is one."""


def test_a_whole_district_is_told_as_each_household_is() -> None:
    snapshot = stories_snapshot(AIDS)
    assert [judge().judge(case) for case in cases_of(snapshot)] == list(judge_district(snapshot, AIDS, DEMO))
