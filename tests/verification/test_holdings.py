"""From a household's records to claims, and from claims to what was too much and what is due."""

from __future__ import annotations

from functools import cache

import pytest

from demo.story import Story, load_all
from demo.story_check import pack_of
from tests.demo.whole import district
from verification.entitlement import Stacking
from verification.holdings import DRAWN, DUE, Held, Holdings, Unsure, drawn, reads
from verification.language.case import case_of
from verification.language.to_python import Case
from verification.pack import load_pack
from verification.stacking import Claim, Proposal, propose, sums
from vocabulary.codes import BenefitKind
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.education import Aid

DEMO = load_pack("demo-2026")
OCTOBER = Month.parse("2026-10")


@cache
def holdings(pack_hash: str = DEMO.hash) -> Holdings:
    packs = {pack_of(each).hash: pack_of(each) for each in stories()}
    return Holdings(packs[pack_hash])


@cache
def stories() -> tuple[Story, ...]:
    return tuple(load_all())


def story(number: str) -> Story:
    return next(each for each in stories() if each.id == number)


def held(number: str) -> Held:
    told = story(number)
    return holdings(pack_of(told).hash).of(
        case_of(told.evidence(reads()), household=told.household, on=told.on, reads=reads())
    )


def proposals(number: str) -> dict[tuple[str, str], Proposal]:
    told = story(number)
    found = propose(held(number).claims, pack_of(told))
    return {(_alias(told, p.person), str(p.month)): p for p in found}


def _alias(told: Story, person: str) -> str:
    return "household" if person == told.household else told.alias(person)


def test_a_student_paid_twice_is_paid_4_500_yuan_too_much() -> None:
    found = proposals("H12")
    assert found["student", "2025-09"].overpaid_fen == 450_000
    assert found["student", "2025-09"].clashes[0].stacking is Stacking.HIGHER


def test_the_subsidy_of_a_tekun_person_is_too_much_in_each_month_in_which_both_were_paid() -> None:
    found = proposals("H4")
    too_much = {month: p.overpaid_fen for (_, month), p in found.items()}
    assert too_much["2026-01"] == too_much["2026-10"] == 8_000
    assert sum(too_much.values()) == 80_000


def test_a_household_in_dibao_that_draws_nothing_is_told_what_it_forgoes() -> None:
    found = proposals("H5")
    last = found["head", "2026-10"]
    assert {each.name: each.fen for each in last.uncovered} == {"DIBAO": 63_600, "LIVING": 8_000}
    assert (last.overpaid_fen, last.forgone_fen) == (0, 71_600)


def test_a_household_s_benefit_is_not_split_among_its_members() -> None:
    assert {_alias(story("BEN-01"), each.person) for each in held("BEN-01").claims} == {"household", "uncle"}


def test_the_care_subsidy_is_not_claimed_because_no_register_knows_the_need() -> None:
    assert {each.name for each in held("H5").cannot_tell} == {"CARE"}


def test_what_is_due_is_claimed_for_the_last_month_alone() -> None:
    assert {claim.month for claim in held("H5").claims} == {OCTOBER}


def test_a_failed_source_makes_nothing_due_and_is_told() -> None:
    found = held("H13")
    assert not [claim for claim in found.claims if claim.drawn_fen == 0]
    assert {each.name for each in found.cannot_tell} >= {"DIBAO"}


def test_an_amount_that_the_pack_does_not_set_cannot_be_told() -> None:
    told = story("H5")
    bare = DEMO.rows["subsidy_fen_month"]
    assert "LIVING" in bare
    without = type(DEMO)(
        DEMO.name, DEMO.title, DEMO.parameters, {**DEMO.rows, "subsidy_fen_month": {}}, DEMO.limits, "bare"
    )
    case = case_of(told.evidence(reads()), household=told.household, on=told.on, reads=reads())
    found = Holdings(without).of(case)
    assert Unsure(case.members[0].person, "LIVING") in found.cannot_tell


def test_every_story_has_claims_that_can_be_solved() -> None:
    for each in stories():
        for found in propose(held(each.id).claims, DEMO):
            assert found.overpaid_fen >= 0
            assert found.forgone_fen >= 0


def test_the_district_paid_its_twenty_students_90_000_yuan_twice() -> None:
    rows = {Aid: district().rows[Aid]}
    case = Case("", story("H12").on, (), rows)
    found = propose(drawn(case), DEMO)
    assert (sums(found).persons_overpaid, sums(found).overpaid_fen) == (20, 9_000_000)


def test_claims_of_student_aid_stand_in_september() -> None:
    case = Case("", story("H12").on, (), {Aid: district().rows[Aid][:1]})
    (claim,) = drawn(case)
    assert isinstance(claim, Claim)
    assert str(claim.month).endswith("-09")


@pytest.mark.parametrize(
    ("household", "paid", "claimed"), [("H", True, 1), ("H", False, 0), ("X", True, 0), ("X", False, 0)]
)
def test_what_was_not_paid_or_is_another_household_s_is_not_claimed(
    household: str, paid: bool, claimed: int
) -> None:
    month = Month.parse("2026-10")
    row = Benefit(record_id="1", as_of=month.first_day, household=household, kind=BenefitKind.DIBAO,
                  month=month, amount_fen=100, paid=paid)  # fmt: skip
    assert len(list(drawn(Case("H", month.first_day, (), {Benefit: [row]})))) == claimed


def test_every_column_that_facts_or_claims_read_is_asked_for() -> None:
    asked = reads()
    for wanted in (DUE.reads(), DRAWN):
        assert all(columns <= asked[record] for record, columns in wanted.items())


def test_each_kind_of_injury_benefit_is_drawn_as_its_own_entitlement() -> None:
    drawn_of = {
        number: {paid.name for proposal in proposals(number).values() for paid in proposal.drawn}
        for number in ("BEN-04b", "BEN-07")
    }
    assert {"CARE", "LIVING_CARE"} <= drawn_of["BEN-04b"]
    assert "DISABILITY_ALLOWANCE" not in drawn_of["BEN-04b"]
    assert {"LIVING", "DISABILITY_ALLOWANCE"} <= drawn_of["BEN-07"]
    assert "LIVING_CARE" not in drawn_of["BEN-07"]
