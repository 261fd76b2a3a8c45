"""Working days by the published notices: of the package, of the pack, and of nobody yet."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from verification.clock import deadline
from verification.pack import BadPack, Pack, load_pack
from verification.pack_record import pack_of
from verification.working_days import (
    BeyondCalendar,
    is_working_day,
    last_day,
    notice,
    plus_working_days,
)

PACK = load_pack("demo-2026")
NEXT = last_day().year + 1
LONG = "03-01/03-25"
"""More than thirteen days off that no weekend makes up for, whatever the year: enough for a notice to stand."""


def with_notice(written: str, *, year: int = NEXT) -> Pack:
    return PACK.changed({f"calendar.{year}": written}, why="a notice")


def test_the_day_after_the_start_is_the_first() -> None:
    assert plus_working_days(date(2026, 11, 16), 1, PACK) == date(2026, 11, 17)


def test_weekends_are_left_out() -> None:
    assert plus_working_days(date(2026, 11, 20), 1, PACK) == date(2026, 11, 23)


def test_a_make_up_saturday_is_worked_and_a_holiday_is_not() -> None:
    assert is_working_day(date(2026, 10, 10), PACK)
    assert not is_working_day(date(2026, 10, 7), PACK)
    assert plus_working_days(date(2026, 9, 30), 1, PACK) == date(2026, 10, 8)


def test_counting_and_adding_agree_over_a_year() -> None:
    start = date(2026, 1, 1)
    for days in range(1, 200, 7):
        until = plus_working_days(start, days, PACK)
        assert is_working_day(until, PACK)
        later = (start + timedelta(days=each + 1) for each in range((until - start).days))
        assert sum(is_working_day(day, PACK) for day in later) == days


def test_no_days_are_the_day_itself_and_fewer_are_refused() -> None:
    sunday = date(2026, 11, 22)
    assert plus_working_days(sunday, 0, PACK) == sunday
    with pytest.raises(ValueError, match="expected 0 days or more, got -1"):
        plus_working_days(sunday, -1, PACK)


def test_beyond_the_notices_nobody_guesses() -> None:
    beyond = last_day() + timedelta(days=1)
    with pytest.raises(BeyondCalendar, match=rf"published calendar, or a row `calendar\.{NEXT}`"):
        is_working_day(beyond, PACK)
    with pytest.raises(BeyondCalendar):
        plus_working_days(last_day() - timedelta(days=3), 30, PACK)


def test_a_deadline_reaches_into_a_year_that_the_pack_tells() -> None:
    pack = with_notice(f"OFF 01-01/01-03 {LONG}")
    start = last_day() - timedelta(days=3)
    found = deadline("decide", start=start, pack=pack)
    assert found.due > date(NEXT, 1, 3)
    assert (
        sum(is_working_day(start + timedelta(days=n), pack) for n in range(1, (found.due - start).days + 1))
        == 10
    )
    assert not is_working_day(date(NEXT, 1, 1), pack)


def test_a_pack_that_is_read_back_knows_the_days_as_well() -> None:
    pack = with_notice(f"OFF 01-01/01-03 {LONG}")
    again = pack_of(pack.canonical())
    assert (again.hash, is_working_day(date(NEXT, 1, 1), again)) == (pack.hash, False)
    assert pack.hash != PACK.hash


@pytest.mark.parametrize("year", [2025, 2026])
def test_a_notice_that_was_published_reads_as_the_package_has_it(year: int) -> None:
    off = sorted(day for day in chinese_calendar.holidays if day.year == year)
    worked = sorted(day for day in chinese_calendar.workdays if day.year == year)
    read = notice(str(year), f"OFF {_days(off)} WORKED {_days(worked)}")
    days = [date(year, 1, 1) + timedelta(days=each) for each in range(365)]
    assert [read.is_worked(day) for day in days] == [is_working_day(day, PACK) for day in days]


def test_the_pack_stands_before_the_package_where_a_notice_was_changed() -> None:
    longer = with_notice("OFF 11-23/11-27 12-01/12-10", year=2026)
    assert is_working_day(date(2026, 11, 24), PACK)
    assert not is_working_day(date(2026, 11, 24), longer)


@pytest.mark.parametrize(
    ("year", "written", "why"),
    [
        (NEXT, "01-01", "expected a year from 2025 with `OFF"),
        (NEXT, f"OFF {LONG} WORKED", "expected a year from 2025 with `OFF"),
        (2024, f"OFF {LONG}", "expected a year from 2025 with `OFF"),
        (NEXT, "OFF 02-30", f"expected days of {NEXT}, got `02-30`"),
        (NEXT, "OFF 02-15/02-14", "expected a first day before the last"),
        (NEXT, f"OFF {LONG} 03-02", "expected each day once"),
        (2026, f"OFF {LONG} WORKED 06-01", "expected Saturdays and Sundays after `WORKED`"),
        (NEXT, "OFF 01-01", "expected 13 days off or more that no weekend makes up for, got 1"),
    ],
)
def test_a_notice_that_cannot_be_is_refused(year: int, written: str, why: str) -> None:
    with pytest.raises(BadPack, match=why):
        with_notice(written, year=year)


def test_a_file_says_it_as_the_page_shows(tmp_path: Path) -> None:
    file = tmp_path / "city.yaml"
    file.write_text(
        f"""pack: city
title: 某市
base: demo-2026
tables:
  calendar:
    {NEXT}: {{since: {NEXT}-01-01, value: "OFF 01-01/01-03 {LONG}", cite: "国办发明电"}}
""",
        "utf-8",
    )
    assert not is_working_day(date(NEXT, 3, 18), load_pack(file))


def _days(days: list[date]) -> str:
    return " ".join(f"{day:%m-%d}" for day in days)
