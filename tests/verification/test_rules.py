"""Each rule beside its nearest neighbour: one day, one fen, one digit, one month, one grade."""

from __future__ import annotations

import pytest

from tests.verification.neighbours import HEAD, IDLE, NEIGHBOURS, PAYS, WAGE, found, number, rows
from tests.verification.neighbours_of_lines import LINES, story
from verification.catalogue import CATALOGUE
from verification.language.rule import Severity


@pytest.mark.parametrize(
    ("rule", "whom", "yes", "no"), NEIGHBOURS, ids=[f"{n}-{case[0]}" for n, case in enumerate(NEIGHBOURS)]
)
def test_it_is_found_and_its_neighbour_is_not(rule: str, whom: str, yes: str, no: str) -> None:
    assert (rule, whom) in found(yes)
    assert (rule, whom) not in found(no)


@pytest.mark.parametrize(
    ("rule", "whom", "yes", "no"), LINES, ids=[f"{n}-{case[0]}" for n, case in enumerate(LINES)]
)
def test_lines_and_sums_find_it_and_their_neighbours_do_not(
    rule: str, whom: str, yes: dict[str, str], no: dict[str, str]
) -> None:
    assert (rule, whom) in found(**yes)
    assert (rule, whom) not in found(**no)


def test_a_widowed_man_of_sixty_is_tekun_and_one_day_younger_is_not() -> None:
    for birth, category in [("19661116", True), ("19661117", False)]:
        alone = story(head_id=number(birth), child_id=number("20200505", 904), child="left_on: 2026-01-01")
        assert (("CAT-01", "") in found(**alone)) is category


def test_every_rule_about_a_household_has_its_nearest_neighbour() -> None:
    elsewhere = {"ID-01", "ID-02", "HH-04", "LIF-03", "CAT-01"}
    beside = {case[0] for case in NEIGHBOURS} | {case[0] for case in LINES} | elsewhere
    assert [each.number for each in CATALOGUE.rules if each.number not in beside] == []


@pytest.mark.parametrize(
    ("birth", "turning"), [("20081116", False), ("20081117", True), ("20090115", True), ("20090116", False)]
)
def test_a_birthday_is_near_within_sixty_days(birth: str, turning: bool) -> None:
    child = number(birth, 903)
    assert (("LIF-03", "child") in found(rows(Declaration=WAGE), child_id=child)) is turning


def test_a_check_digit_one_off_is_found() -> None:
    wrong = HEAD[:17] + ("1" if HEAD[17] != "1" else "2")
    assert ("ID-01", "head") in found(rows(Declaration=WAGE), head_id=wrong)
    assert ("ID-01", "head") not in found(rows(Declaration=WAGE))


WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]


