"""What a verdict shows: lines with articles, steps that add up, gates with reasons, words that suspect."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from demo.story import Story, load_all, read_story
from demo.story_check import verify
from verification.verdict import Verdict
from vocabulary.codes import Category, DeclaredItem, Department
from vocabulary.evidence import Answer, EvidenceState


def story(story_id: str) -> Story:
    return next(each for each in load_all() if each.id == story_id)


STORIES = Path(__file__).parents[2] / "demo" / "stories"


@cache
def verdict(story_id: str) -> Verdict:
    return verify(story(story_id))


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


def test_a_finding_of_the_month_of_application_names_both_records_of_that_month() -> None:
    path = STORIES / "ben-08-benefit-while-insured.yaml"
    text = path.read_text("utf-8").replace("2026-10, amount", "2026-11, amount")
    text = text.replace("2026-09..2026-10, base", "2026-11..2026-11, base")
    (finding,) = [each for each in verify(read_story("r.yaml", text)).findings if each.rule == "BEN-08"]
    assert finding.evidence["months"] == 1
    assert finding.records == ("Insurance/BEN-08-RS-001-001", "UnemploymentBenefit/BEN-08-RS-004-007")


def test_the_same_question_gives_the_same_verdict() -> None:
    assert verify(story("H10")) == verify(story("H10"))
    assert len(verdict("H10").pack_hash) == len(verdict("H10").ruleset_hash) == 64


def test_the_margin_and_rigid_spending_are_told_where_they_decide() -> None:
    told = [step.zh for step in verdict("H7").arithmetic]
    assert "边缘线：22,896.00元 × 150% = 34,344.00元，不低于" in told
    spent = "刚性支出：医疗38,500.00元 + 教育2,800.00元 + 康复0.00元 = 41,300.00元，÷ 67,200.00元 = 61.458%"
    assert any(step.startswith(spent) for step in told)
    most = "上年度当地居民人均可支配收入：31,200.00元 × 3人 = 93,600.00元，低于，依据："
    assert any(step.startswith(most) for step in told)
    assert any("不低于" in step and "边缘线" in step for step in told)
    assert not any("边缘线" in step.zh for step in verdict("H1").arithmetic)
    assert any("边缘线" in step.zh and step.zh.endswith("，低于") for step in verdict("H6").arithmetic)


def test_spending_over_the_ratio_does_not_hide_an_income_that_is_too_high() -> None:
    """刚性支出认定办法: equal to the disposable income is not below it."""
    at, below = (
        verify(replace(story("H7"), pack_changes={"disposable_income_prior_year_fen": fen, **ONE_KIND}))
        for fen in (2_240_000, 2_240_001)
    )
    assert (at.category, below.category) == (Category.NONE, Category.RIGID)
    assert "22,400.00元 × 3人 = 67,200.00元，不低于" in at.arithmetic[-2].zh
    assert "not below" in at.arithmetic[-2].en
    assert "22,400.01元 × 3人 = 67,200.03元，低于" in below.arithmetic[-2].zh
    assert at.arithmetic[-1].zh.startswith("刚性支出：医疗38,500.00元 + 教育2,800.00元 = 41,300.00元")


ONE_KIND = {"rigid_numerator.REHABILITATION": False}


def test_tekun_tells_the_income_by_its_own_list_where_the_other_one_is_above_the_standard() -> None:
    """A base pension that 低保 counts since its exclusion lapsed, and 特困 never: rent 3,600, and 1,430 since January."""
    ended = [{"since": date(2021, 7, 1), "until": date(2025, 12, 31), "value": "EXCLUDED"}]
    changes = {"income_class.CENTRAL_BASE_PENSION": ended, "dibao_standard_fen_month": 41_900}
    told = verify(replace(story("H4"), pack_changes=changes))
    assert told.category is Category.TEKUN
    steps = [step.zh for step in told.arithmetic]
    assert "比较：5,030.00 > 5,028.00，不低于标准（相等不是低于）" in steps
    assert not any("边缘线" in step for step in steps)
    assert steps[-2] == (
        "5299**********0316 特困口径年收入：3,600.00元（另有不计入的2,916.00元） < 419.00元 × 12个月 = 5,028.00元，"
        "依据：《特困人员认定办法》第四条至第九条"
    )
    assert "× 1 person = " in told.arithmetic[-5].en + told.arithmetic[-4].en


def test_what_no_line_of_income_decides_is_told_too() -> None:
    assert [step.zh for step in verdict("INC-09").arithmetic][-1].startswith("财产超限")
    assert [step.zh for step in verdict("H4").arithmetic][-1].startswith("特困：按特困供养标准")
    assert not any(step.zh.startswith(("财产", "特困")) for step in verdict("H1").arithmetic)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "（7,632.00 − 0.00）÷ 12，向上取整到元：636.00元"),
        (
            {"single_person_amount": "STANDARD", "payable_rounding": "NONE"},
            "（7,632.00 − 0.00）÷ 12，不足一分舍去：636.00元",
        ),
        (
            {"payable_mode": "BANDED", "payable_band_below_percent.1": 100, "payable_band_fen_month.1": 30_000},
            "年收入0.00元，分档：300.00元",
        ),
    ],
)  # fmt: skip
def test_who_enters_alone_has_a_step_of_their_own(changes: dict[str, object], told: str) -> None:
    step = verify(replace(story("H6"), pack_changes=changes)).arithmetic[-1]
    assert step.zh == f"5299**********9025 单人户，依据：《最低生活保障审核确认办法》第八条：{told}"
    assert step.en.startswith("5299**********9025 enters alone: ")


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
