"""Working days by the published table, and what cannot be counted beyond it."""

from datetime import date, timedelta

import pytest

from verification.clock import (
    BeyondCalendar,
    deadline,
    is_working_day,
    last_day,
    plus_working_days,
)
from verification.pack import load_pack

PACK = load_pack("demo-2026")


def test_the_day_after_the_start_is_the_first() -> None:
    assert plus_working_days(date(2026, 11, 16), 1) == date(2026, 11, 17)


def test_weekends_are_left_out() -> None:
    assert plus_working_days(date(2026, 11, 20), 1) == date(2026, 11, 23)


def test_a_make_up_saturday_is_worked_and_a_holiday_is_not() -> None:
    assert is_working_day(date(2026, 10, 10))
    assert not is_working_day(date(2026, 10, 7))
    assert plus_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)


def test_publicity_runs_in_natural_days() -> None:
    found = deadline("publicity", start=date(2026, 11, 20), pack=PACK)
    assert (found.due, found.working) == (date(2026, 11, 27), False)


def test_ten_working_days_to_decide() -> None:
    found = deadline("decide", start=date(2026, 11, 16), pack=PACK)
    assert (found.days, found.due) == (10, date(2026, 11, 30))
    assert "art. 20" in found.cite


def test_counting_and_adding_agree_over_a_year() -> None:
    start = date(2026, 1, 1)
    for days in range(1, 200, 7):
        until = plus_working_days(start, days)
        assert is_working_day(until)
        later = (start + timedelta(days=each + 1) for each in range((until - start).days))
        assert sum(map(is_working_day, later)) == days


def test_beyond_the_table_nobody_guesses() -> None:
    beyond = last_day() + timedelta(days=1)
    with pytest.raises(BeyondCalendar, match="published calendar"):
        is_working_day(beyond)
    with pytest.raises(BeyondCalendar):
        plus_working_days(last_day() - timedelta(days=3), 30)


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(KeyError):
        deadline("no-such-clock", start=date(2026, 11, 16), pack=PACK)


def test_no_days_are_the_day_itself_and_fewer_are_refused() -> None:
    sunday = date(2026, 11, 22)
    assert plus_working_days(sunday, 0) == sunday
    with pytest.raises(ValueError, match="expected 0 days or more, got -1"):
        plus_working_days(sunday, -1)
