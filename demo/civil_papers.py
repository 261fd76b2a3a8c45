"""What does civil affairs hold of a household of the demo district?

Membership, declarations, authorizations, category, payments, marriages, the visit and the
property answers: all of it in order. What is out of order is planted afterwards, by `demo.planted`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from demo.households import Family, Member
from demo.means import Means, months_of, payable_yuan
from demo.people import ELSEWHERE, HOME
from demo.scribe import Calendar, Scribe
from vocabulary.codes import (
    ApplicationKind,
    BenefitKind,
    Category,
    CategoryReason,
    Cause,
    HukouType,
    MaritalStatus,
    MemberKind,
    PropertyKind,
    SignatureMethod,
)
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import (
    Application,
    Authorization,
    Benefit,
    CategoryHistory,
    Declaration,
    HouseholdFile,
    Marriage,
    Membership,
    Person,
    PropertyCheck,
    Visit,
)
from vocabulary.region import RegionCode

TEMPORARY_RELIEF_FEN = (150_000, 200_000, 300_000)
"""临时救助 after a disaster, one payment."""


def set_days(rng: Random, family: Family, calendar: Calendar) -> None:
    """Give a household the day its file was opened and, for those who left, the day it was closed."""
    year = calendar.on.year
    if family.slot.left:
        family.opened_on = date(rng.randint(year - 9, year - 5), rng.randint(1, 12), rng.randint(1, 28))
        family.closed_on = date(rng.randint(year - 3, year - 1), rng.randint(1, 10), 1)
    else:
        family.opened_on = date(rng.randint(year - 9, year - 2), rng.randint(1, 12), rng.randint(1, 28))


def civil_papers(rng: Random, family: Family, means: Means, scribe: Scribe) -> Iterator[Record]:
    """All rows of civil affairs for one household."""
    yield from _file(rng, family, scribe)
    for member in family.members:
        yield from _member(rng, family, member, scribe)
    if family.obligor is not None:
        yield from _obligor(rng, family, family.obligor, scribe)
    yield from _declarations(family, means, scribe)
    yield from _marriages(rng, family, scribe)
    yield from _payments(rng, family, means, scribe)
    yield from _inquiries(rng, family, scribe)


def _file(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    slot = family.slot
    yield scribe.write(
        HouseholdFile,
        household=family.number,
        district=RegionCode(HOME),
        street=RegionCode(family.street),
        head=family.head.person,
        hukou=HukouType.URBAN,
        primary_cause=slot.cause,
        opened_on=family.opened_on,
        closed_on=family.closed_on,
    )
    yield scribe.write(
        CategoryHistory,
        household=family.number,
        category=slot.category,
        since=family.opened_on,
        until=family.closed_on,
        reason=CategoryReason.RELIEVED if slot.left else CategoryReason.NEW,
    )
    applied = rng.choice(scribe.calendar.office_days)
    yield scribe.write(
        Application,
        as_of=applied,
        household=family.number,
        application=f"SQ-{family.number}",
        kind=ApplicationKind.REVIEW,
        applied_on=applied,
        accepted_on=applied,
        near_relative=rng.random() < 0.01,
    )


def _member(rng: Random, family: Family, member: Member, scribe: Scribe) -> Iterator[Record]:
    yield scribe.write(
        Membership,
        household=family.number,
        person=member.person,
        relation=member.relation,
        kind=MemberKind.COHABIT,
        joined_on=max(family.opened_on, member.birth + timedelta(30)),
        guardian=family.head.person if member.is_minor else None,
    )
    yield _person(member, scribe, RegionCode(HOME))
    yield _authorization(rng, member, scribe)


def _obligor(rng: Random, family: Family, obligor: Member, scribe: Scribe) -> Iterator[Record]:
    yield scribe.write(
        Membership,
        household=family.number,
        person=obligor.person,
        relation=obligor.relation,
        kind=MemberKind.OBLIGOR,
        joined_on=max(family.opened_on, obligor.birth + timedelta(30)),
        obligor_to=family.head.person,
    )
    yield _person(obligor, scribe, RegionCode(ELSEWHERE if rng.random() < 0.3 else HOME))
    yield _authorization(rng, obligor, scribe)


def _person(member: Member, scribe: Scribe, district: RegionCode) -> Person:
    return scribe.write(
        Person,
        person=member.person,
        name=member.name,
        sex=member.sex,
        birth=member.birth,
        hukou_district=district,
        residence_district=district,
    )


def _authorization(rng: Random, member: Member, scribe: Scribe) -> Authorization:
    """Signed in the year before the application, for good or to the end of the year after next."""
    calendar = scribe.calendar
    return scribe.write(
        Authorization,
        person=member.person,
        method=rng.choice(tuple(SignatureMethod)),
        valid_from=calendar.ago(rng.randint(40, 320)),
        valid_until=rng.choice((None, date(calendar.on.year + 2, 12, 31))),
    )


def _declarations(family: Family, means: Means, scribe: Scribe) -> Iterator[Record]:
    declared_on = scribe.calendar.on.replace(day=1)
    for line in means.lines:
        for month in months_of(scribe.calendar.window, line):
            yield scribe.write(
                Declaration,
                as_of=declared_on,
                household=family.number,
                person=line.member.person,
                item=line.item,
                month=month,
                amount_fen=line.fen,
            )


def _marriages(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    couples = [family.head, *family.with_role("spouse", "elder_spouse")], family.with_role("parent")
    for couple in couples:
        if len(couple) == 2:
            yield from _couple(rng, family, couple, scribe)
        elif couple:
            yield _alone(rng, family, couple[0], scribe)
    for grown in family.with_role("grown"):
        yield scribe.write(Marriage, person=grown.person, status=MaritalStatus.SINGLE)


def _couple(rng: Random, family: Family, couple: list[Member], scribe: Scribe) -> Iterator[Record]:
    """Married a year or two before the first child, or when the younger was about 24."""
    children = [m.birth for m in family.with_role("child", "student", "grown")]
    of_the_head = couple[0] is family.head
    first = min(children) if children and of_the_head else max(m.birth for m in couple) + timedelta(25 * 365)
    registered = first - timedelta(rng.randint(300, 700))
    for one, other in (couple, couple[::-1]):
        yield scribe.write(
            Marriage,
            person=one.person,
            status=MaritalStatus.FIRST_MARRIAGE,
            spouse=other.person,
            registered_on=registered,
        )


def _alone(rng: Random, family: Family, member: Member, scribe: Scribe) -> Marriage:
    if member.age >= 60:
        status = MaritalStatus.WIDOWED if rng.random() < 0.8 else MaritalStatus.DIVORCED
    elif len(family.members) > 1:
        status = MaritalStatus.DIVORCED if rng.random() < 0.8 else MaritalStatus.WIDOWED
    else:
        status = MaritalStatus.SINGLE if rng.random() < 0.5 else MaritalStatus.DIVORCED
    divorced = date(member.birth.year + 33, rng.randint(1, 12), rng.randint(1, 28))
    return scribe.write(
        Marriage,
        person=member.person,
        status=status,
        divorced_on=divorced if status is MaritalStatus.DIVORCED else None,
    )


def _payments(rng: Random, family: Family, means: Means, scribe: Scribe) -> Iterator[Record]:
    """低保金 for those who are in, at the amount their income gives, and relief where a disaster is the cause."""
    slot = family.slot
    if slot.category is Category.DIBAO and not slot.left:
        amount = payable_yuan(family, means) * 100
        for month in scribe.calendar.paid:
            yield _payment(family, BenefitKind.DIBAO, month, amount, scribe)
    if slot.cause is Cause.DISASTER:
        month = rng.choice(scribe.calendar.window)
        if family.closed_on is not None:
            month = Month.of(family.closed_on).plus(-6)
        yield _payment(family, BenefitKind.TEMPORARY, month, rng.choice(TEMPORARY_RELIEF_FEN), scribe)


def _payment(family: Family, kind: BenefitKind, month: Month, fen: int, scribe: Scribe) -> Benefit:
    return scribe.write(Benefit, household=family.number, kind=kind, month=month, amount_fen=fen, paid=True)


def _inquiries(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    """One visit in the last three months, next due half a year later, and property answers for some: within limits."""
    visited = scribe.calendar.delivered[HouseholdFile.department] - timedelta(rng.randint(0, 80))
    yield scribe.write(
        Visit,
        household=family.number,
        visited_on=visited,
        visitors=rng.choice((2, 2, 2, 3)),
        next_due=Month.of(visited).plus(6).first_day,
    )
    for kind in rng.sample(tuple(PropertyKind), rng.choice((0, 0, 0, 1, 2, 3))):
        yield scribe.write(PropertyCheck, household=family.number, kind=kind, over_limit=False)
