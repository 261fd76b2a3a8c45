"""By when must something be done? Working days (工作日) by the dated calendar of holidays and 调休 make-up days.

The table is the State Council's yearly notice, as the package `chinesecalendar` carries it. A
day beyond the table is refused: a guess by weekends would be wrong around every long holiday.

    Exception
    └── BeyondCalendar    the yearly notice for that day is not in the table yet
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import chinese_calendar

from verification.pack import Pack

NATURAL = frozenset({"publicity"})
"""Clocks that run in natural days: 公示 7日, 审核确认办法 art. 19. All others run in working days."""


class BeyondCalendar(Exception):
    """The table of holidays and 调休 days does not reach that day; nobody guesses."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something is in time, and the article that says so."""

    clock: str
    start: date
    days: int
    working: bool
    due: date
    cite: str


def deadline(clock: str, *, start: date, pack: Pack) -> Deadline:
    """The deadline of one of the pack's clocks (`decide`, `publicity`, …) that starts on a day.

    The day after `start` counts as 1. Raises `BeyondCalendar`, `KeyError` for an unknown clock.

    >>> from verification.pack import load_pack
    >>> deadline("decide", start=date(2026, 9, 24), pack=load_pack("demo-2026")).due
    datetime.date(2026, 10, 15)
    """
    dated = pack.row("clock_days", clock, start)
    if dated is None:
        raise KeyError(f"expected a clock of the pack, got `{clock}`")
    days, working = int(dated.value) if isinstance(dated.value, int) else 0, clock not in NATURAL
    due = plus_working_days(start, days) if working else start + timedelta(days=days)
    return Deadline(clock, start, days, working, due, dated.cite)


@lru_cache(maxsize=4_096)  # the package looks through all its holidays each time
def is_working_day(day: date) -> bool:
    """Tell whether offices work on a day. Raises `BeyondCalendar`.

    >>> is_working_day(date(2026, 10, 10))  # a Saturday worked for the National Day week
    True
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        raise BeyondCalendar(
            f"expected a day up to {last_day()} with a published calendar, got {day}"
        ) from None


def plus_working_days(start: date, days: int) -> date:
    """The working day so many working days after `start`; the day after `start` is the first looked at.

    `days`   1 or more; 0 gives `start` itself
    Raises `BeyondCalendar`.
    """
    if days < 0:
        raise ValueError(f"expected 0 days or more, got {days}")
    day, left = start, days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return day


def last_day() -> date:
    """The last day that the table covers: the end of its last year."""
    return date(max(chinese_calendar.holidays).year, 12, 31)
