"""One primary cause a household, by what it cost; a caseworker breaks ties; 其他 is never displayed."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import msgspec
import pytest

from tests.verification.caseload import stories_snapshot
from tests.verification.drawing import HOUSEHOLD, ON, id_of
from tests.verification.households import Drawn, evidence_of
from verification.causes import CAUSES, CauseTable, Chosen, Line, Primary, ledger, primary_of, table
from verification.language.case import case_of
from verification.language.to_python import Judge, Judgement
from verification.language.values import Missing
from verification.pack import load_pack
from verification.runs.district import judge_district
from vocabulary.codes import Category, Cause
from vocabulary.evidence import Answer
from vocabulary.record import Record, read_word
from vocabulary.records.civil_affairs import Benefit, Declaration, HouseholdFile, Membership, Visit
from vocabulary.records.disability import Certificate, RehabilitationExpense
from vocabulary.records.education import FeeBill
from vocabulary.records.health import Settlement
from vocabulary.records.housing import Dwelling
from vocabulary.records.social_security import UnemploymentRegistration
from vocabulary.records.trade_union import HardshipFile

ME = id_of(date(1980, 2, 29), 1)
DAY = date(2026, 6, 1)


@cache
def judge() -> Judge:
    return Judge(CAUSES, load_pack("demo-2026"))


def row(record: type[Record], **columns: object) -> Record:
    whole = {"record_id": f"{record.__name__}-{len(columns)}", "as_of": ON, **columns}
    return msgspec.convert(whole, record, dec_hook=read_word)


HOME = row(
    Membership, household=HOUSEHOLD, person=ME, relation="0", kind="COHABIT", joined_on=date(2020, 1, 1)
)
VISIT = row(Visit, household=HOUSEHOLD, visited_on=DAY, visitors=2)
DISABLED = row(
    Certificate, person=ME, name="甲", number=f"{ME}42", category="4", grade=2,
    issued_on=date(2020, 1, 1), status="VALID",
)  # fmt: skip
UNEMPLOYED = row(UnemploymentRegistration, person=ME, registered_on=DAY)


def recorded(cause: Cause) -> Record:
    return row(
        HouseholdFile, household=HOUSEHOLD, district="529901", street="529901001", head=ME, hukou="URBAN",
        primary_cause=cause, opened_on=date(2020, 1, 1),
    )  # fmt: skip


def hospital(fen: int) -> Record:
    return row(
        Settlement, person=ME, designated=True, discharged_on=DAY, total_fen=fen, self_pay_fen=fen,
        compliant_self_pay_fen=fen,
    )  # fmt: skip


def school(fen: int) -> Record:
    return row(
        FeeBill, person=ME, academic_year=2026, kind="TUITION", stage="UNDERGRADUATE", billed_fen=fen,
        paid_fen=fen, public_standard_fen=fen, paid_on=DAY,
    )  # fmt: skip


def rehabilitation(fen: int) -> Record:
    return row(RehabilitationExpense, person=ME, spent_on=DAY, total_fen=fen, self_pay_fen=fen)


def primary(*rows: Record, failed: frozenset[type[Record]] = frozenset()) -> Primary:
    drawn = Drawn((ME,), (HOME, *rows))
    case = case_of(evidence_of(drawn, failed=failed), household=HOUSEHOLD, on=ON, reads=CAUSES.reads())
    return primary_of(judge().judge(case))


def test_the_largest_cost_is_the_primary_cause_and_the_others_are_secondary() -> None:
    found = primary(recorded(Cause.OTHER), hospital(2_000_000), school(1_900_000), UNEMPLOYED)
    assert (found.cause, found.chosen) == (Cause.ILLNESS, Chosen.COST)
    assert found.secondary == (Cause.EDUCATION, Cause.UNEMPLOYMENT)


def test_one_fen_decides() -> None:
    assert primary(hospital(1_900_000), school(1_900_001)).cause is Cause.EDUCATION
    assert primary(hospital(1_900_001), school(1_900_000)).cause is Cause.ILLNESS


def test_the_same_cost_is_a_tie_that_a_caseworker_breaks() -> None:
    tie = primary(recorded(Cause.OTHER), hospital(1_900_000), school(1_900_000))
    assert (tie.chosen, tie.cause, tie.tied) == (Chosen.TIE, None, (Cause.ILLNESS, Cause.EDUCATION))
    broken = primary(recorded(Cause.EDUCATION), hospital(1_900_000), school(1_900_000))
    assert (broken.chosen, broken.cause, broken.secondary) == (
        Chosen.CHOSEN,
        Cause.EDUCATION,
        (Cause.ILLNESS,),
    )


def test_rehabilitation_is_what_a_disability_costs() -> None:
    found = primary(DISABLED, rehabilitation(700_000), school(600_000))
    assert (found.cause, found.secondary) == (Cause.DISABILITY, (Cause.EDUCATION,))


def test_two_causes_without_a_bill_are_a_tie() -> None:
    assert primary(DISABLED, UNEMPLOYED).tied == (Cause.DISABILITY, Cause.UNEMPLOYMENT)
    assert primary(DISABLED, UNEMPLOYED, recorded(Cause.UNEMPLOYMENT)).cause is Cause.UNEMPLOYMENT


def test_the_only_cause_is_primary_without_a_bill() -> None:
    assert (primary(UNEMPLOYED).cause, primary(UNEMPLOYED).chosen) == (Cause.UNEMPLOYMENT, Chosen.SOLE)


@pytest.mark.parametrize("cause", [Cause.DISASTER, Cause.HOUSING, Cause.OTHER])
def test_what_no_register_sees_holds_where_a_visit_bears_it_out(cause: Cause) -> None:
    assert (primary(recorded(cause), VISIT).cause, primary(recorded(cause), VISIT).chosen) == (
        cause,
        Chosen.SOLE,
    )
    assert primary(recorded(cause)).chosen is Chosen.RECORDED


def test_a_visit_of_more_than_a_year_ago_bears_nothing_out() -> None:
    old = row(Visit, household=HOUSEHOLD, visited_on=date(2025, 11, 16), visitors=2)
    assert primary(recorded(Cause.HOUSING), old).chosen is Chosen.RECORDED


def test_temporary_relief_bears_a_disaster_out_and_nothing_else() -> None:
    relief = row(
        Benefit, household=HOUSEHOLD, kind="TEMPORARY", month="2026-06", amount_fen=100_000, paid=True
    )
    assert primary(recorded(Cause.DISASTER), relief).chosen is Chosen.SOLE
    assert primary(recorded(Cause.HOUSING), relief).chosen is Chosen.RECORDED


def test_another_cause_is_counted_and_never_displayed() -> None:
    found = primary(recorded(Cause.OTHER), VISIT)
    assert (found.cause, found.shown) == (Cause.OTHER, None)
    beside = primary(recorded(Cause.OTHER), VISIT, hospital(2_000_000))
    assert (beside.secondary, beside.shown_secondary) == ((Cause.OTHER,), ())
    assert "OTHER" not in repr(beside)
    assert table([found]).causes[Cause.OTHER] == 1


def test_a_missing_bill_could_be_the_largest() -> None:
    found = primary(school(600_000), failed=frozenset({Settlement}))
    assert (found.chosen, found.cause) == (Chosen.CANNOT_TELL, None)


def test_a_missing_answer_without_a_bill_cannot_outweigh_one() -> None:
    found = primary(school(600_000), failed=frozenset({UnemploymentRegistration}))
    assert (found.chosen, found.cause) == (Chosen.COST, Cause.EDUCATION)
    assert primary(failed=frozenset({UnemploymentRegistration})).chosen is Chosen.CANNOT_TELL


def test_nothing_shown_and_nothing_recorded_cannot_be_told() -> None:
    assert primary().chosen is Chosen.CANNOT_TELL


def test_the_sum_over_causes_is_the_sum_of_households() -> None:
    judged = judge_district(stories_snapshot(CAUSES), CAUSES, load_pack("demo-2026"))
    found = table(primary_of(each) for each in judged)
    assert found.households == stories_snapshot(CAUSES).cases.num_rows
    assert sum(found.causes.values()) + found.ties + found.cannot_tell == found.households
    with pytest.raises(AssertionError):
        CauseTable(found.households + 1, found.causes, found.ties, found.cannot_tell)


def dwelling(area_dm2: int, *, danger: str | None = None, inhabited: bool = True) -> Record:
    return row(
        Dwelling,
        person=ME,
        dwelling="Z-1",
        tenure="OWNED",
        usable_area_dm2=area_dm2,
        inhabited=inhabited,
        danger=danger,
    )


def found_housing(*rows: Record, failed: frozenset[type[Record]] = frozenset()) -> Answer:
    drawn = Drawn((ME,), (HOME, *rows))
    case = case_of(evidence_of(drawn, failed=failed), household=HOUSEHOLD, on=ON, reads=CAUSES.reads())
    answers = {each.rule.number: each.answer for each in judge().judge(case).found}
    return answers.get("CAU-06", Answer.NO)


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        (dwelling(1_300), Answer.NO),
        (dwelling(1_299), Answer.YES),
        (dwelling(9_000, danger="B"), Answer.NO),
        (dwelling(9_000, danger="C"), Answer.YES),
        (dwelling(9_000, danger="D"), Answer.YES),
        (dwelling(9_000, danger="D", inhabited=False), Answer.NO),
        (dwelling(1, inhabited=False), Answer.NO),
    ],
)
def test_a_dangerous_or_crowded_home_is_a_cause(home: Record, expected: Answer) -> None:
    assert found_housing(home) is expected


def test_without_an_answer_of_housing_only_a_visit_tells() -> None:
    silent = frozenset({Dwelling})
    assert found_housing(failed=silent) is Answer.UNKNOWN
    assert found_housing(recorded(Cause.HOUSING), VISIT, failed=silent) is Answer.YES


def line_of(*rows: Record, failed: frozenset[type[Record]] = frozenset()) -> Category | None:
    drawn = Drawn((ME,), (HOME, *rows))
    case = case_of(evidence_of(drawn, failed=failed), household=HOUSEHOLD, on=ON, reads=CAUSES.reads())
    (line,) = ledger([judge().judge(case)])
    return line


def union_file(until: date) -> Record:
    return row(HardshipFile, person=ME, level="DEEP", valid_from=date(2026, 1, 1), valid_until=until)


RICH = [
    row(Declaration, household=HOUSEHOLD, person=ME, item="RENT", month="2026-05", amount_fen=9_000_000),
]


def test_who_is_in_no_category_stands_on_the_unions_line_where_it_has_a_file() -> None:
    assert line_of(*RICH) is Category.NONE
    assert line_of(*RICH, union_file(ON)) is Category.UNION
    assert line_of(*RICH, union_file(ON - timedelta(days=1))) is Category.NONE
    assert line_of(union_file(ON)) is Category.DIBAO


def test_without_an_answer_of_the_union_the_line_cannot_be_told_where_it_would_decide() -> None:
    silent = frozenset({HardshipFile})
    assert line_of(*RICH, failed=silent) is None
    assert line_of(failed=silent) is Category.DIBAO


def test_the_ledger_counts_households_and_their_counted_members_and_what_cannot_be_told() -> None:
    told = [Judgement(name, {"ledger_line": line, "counted_members": members}, {}, ())
            for name, line, members in [
                ("a", "EDGE", 3), ("b", "DIBAO", 2), ("c", "EDGE", 1),
                ("d", Missing.UNKNOWN, 4), ("e", Missing.UNKNOWN, Missing.UNKNOWN),
            ]]  # fmt: skip
    assert list(ledger(told).items()) == [
        (Category.DIBAO, Line(households=1, persons=2)),
        (Category.EDGE, Line(households=2, persons=4)),
        (None, Line(households=2, persons=4)),
    ]
    assert ledger([]) == {}
