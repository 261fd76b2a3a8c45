"""Is what is kept of a verdict enough to reach it again, to the same bytes, and nothing but that?"""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from audit.commitment import parse_canonical
from demo.story import read_story
from demo.story_check import pack_of as story_pack
from gateway.decision_record import BadRecord, _canonical, inputs_of, record_of, result_of
from verification.crosscheck import crosscheck, reads
from verification.pack import BadPack
from verification.pack_record import pack_of
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, FailureKind, Found, NotAsked, SourceFailed
from vocabulary.record import partial
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance

STORIES = sorted((Path(__file__).parents[2] / "demo" / "stories").glob("*.yaml"))
ONE = read_story(next(path for path in STORIES if path.name.startswith("h04")))


def recorded(story, evidence=None):
    evidence = evidence or story.evidence(reads())
    verdict = crosscheck(evidence, story.household, story.on, story_pack(story))
    return record_of(verdict, evidence, reads=reads())


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_every_story_is_reached_again_from_its_record_to_the_same_bytes(path):
    story = read_story(path)
    kept = recorded(story)
    parse_canonical(kept.inputs)  # the one spelling that the log commits to
    parse_canonical(kept.result)
    given = inputs_of(kept.inputs, reads=reads())
    pack = pack_of(story_pack(story).canonical())
    assert (given.household, given.on) == (story.household, story.on)
    assert result_of(crosscheck(given.evidence, given.household, given.on, pack)) == kept.result


def test_every_way_to_have_no_answer_is_kept():
    evidence = story_evidence_with(
        {
            Death: SourceFailed(
                Department.HEALTH, FailureKind.TIMED_OUT, datetime(2026, 11, 16, 1, 2, 3, 4, UTC), "slow"
            ),
            Insurance: NotAsked(Department.SOCIAL_SECURITY, "社会救助法 art. 41"),
        }
    )
    kept = recorded(ONE, evidence)
    again = inputs_of(kept.inputs, reads=reads()).evidence
    person = next(iter(evidence.outcomes[Death]))
    for record in (Death, Insurance):
        assert again.of(record, person) == evidence.of(record, person)
    assert json.loads(kept.result)["cannot_tell"]


def story_evidence_with(changes):
    evidence = ONE.evidence(reads())
    outcomes = {record: dict(by_subject) for record, by_subject in evidence.outcomes.items()}
    for record, outcome in changes.items():
        outcomes[record] = dict.fromkeys(outcomes[record], outcome)
    return Evidence(outcomes)


def test_a_column_that_no_rule_reads_leaves_no_trace():
    evidence = ONE.evidence(reads())
    record = next(
        record
        for record, by_subject in evidence.outcomes.items()
        if any(isinstance(one, Found) for one in by_subject.values())
    )
    columns = reads()[record]
    dropped = sorted(columns - {"person", "household"})[0]
    kept = record_of(
        crosscheck(evidence, ONE.household, ONE.on, story_pack(ONE)),
        evidence,
        reads={**reads(), record: columns - {dropped}},
    )
    rows = [
        row
        for told in json.loads(kept.inputs)["evidence"][record.__name__].values()
        for row in told.get("records", [])
    ]
    assert rows
    assert all(dropped not in row and "record_id" in row for row in rows)


def test_one_fen_more_in_the_inputs_is_another_result_or_the_same_line_by_line():
    kept = recorded(ONE)
    rows = [row for told in json.loads(kept.inputs)["evidence"].values() for row in told.values()]
    assert rows
    evidence = inputs_of(kept.inputs, reads=reads()).evidence
    changed = 0
    for record, by_subject in evidence.outcomes.items():
        for subject, outcome in by_subject.items():
            fen = [
                name for name in record.__struct_fields__ if name.endswith("_fen") and name in reads()[record]
            ]
            if not isinstance(outcome, Found) or not fen or getattr(outcome.records[0], fen[0]) is None:
                continue
            row = outcome.records[0]
            kind = partial(record, frozenset(type(row).__struct_fields__))
            values = {name: getattr(row, name) for name in type(row).__struct_fields__}
            other = kind(**{**values, fen[0]: values[fen[0]] + 1})
            spoiled = Evidence(
                {
                    **evidence.outcomes,
                    record: {
                        **by_subject,
                        subject: msgspec.structs.replace(outcome, records=(other, *outcome.records[1:])),
                    },
                }
            )
            again = recorded(ONE, spoiled)
            assert again.inputs != kept.inputs
            assert again.decided(7).inputs != kept.decided(7).inputs
            changed += again.result != kept.result
    assert changed > 0


@pytest.mark.parametrize(
    "change",
    [
        {"format": "hedui-inputs/v2"},
        {"on": "yesterday"},
        {"more": 1},
        {"evidence": {"Nothing": {}}},
        {"evidence": {"Death": {"x": {"state": "FOUND"}}}},
        {"evidence": {"Death": {"x": {"state": "PERHAPS"}}}},
        {"evidence": {"Death": {"x": {"state": "SOURCE_FAILED", "failure": "TIMED_OUT"}}}},
        {
            "evidence": {
                "Death": {"x": {"state": "SOURCE_FAILED", "failure": "?", "at": "2026-11-16T00:00:00Z"}}
            }
        },
        {"household": None},
    ],
)
def test_what_is_no_record_of_inputs_is_refused(change):
    given = {**json.loads(recorded(ONE).inputs), **change}
    with pytest.raises(BadRecord):
        inputs_of(json.dumps(given).encode(), reads=reads())
    for junk in (b"", b"\xff", b"[]", b"{}"):
        with pytest.raises(BadRecord):
            inputs_of(junk, reads=reads())


def test_a_record_with_a_column_that_does_not_exist_or_a_value_out_of_range_is_refused():
    given = json.loads(recorded(ONE).inputs)
    told = next(
        one
        for by_subject in given["evidence"].values()
        for one in by_subject.values()
        if one["state"] == "FOUND"
    )
    row = told["records"][0]
    short = {name: value for name, value in row.items() if name in ("record_id", "as_of")}
    for spoiled in (
        short,
        {**row, "salary": 1},
        {**row, "as_of": "2026-13-01"},
        "row",
        {**row, "record_id": 1.5},
    ):
        told["records"][0] = spoiled
        with pytest.raises(BadRecord):
            inputs_of(json.dumps(given).encode(), reads=reads())
    told["records"] = []  # found, and nothing there
    with pytest.raises(BadRecord):
        inputs_of(json.dumps(given).encode(), reads=reads())


def test_a_pack_is_read_back_from_its_own_bytes_and_from_no_others():
    pack = story_pack(ONE)
    data = pack.canonical()
    assert pack_of(data).hash == pack.hash
    for wrong in (
        data + b" ",
        data.replace(b'"pack"', b'"pock"'),
        data.replace(b"hedui-policy-pack-1", b"hedui-policy-pack-2"),
        data.replace(b'"content":{', b'"content":{"unknown_name":[["2026-01-01",null,1,"x"]],'),
        b"{}",
        b"\xff",
        b"[]",
    ):
        with pytest.raises(BadPack):
            pack_of(wrong)


def test_what_is_no_word_of_the_vocabulary_is_never_written():
    with pytest.raises(NotImplementedError, match="expected a word of the vocabulary, got `complex`"):
        _canonical({"value": 1j})
