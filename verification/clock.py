"""By when must something be done? So many days after another, as the pack says, working or natural ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from verification.pack import Pack
from verification.working_days import plus_working_days

NATURAL = frozenset({"publicity"})
"""Clocks that run in natural days: 公示 7日, 审核确认办法 art. 19. All others run in working days."""


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
    due = plus_working_days(start, days, pack) if working else start + timedelta(days=days)
    return Deadline(clock, start, days, working, due, dated.cite)
