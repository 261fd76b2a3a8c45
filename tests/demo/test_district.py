"""Is the demo district the published one, whole, consistent, and the same every time?"""

from collections import Counter
from functools import cache

from demo.district import District, build, counts_of, digest
from demo.published import PUBLISHED, Count, recompute
from vocabulary.codes import Category, MemberKind
from vocabulary.records.civil_affairs import CategoryHistory, HouseholdFile, Membership

SEED = 20261116


@cache
def district() -> District:
    return build(SEED)


def test_every_published_count_comes_out_exactly() -> None:
    assert counts_of(district()) == PUBLISHED


def test_the_totals_are_those_of_the_rows() -> None:
    people = {row.person for row in district().of(Membership) if row.kind is MemberKind.COHABIT}
    assert len(district().of(HouseholdFile)) == 6_780
    assert len(people) == 11_221
    assert counts_of(district()).remaining == Count(3_649, 5_778)


def test_the_report_flags_the_same_two_rows_from_the_districts_own_counts() -> None:
    assert recompute(counts_of(district())) == recompute(PUBLISHED)


def test_other_seeds_give_other_people_and_the_same_tables() -> None:
    other = build(7)
    assert counts_of(other) == PUBLISHED
    assert digest(other) != digest(district())


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert digest(build(SEED)) == digest(district())


def test_every_household_that_left_did_so_relieved() -> None:
    reasons = Counter(row.reason for row in district().of(CategoryHistory) if row.until is not None)
    assert [str(reason) for reason in reasons] == ["RELIEVED"]


def test_households_without_contradiction_have_the_category_they_are_registered_in() -> None:
    meant = {home.number: home.expected for home in district().households if home.expected is not None}
    for row in district().of(CategoryHistory):
        if row.household in meant:
            inside = row.until is None and row.category is not Category.UNION
            poor = meant[row.household] in (Category.DIBAO, Category.EDGE)
            assert inside == poor
            assert not inside or meant[row.household] is row.category
