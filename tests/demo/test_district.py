"""Is the demo district the published one, whole, consistent, and the same every time?"""

import time
from collections import Counter, defaultdict
from datetime import date
from functools import cache

import msgspec
import pytest

from demo.district import DistrictError, build, counts_of, digest
from demo.households import LEFT
from demo.people import age_on
from demo.published import PUBLISHED, Count, recompute
from demo.story import load_all
from tests.demo.oracle import Oracle, in_order
from tests.demo.whole import SEED, district
from vocabulary.codes import BenefitKind, Category, Cause, DangerGrade, MaritalStatus, MemberKind, Stage
from vocabulary.idnumber import IdNumber, passes_check
from vocabulary.record import read_word
from vocabulary.records.civil_affairs import (
    Application,
    Authorization,
    Benefit,
    CategoryHistory,
    HouseholdFile,
    Marriage,
    Membership,
    Person,
    Visit,
)
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Aid, Enrolment
from vocabulary.records.health import Birth, Settlement
from vocabulary.records.housing import Dwelling
from vocabulary.records.trade_union import HardshipFile
from vocabulary.register import RECORD_TYPES

GOLDEN = "6c9d18a62df083ab033cae6df7062008322667c22a0c4ab447d1b35dfe7e3d74"


@cache
def oracle() -> Oracle:
    return Oracle(district())


@cache
def in_order_numbers() -> frozenset[str]:
    return frozenset(number for number, _ in in_order(district()))


def test_every_published_count_comes_out_exactly() -> None:
    assert counts_of(district()) == PUBLISHED


def test_the_totals_are_those_of_the_rows() -> None:
    people = {row.person for row in district().of(Membership) if row.kind is MemberKind.COHABIT}
    assert len(district().of(HouseholdFile)) == 6_780
    assert len(people) == 11_221
    assert counts_of(district()).remaining == Count(3_649, 5_778)


def test_those_who_left_are_spread_as_stated() -> None:
    assert sum(LEFT.values(), Count(0, 0)) == PUBLISHED.relieved


def test_the_report_flags_the_same_two_rows_from_the_districts_own_counts() -> None:
    rows = recompute(counts_of(district()))
    assert rows == recompute(PUBLISHED)
    assert [row.printed for row in rows if not row.follows] == ["17.7", "17.2"]


def test_another_seed_gives_other_people_and_the_same_tables() -> None:
    other = build(7, stories=())
    assert counts_of(other) == PUBLISHED
    assert digest(other) != digest(district())


def test_the_stories_that_come_with_the_demo_are_households_of_the_district_and_the_tables_stay_exact() -> (
    None
):
    stories = load_all()
    whole = build(SEED)
    assert counts_of(whole) == PUBLISHED
    files = {row.household for row in whole.of(HouseholdFile)}
    assert {story.household for story in stories} <= files
    kept = {row for rows in whole.rows.values() for row in rows if row.record_id.startswith(stories[0].id)}
    assert set(stories[0].records) <= kept


def test_a_story_told_twice_is_refused() -> None:
    story = load_all()[0]
    with pytest.raises(DistrictError, match="a key of its own"):
        build(SEED, stories=[story, story])


def test_the_same_seed_gives_the_same_bytes_in_less_than_ten_seconds() -> None:
    started = time.process_time()
    again = build(SEED, stories=())
    assert time.process_time() - started < 10
    assert digest(again) == digest(district()) == GOLDEN


def test_the_rows_are_in_the_registers_order_and_sorted_by_key() -> None:
    assert tuple(district().rows) == RECORD_TYPES
    for rows in district().rows.values():
        keys = [row.record_id for row in rows]
        assert keys == sorted(set(keys))


def test_every_row_passes_the_ranges_of_its_type() -> None:
    for record, rows in district().rows.items():
        plain = msgspec.to_builtins(rows[:300], enc_hook=str)
        assert msgspec.convert(plain, list[record], dec_hook=read_word) == rows[:300]  # type: ignore[valid-type]


