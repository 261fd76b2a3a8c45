"""Stories: what a file may say, what follows from it, and how a mistake in it is told."""

from pathlib import Path

import pytest

from demo.story import StoryError, load_all, read_story
from demo.story_check import differences, verify
from demo.story_file import EXPECTED, KEYS
from vocabulary.evidence import FailureKind, Found, NoRecord, NotAsked, SourceFailed
from vocabulary.records.civil_affairs import Authorization, Declaration, Membership, Person
from vocabulary.records.education import Enrolment
from vocabulary.records.social_security import Insurance, Pension
from vocabulary.register import BY_NAME

SMALL = """
id: T1
title: 小故事
on: 2026-11-16
household: {number: S-T1}
people:
  head: {id: "529901199001010013", name: 甲一, relation: "0"}
  son: {id: "52990120150101001X", name: 甲二, relation: "2", kind: OBLIGOR, authorized: false}
records:
  Declaration:
    - {person: head, item: WAGE, month: 2025-11..2026-10, amount_yuan: "1000.00"}
  Enrolment:
    - {person: son, stage: PRIMARY}
expect: {category: NONE}
"""


def story(text: str = SMALL):
    return read_story("t1.yaml", text)


def test_a_month_range_is_one_row_a_month() -> None:
    rows = [row for row in story().records if isinstance(row, Declaration)]
    assert [str(row.month) for row in rows][:2] == ["2025-11", "2025-12"]
    assert len(rows) == 12
    assert {row.amount_fen for row in rows} == {100_000}
    assert len({row.record_id for row in rows}) == 12


def test_people_make_their_records() -> None:
    told = story()
    memberships = [row for row in told.records if isinstance(row, Membership)]
    assert [(row.relation, row.kind) for row in memberships] == [("0", "COHABIT"), ("2", "OBLIGOR")]
    assert len([row for row in told.records if isinstance(row, Person)]) == 2
    assert [row.person for row in told.records if isinstance(row, Authorization)] == [told.people["head"].id]


def test_the_four_outcomes_are_told_apart() -> None:
    told = story(SMALL + "unanswered: {Pension: STALE}\n")
    evidence, head, son = told.evidence(), told.people["head"].id, told.people["son"].id
    assert isinstance(evidence.of(Declaration, head), Found)
    assert isinstance(evidence.of(Insurance, head), NoRecord)
    assert isinstance(evidence.of(Enrolment, son), NotAsked)
    failed = evidence.of(Pension, head)
    assert isinstance(failed, SourceFailed)
    assert failed.failure is FailureKind.STALE


def test_whether_somebody_agreed_is_asked_of_everybody() -> None:
    told = story()
    assert isinstance(told.evidence().of(Authorization, told.people["son"].id), NoRecord)


