"""Which days are worked (工作日)? By the State Council's yearly notice of holidays and 调休 make-up days.

The package `chinesecalendar` carries the notices. What it does not carry yet is a row of the pack's
table `calendar`, one for a year: the notice comes out late in autumn, and deadlines reach into the
next year before a new package does. Such a row also stands before the package's, for a notice that
was changed. A day of a year that neither knows is refused: a guess by weekends would be wrong around
every long holiday.

    Exception
    └── BeyondCalendar    nobody has told yet which days of that year are worked
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import chinese_calendar

from verification.language.parameter import Dated

TABLE = "calendar"
HOLIDAYS = 13
"""Holidays of a year that the whole country has. Source: 全国年节及纪念日放假办法 (2024), art. 2, since 2025."""

_FIRST_YEAR = 2025
_SATURDAY = 5
_DAY = r"\d\d-\d\d"
_WRITTEN = re.compile(rf"OFF(?P<off>(?: {_DAY}(?:/{_DAY})?)+)(?: WORKED(?P<worked>(?: {_DAY})+))?")


class Laid(Protocol):
    """A policy pack, as far as it is asked here."""

    def row(self, name: str, key: str, day: date) -> Dated | None:
        """See `Pack.row`."""
        ...


class BeyondCalendar(Exception):
    """No notice of holidays and 调休 days is known for that year; nobody guesses."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a year's notice says of days that are not as their day of the week: off, or worked on a weekend."""

    off: frozenset[date]
    worked: frozenset[date]

    def is_worked(self, day: date) -> bool:
        """Tell whether offices work on a day of the notice's year."""
        return day in self.worked or (day.weekday() < _SATURDAY and day not in self.off)


def is_working_day(day: date, pack: Laid) -> bool:
    """Tell whether offices work on a day. Raises `BeyondCalendar`.

    >>> from verification.pack import load_pack
    >>> is_working_day(date(2026, 10, 10), load_pack("demo-2026"))  # a Saturday worked for the National Day week
    True
    """
    told = pack.row(TABLE, str(day.year), day)
    return _in_package(day) if told is None else notice(str(day.year), str(told.value)).is_worked(day)


def plus_working_days(start: date, days: int, pack: Laid) -> date:
    """The working day so many working days after `start`; the day after `start` is the first looked at.

    `days`   1 or more; 0 gives `start` itself
    Raises `BeyondCalendar`.
    """
    if days < 0:
        raise ValueError(f"expected 0 days or more, got {days}")
    day, left = start, days
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day, pack)
    return day


def last_day() -> date:
    """The last day that the package covers: the end of its last year."""
    return date(max(chinese_calendar.holidays).year, 12, 31)


@lru_cache(maxsize=64)
def notice(year: str, written: str) -> Notice:
    """A year's notice as a pack writes it: `OFF 01-01/01-03 … WORKED 01-04 …`. Raises `ValueError`.

    >>> notice("2026", "OFF 01-01/01-03 02-15/02-23 04-04/04-06 05-01/05-05 06-19/06-21 09-25/09-27 "
    ...        "10-01/10-07 WORKED 01-04 02-14 02-28 05-09 09-20 10-10").is_worked(date(2026, 10, 10))
    True
    """
    parts = _WRITTEN.fullmatch(written)
    if parts is None or not re.fullmatch(r"\d{4}", year) or int(year) < _FIRST_YEAR:
        raise ValueError(f"expected a year from {_FIRST_YEAR} with `OFF 01-01/01-03 … WORKED 01-04 …`")
    off = [day for span in parts["off"].split() for day in _span(year, span)]
    worked = [day for span in (parts["worked"] or "").split() for day in _span(year, span)]
    if len({*off, *worked}) < len(off) + len(worked):
        raise ValueError("expected each day once")
    if any(day.weekday() < _SATURDAY for day in worked):
        raise ValueError("expected Saturdays and Sundays after `WORKED`: other days are worked anyway")
    gained = sum(day.weekday() < _SATURDAY for day in off) - len(worked)
    if gained < HOLIDAYS:
        raise ValueError(f"expected {HOLIDAYS} days off or more that no weekend makes up for, got {gained}")
    return Notice(frozenset(off), frozenset(worked))


def misfits(rows: Mapping[str, Sequence[Dated]]) -> Iterator[tuple[str, str]]:
    """Rows of the table that cannot stand, and why."""
    for year, dated in rows.items():
        for row in dated:
            try:
                notice(year, str(row.value))
            except ValueError as wrong:
                yield year, str(wrong)


def _span(year: str, written: str) -> list[date]:
    """The days from one to another, both among them. Raises `ValueError`."""
    first, _, last = written.partition("/")
    try:
        begin, end = (date.fromisoformat(f"{year}-{day}") for day in (first, last or first))
    except ValueError:
        raise ValueError(f"expected days of {year}, got `{written}`") from None
    if end < begin:
        raise ValueError(f"expected a first day before the last, got `{written}`")
    return [begin + timedelta(days=each) for each in range((end - begin).days + 1)]


@lru_cache(maxsize=4_096)  # the package looks through all its holidays each time
def _in_package(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        raise BeyondCalendar(
            f"expected a day up to {last_day()} with a published calendar, "
            f"or a row `{TABLE}.{day.year}` in the pack, got {day}"
        ) from None
