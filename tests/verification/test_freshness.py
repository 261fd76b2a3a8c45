"""An answer that is too old, or of a batch that broke its contract, makes nothing certain: one day decides."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta

import pyarrow as pa
import pytest

from demo.story import Story, load_all
from demo.story_check import pack_of
from verification.catalogue import CATALOGUE
from verification.crosscheck import crosscheck, reads
from verification.freshness import EACH_BY_ITSELF, limits, oldest_good, usable
from verification.language.case import case_of
from verification.language.to_python import Judge
from verification.pack import BadPack, Pack, load_pack
from verification.runs.ageing import aged, aged_within
from verification.runs.district import Engine, judge_district
from verification.runs.own_ages import by_own_limits
from verification.runs.tables import Snapshot, cases_table, table_of
from verification.verdict import INDETERMINATE, Verdict
from vocabulary.evidence import (
    Answer,
    Evidence,
    FailureKind,
    Found,
    NoRecord,
    Provenance,
    Quality,
    SourceFailed,
)
from vocabulary.record import Record
from vocabulary.records.civil_affairs import PropertyCheck
from vocabulary.records.disability import Certificate
from vocabulary.records.health import Birth
from vocabulary.records.social_security import Insurance

PACK = load_pack("demo-2026")
STORIES = {story.id: story for story in load_all()}
ON = date(2026, 11, 16)


def delivered(story: Story, record: type[Record], *, days_ago: int, all_but_one: bool = False) -> Evidence:
    """The story's evidence with the records of a type so many days old; `all_but_one` leaves the last one new."""
    evidence = story.evidence(reads())
    outcomes = dict(evidence.outcomes)
    aged_rows = {}
    for subject, outcome in outcomes[record].items():
        if isinstance(outcome, Found):
            rows = [rebuilt(row, story.on - timedelta(days=days_ago)) for row in outcome.records]
            if all_but_one:
                rows[-1] = outcome.records[-1]
            outcome = Found(tuple(rows), outcome.provenance)
        aged_rows[subject] = outcome
    outcomes[record] = aged_rows
    return Evidence(outcomes)


def rebuilt(row: Record, as_of: date) -> Record:
    columns = {name: getattr(row, name) for name in type(row).__struct_fields__}
    return type(row)(**{**columns, "as_of": as_of})


def doubtful(story: Story, record: type[Record]) -> Evidence:
    outcomes = dict(story.evidence(reads()).outcomes)
    outcomes[record] = {
        subject: of_a_doubtful_batch(outcome) if isinstance(outcome, (Found, NoRecord)) else outcome
        for subject, outcome in outcomes[record].items()
    }
    return Evidence(outcomes)


def of_a_doubtful_batch(outcome: Found | NoRecord) -> Found | NoRecord:
    came = outcome.provenance
    source = Provenance(
        came.department, came.catalogue_id, came.sharing_class, came.fetched_at, Quality.DOUBTFUL
    )
    return Found(outcome.records, source) if isinstance(outcome, Found) else NoRecord(source)


def verdict(story: Story, evidence: Evidence) -> Verdict:
    return crosscheck(evidence, story.household, story.on, pack_of(story))


def test_an_answer_of_the_last_good_day_counts_and_one_a_day_older_does_not() -> None:
    story = STORIES["H8"]
    assert verdict(story, delivered(story, Insurance, days_ago=92)) == verdict(story, story.evidence(reads()))
    old = verdict(story, delivered(story, Insurance, days_ago=93))
    assert old.category is INDETERMINATE
    assert {each.rule for each in old.findings} & {"INC-01", "CAT-05"} == set()
    assert {"INC-01", "INC-02", "CAT-05"} <= {each.rule for each in old.cannot_tell}
    because = {
        reason.state for each in old.cannot_tell for reason in each.because if reason.record == "Insurance"
    }
    assert because == {"STALE"}


def test_the_newest_record_tells_how_old_an_answer_is() -> None:
    story = STORIES["H8"]
    fresh = delivered(story, Insurance, days_ago=400, all_but_one=True)
    assert verdict(story, fresh).category == verdict(story, story.evidence(reads())).category