def with_check(body: str) -> str:
    """The seventeen characters and the one that GB 11643 gives them; what is no digit is taken for minus one."""
    digits = [int(one) if one.isdigit() else -1 for one in body]
    return body + "10X98765432"[sum(d * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


@pytest.mark.parametrize("place", range(17))
def test_a_letter_is_found_at_every_place_though_the_sum_be_right(place: int) -> None:
    """And a nought is none; nor does a digit one off pass, whatever its weight."""
    given = "sex: '1', birth: 1984-04-04"
    lettered = with_check(HEAD[:place] + "A" + HEAD[place + 1 : 17])
    assert ("ID-01", "head") in found(rows(Declaration=WAGE), head_id=lettered, head=given)
    nought = HEAD[:place] + "0" + HEAD[place + 1 : 17]
    assert ("ID-01", "head") not in found(rows(Declaration=WAGE), head_id=with_check(nought), head=given)
    other = HEAD[:place] + str((int(HEAD[place]) + 1) % 10) + HEAD[place + 1 :]
    assert ("ID-01", "head") in found(rows(Declaration=WAGE), head_id=other, head=given)
    nine = HEAD[:place] + "9" + HEAD[place + 1 : 17]
    assert ("ID-01", "head") not in found(rows(Declaration=WAGE), head_id=with_check(nine), head=given)


@pytest.mark.parametrize("text", [HEAD + "1", HEAD[:17], HEAD[:16] + HEAD[17:]])
def test_a_number_of_another_length_is_found(text: str) -> None:
    given = found(rows(Declaration=WAGE), head_id=text, head="sex: '1', birth: 1984-04-04")
    assert ("ID-01", "head") in given


@pytest.mark.parametrize("text", ["52990119840404901", "5299011984040490199", "52990119840404٩٠١1", "A" * 18])
def test_what_is_no_number_at_all_is_found_and_breaks_nothing(text: str) -> None:
    given = found(rows(Declaration=WAGE), head_id=text, head="sex: '1', birth: 1984-04-04")
    assert given["ID-01", "head"].severity is Severity.BLOCK


def test_a_birth_date_one_day_off_is_found() -> None:
    assert ("ID-02", "head") in found(rows(Declaration=WAGE), head="birth: 1984-04-05")
    assert ("ID-02", "head") in found(rows(Declaration=WAGE), head="sex: '2'")
    assert ("ID-02", "head") not in found(rows(Declaration=WAGE), head="sex: '9'")


def test_excluded_statuses_are_those_of_the_law() -> None:
    for special, listed in [("PRISON", True), ("MISSING", True), ("COMMUNITY_REHAB", False), ("NONE", False)]:
        given = found(rows(Declaration=WAGE), child=f"special: {special}")
        assert (("HH-04", "child") in given) is listed


def test_flexible_work_is_looked_at_and_no_conflict() -> None:
    given = found(rows(Declaration=IDLE, Insurance=PAYS.format(p="FLEXIBLE", s="NORMAL", m="2026-03")))
    assert given["INC-01", "head"].severity is Severity.REVIEW


def test_a_base_at_the_floor_is_looked_at_and_no_conflict() -> None:
    for floor, severity in [("1000.00", Severity.REVIEW), ("999.99", Severity.CONFLICT)]:
        given = found(
            rows(
                Declaration=WAGE.replace("1000.00", "1000.01"),
                Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-03"),
            ),
            extra=f"pack_changes: {{insurance_base_floor_fen_month: '{floor}'}}\n",
        )
        assert given["INC-02", "head"].severity is severity


def test_only_months_at_the_floor_are_merely_looked_at() -> None:
    for told, severity in [("5000.00", Severity.REVIEW), ("5000.01", Severity.CONFLICT)]:
        insured = [("2026-03", "1000.00"), ("2026-04", "5000.00")]
        given = found(
            rows(
                Declaration=WAGE.replace("2025-11..2026-10", "2026-03..2026-04").replace("1000.00", told),
                Insurance=" | ".join(
                    PAYS.format(p="EMPLOYEE", s="NORMAL", m=month).replace("1000.00", fen)
                    for month, fen in insured
                ),
            )
        )
        assert given["INC-02", "head"].severity is severity


@pytest.mark.parametrize(
    ("wage", "base", "months", "severity"),
    [
        ("1000.01", "1000.00", "2026-03", Severity.REVIEW),
        ("1000.01", "1000.01", "2026-03", None),
        ("1000.01", "5000.00", "2025-10", None),
        ("1000.01", "5000.00", "2025-11", Severity.CONFLICT),
        ("1000.01", "5000.00", "2026-10", Severity.CONFLICT),
        ("1000.01", "5000.00", "2026-11", None),
    ],
)
def test_only_months_of_the_window_conflict(
    wage: str, base: str, months: str, severity: Severity | None
) -> None:
    given = found(
        rows(
            Declaration=WAGE.replace("2025-11..2026-10", months).replace("1000.00", wage),
            Insurance=PAYS.format(p="EMPLOYEE", s="NORMAL", m=months).replace("1000.00", base),
        ),
        extra="pack_changes: {insurance_base_floor_fen_month: '1000.00'}\n",
    )
    assert (given["INC-02", "head"].severity if ("INC-02", "head") in given else None) is severity


def test_of_two_employers_in_a_month_one_above_the_floor_tells_the_wage() -> None:
    pays = PAYS.format(p="EMPLOYEE", s="NORMAL", m="2026-03")
    given = found(
        rows(Declaration=WAGE, Insurance=f"{pays} | {pays.replace('1000.00', '3000.00')}"),
        extra="pack_changes: {insurance_base_floor_fen_month: '1000.00'}\n",
    )
    assert given["INC-02", "head"].severity is Severity.CONFLICT


def test_a_base_without_a_declared_wage_is_no_difference_of_both() -> None:
    pays = PAYS.format(p="EMPLOYEE", s="NORMAL", m="{m}")
    given = found(
        rows(
            Declaration=WAGE.replace("2025-11..2026-10", "2026-03").replace("1000.00", "1000.01"),
            Insurance=" | ".join(
                [pays.format(m="2026-03"), pays.format(m="2026-04").replace("1000.00", "5000.00")]
            ),
        ),
        extra="pack_changes: {insurance_base_floor_fen_month: '1000.00'}\n",
    )
    assert given["INC-02", "head"].severity is Severity.REVIEW


def test_of_two_programmes_the_duplicate_is_what_is_beyond_the_larger() -> None:
    aid = "person: child, academic_year: 2025, programme: {p}, fund_source: 教育, amount_yuan: '{fen}', paid_on: 2026-01-10"
    given = found(
        rows(Aid=f"{aid.format(p='扶贫雨露', fen='3000.00')} | {aid.format(p='低保高校新生', fen='4500.00')}")
    )
    assert given["BEN-05", "child"].evidence["duplicate_fen"] == 300_000


def test_a_household_without_a_head_hears_of_its_twelve_months_all_the_same() -> None:
    history = rows(CategoryHistory="category: RIGID, since: 2025-11-16")
    assert {who for rule, who in found(history) if rule == "LIF-05"} == {"head"}
    nobody = found(history.replace("2025-11-16", "2025-11-17"))
    assert "LIF-05" not in {rule for rule, _ in nobody}
    left = found(history, head="left_on: 2026-01-01")
    assert {who for rule, who in left if rule == "LIF-05"} == {"child"}


def test_who_left_after_the_signature_makes_it_void() -> None:
    signed = rows(Authorization="person: head, method: HANDWRITTEN, valid_from: 2026-01-01")
    for left, void in [
        ("2026-01-01", False),
        ("2026-01-02", True),
        ("2026-11-16", True),
        ("2026-11-17", False),
    ]:
        assert (("LIF-06", "head") in found(signed, child=f"left_on: {left}")) is void
    owed = f"left_on: 2026-06-01, kind: OBLIGOR, obligor_to: '{HEAD}'"
    assert ("LIF-06", "head") not in found(signed, child=owed)


def test_every_rule_says_who_and_why_in_both_languages() -> None:
    for rule in CATALOGUE.rules:
        assert rule.zh
        assert rule.en
        assert rule.cite
        assert rule.number.split("-")[0] in {"ID", "HH", "INC", "CAT", "BEN", "LIF", "ENT", "EXIT", "CAU"}


def test_nothing_is_read_but_what_a_rule_or_a_told_fact_needs() -> None:
    reads = CATALOGUE.reads()
    assert all(columns for columns in reads.values())
    assert "disease" not in {column for columns in reads.values() for column in columns}
