"""What do housing and the trade union hold of a household of the demo district? A dwelling, and 困难职工 on file.

Drawn from the household's own number, so that these papers change nothing in the other
departments'. A household whose primary cause is housing lives in a dangerous dwelling, and
one that the district lists under 工会困难职工 has its worker on file for just that time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from demo.households import Family
from demo.scribe import Scribe
from vocabulary.codes import Category, Cause, DangerGrade, Tenure, UnionAidKind, UnionHardship
from vocabulary.record import Record
from vocabulary.records.housing import Dwelling, RentalSubsidy
from vocabulary.records.trade_union import HardshipFile, UnionAid

TENURES = {Tenure.OWNED: 62, Tenure.PUBLIC_RENTAL: 20, Tenure.RENTED: 12, Tenure.BORROWED: 6}
"""Weights of how households hold their dwelling, demo values."""

AREA_DM2 = (1_100, 2_600)
"""Usable area of a head of the household, least and most: 11 to 26 m²."""

RENT_SUBSIDY_YUAN = 9
"""A month and square metre, demo value."""

AID_FEN = {UnionAidKind.LIVING: 60_000, UnionAidKind.MEDICAL: 120_000, UnionAidKind.SCHOOLING: 100_000}
"""One payment of the union, demo values."""


def home_papers(family: Family, scribe: Scribe) -> Iterator[Record]:
    """All rows of housing and of the trade union for one household."""
    rng = Random(family.number)
    yield from _housing(rng, family, scribe)
    if family.slot.category is Category.UNION:
        yield from _union(rng, family, scribe)


def _housing(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    (tenure,) = rng.choices([*TENURES], [*TENURES.values()])
    area = rng.randint(*AREA_DM2) * len(family.members)
    danger, assessed_on = _danger(rng, family, scribe.calendar.on)
    yield scribe.write(
        Dwelling,
        person=family.head.person,
        dwelling=f"FW-{family.number}",
        tenure=tenure,
        usable_area_dm2=area,
        inhabited=True,
        danger=danger,
        assessed_on=assessed_on,
    )
    if tenure is Tenure.RENTED and not family.slot.left:
        for month in scribe.calendar.paid:
            yield scribe.write(
                RentalSubsidy,
                person=family.head.person,
                month=month,
                amount_fen=area // 100 * RENT_SUBSIDY_YUAN * 100,
                paid=True,
            )


def _danger(rng: Random, family: Family, on: date) -> tuple[DangerGrade | None, date | None]:
    """Every dwelling of a household in need of housing is assessed as C or D, of the others one in four as sound."""
    if family.slot.cause is Cause.HOUSING:
        return rng.choice((DangerGrade.C, DangerGrade.D)), date(on.year - 1, rng.randint(1, 12), 15)
    if rng.random() < 0.25:
        return rng.choice((DangerGrade.A, DangerGrade.B)), date(on.year - 2, rng.randint(1, 12), 15)
    return None, None


def _union(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    yield scribe.write(
        HardshipFile,
        person=family.head.person,
        level=rng.choice([*UnionHardship]),
        valid_from=family.opened_on,
        valid_until=family.closed_on,
    )
    if not family.slot.left:
        kind = rng.choice([*UnionAidKind])
        yield scribe.write(
            UnionAid,
            person=family.head.person,
            kind=kind,
            month=rng.choice(scribe.calendar.paid),
            amount_fen=AID_FEN[kind],
        )