def test_an_old_feedback_about_one_kind_of_property_is_not_mended_by_a_new_one_about_another() -> None:
    assert PropertyCheck in EACH_BY_ITSELF
    story = STORIES["INC-09"]
    rows = [row for row in story.records if isinstance(row, PropertyCheck)]
    evidence = delivered(story, PropertyCheck, days_ago=184)
    outcome = evidence.outcomes[PropertyCheck][story.household]
    assert isinstance(outcome, Found)
    with_a_new_one = Found((*outcome.records, rows[0]), outcome.provenance)
    mixed = Evidence({**evidence.outcomes, PropertyCheck: {story.household: with_a_new_one}})
    failed = usable(mixed, PACK, story.on).of(PropertyCheck, story.household)
    assert isinstance(failed, SourceFailed)
    assert failed.failure is FailureKind.STALE


def test_a_type_without_a_limit_is_good_however_old() -> None:
    story = STORIES["H1"]
    unlimited = set(reads()) - set(limits(PACK, ON))
    assert unlimited
    for record in unlimited & set(story.evidence(reads()).outcomes):
        assert verdict(story, delivered(story, record, days_ago=36_000)) == verdict(
            story, story.evidence(reads())
        )


def test_none_on_record_is_an_answer_that_does_not_age() -> None:
    story = STORIES["H1"]
    nothing = story.evidence(reads()).of(Certificate, next(iter(story.people.values())).id)
    assert isinstance(nothing, NoRecord)
    assert (
        usable(story.evidence(reads()), PACK, story.on + timedelta(days=1)).of(
            Certificate, next(iter(story.people.values())).id
        )
        == nothing
    )


@pytest.mark.parametrize("name", ["H8", "INC-09", "H4"])
def test_a_doubtful_batch_is_no_answer_even_where_it_says_none(name: str) -> None:
    story = STORIES[name]
    whole = verdict(story, story.evidence(reads()))
    for record in reads():
        worse = verdict(story, doubtful(story, record)) if record.__name__ != "Membership" else None
        if worse is None:
            continue
        assert {(f.rule, f.person) for f in worse.findings} <= {
            (f.rule, f.person) for f in whole.findings
        } | {("CAT-07", None)}
        states = {r.state for each in worse.cannot_tell for r in each.because if r.record == record.__name__}
        assert states <= {"CONTRACT_BROKEN"}


def test_a_run_leaves_the_same_unknown_as_a_household_alone() -> None:
    wanted = reads()
    for name, record, days in [("H8", Insurance, 93), ("H8", Insurance, 92), ("INC-09", PropertyCheck, 184)]:
        story = STORIES[name]
        rows = {each: [row for row in story.records if type(row) is each] for each in wanted}
        rows[record] = [rebuilt(row, story.on - timedelta(days=days)) for row in rows[record]]
        tables = {
            each: table_of(each, rows[each], columns | {"record_id", "as_of"})
            for each, columns in wanted.items()
        }
        snapshot = aged(Snapshot(tables, cases_table([(story.household, story.on, 0)])), PACK)
        (judged,) = judge_district(snapshot, CATALOGUE, PACK)
        evidence = usable(delivered(story, record, days_ago=days), PACK, story.on)
        case = case_of(evidence, household=story.household, on=story.on, reads=wanted)
        assert judged == Judge(CATALOGUE, PACK).judge(case)
        unknown = {each.rule.number for each in judged.found if each.answer is Answer.UNKNOWN}
        assert bool(unknown) is (days != 92)


def test_the_last_good_day_is_exactly_so_many_days_ago() -> None:
    assert oldest_good(date(2028, 3, 1), 1) == date(2028, 2, 29)
    assert limits(PACK, ON)[Insurance] == 92
    assert (
        limits(load_pack("demo-2026").changed({"max_age_days.Insurance": 1}, why="a test"), ON)[Insurance]
        == 1
    )


def held_to(days: int) -> Pack:
    return PACK.changed({"rule_max_age_days.INC-01+Insurance": days}, why="a test")


def told(verdict: Verdict, rule: str) -> tuple[list[object], list[object]]:
    found = [each for each in verdict.findings if each.rule == rule]
    return found, [each for each in verdict.cannot_tell if each.rule == rule]