WRONG = {
    "an unknown key": ("title: 小故事", "titel: 小故事", r"t1\.yaml: titel: expected one of"),
    "a title twice": ("title: 小故事", "title: 小故事\ntitle: 大故事", r"t1\.yaml: line 4: expected each key once"),
    "a column twice": ("stage: PRIMARY", "stage: PRIMARY, stage: JUNIOR", r"line \d+: expected each key once"),
    "an unknown record": ("  Enrolment:", "  Enrollment:", r"records\.Enrollment: expected one of"),
    "an unknown column": ("stage: PRIMARY", "stadge: PRIMARY", r"records\.Enrolment\[0\]\.stadge: expected a column"),
    "an unknown person": ("person: son, stage", "person: sun, stage", r"Enrolment\[0\]\.person: expected one of head, son"),
    "an unknown code": ("stage: PRIMARY", "stage: FIRST", r"records\.Enrolment\[0\]: Invalid enum value"),
    "a relation without quotes": ('relation: "0"', "relation: 0", r"head\.relation: expected one of .* quoted"),
    "a float for yuan": ('amount_yuan: "1000.00"', 'amount_yuan: "1000.005"', r"amount_yuan: expected yuan with at most"),
    "months the wrong way round": ("2025-11..2026-10", "2026-10..2025-11", r"month: expected an earlier month first"),
    "a month that does not exist": ("2025-11..2026-10", "2025-11..2026-13", r"month: expected a month"),
    "no day": ("on: 2026-11-16", "on: soon", r"t1\.yaml: on: expected a day"),
    "an expectation nobody checks": ("{category: NONE}", "{categories: NONE}", r"expect\.categories: expected one of"),
    "findings without people": ("{category: NONE}", "{findings: [INC-01]}", r"findings: expected a mapping, got list"),
    "a finding on a word": ("{category: NONE}", "{findings: {INC-01: son}}", r"findings\.INC-01: expected a list of words"),
    "gates in a list": ("{category: NONE}", "{gates: [DIBAO]}", r"expect\.gates: expected a mapping, got list"),
    "evidence of nothing": ("{category: NONE}", "{evidence: {INC-01: 6}}", r"evidence\.INC-01: expected a mapping, got int"),
    "rules in a mapping": ("{category: NONE}", "{cannot_tell: {INC-01: x}}", r"cannot_tell: expected a list of words"),
    "a person without a number": ("person: head, item", "person: null, item", r"records\.Declaration\[0\]: expected"),
    "a day that does not exist": ("on: 2026-11-16", "on: 2026-02-30", r"expected days that exist"),
    "an unknown failure": ("expect:", "unanswered: {health: BROKEN}\nexpect:", r"unanswered\.health: expected one of"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_mistake_is_named_with_its_place(wrong: str) -> None:
    before, after, message = WRONG[wrong]
    assert before in SMALL
    with pytest.raises(StoryError, match=message):
        story(SMALL.replace(before, after))


def test_a_file_in_other_bytes_is_named(tmp_path: Path) -> None:
    (tmp_path / "t1.yaml").write_bytes(SMALL.encode("gb18030"))
    with pytest.raises(StoryError, match=r"t1\.yaml: expected UTF-8"):
        read_story(tmp_path / "t1.yaml")


def test_no_message_repeats_an_id_number() -> None:
    with pytest.raises(StoryError) as caught:
        story(SMALL.replace("person: son, stage", "person: x52990120150101001X, stage"))
    assert "0150101001X" not in str(caught.value)


def test_a_wrong_expectation_is_a_difference() -> None:
    told = story(
        SMALL.replace(
            "{category: NONE}", "{category: DIBAO, annual_yuan: '9600.01', findings: {INC-01: [head]}}"
        )
    )
    found = differences(told, verify(told))
    assert len(found) == 3
    assert found[1] == "T1: annual_yuan: expected 9600.01, got 9600.00"


def test_the_stories_are_of_people_who_do_not_exist() -> None:
    for told in load_all():
        for person in told.people.values():
            assert person.id.startswith(("529901", "529902"))


def test_every_worked_example_and_most_rules_have_a_story() -> None:
    ids = {told.id for told in load_all()}
    assert {f"H{n}" for n in range(1, 15)} <= ids


def test_stories_use_only_record_types_of_the_register() -> None:
    for told in load_all():
        assert {type(row).__name__ for row in told.records} <= BY_NAME.keys()


def test_the_files_are_named_after_what_they_tell() -> None:
    folder = Path(__file__).parents[2] / "demo" / "stories"
    assert all(path.stem == path.stem.lower() for path in folder.glob("*.yaml"))


def test_the_story_of_the_documentation_comes_out_as_told() -> None:
    page = (Path(__file__).parents[2] / "docs" / "stories.md").read_text("utf-8")
    told = read_story("stories.md", page.split("```yaml\n")[1].split("```")[0])
    assert differences(told, verify(told)) == []


def test_the_documentation_names_every_expectation_and_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "stories.md").read_text("utf-8")
    assert all(f"`{key}`" in page for key in EXPECTED | KEYS)
