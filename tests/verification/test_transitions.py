"""Between two runs: how a household moved, and for which reason the register should say so."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.standing import Standing
from verification.transitions import Move, Size, move, tally, transitions
from verification.verdict import INDETERMINATE
from vocabulary.codes import Category, CategoryReason
from vocabulary.records.civil_affairs import CategoryHistory

FIRST, SECOND = date(2026, 5, 31), date(2026, 11, 30)
OUT = Standing(Category.NONE, 0, 3, False)
DIBAO = Standing(Category.DIBAO, 60_800, 3, False)
MORE = Standing(Category.DIBAO, 60_900, 3, False)
EDGE = Standing(Category.EDGE, 0, 3, False)
TEKUN = Standing(Category.TEKUN, 0, 1, False)
UNTOLD = Standing(INDETERMINATE, None, None, None)
RICH = Standing(Category.NONE, 0, 3, True)


def spell(since: date, until: date | None = None, reason: CategoryReason | None = None) -> CategoryHistory:
    return CategoryHistory(
        record_id="1",
        as_of=SECOND,
        household="H",
        category=Category.DIBAO,
        since=since,
        until=until,
        reason=reason,
    )


OPEN = spell(date(2025, 1, 1))
ENDED = spell(date(2020, 1, 1), date(2022, 1, 1), CategoryReason.RELIEVED)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (OUT, DIBAO, Move.ENTERED),
        (None, DIBAO, Move.ENTERED),
        (DIBAO, OUT, Move.LEFT),
        (DIBAO, None, Move.LEFT),
        (EDGE, DIBAO, Move.UP),
        (DIBAO, TEKUN, Move.UP),
        (DIBAO, EDGE, Move.DOWN),
        (DIBAO, MORE, Move.UP),
        (MORE, DIBAO, Move.DOWN),
        (DIBAO, DIBAO, Move.UNCHANGED),
        (OUT, OUT, Move.UNCHANGED),
        (None, OUT, Move.UNCHANGED),
        (UNTOLD, DIBAO, Move.CANNOT_TELL),
        (DIBAO, UNTOLD, Move.CANNOT_TELL),
        (UNTOLD, None, Move.CANNOT_TELL),
        (DIBAO, Standing(Category.DIBAO, None, 3), Move.CANNOT_TELL),
    ],
)
def test_a_move_is_told(before: Standing | None, after: Standing | None, expected: Move) -> None:
    assert move(before, after) is expected


def reason(
    before: Standing | None, after: Standing | None, *spells: CategoryHistory
) -> CategoryReason | None:
    one = {} if before is None else {"H": before}
    other = {} if after is None else {"H": after}
    (found,) = transitions(one, other, first=FIRST, second=SECOND, history={"H": spells})
    return found.reason


def test_newly_poor_without_a_past() -> None:
    assert reason(OUT, DIBAO) is CategoryReason.NEW
    assert reason(None, DIBAO) is CategoryReason.NEW


def test_poor_again_after_help_has_ended() -> None:
    assert reason(OUT, DIBAO, ENDED) is CategoryReason.RETURNED


def test_help_that_ended_because_it_was_never_due_is_no_past() -> None:
    wrong = spell(date(2020, 1, 1), date(2022, 1, 1), CategoryReason.INELIGIBLE)
    assert reason(OUT, DIBAO, wrong) is CategoryReason.NEW


def test_in_need_in_both_runs_and_never_taken_in_was_left_out() -> None:
    assert reason(DIBAO, DIBAO) is CategoryReason.OMITTED


def test_in_need_in_both_runs_and_registered_needs_no_reason() -> None:
    assert reason(DIBAO, MORE, OPEN) is None


def test_what_the_register_recorded_between_the_days_goes_first() -> None:
    recorded = spell(date(2026, 6, 1), None, CategoryReason.OMITTED)
    assert reason(OUT, DIBAO, ENDED, recorded) is CategoryReason.OMITTED


@pytest.mark.parametrize("day", [FIRST, date(2026, 12, 1)])
def test_what_the_register_recorded_outside_the_days_does_not(day: date) -> None:
    recorded = spell(day, date(2027, 1, 1), CategoryReason.OMITTED)
    assert reason(OUT, DIBAO, recorded) is CategoryReason.NEW


def test_income_that_has_risen_relieves() -> None:
    assert reason(DIBAO, OUT, OPEN) is CategoryReason.RELIEVED


def test_property_over_a_limit_is_not_relief() -> None:
    assert reason(DIBAO, RICH, OPEN) is CategoryReason.INELIGIBLE


def test_registered_and_in_need_in_neither_run_does_not_fit() -> None:
    assert reason(OUT, OUT, OPEN) is CategoryReason.INELIGIBLE


def test_neither_registered_nor_in_need_needs_no_reason() -> None:
    assert reason(OUT, OUT, ENDED) is None


def test_gone_without_a_record_has_no_reason() -> None:
    assert reason(DIBAO, None, OPEN) is None
    left = spell(date(2025, 1, 1), SECOND, CategoryReason.RELIEVED)
    assert reason(DIBAO, None, left) is CategoryReason.RELIEVED


def test_what_cannot_be_told_has_no_reason() -> None:
    assert reason(UNTOLD, DIBAO, ENDED) is None
    assert reason(DIBAO, UNTOLD, OPEN) is None


ORDER = [Category.NONE, Category.RIGID, Category.EDGE, Category.DIBAO, Category.TEKUN]


@pytest.mark.parametrize("less", range(1, 5))
@pytest.mark.parametrize("more", range(1, 5))
def test_of_two_categories_the_earlier_gate_is_more(less: int, more: int) -> None:
    before, after = Standing(ORDER[less], 0, 3, False), Standing(ORDER[more], 0, 3, False)
    expected = Move.UP if less < more else Move.DOWN if less > more else Move.UNCHANGED
    assert move(before, after) is expected


def test_a_fen_more_is_up_and_one_less_is_down() -> None:
    one, other = Standing(Category.DIBAO, 60_800, 3, False), Standing(Category.DIBAO, 60_801, 3, False)
    assert (move(one, other), move(other, one), move(one, one)) == (Move.UP, Move.DOWN, Move.UNCHANGED)
    assert move(one, Standing(Category.DIBAO, None, 3, False)) is Move.CANNOT_TELL


@pytest.mark.parametrize(
    ("day", "between"),
    [(FIRST, False), (date(2026, 6, 1), True), (SECOND, True), (date(2026, 12, 1), False)],
)
def test_between_the_runs_is_after_the_first_day_up_to_the_second(day: date, between: bool) -> None:
    began = reason(OUT, DIBAO, spell(day, date(2027, 1, 1), CategoryReason.OMITTED))
    assert began is (CategoryReason.OMITTED if between else CategoryReason.NEW)
    ended = reason(DIBAO, OUT, spell(date(2020, 1, 1), day, CategoryReason.INELIGIBLE))
    assert ended is (CategoryReason.INELIGIBLE if between else CategoryReason.RELIEVED)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (SECOND, None, None),
        (date(2026, 12, 1), None, CategoryReason.OMITTED),
        (date(2025, 1, 1), date(2026, 12, 1), None),
        (date(2025, 1, 1), SECOND, CategoryReason.RETURNED),
    ],
)
def test_a_spell_is_open_from_its_first_day_up_to_and_without_its_last(
    since: date, until: date | None, expected: CategoryReason | None
) -> None:
    assert reason(DIBAO, DIBAO, spell(since, until)) is expected


@pytest.mark.parametrize(
    ("until", "expected"), [(FIRST, CategoryReason.OMITTED), (date(2026, 6, 1), CategoryReason.NEW)]
)
def test_left_out_is_who_was_in_no_spell_on_the_first_day_either(
    until: date, expected: CategoryReason
) -> None:
    assert reason(DIBAO, DIBAO, spell(date(2025, 1, 1), until, CategoryReason.INELIGIBLE)) is expected


def test_of_two_spells_that_began_the_last_one_gives_the_reason() -> None:
    spells = [
        spell(date(2026, month, 1), None, why)
        for month, why in ((9, CategoryReason.OMITTED), (7, CategoryReason.RETURNED))
    ]
    assert reason(OUT, DIBAO, *spells) is CategoryReason.OMITTED
    assert reason(OUT, DIBAO, *spells[::-1]) is CategoryReason.OMITTED


def test_households_and_persons_are_counted() -> None:
    found = transitions(
        {"A": OUT, "B": DIBAO, "C": DIBAO},
        {"A": DIBAO, "B": OUT, "C": UNTOLD},
        first=FIRST,
        second=SECOND,
        history={},
    )
    counted = tally(found)
    assert counted.moves[Move.ENTERED] == counted.moves[Move.LEFT] == Size(1, 3)
    assert counted.moves[Move.CANNOT_TELL] == Size(1, 3)
    assert counted.reasons[CategoryReason.NEW] == counted.reasons[CategoryReason.RELIEVED] == Size(1, 3)
    assert counted.reasons[CategoryReason.OMITTED] == Size(0, 0)


standings = st.sampled_from([None, OUT, DIBAO, MORE, EDGE, TEKUN, UNTOLD, RICH])


@given(
    st.dictionaries(st.sampled_from("ABCDEF"), standings),
    st.dictionaries(st.sampled_from("ABCDEF"), standings),
)
def test_every_household_moves_exactly_one_way(before, after) -> None:  # type: ignore[no-untyped-def]
    one = {key: value for key, value in before.items() if value is not None}
    other = {key: value for key, value in after.items() if value is not None}
    found = transitions(one, other, first=FIRST, second=SECOND, history={})
    assert sum(size.households for size in tally(found).moves.values()) == len(one.keys() | other.keys())
    assert sum(size.persons for size in tally(found).moves.values()) == sum(each.persons for each in found)