def test_a_rule_held_to_fresher_evidence_cannot_tell_where_the_others_can() -> None:
    story = STORIES["H8"]
    evidence = delivered(story, Insurance, days_ago=60)
    whole = crosscheck(evidence, story.household, story.on, PACK)
    assert told(whole, "INC-01")[0]
    assert (
        dataclasses.replace(crosscheck(evidence, story.household, story.on, held_to(60)), pack_hash=PACK.hash)
        == whole
    )
    held = crosscheck(evidence, story.household, story.on, held_to(59))
    found, untold = told(held, "INC-01")
    assert found == []
    assert {reason.state for each in untold for reason in each.because} == {"STALE"}
    assert (held.category, held.annual_fen) == (whole.category, whole.annual_fen)
    for rule in {each.rule for each in (*whole.findings, *whole.cannot_tell)} - {"INC-01"}:
        assert told(held, rule) == told(whole, rule)


def test_a_rule_cannot_be_allowed_older_evidence_than_its_record_type() -> None:
    story = STORIES["H8"]
    old = crosscheck(delivered(story, Insurance, days_ago=93), story.household, story.on, held_to(1_000))
    assert told(old, "INC-01")[0] == []


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ("INC-99+Insurance", "expected `RULE+RecordType` with a rule that there is, got `INC-99`"),
        ("Insurance", "expected `RULE+RecordType` with a rule that there is, got `Insurance`"),
        ("INC-01+Funeral", "expected a record type that INC-01 reads, got `Funeral`"),
        ("INC-01", "expected a record type that INC-01 reads, got ``"),
    ],
)
def test_a_limit_of_no_rule_or_of_what_it_does_not_read_is_refused(row: str, wrong: str) -> None:
    with pytest.raises(BadPack, match=re.escape(wrong)):
        PACK.changed({f"rule_max_age_days.{row}": 30}, why="a test")


def insured_sixty_days_ago(limit: int) -> tuple[Snapshot, Pack]:
    """The household of H8, and a pack that holds INC-01 to insurance records of so many days."""
    story, wanted, pack = STORIES["H8"], reads(), held_to(limit)
    rows = {each: [row for row in story.records if type(row) is each] for each in wanted}
    rows[Insurance] = [rebuilt(row, story.on - timedelta(days=60)) for row in rows[Insurance]]
    tables = {
        each: table_of(each, rows[each], columns | {"record_id", "as_of"}) for each, columns in wanted.items()
    }
    return aged(Snapshot(tables, cases_table([(story.household, story.on, 0)])), pack), pack


@pytest.mark.parametrize("limit", [59, 60])
def test_a_run_holds_a_rule_to_its_own_limit_as_a_household_alone(limit: int) -> None:
    story = STORIES["H8"]
    snapshot, pack = insured_sixty_days_ago(limit)
    with by_own_limits(snapshot, pack, lambda given, _: Engine(given, CATALOGUE, pack)) as engine:
        assert len([*engine.load(snapshot.cases)]) == engine.steps - (1 if limit == 60 else 2)
        (judged,) = engine.judgements()
    alone = crosscheck(delivered(story, Insurance, days_ago=60), story.household, story.on, pack)
    answers = {Answer.YES: alone.findings, Answer.UNKNOWN: alone.cannot_tell}
    for answer, of_household in answers.items():
        in_run = {(each.rule.number, each.person) for each in judged.found if each.answer is answer}
        assert in_run == {(each.rule, each.person) for each in of_household} - {("CAT-07", None)}


def test_who_stands_in_two_columns_of_a_type_is_as_old_as_the_newest_row() -> None:
    """As for one household, where an answer about somebody holds the rows of both columns."""
    mother, child = "529901198503070012", "529901202609010019"
    columns = {"record_id", "person", "mother", "as_of"}
    days = [ON - timedelta(days=400), ON]
    made = pa.table(
        {
            "record_id": ["B-1", "B-2"],
            "person": [mother, child],
            "mother": [None, mother],
            "as_of": pa.array(days, pa.date32()),
        }
    )
    assert set(made.schema.names) == columns
    snapshot = Snapshot({Birth: made}, cases_table([("JT-1", ON, 0)]))
    assert aged_within(snapshot, {Birth: 30}, ON) is snapshot
    assert aged_within(snapshot, {Birth: 30}, ON + timedelta(days=31)).persons.num_rows == 2