def test_another_day_moves_the_window_and_keeps_the_tables() -> None:
    other = build(SEED, on=date(2027, 3, 9), stories=())
    assert counts_of(other) == PUBLISHED
    sums = Oracle(other)
    assert all(sums.category(number) is expected for number, expected in in_order(other))


def test_the_union_has_every_household_of_its_category_on_file_and_no_other() -> None:
    heads = {row.head: row.household for row in district().of(HouseholdFile)}
    listed = {row.household: row for row in district().of(CategoryHistory) if row.category is Category.UNION}
    told = {one.number for one in district().households if one.is_story}
    files = {heads[row.person]: row for row in district().of(HardshipFile)}
    assert len(files) == len(district().of(HardshipFile))
    assert files.keys() == listed.keys() - told
    assert counts_of(district()).entered[Category.UNION] == Count(278, 671)
    for number, row in files.items():
        assert (row.valid_from, row.valid_until) == (listed[number].since, listed[number].until)


def test_a_household_whose_cause_is_housing_lives_in_danger_and_no_other_does() -> None:
    heads = {row.head: row for row in district().of(HouseholdFile)}
    for row in district().of(Dwelling):
        in_danger = row.danger in (DangerGrade.C, DangerGrade.D)
        assert in_danger == (heads[row.person].primary_cause is Cause.HOUSING)


def test_every_household_that_left_did_so_relieved() -> None:
    reasons = Counter(row.reason for row in district().of(CategoryHistory) if row.until is not None)
    assert {str(reason): n for reason, n in reasons.items()} == {"RELIEVED": 3_131}


def test_households_in_order_have_the_category_they_are_registered_in() -> None:
    meant = dict(in_order(district()))
    for row in district().of(CategoryHistory):
        if row.household in meant:
            relieved = row.until is not None or row.category is Category.UNION
            expected = (Category.NONE, Category.RIGID) if relieved else (row.category,)
            assert meant[row.household] in expected


def test_the_rows_of_households_in_order_add_up_to_their_category() -> None:
    for number, expected in in_order(district()):
        assert oracle().category(number) is expected


def test_what_households_in_order_declare_is_what_the_departments_know() -> None:
    for number in in_order_numbers():
        assert oracle().annual(number) == oracle().annual(number, declared=True)


