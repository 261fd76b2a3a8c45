"""No failure of any source turns a rule's answer into a yes or a no: every rule, every record type, every way to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache

import pytest
from msgspec import structs

from demo.story import Story, load_all
from demo.story_check import pack_of
from verification.catalogue import CATALOGUE
from verification.crosscheck import crosscheck, reads
from verification.freshness import limits, usable
from verification.language.case import case_of
from verification.language.to_python import Case, Judge
from verification.pack import Pack, load_pack
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
Way = Callable[[Outcome], Outcome]


@cache
def judge_of(name: str, changes: str) -> Judge:
    """The rules bound to a story's pack; stories of one pack share it."""
    story = next(each for each in STORIES if (each.pack, repr(each.pack_changes)) == (name, changes))
    return Judge(CATALOGUE, pack_of(story))


@cache
def whole_of(place: int) -> tuple[Story, Pack, Evidence, Answers]:
    """A story, its pack, its evidence where everybody answered, and what every rule says then."""
    story = STORIES[place]
    pack, whole = pack_of(story), story.evidence(READS)
    return story, pack, whole, answers(story, whole, pack)


def answers(story: Story, evidence: Evidence, pack: Pack) -> Answers:
    """What every rule says of everybody; whoever is not there was answered NO."""
    judge = judge_of(story.pack, repr(story.pack_changes))
    judged = judge.judge(case_at(story, evidence, pack))
    return {(found.rule.number, found.person): found.answer for found in judged.found}


def case_at(story: Story, evidence: Evidence, pack: Pack) -> Case:
    """All that the rules are shown of it."""
    return case_of(usable(evidence, pack, story.on), household=story.household, on=story.on, reads=READS)


def failed(evidence: Evidence, record: type[Record], how: Way) -> Evidence:
    return failed_for(evidence, record, lambda _, outcome: how(outcome))


def failed_for(evidence: Evidence, record: type[Record], how: Callable[[str, Outcome], Outcome]) -> Evidence:
    """The evidence where a record type's outcome is another, by subject."""
    changed: Mapping[str, Outcome] = {
        subject: how(subject, outcome) for subject, outcome in evidence.outcomes[record].items()
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


def ways(record: type[Record]) -> dict[str, Way]:
    """Every way in which an answer can be missing."""
    kinds = {
        kind.value: lambda _, kind=kind: SourceFailed(record.department, kind, AT) for kind in FailureKind
    }
    return {
        **kinds,
        "NOT_ASKED": lambda _: NotAsked(record.department, "社会救助法 art. 41"),
        "DOUBTFUL": doubtful,
    }


def too_old(outcome: Outcome) -> Outcome:
    """The same answer, of a day long past: no answer any more where the pack gives its type days."""
    if not isinstance(outcome, Found):
        return outcome
    rows = [structs.replace(row, as_of=date(1950, 1, 1)) for row in outcome.records]
    return Found(tuple(rows), outcome.provenance)


def only_of(person: str, how: Way) -> Callable[[str, Outcome], Outcome]:
    return lambda subject, outcome: how(outcome) if subject == person else outcome


@pytest.mark.parametrize("record", TYPES, ids=lambda record: record.__name__)
def test_a_failed_source_leaves_each_answer_as_it_was_or_unknown(record: type[Record]) -> None:
    """Of everybody, and of the first person alone."""
    reading = {rule.number for rule in CATALOGUE.rules if record in {each for _, each in rule.doubts}}
    for place in range(len(STORIES)):
        story, pack, whole, before = whole_of(place)
        timed_out = ways(record)["TIMED_OUT"]
        one = next(iter(story.people.values())).id
        for worse in (failed(whole, record, timed_out), failed_for(whole, record, only_of(one, timed_out))):
            after = answers(story, worse, pack)
            for key in before.keys() | after.keys():
                said, says = before.get(key, Answer.NO), after.get(key, Answer.NO)
                assert says is said or says is Answer.UNKNOWN, (story.id, key, said, says)
                assert says is said or key[0] in reading, (story.id, key)


def test_every_way_to_fail_is_the_same_to_every_rule() -> None:
    """All stories, all types, all ways: the rules are shown the very same, so none can tell one from another."""
    limited = limits(load_pack("demo-2026"), STORIES[0].on)
    for place in range(len(STORIES)):
        story, pack, whole, _ = whole_of(place)
        for record in TYPES:
            expected = case_at(story, failed(whole, record, ways(record)["TIMED_OUT"]), pack)
            told = {
                name: case_at(story, failed(whole, record, how), pack) for name, how in ways(record).items()
            }
            found = [each for each in whole.outcomes.get(record, {}).values() if isinstance(each, Found)]
            if record in limited and len(found) == len(whole.outcomes[record]):
                told["too old"] = case_at(story, failed(whole, record, too_old), pack)
            for name, shown in told.items():
                assert shown == expected, (story.id, record.__name__, name)


def test_the_ways_to_fail_are_all_that_there_are() -> None:
    kinds = {kind.value for kind in FailureKind}
    assert ways(Membership).keys() == kinds | {"NOT_ASKED", "DOUBTFUL"}
    assert {"STALE", "CONTRACT_BROKEN", "QUOTA_EXCEEDED", "TIMED_OUT"} <= kinds


def test_every_rule_that_was_found_can_be_made_unknown() -> None:
    """So that the tests above would notice: for each rule there is a story in which a failure takes its yes away."""
    shaken: set[str] = set()
    for place in range(len(STORIES)):
        story, pack, whole, before = whole_of(place)
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
