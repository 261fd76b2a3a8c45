"""Where a finding may go from where it stands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.finding import FindingState, Lack, NotNow, Standing, next_state
from casework.role import Act

TODAY = date(2026, 10, 15)
ACTS = (Act.TELL, Act.OBJECT, Act.REVIEW, Act.CONFIRM, Act.WITHDRAW)


def lacks(
    act: Act, state: FindingState, until: date | None, *, reason: str = "缴费记录相符"
) -> tuple[Lack, ...]:
    with pytest.raises(NotNow) as refused:
        next_state(act, Standing(state, until), reason=reason, today=TODAY)
    return refused.value.lacks


def test_nobody_can_confirm_what_the_person_was_not_told() -> None:
    assert lacks(Act.CONFIRM, FindingState.SUSPECTED, None) == (Lack.NOT_TOLD,)


def test_the_last_day_to_object_is_still_in_time_and_the_next_is_not() -> None:
    assert lacks(Act.CONFIRM, FindingState.SUSPECTED, TODAY) == (Lack.WINDOW_OPEN,)
    over = Standing(FindingState.SUSPECTED, TODAY - timedelta(days=1))
    assert next_state(Act.CONFIRM, over, reason="相符", today=TODAY) is FindingState.CONFIRMED


def test_an_objection_must_be_reviewed_before_anybody_confirms() -> None:
    over = TODAY - timedelta(days=1)
    assert lacks(Act.CONFIRM, FindingState.OBJECTED, over) == (Lack.WRONG_STATE,)
    assert (
        next_state(Act.REVIEW, Standing(FindingState.OBJECTED, over), reason="", today=TODAY).term == "复核"
    )


def test_an_objection_after_its_time_is_taken_all_the_same() -> None:
    late = Standing(FindingState.SUSPECTED, TODAY - timedelta(days=30))
    assert next_state(Act.OBJECT, late, reason="该月已离职", today=TODAY) is FindingState.OBJECTED


@pytest.mark.parametrize("act", [Act.OBJECT, Act.CONFIRM, Act.WITHDRAW])
@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_objected_confirmed_or_withdrawn_without_a_reason(act: Act, reason: str) -> None:
    assert Lack.NO_REASON in lacks(act, FindingState.SUSPECTED, TODAY - timedelta(days=1), reason=reason)


@given(st.sampled_from(ACTS), st.sampled_from([state for state in FindingState if not state.open]))
def test_what_is_confirmed_or_withdrawn_stays_so(act: Act, state: FindingState) -> None:
    assert Lack.WRONG_STATE in lacks(act, state, TODAY - timedelta(days=1))
