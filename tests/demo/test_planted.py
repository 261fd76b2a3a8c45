"""Is every contradiction of the table planted, as often as it says, and told in the documentation?"""

import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from demo.people import Registrar
from demo.planted import PLANTED, NoRoom, plant
from demo.scribe import Calendar, Scribe
from tests.demo.whole import district
from vocabulary.codes import (
    BenefitKind,
    Category,
    DeclaredItem,
    InsuranceKind,
    MemberKind,
    Participation,
    SubsidyKind,
)
from vocabulary.idnumber import passes_check
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Authorization, Benefit, Declaration, Membership, PropertyCheck
from vocabulary.records.disability import Certificate, DisabilitySubsidy
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

DOCUMENT = Path(__file__).parents[2] / "docs" / "demo-district.md"


def members_of(rule: str) -> set[str]:
    homes = {home.number for home in district().households if home.planted == rule}
    return {row.person for row in district().of(Membership) if row.household in homes}


def test_each_is_planted_as_often_as_the_table_says() -> None:
    planted = Counter(home.planted for home in district().households if home.planted is not None)
    two_households_a_person = {"HH-05": 2}
    assert planted == {one.rule: one.count * two_households_a_person.get(one.rule, 1) for one in PLANTED}


def test_the_documentation_prints_the_table() -> None:
    printed = re.findall(r"^\| ([A-Z]+-\d\d) \| (\d+) \| (.+) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert printed == [(one.rule, str(one.count), one.says) for one in PLANTED]


def test_too_few_households_are_refused_by_name_of_the_rule() -> None:
    rng, scribe = Random(1), Scribe(Calendar(district().on))
    registrar = Registrar(rng, on=district().on)
    with pytest.raises(NoRoom, match="for BEN-02"):
        plant(rng, [], scribe=scribe, registrar=registrar, employers=())


def test_twelve_members_have_a_wrong_check_digit() -> None:
    wrong = {row.person for row in district().of(Membership) if not passes_check(row.person)}
    assert len(wrong) == 12
    assert wrong <= members_of("ID-01")


def test_fifteen_people_live_in_two_households() -> None:
    homes = Counter(row.person for row in district().of(Membership) if row.kind is MemberKind.COHABIT)
    assert sum(n > 1 for n in homes.values()) == 15


def test_forty_are_insured_in_months_in_which_they_were_declared_without_work() -> None:
    idle = {
        (row.person, row.month) for row in district().of(Declaration) if row.item is DeclaredItem.UNEMPLOYED
    }
    insured = {
        row.person
        for row in district().of(Insurance)
        if row.kind is InsuranceKind.PENSION
        and row.participation is Participation.EMPLOYEE
        and (row.person, row.month) in idle
    }
    assert len(insured) == 40
    assert insured <= members_of("INC-01")


def test_thirty_pensions_are_not_declared() -> None:
    declared = {row.person for row in district().of(Declaration) if "PENSION" in row.item}
    silent = {row.person for row in district().of(Pension)} - declared
    assert len(silent) == 30
    assert silent <= members_of("INC-03")


def test_benefits_are_paid_to_twenty_five_households_after_a_death() -> None:
    died = {row.person: Month.of(row.died_on) for row in district().of(Death)}
    homes = {row.household: died[row.person] for row in district().of(Membership) if row.person in died}
    late = {
        row.household
        for row in district().of(Benefit)
        if row.household in homes and row.kind is BenefitKind.DIBAO and row.month > homes[row.household]
    }
    assert len(died) == len(late) == 25


def test_thirty_certificates_have_expired_and_no_other() -> None:
    expired = {
        row.person
        for row in district().of(Certificate)
        if row.valid_until is not None and row.valid_until < district().on
    }
    assert len(expired) == 30
    assert expired <= members_of("LIF-02")


def test_care_subsidies_go_to_grades_one_and_two_but_for_eight() -> None:
    grade = {row.person: row.grade for row in district().of(Certificate)}
    mild = {
        row.person
        for row in district().of(DisabilitySubsidy)
        if row.kind is SubsidyKind.CARE and grade[row.person] > 2
    }
    assert len(mild) == 8


def test_living_subsidies_go_to_households_paid_that_month_but_for_those_planted() -> None:
    home = {row.person: row.household for row in district().of(Membership)}
    paid = {(row.household, row.month) for row in district().of(Benefit) if row.kind is BenefitKind.DIBAO}
    without = {
        row.person
        for row in district().of(DisabilitySubsidy)
        if row.kind is SubsidyKind.LIVING and (home[row.person], row.month) not in paid
    }
    assert without <= members_of("BEN-03") | members_of("BEN-02")
    assert len(without & members_of("BEN-03")) == 8


def test_twenty_five_households_in_need_are_paid_nothing() -> None:
    registered = {home.number for home in district().households if home.expected is Category.DIBAO}
    paid = {row.household for row in district().of(Benefit) if row.kind is BenefitKind.DIBAO}
    unpaid = {home.number for home in district().households if home.planted == "BEN-09"} - paid
    assert len(unpaid) == 25
    assert registered <= paid


def test_eight_property_answers_are_over_the_limit() -> None:
    assert sum(row.over_limit for row in district().of(PropertyCheck)) == 8


def test_ten_authorizations_have_run_out() -> None:
    over = [
        row for row in district().of(Authorization) if row.valid_until and row.valid_until < district().on
    ]
    assert len(over) == 10
