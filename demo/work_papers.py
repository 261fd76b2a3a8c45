"""What does social security hold of a household of the demo district? Exactly what was declared.

Employees are insured every month on their wage; residents pay once a year, so that there is
one row for them, in the month of payment. Obligors outside are residents.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.households import Family, Member
from demo.means import Line, Means, months_of
from demo.scribe import Scribe
from vocabulary.codes import (
    Cause,
    DeclaredItem,
    EmploymentKind,
    InsuranceKind,
    InsuranceStatus,
    Participation,
    ReferralAnswer,
)
from vocabulary.creditcode import CreditCode
from vocabulary.record import Record
from vocabulary.records.social_security import (
    EmploymentRegistration,
    Insurance,
    JobReferral,
    Pension,
    Training,
    UnemploymentBenefit,
    UnemploymentRegistration,
)

RESIDENT_BASE_FEN = 40_000
"""What a resident pays for a year of medical insurance."""

PENSION_COLUMNS = {
    DeclaredItem.CENTRAL_BASE_PENSION: "central_base_fen",
    DeclaredItem.LOCAL_BASE_PENSION: "local_base_fen",
    DeclaredItem.PERSONAL_PENSION: "personal_fen",
    DeclaredItem.PENSION: "employee_fen",
}

POSTS = ("社区保洁", "超市理货", "云客服", "公园养护", "食堂帮厨")
COURSES = ("家政服务", "电工", "面点", "养老护理")

MONTHS_LEFT = 6
"""Of unemployment benefit after the window: nobody ordinary is about to lose it."""


def work_papers(rng: Random, family: Family, means: Means, scribe: Scribe) -> Iterator[Record]:
    """All rows of social security for one household."""
    outside = [] if family.obligor is None else [family.obligor]
    for member in (*family.members, *outside):
        if member.person not in means.employers:
            yield resident(member, scribe)
    for line in means.lines:
        if line.item is DeclaredItem.WAGE:
            yield from _job(rng, line, means.employers.get(line.member.person), scribe)
        elif line.item is DeclaredItem.UNEMPLOYMENT_BENEFIT:
            yield from unemployment_benefit(line, scribe)
    for member in family.members:
        yield from _pension(member, means, scribe)
    if family.slot.cause is Cause.UNEMPLOYMENT:
        yield from _out_of_work(rng, family, scribe)


def resident(member: Member, scribe: Scribe) -> Insurance:
    """The yearly row of a resident's medical insurance, in the second month of the window."""
    return scribe.write(
        Insurance,
        person=member.person,
        kind=InsuranceKind.MEDICAL,
        participation=Participation.RESIDENT,
        month=scribe.calendar.window[1],
        base_fen=RESIDENT_BASE_FEN,
        status=InsuranceStatus.NORMAL,
    )


def insured(
    line: Line,
    employer: CreditCode,
    kinds: tuple[InsuranceKind, ...],
    scribe: Scribe,
    base_fen: int | None = None,
) -> Iterator[Insurance]:
    """An employee's rows for the months of a line, on the base of its amount unless told otherwise."""
    for month in months_of(scribe.calendar.window, line):
        for kind in kinds:
            yield scribe.write(
                Insurance,
                person=line.member.person,
                kind=kind,
                participation=Participation.EMPLOYEE,
                month=month,
                base_fen=line.fen if base_fen is None else base_fen,
                status=InsuranceStatus.NORMAL,
                employer=employer,
            )


def unemployment_benefit(line: Line, scribe: Scribe, *, months_left: int = MONTHS_LEFT) -> Iterator[Record]:
    """A month's benefit for each month of a line; `months_left` after the last."""
    last = max(line.months)
    for index, month in zip(line.months, months_of(scribe.calendar.window, line), strict=True):
        yield scribe.write(
            UnemploymentBenefit,
            person=line.member.person,
            month=month,
            amount_fen=line.fen,
            remaining_months=months_left + last - index,
        )


def _job(rng: Random, line: Line, employer: CreditCode | None, scribe: Scribe) -> Iterator[Record]:
    since = date(scribe.calendar.on.year - rng.randint(2, 6), rng.randint(1, 12), 1)
    if employer is None:
        kind = EmploymentKind.FLEXIBLE
    else:
        kind = EmploymentKind.PUBLIC_POST if rng.random() < 0.2 else EmploymentKind.EMPLOYER
        kinds = tuple(InsuranceKind)
        yield from insured(line, employer, kinds if rng.random() < 0.5 else kinds[:2], scribe)
    yield scribe.write(
        EmploymentRegistration, person=line.member.person, kind=kind, since=since, employer=employer
    )


def _pension(member: Member, means: Means, scribe: Scribe) -> Iterator[Record]:
    parts: dict[str, Any] = {
        PENSION_COLUMNS[line.item]: line.fen
        for line in means.lines
        if line.member is member and line.item in PENSION_COLUMNS
    }
    if parts:
        for month in scribe.calendar.window:
            yield scribe.write(Pension, person=member.person, month=month, **parts)


def _out_of_work(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    """The head's registration, open or, for those who left, cancelled; an offer, a course."""
    head, calendar = family.head.person, scribe.calendar
    if family.closed_on is not None:
        registered = family.opened_on
        yield scribe.write(
            UnemploymentRegistration, person=head, registered_on=registered, cancelled_on=family.closed_on
        )
        return
    registered = date(calendar.on.year - rng.randint(1, 2), rng.randint(1, 10), rng.randint(1, 28))
    yield scribe.write(UnemploymentRegistration, person=head, registered_on=registered)
    if rng.random() < 0.5:
        yield scribe.write(
            JobReferral,
            person=head,
            post=rng.choice(POSTS),
            offered_on=calendar.ago(rng.randint(50, 250)),
            answer=rng.choice((ReferralAnswer.REFUSED, ReferralAnswer.UNANSWERED)),
            justified=True,
        )
    if rng.random() < 0.3:
        since = calendar.ago(rng.randint(150, 250))
        yield scribe.write(
            Training,
            person=head,
            course=rng.choice(COURSES),
            since=since,
            until=since + timedelta(30),
        )