def test_the_benefit_paid_is_the_difference_to_the_standard_raised_to_whole_yuan() -> None:
    paid = [
        row
        for row in district().of(Benefit)
        if row.kind is BenefitKind.DIBAO and row.household in in_order_numbers()
    ]
    for row in paid:
        missing = 63_600 * 12 * len(oracle().members[row.household]) - oracle().annual(row.household)
        assert row.amount_fen == -(-missing // 1_200) * 100
    assert {str(row.month) for row in paid} == {f"2026-{month:02d}" for month in range(1, 11)}


def test_some_union_households_spend_more_than_they_can_and_most_do_not() -> None:
    meant = Counter(expected for _, expected in in_order(district()))
    assert 0 < meant[Category.RIGID] < 60


def test_ids_are_synthetic_and_pass_the_check_but_for_those_planted() -> None:
    ids = [row.person for row in district().of(Person)]
    assert len(set(ids)) == len(ids) - 3
    assert {number[:6] for number in ids} == {"529901", "529902"}
    assert sum(not passes_check(number) for number in ids) == 12


def test_people_are_who_their_ids_say_but_for_those_planted() -> None:
    rows = [row for row in district().of(Person) if passes_check(row.person)]
    wrong = [
        row
        for row in rows
        if IdNumber.parse(row.person).birth != row.birth or IdNumber.parse(row.person).sex is not row.sex
    ]
    assert len(wrong) == 8


def test_every_name_says_that_it_is_invented() -> None:
    assert all(row.name[1] in "演示" for row in district().of(Person))


def test_every_household_has_a_file_a_category_an_application_and_a_visit() -> None:
    numbers = sorted(row.household for row in district().of(HouseholdFile))
    assert sorted(row.household for row in district().of(CategoryHistory)) == numbers
    assert sorted(row.household for row in district().of(Application)) == numbers
    assert sorted(row.household for row in district().of(Visit)) == numbers


def test_applications_are_of_the_month_but_for_those_planted() -> None:
    days = {row.applied_on for row in district().of(Application)}
    assert max(days) <= district().on
    assert sum(row.applied_on < date(2026, 11, 1) for row in district().of(Application)) == 6 + 8


def test_nobody_applies_at_a_weekend_and_every_parent_was_old_enough() -> None:
    recent = [row.applied_on for row in district().of(Application) if row.applied_on >= date(2026, 11, 1)]
    assert all(day.weekday() < 5 for day in recent)
    born = {row.person: row.birth for row in district().of(Person)}
    ages = [age_on(born[row.mother], row.born_on) for row in district().of(Birth) if row.mother in born]
    assert min(ages) >= 16
    assert max(ages) <= 46


def test_everybody_is_a_person_and_agreed_but_for_the_obligors_planted() -> None:
    listed = {row.person for row in district().of(Membership)}
    signed = {row.person for row in district().of(Authorization)}
    assert {row.person for row in district().of(Person)} == listed
    assert len(listed - signed) == 20


def test_nobody_joined_after_signing() -> None:
    signed = {row.person: row.valid_from for row in district().of(Authorization)}
    assert all(row.joined_on <= signed.get(row.person, row.joined_on) for row in district().of(Membership))


def test_couples_are_married_to_each_other() -> None:
    spouse = {row.person: row.spouse for row in district().of(Marriage) if row.spouse is not None}
    household = {row.person: row.household for row in district().of(Membership)}
    outside = [person for person, other in spouse.items() if other not in household]
    assert len(outside) == 10
    assert all(spouse[other] == person for person, other in spouse.items() if person not in outside)


def test_nobody_marries_as_a_child_or_after_the_day() -> None:
    born = {row.person: row.birth for row in district().of(Person)}
    for row in district().of(Marriage):
        if row.status is MaritalStatus.FIRST_MARRIAGE and row.registered_on is not None:
            assert age_on(born[row.person], row.registered_on) >= 18
            assert row.registered_on < district().on


def test_pupils_are_at_the_stage_of_their_age() -> None:
    born = {row.person: row.birth for row in district().of(Person)}
    ages = defaultdict(set)
    for row in district().of(Enrolment):
        ages[row.stage].add(age_on(born[row.person], date(2026, 8, 31)))
        assert row.stage not in (Stage.MASTER, Stage.DOCTOR)
    assert ages[Stage.PRIMARY] == set(range(6, 12))
    assert ages[Stage.JUNIOR] == set(range(12, 15))
    assert max(ages[Stage.UNDERGRADUATE]) <= 21


def test_bills_add_up() -> None:
    for row in district().of(Settlement):
        paid = row.basic_fen + row.serious_fen + row.assistance_fen
        assert row.total_fen - paid == row.self_pay_fen >= row.compliant_self_pay_fen > 0


def test_certificates_belong_to_their_holders_but_for_those_planted() -> None:
    rows = district().of(Certificate)
    assert sum(row.number != f"{row.person}{row.category}{row.grade}" for row in rows) == 8


def test_twenty_students_have_two_programmes_worth_ninety_thousand_twice() -> None:
    by_student = defaultdict(list)
    for row in district().of(Aid):
        by_student[row.person, row.academic_year].append(row)
    twice = [rows for rows in by_student.values() if len(rows) > 1]
    assert len(twice) == 20
    assert sum(min(row.amount_fen for row in rows) for rows in twice) == 9_000_000
