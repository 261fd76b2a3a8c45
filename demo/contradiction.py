"""What is a planted contradiction? A rule, how many households, one sentence, where it fits, and what is done there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from demo.households import Member
from demo.means import STANDARD_FEN
from demo.people import Registrar
from demo.scribe import Calendar, Dossier, Scribe
from vocabulary.codes import Category, DeclaredItem, InsuranceKind, InsuranceStatus, Participation
from vocabulary.creditcode import CreditCode
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Declaration
from vocabulary.records.social_security import Insurance


@dataclass(frozen=True, slots=True)
class Ground:
    """What planting needs: chance, a pen, unused people, employers, and households that are still in order."""

    rng: Random
    scribe: Scribe
    registrar: Registrar
    employers: Sequence[CreditCode]
    untouched: list[Dossier]
    """In the order in which they are tried; a household is taken out when something is planted there."""

    @property
    def calendar(self) -> Calendar:
        """The days of the district."""
        return self.scribe.calendar


Plant = Callable[[Ground, Dossier], None]
Fits = Callable[[Dossier], bool]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One kind of contradiction.

    `rule`   the rule that finds it
    `count`  persons, or households where it concerns the household as a whole
    `says`   one sentence
    `fits`   tells whether a household has what it takes
    `plant`  changes the household's rows
    """

    rule: str
    count: int
    says: str
    fits: Fits
    plant: Plant


def in_dibao(dossier: Dossier) -> bool:
    """Tell whether the household is in 低保 now."""
    return dossier.family.slot.category is Category.DIBAO and not dossier.family.slot.left


def in_edge(dossier: Dossier) -> bool:
    """Tell whether the household is 低保边缘 now."""
    return dossier.family.slot.category is Category.EDGE and not dossier.family.slot.left


def has_left(dossier: Dossier) -> bool:
    """Tell whether the household has left."""
    return dossier.family.slot.left


def idle(dossier: Dossier) -> list[Member]:
    """Members of working age who were declared without work in every month and have no certificate."""
    lines = [line for line in dossier.means.lines if line.item is DeclaredItem.UNEMPLOYED]
    paid = {line.member.person for line in dossier.means.lines if line.fen}
    return [
        line.member
        for line in lines
        if len(line.months) == 12 and line.member.disability is None and line.member.person not in paid
    ]


def is_below_standard(dossier: Dossier, *, without_fen: int = 0) -> bool:
    """Tell whether the household's income would be below the standard without an amount of the window."""
    return dossier.means.annual_fen - without_fen < STANDARD_FEN * 12 * len(dossier.family.members)


def declare(
    ground: Ground, dossier: Dossier, member: Member, item: DeclaredItem, months: Sequence[Month], fen: int
) -> None:
    """Declare the same amount for some months."""
    for month in months:
        dossier.records.append(
            ground.scribe.write(
                Declaration,
                as_of=ground.calendar.on.replace(day=1),
                household=dossier.family.number,
                person=member.person,
                item=item,
                month=month,
                amount_fen=fen,
            )
        )


def withdraw(
    dossier: Dossier, member: Member, items: frozenset[DeclaredItem], months: Sequence[Month]
) -> None:
    """Take what was declared of a person away again."""
    rows = dossier.of(Declaration, member.person)
    dossier.drop(row for row in rows if row.item in items and row.month in months)


def insure(ground: Ground, dossier: Dossier, member: Member, months: Sequence[Month], base_fen: int) -> None:
    """Insure somebody with an employer, in all five kinds, whatever was declared."""
    employer = ground.rng.choice(ground.employers)
    for month in months:
        for kind in InsuranceKind:
            dossier.records.append(
                ground.scribe.write(
                    Insurance,
                    person=member.person,
                    kind=kind,
                    participation=Participation.EMPLOYEE,
                    month=month,
                    base_fen=base_fen,
                    status=InsuranceStatus.NORMAL,
                    employer=employer,
                )
            )
