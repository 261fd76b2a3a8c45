"""Which tables did 红花岗区 publish, and do their percentages follow from their counts?

The counts are those of the 2019 report on 城镇困难群体解困; the exit rate is that of a Wuhan
district's first cohort. Percentages are recomputed in whole numbers, rounded half up to the
decimals that were printed, and every one names its unit: a share of households is not a
share of persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from vocabulary.codes import Category, Cause


class Unit(Enum):
    """What a percentage counts."""

    HOUSEHOLDS = "households"
    PERSONS = "persons"


@dataclass(frozen=True, slots=True)
class Count:
    """So many households with so many persons; both 0 or more."""

    households: int
    persons: int

    def __add__(self, other: Count) -> Count:
        return Count(self.households + other.households, self.persons + other.persons)

    def __sub__(self, other: Count) -> Count:
        return Count(self.households - other.households, self.persons - other.persons)

    def of(self, unit: Unit) -> int:
        """The households, or the persons."""
        return self.households if unit is Unit.HOUSEHOLDS else self.persons


@dataclass(frozen=True, slots=True)
class Counts:
    """What a district counts: by the category at entry, by primary cause, and who has left since."""

    entered: Mapping[Category, Count]
    causes: Mapping[Cause, int]
    """Households."""
    relieved: Count

    @property
    def total(self) -> Count:
        """All who entered, whatever became of them."""
        return sum(self.entered.values(), Count(0, 0))

    @property
    def remaining(self) -> Count:
        """All who entered and have not left."""
        return self.total - self.relieved


PUBLISHED = Counts(
    entered={
        Category.DIBAO: Count(6_011, 9_568),
        Category.EDGE: Count(491, 982),
        Category.UNION: Count(278, 671),
    },
    causes={
        Cause.ILLNESS: 1_930,
        Cause.OTHER: 1_195,
        Cause.EDUCATION: 1_160,
        Cause.DISABILITY: 949,
        Cause.DISASTER: 722,
        Cause.UNEMPLOYMENT: 479,
        Cause.HOUSING: 345,
    },
    relieved=Count(3_131, 5_443),
)
"""红花岗区 2019: 6,780 households and 11,221 persons entered, 3,649 and 5,778 remain."""

WUHAN_COHORT, WUHAN_LEFT = 3_407, 690
"""Households of the Wuhan district's first cohort, and those of them that left."""

PRINTED_SHARES: Mapping[Category, str] = {Category.DIBAO: "85", Category.EDGE: "9", Category.UNION: "6"}
"""As printed. The report names no unit: they follow from persons, and not from households."""

PRINTED_CAUSES: Mapping[Cause, str] = {
    Cause.ILLNESS: "28.5",
    Cause.OTHER: "17.7",
    Cause.EDUCATION: "17.2",
    Cause.DISABILITY: "14.0",
    Cause.DISASTER: "10.6",
    Cause.UNEMPLOYMENT: "7.1",
    Cause.HOUSING: "5.1",
}
"""As printed, of households. Two do not follow from the counts: 17.7 is 17.6, 17.2 is 17.1."""

PRINTED_RELIEVED, PRINTED_WUHAN = "48.5", "20.3"
"""As printed: of persons in 红花岗区, of households in Wuhan."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One percentage: what it is a share of, in which unit, recomputed, and as it was printed.

    `recomputed`  one decimal, half up
    `printed`     None where the report printed none
    """

    table: str
    row: str
    unit: Unit
    part: int
    whole: int
    recomputed: str
    printed: str | None

    @property
    def follows(self) -> bool:
        """Tell whether the printed figure follows from the counts, at the decimals it was printed with."""
        if self.printed is None:
            return True
        decimals = len(self.printed.partition(".")[2])
        return percentage(self.part, whole=self.whole, decimals=decimals) == self.printed


def recompute(counts: Counts = PUBLISHED) -> tuple[ReportRow, ...]:
    """Every printed percentage again, from `counts`; where the unit was not said, the other unit too."""
    return (*_shares(counts), *_causes(counts), *_relieved(counts), _wuhan())


def percentage(part: int, *, whole: int, decimals: int = 1) -> str:
    """A share in percent, half up, exact.

    >>> percentage(1195, whole=6780), percentage(1160, whole=6780), percentage(690, whole=3407)
    ('17.6', '17.1', '20.3')

    Raises `ZeroDivisionError` when there is no whole.
    """
    scale = 10**decimals
    tenths = (2 * part * 100 * scale + whole) // (2 * whole)
    return f"{tenths // scale}.{tenths % scale:0{decimals}d}" if decimals else str(tenths)


def _shares(counts: Counts) -> list[ReportRow]:
    return [
        _row("三类对象", category.term, unit, count, counts.total, printed if unit is Unit.PERSONS else None)
        for category, printed in PRINTED_SHARES.items()
        for count in [counts.entered[category]]
        for unit in (Unit.PERSONS, Unit.HOUSEHOLDS)
    ]


def _causes(counts: Counts) -> list[ReportRow]:
    whole = Count(sum(counts.causes.values()), 0)
    return [
        _row("致困原因", cause.term, Unit.HOUSEHOLDS, Count(counts.causes[cause], 0), whole, printed)
        for cause, printed in PRINTED_CAUSES.items()
    ]


def _relieved(counts: Counts) -> list[ReportRow]:
    return [
        _row("解困", "已解困", unit, counts.relieved, counts.total, printed)
        for unit, printed in ((Unit.PERSONS, PRINTED_RELIEVED), (Unit.HOUSEHOLDS, None))
    ]


def _wuhan() -> ReportRow:
    left, cohort = Count(WUHAN_LEFT, 0), Count(WUHAN_COHORT, 0)
    return _row("武汉首批", "退出", Unit.HOUSEHOLDS, left, cohort, PRINTED_WUHAN)


def _row(table: str, row: str, unit: Unit, part: Count, whole: Count, printed: str | None) -> ReportRow:
    share = percentage(part.of(unit), whole=whole.of(unit))
    return ReportRow(table, row, unit, part.of(unit), whole.of(unit), share, printed)
