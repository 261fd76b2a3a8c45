"""What a verdict shows: lines with articles, steps that add up, gates with reasons, words that suspect."""

from __future__ import annotations

from functools import cache

from demo.story import load_all, read_story
from demo.story_check import verify
from verification.verdict import Verdict
from vocabulary.codes import Category, DeclaredItem, Department
from vocabulary.evidence import Answer, EvidenceState


@cache
def verdict(story_id: str) -> Verdict:
    return verify(next(story for story in load_all() if story.id == story_id))


def test_a_replaced_declaration_is_shown_and_not_counted() -> None:
    lines = [line for line in verdict("H1").lines if line.kind is DeclaredItem.WAGE]
    declared = [line for line in lines if line.department is Department.CIVIL_AFFAIRS]
    official = [line for line in lines if line.department is Department.SOCIAL_SECURITY]
    assert len(declared) == len(official) == 12
    assert not any(line.counted for line in declared)
    assert all(line.counted for line in official)
    assert {line.state for line in lines} == {EvidenceState.MATCH}


def test_an_excluded_income_is_shown_with_its_article() -> None:
    (scholarship,) = [line for line in verdict("H1").lines if line.kind is DeclaredItem.SCHOLARSHIP]
    assert not scholarship.counted
    assert "奖学金" in scholarship.article
    assert scholarship.record_id


def test_the_state_of_a_line_is_one_of_the_five() -> None:
    assert {line.state for line in verdict("H13").lines} == {EvidenceState.SOURCE_FAILED}
    assert {line.state for line in verdict("H3").lines} == {EvidenceState.NOT_ASKED}
    wages = [line.state for line in verdict("INC-02").lines if line.kind is DeclaredItem.WAGE]
    assert set(wages) == {EvidenceState.MISMATCH}
    head = [line.state for line in verdict("H8").lines if line.record == "Declaration"]
    assert set(head) == {EvidenceState.NO_RECORD}


def test_counted_lines_less_cost_are_the_annual_income() -> None:
    for story in load_all():
        told = verify(story)
        if told.annual_fen is None or not told.arithmetic:
            continue
        people = {member.person for member in told.members if member.counted is Answer.YES}
        gross = sum(line.fen for line in told.lines if line.counted and line.person in people)
        costs = sum(step.fen for step in told.arithmetic if step.adds and step.fen < 0)
        assert gross + costs == told.annual_fen, story.id


def test_the_last_step_is_what_is_payable() -> None:
    told = verdict("H1")
    assert told.arithmetic[-1].fen == told.payable_fen == 60_800
    assert "608.00元" in told.arithmetic[-1].zh
    assert "rounded up" in told.arithmetic[-1].en


def test_equal_is_said_to_be_not_below() -> None:
    compare = next(step for step in verdict("H2").arithmetic if step.zh.startswith("比较"))
    assert "15,264.00 = 15,264.00" in compare.zh
    assert "不低于" in compare.zh


def test_each_person_is_counted_or_not_with_a_reason() -> None:
    reasons = {member.zh for member in verdict("H11").members if member.counted is Answer.NO}
    assert reasons == {"全日制研究生在读，不计入"}
    assert {m.zh for m in verdict("HH-04").members if m.counted is Answer.NO} == {"监狱服刑，不计入"}
    assert {m.zh for m in verdict("H10").members if m.counted is Answer.NO} == {"已死亡"}
    assert {m.en for m in verdict("H9").members if m.counted is Answer.NO} == {"owes support from outside"}


def test_gates_stand_in_the_order_of_the_law() -> None:
    assert [gate.category for gate in verdict("H1").gates] == [
        Category.TEKUN,
        Category.DIBAO,
        Category.EDGE,
        Category.RIGID,
    ]


def test_a_gate_that_cannot_tell_names_the_department() -> None:
    gate = verdict("H13").gates[1]
    assert gate.answer is Answer.UNKNOWN
    assert {because.department for because in gate.because} == {Department.SOCIAL_SECURITY}
    assert {because.state for because in gate.because} == {"TIMED_OUT"}
    assert "人社" in gate.zh
    assert verdict("H13").gates[0].answer is Answer.NO


def test_who_did_not_agree_is_named_as_not_asked_with_the_article() -> None:
    tekun = verdict("HH-09b").gates[0]
    assert tekun.answer is Answer.UNKNOWN
    assert all(because.state.startswith("NOT_ASKED: 社会救助法 art. 41") for because in tekun.because)


def test_what_cannot_be_told_says_why() -> None:
    told = verdict("H13")
    assert "INC-01" in {each.rule for each in told.cannot_tell}
    assert all(each.because for each in told.cannot_tell)


def test_the_lower_bound_is_said_and_whether_it_reaches_the_line() -> None:
    (finding,) = [each for each in verdict("H13").findings if each.rule == "CAT-07"]
    assert finding.evidence["evidenced_fen"] == 960_000
    assert finding.evidence["reaches_the_line"] is False
    assert "9,600.00" in finding.zh


def test_a_finding_names_the_records_it_rests_on() -> None:
    (finding,) = [each for each in verdict("BEN-08").findings if each.rule == "BEN-08"]
    assert finding.records == (
        "Insurance/BEN-08-RS-001-001",
        "Insurance/BEN-08-RS-001-002",
        "UnemploymentBenefit/BEN-08-RS-004-005",
        "UnemploymentBenefit/BEN-08-RS-004-006",
    )


def test_the_same_question_gives_the_same_verdict() -> None:
    story = next(each for each in load_all() if each.id == "H10")
    assert verify(story) == verify(story)
    assert len(verdict("H10").pack_hash) == len(verdict("H10").ruleset_hash) == 64


def test_the_margin_and_rigid_spending_are_told_where_they_decide() -> None:
    told = [step.zh for step in verdict("H7").arithmetic]
    assert "边缘线：22,896.00元 × 150% = 34,344.00元，不低于" in told
    assert any("41,300.00元 ÷ 67,200.00元 = 61.458%" in step for step in told)
    assert any("不低于" in step and "边缘线" in step for step in told)
    assert not any("边缘线" in step.zh for step in verdict("H1").arithmetic)
    assert any("边缘线" in step.zh and step.zh.endswith("，低于") for step in verdict("H6").arithmetic)


def proven(records: str, silent: str) -> int | None:
    text = f"""
id: R
title: 至少
on: 2026-11-16
household: {{number: S-R}}
people:
  head: {{id: "529901198404049014", name: 甲一, relation: "0"}}
records:
  Declaration:
    - {{person: head, item: RENT, month: 2026-03, amount_yuan: "700.00"}}
    - {{person: head, item: PENSION, month: 2026-03, amount_yuan: "90.00"}}
{records}
unanswered: {{{silent}: TIMED_OUT}}
"""
    return verify(read_story("r.yaml", text)).lower_bound_fen


def test_what_is_declared_is_proven_only_where_no_register_could_replace_it() -> None:
    assert proven("", "UnemploymentBenefit") == 79_000
    assert proven("", "Pension") == 70_000
    assert proven("", "Declaration") is None
    assert proven("", "Insurance") is None  # twelve wages of a fen, each with its employment cost


def test_who_may_not_be_counted_proves_nothing() -> None:
    assert proven("", "Death") is None


def test_an_official_record_is_proven_beside_a_register_that_is_silent() -> None:
    paid = "  Pension:\n    - {person: head, month: 2026-03, personal_yuan: '120.00'}"
    assert proven(paid, "UnemploymentBenefit") == 82_000
