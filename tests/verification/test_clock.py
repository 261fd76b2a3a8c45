"""Deadlines of the pack's clocks, in working and in natural days."""

from datetime import date

import pytest

from verification.clock import deadline
from verification.pack import load_pack

PACK = load_pack("demo-2026")


def test_publicity_runs_in_natural_days() -> None:
    found = deadline("publicity", start=date(2026, 11, 20), pack=PACK)
    assert (found.due, found.working) == (date(2026, 11, 27), False)


def test_ten_working_days_to_decide() -> None:
    found = deadline("decide", start=date(2026, 11, 16), pack=PACK)
    assert (found.days, found.due) == (10, date(2026, 11, 30))
    assert "art. 20" in found.cite


def test_an_unknown_clock_is_refused() -> None:
    with pytest.raises(KeyError):
        deadline("no-such-clock", start=date(2026, 11, 16), pack=PACK)
