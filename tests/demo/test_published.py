"""Do the published percentages follow from the published counts?"""

from dataclasses import replace

from demo.published import PUBLISHED, Count, ReportRow, Unit, percentage, recompute
from vocabulary.codes import Category, Cause


def row_of(name: str, unit: Unit) -> ReportRow:
    return next(row for row in recompute() if row.row == name and row.unit is unit)


def test_the_three_categories_add_up_to_the_published_total() -> None:
    assert PUBLISHED.total == Count(6_780, 11_221)
    assert PUBLISHED.remaining == Count(3_649, 5_778)


def test_the_seven_causes_add_up_to_the_households() -> None:
    assert set(PUBLISHED.causes) == set(Cause)
    assert sum(PUBLISHED.causes.values()) == PUBLISHED.total.households


def test_exactly_two_printed_percentages_do_not_follow() -> None:
    wrong = [(row.row, row.printed, row.recomputed) for row in recompute() if not row.follows]
    assert wrong == [(Cause.OTHER.term, "17.7", "17.6"), (Cause.EDUCATION.term, "17.2", "17.1")]


def test_the_shares_of_persons_are_as_printed_and_those_of_households_are_others() -> None:
    categories = (Category.DIBAO, Category.EDGE, Category.UNION)
    persons = [row_of(category.term, Unit.PERSONS).recomputed for category in categories]
    households = [row_of(category.term, Unit.HOUSEHOLDS).recomputed for category in categories]
    assert persons == ["85.3", "8.8", "6.0"]
    assert households == ["88.7", "7.2", "4.1"]


def test_every_cause_is_recomputed() -> None:
    shares = {cause: row_of(cause.term, Unit.HOUSEHOLDS).recomputed for cause in Cause}
    assert shares == {
        Cause.ILLNESS: "28.5",
        Cause.OTHER: "17.6",
        Cause.EDUCATION: "17.1",
        Cause.DISABILITY: "14.0",
        Cause.DISASTER: "10.6",
        Cause.UNEMPLOYMENT: "7.1",
        Cause.HOUSING: "5.1",
    }


def test_the_share_that_left_is_of_persons_and_the_exit_rate_of_wuhan_of_households() -> None:
    assert row_of("已解困", Unit.PERSONS).recomputed == "48.5"
    assert row_of("已解困", Unit.HOUSEHOLDS).recomputed == "46.2"
    assert row_of("退出", Unit.HOUSEHOLDS).recomputed == "20.3"


def test_five_households_more_are_noticed() -> None:
    causes = {**PUBLISHED.causes, Cause.HOUSING: PUBLISHED.causes[Cause.HOUSING] + 5}
    rows = recompute(replace(PUBLISHED, causes=causes))
    assert "5.1" in [row.printed for row in rows if not row.follows]


def test_half_is_rounded_up_and_less_than_half_is_not() -> None:
    assert percentage(125, whole=1_000, decimals=0) == "13"
    assert percentage(124, whole=1_000, decimals=0) == "12"
    assert percentage(1, whole=2_000) == "0.1"
    assert percentage(1, whole=2_001) == "0.0"


def test_every_row_names_its_unit() -> None:
    units = {row.unit for row in recompute()}
    assert units == {Unit.HOUSEHOLDS, Unit.PERSONS}
