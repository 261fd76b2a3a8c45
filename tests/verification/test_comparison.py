"""Two packs beside each other: every day on which they differ, and no other."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verification.comparison import diff
from verification.language.parameter import Dated
from verification.pack import Pack, load_pack

DEMO = load_pack("demo-2026")
STANDARD = "dibao_standard_fen_month"


def with_standards(*rows: tuple[date, date | None, str]) -> Pack:
    given = [{"since": since, "until": until, "value": value} for since, until, value in rows]
    return DEMO.changed({STANDARD: given}, why="x")


def test_a_pack_does_not_differ_from_itself() -> None:
    assert diff(DEMO, DEMO) == ()


def test_a_changed_value_is_told_with_both_articles() -> None:
    (found,) = diff(with_standards((date(2025, 7, 1), None, "636.00")), with_standards(
        (date(2025, 7, 1), date(2026, 6, 30), "636.00"), (date(2026, 7, 1), None, "660.00")))  # fmt: skip
    (stretch,) = found.stretches
    assert (stretch.since, stretch.until) == (date(2026, 7, 1), None)
    assert found.in_chinese() == f"低保标准（{STANDARD}）自2026-07-01起：636.00 [[ILL] x] → 660.00 [[ILL] x]"
    assert "636.00 [[ILL] x] → 660.00 [[ILL] x]" in found.in_english()


def test_one_fen_is_a_difference() -> None:
    before, after = with_standards((date(2025, 7, 1), None, "636.00")), with_standards(
        (date(2025, 7, 1), None, "636.01"))  # fmt: skip
    assert [each.key for each in diff(before, after)] == [STANDARD]


def test_one_day_is_a_difference() -> None:
    before, after = with_standards((date(2025, 7, 1), None, "636.00")), with_standards(
        (date(2025, 7, 2), None, "636.00"))  # fmt: skip
    (stretch,) = diff(before, after)[0].stretches
    assert (stretch.since, stretch.until, stretch.after) == (date(2025, 7, 1), date(2025, 7, 1), None)


def test_another_article_for_the_same_value_is_told() -> None:
    again = DEMO.changed({"income_class.RENT": [{"since": date(2021, 7, 1), "value": "COUNTED"}]}, why="y")
    (found,) = diff(DEMO, again)
    [stretch] = found.stretches
    assert stretch.before is not None
    assert stretch.after is not None
    assert (found.key, stretch.before.value, stretch.after.value) == (
        "income_class.RENT",
        "COUNTED",
        "COUNTED",
    )
    assert stretch.before.cite != stretch.after.cite


def test_a_value_written_in_two_parts_is_the_same_value() -> None:
    one = with_standards((date(2025, 7, 1), None, "636.00"))
    two = with_standards((date(2025, 7, 1), date(2025, 12, 31), "636.00"), (date(2026, 1, 1), None, "636.00"))
    assert diff(one, two) == ()


def test_a_row_that_only_one_has_is_told() -> None:
    after = DEMO.changed({"aid_group.助学金": "高等教育生活资助"}, why="z")
    (found,) = diff(DEMO, after)
    assert found.key == "aid_group.助学金"
    assert "未规定 → 高等教育生活资助" in found.in_chinese()


DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(12)]


@st.composite
def standards(draw: st.DrawFn) -> Pack:
    cuts = sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=4)))
    rows = []
    for since, following in zip(cuts, [*cuts[1:], None], strict=True):
        until = following - timedelta(days=1) if following else draw(st.sampled_from([None, DAYS[-1]]))
        if draw(st.booleans()) or following is None:
            rows.append((since, until, draw(st.sampled_from(["1.00", "2.00"]))))
    return with_standards(*rows)


@given(standards(), standards())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_exactly_the_days_that_differ_are_told(before: Pack, after: Pack) -> None:
    def value(pack: Pack, day: date) -> object:
        found: Dated | None = next((each for each in pack.values(STANDARD) if each.holds_at(day)), None)
        return found and found.value

    told = {each.key: each.stretches for each in diff(before, after)}.get(STANDARD, ())
    for day in [date(2024, 12, 31), *DAYS, date(2025, 2, 1)]:
        covered = any((s.since or day) <= day <= (s.until or day) for s in told)
        assert covered == (value(before, day) != value(after, day))


@pytest.mark.parametrize("change", [{"payable_rounding": "NONE"}, {"clock_days.objection": 6}])
def test_the_diff_turned_round_tells_the_same_the_other_way(change: dict[str, object]) -> None:
    after = DEMO.changed(change, why="x")
    forth = [(s.before, s.after) for each in diff(DEMO, after) for s in each.stretches]
    back = [(s.after, s.before) for each in diff(after, DEMO) for s in each.stretches]
    assert forth == back
