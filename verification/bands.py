"""When a pack pays by bands (分档), do its bands cover every income below the standard, and the poorest best?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise

from verification.language.kinds import Value
from verification.language.parameter import Dated, value_at

BANDS = ("1", "2", "3", "4", "5")
"""The bands of `payable_mode` BANDED, from the poorest; a pack uses as many as it lays down."""

BANDED = "BANDED"
BELOW, AMOUNT = "payable_band_below_percent", "payable_band_fen_month"
"""The tables: up to which percent of the standard a band goes, and what it pays a head and month."""

Rows = Mapping[str, Sequence[Dated]]


def misfits(mode: Sequence[Dated], *, below: Rows, amounts: Rows) -> Iterator[tuple[str, str]]:
    """Table rows that cannot stand, and why, on each day on which a value begins while bands are in force."""
    for day in sorted(
        {each.since or date.min for row in (mode, *below.values(), *amounts.values()) for each in row}
    ):
        if value_at(mode, day) != BANDED:
            continue
        percents = [value_at(below.get(band, ()), day) for band in BANDS]
        yuan = [value_at(amounts.get(band, ()), day) for band in BANDS]
        used = sum(percent is not None for percent in percents)
        if (
            used == 0
            or None in percents[:used]
            or [fen is not None for fen in yuan] != [n < used for n in range(5)]
        ):
            yield BELOW, f"expected bands 1, 2, … without a gap, each with an amount, on {day}"
        elif any(one >= other for one, other in pairwise(_numbers(percents))) or percents[used - 1] != 100:
            yield BELOW, f"expected bounds that rise to 100 percent on {day}"
        elif any(one < other for one, other in pairwise(_numbers(yuan))):
            yield AMOUNT, f"expected no band to pay more than a poorer one on {day}"


def _numbers(values: Sequence[Value | None]) -> list[int]:
    return [value for value in values if isinstance(value, int)]
