"""No failure of any source turns a rule's answer into a yes or a no: every rule, every record type, every way to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache

import pytest

from demo.story import Story, load_all
from demo.story_check import pack_of
from verification.catalogue import CATALOGUE
from verification.crosscheck import crosscheck, reads
from verification.freshness import usable
from verification.language.case import case_of
from verification.language.to_python import Judge
from verification.pack import Pack
from vocabulary.evidence import (
    Answer,
    Evidence,
    FailureKind,
    Found,
    NoRecord,
    NotAsked,
    Outcome,
    Provenance,
    Quality,
    SourceFailed,
)
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership

AT = datetime(2026, 11, 16, tzinfo=UTC)
READS = reads()
TYPES = [record for record in READS if record is not Membership]
STORIES = [story for story in load_all() if not story.unanswered]
Answers = dict[tuple[str, str | None], Answer]


@cache
def judge_of(name: str, changes: str) -> Judge:
    """The rules bound to a story's pack; stories of one pack share it."""
    story = next(each for each in STORIES if (each.pack, repr(each.pack_changes)) == (name, changes))
    return Judge(CATALOGUE, pack_of(story))


def answers(story: Story, evidence: Evidence, pack: Pack) -> Answers:
    """What every rule says of everybody; whoever is not there was answered NO."""
    judge = judge_of(story.pack, repr(story.pack_changes))
    case = case_of(usable(evidence, pack, story.on), household=story.household, on=story.on, reads=READS)
    return {(found.rule.number, found.person): found.answer for found in judge.judge(case).found}


def failed(evidence: Evidence, record: type[Record], how: Callable[[Outcome], Outcome]) -> Evidence:
    changed: Mapping[str, Outcome] = {
        subject: how(outcome) for subject, outcome in evidence.outcomes[record].items()
    }
    return Evidence({**evidence.outcomes, record: changed})


def doubtful(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, (Found, NoRecord)):
        return outcome
    came = outcome.provenance
    source = Provenance(
        came.department, came.catalogue_id, came.sharing_class, came.fetched_at, Quality.DOUBTFUL
    )
    return Found(outcome.records, source) if isinstance(outcome, Found) else NoRecord(source)


def ways(record: type[Record]) -> dict[str, Callable[[Outcome], Outcome]]:
    """Every way in which an answer can be missing."""
    kinds = {
        kind.value: lambda _, kind=kind: SourceFailed(record.department, kind, AT) for kind in FailureKind
    }
    return {
        **kinds,
        "NOT_ASKED": lambda _: NotAsked(record.department, "社会救助法 art. 41"),
        "DOUBTFUL": doubtful,
    }


@pytest.mark.parametrize("record", TYPES, ids=lambda record: record.__name__)
def test_a_failed_source_leaves_each_answer_as_it_was_or_unknown(record: type[Record]) -> None:
    reading = {rule.number for rule in CATALOGUE.rules if record in {each for _, each in rule.doubts}}
    for story in STORIES:
        pack, whole = pack_of(story), story.evidence(READS)
        before = answers(story, whole, pack)
        after = answers(story, failed(whole, record, ways(record)["TIMED_OUT"]), pack)
        for key in before.keys() | after.keys():
            said, says = before.get(key, Answer.NO), after.get(key, Answer.NO)
            assert says is said or says is Answer.UNKNOWN, (story.id, key, said, says)
            assert says is said or key[0] in reading, (story.id, key)


def test_every_way_to_fail_is_the_same_to_every_rule() -> None:
    told = {story.id: story for story in STORIES}
    for name in ("H8", "H4", "H7", "HH-06", "EXIT-01", "H10"):
        story = told[name]
        pack, whole = pack_of(story), story.evidence(READS)
        for record in TYPES:
            given = [answers(story, failed(whole, record, how), pack) for how in ways(record).values()]
            assert all(each == given[0] for each in given), (name, record.__name__)


def test_every_rule_that_was_found_can_be_made_unknown() -> None:
    """So that the tests above would notice: for each rule there is a story in which a failure takes its yes away."""
    shaken: set[str] = set()
    for story in STORIES:
        pack, whole = pack_of(story), story.evidence(READS)
        before = answers(story, whole, pack)
        yes = {number for (number, _), answer in before.items() if answer is Answer.YES} - shaken
        records = {each for rule in CATALOGUE.rules if rule.number in yes for _, each in rule.doubts}
        for record in records - {Membership}:
            after = answers(story, failed(whole, record, ways(record)["TIMED_OUT"]), pack)
            shaken |= {
                key[0]
                for key, answer in before.items()
                if answer is Answer.YES and after.get(key) is Answer.UNKNOWN
            }
    assert {rule.number for rule in CATALOGUE.rules} - shaken <= ONLY_BY_MEMBERSHIP


ONLY_BY_MEMBERSHIP = {"ID-01", "HH-04", "HH-05"}
"""These rest on the list of members alone: without it there is nobody of whom anything could be said."""


def test_what_cannot_be_told_names_the_source_and_how_it_failed() -> None:
    story = next(each for each in STORIES if each.id == "H8")
    for record in TYPES:
        for state, how in ways(record).items():
            verdict = crosscheck(
                failed(story.evidence(READS), record, how), story.household, story.on, pack_of(story)
            )
            said = {because.state for each in verdict.cannot_tell for because in each.because}
            expected = {"DOUBTFUL": "CONTRACT_BROKEN", "NOT_ASKED": "NOT_ASKED: 社会救助法 art. 41"}.get(
                state, state
            )
            assert said <= {expected}
            assert said or record.__name__ != "Insurance"
