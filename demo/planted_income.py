"""Which contradictions about income and entry are planted in the demo district?"""

from __future__ import annotations

from datetime import timedelta

from demo.care_papers import settlement
from demo.contradiction import (
    Contradiction,
    Ground,
    declare,
    has_left,
    idle,
    in_dibao,
    in_edge,
    insure,
    is_below_standard,
    withdraw,
)
from demo.households import Member
from demo.means import Line
from demo.scribe import Dossier
from demo.work_papers import MONTHS_LEFT, unemployment_benefit
from vocabulary.codes import (
    Cause,
    CertificateStatus,
    DeclaredItem,
    DisabilityCategory,
    PropertyKind,
)
from vocabulary.records.civil_affairs import Application, PropertyCheck
from vocabulary.records.disability import Certificate
from vocabulary.records.health import IllnessRecognition
from vocabulary.records.social_security import (
    EmploymentRegistration,
    Insurance,
    Pension,
    UnemploymentBenefit,
    UnemploymentRegistration,
)

PENSION_ITEMS = frozenset(
    {
        DeclaredItem.PENSION,
        DeclaredItem.CENTRAL_BASE_PENSION,
        DeclaredItem.LOCAL_BASE_PENSION,
        DeclaredItem.PERSONAL_PENSION,
    }
)

BASE_FLOOR_FEN = 390_000
"""Lowest base on which an employee is insured, pack `demo-2026`."""

BENEFIT_FEN = 148_000
"""失业保险金 of a month, demo value."""


def _has_idle(dossier: Dossier) -> bool:
    return in_dibao(dossier) and dossier.family.slot.cause is not Cause.UNEMPLOYMENT and bool(idle(dossier))


def _insured_while_idle(ground: Ground, dossier: Dossier) -> None:
    months = ground.calendar.window[-ground.rng.randint(3, 8) :]
    base = BASE_FLOOR_FEN + 10_000 * ground.rng.randint(0, 12)
    insure(ground, dossier, idle(dossier)[0], months, base)


def _has_employee(dossier: Dossier) -> bool:
    return not has_left(dossier) and bool(dossier.means.employers)


def _base_above_the_wage(ground: Ground, dossier: Dossier) -> None:
    """On the floor the base says little, above it much."""
    person = next(iter(dossier.means.employers))
    raised = BASE_FLOOR_FEN if ground.rng.random() < 0.4 else BASE_FLOOR_FEN + 60_000
    for row in dossier.of(Insurance, person):
        dossier.change(row, base_fen=raised)


def _pensioners(dossier: Dossier) -> list[Member]:
    return [member for member in dossier.family.members if dossier.of(Pension, member.person)]


def _has_pensioner(dossier: Dossier) -> bool:
    return in_dibao(dossier) and bool(_pensioners(dossier))


def _pension_not_declared(ground: Ground, dossier: Dossier) -> None:
    withdraw(dossier, _pensioners(dossier)[0], PENSION_ITEMS, ground.calendar.window)


def _no_pension(ground: Ground, dossier: Dossier) -> None:
    pensioner = _pensioners(dossier)[0]
    withdraw(dossier, pensioner, PENSION_ITEMS, ground.calendar.window)
    dossier.drop(dossier.of(Pension, pensioner.person))


def _head_out_of_work(dossier: Dossier) -> bool:
    registered = dossier.of(UnemploymentRegistration, dossier.family.head.person)
    drawing = dossier.of(UnemploymentBenefit, dossier.family.head.person)
    return in_dibao(dossier) and bool(registered) and not drawing


def _benefit_not_declared(ground: Ground, dossier: Dossier) -> None:
    line = Line(dossier.family.head, DeclaredItem.UNEMPLOYMENT_BENEFIT, BENEFIT_FEN, range(7, 12))
    dossier.records += unemployment_benefit(line, ground.scribe)


def _benefit_beside_a_job(ground: Ground, dossier: Dossier) -> None:
    """Everything is declared: only the benefit should have ended."""
    head, window = dossier.family.head, ground.calendar.window
    line = Line(head, DeclaredItem.UNEMPLOYMENT_BENEFIT, BENEFIT_FEN, range(6, 12))
    dossier.records += unemployment_benefit(line, ground.scribe)
    declare(ground, dossier, head, DeclaredItem.UNEMPLOYMENT_BENEFIT, window[6:], BENEFIT_FEN)
    withdraw(dossier, head, frozenset({DeclaredItem.UNEMPLOYED}), window[9:])
    declare(ground, dossier, head, DeclaredItem.WAGE, window[9:], BASE_FLOOR_FEN)
    insure(ground, dossier, head, window[9:], BASE_FLOOR_FEN)


def _over_limit(ground: Ground, dossier: Dossier) -> None:
    kind = ground.rng.choice((PropertyKind.DEPOSIT, PropertyKind.VEHICLE, PropertyKind.HOUSE))
    dossier.drop(row for row in dossier.of(PropertyCheck) if row.kind is kind)
    dossier.records.append(
        ground.scribe.write(PropertyCheck, household=dossier.family.number, kind=kind, over_limit=True)
    )


def _nothing_known(dossier: Dossier) -> bool:
    return _has_idle(dossier) and idle(dossier)[0].age < 54


def _no_trace_of_work(ground: Ground, dossier: Dossier) -> None:
    person = idle(dossier)[0].person
    dossier.drop([*dossier.of(Insurance, person), *dossier.of(EmploymentRegistration, person)])


def _has_supporter(dossier: Dossier) -> bool:
    return in_dibao(dossier) and dossier.family.obligor is not None


def _support_not_declared(ground: Ground, dossier: Dossier) -> None:
    obligor = dossier.family.obligor
    assert obligor is not None
    withdraw(dossier, dossier.family.head, frozenset({DeclaredItem.MAINTENANCE}), ground.calendar.window)
    insure(ground, dossier, obligor, ground.calendar.window, 2 * BASE_FLOOR_FEN)


def _nobody_looks(ground: Ground, dossier: Dossier) -> None:
    """The last application is from the year before last: nobody has looked at the household since."""
    (row,) = dossier.of(Application)
    applied = row.applied_on - timedelta(2 * 365)
    dossier.change(row, applied_on=applied, accepted_on=applied)


def _large_bill(ground: Ground, dossier: Dossier) -> None:
    _nobody_looks(ground, dossier)
    discharged = ground.calendar.ago(ground.rng.randint(20, 60))
    dossier.records.append(settlement(dossier.family.head, discharged, 9_000_000, ground.scribe))


def _edge_employee(dossier: Dossier) -> bool:
    """Still above the standard when two months' wage of the first employee is gone."""
    if not in_edge(dossier) or not dossier.means.employers:
        return False
    person = next(iter(dossier.means.employers))
    wage = sum(line.fen for line in dossier.means.lines if line.member.person == person)
    return not is_below_standard(dossier, without_fen=2 * wage)


def _job_ended(ground: Ground, dossier: Dossier) -> None:
    person, window = next(iter(dossier.means.employers)), ground.calendar.window
    member = next(member for member in dossier.family.members if member.person == person)
    dossier.drop(row for row in dossier.of(Insurance, person) if row.month in window[-2:])
    withdraw(dossier, member, frozenset({DeclaredItem.WAGE}), window[-2:])
    declare(ground, dossier, member, DeclaredItem.UNEMPLOYED, window[-2:], 0)
    registered = window[-2].first_day + timedelta(9)
    dossier.records.append(
        ground.scribe.write(UnemploymentRegistration, person=person, registered_on=registered)
    )


def _lives_on_benefit(dossier: Dossier) -> bool:
    drawn = sum(row.amount_fen for row in dossier.of(UnemploymentBenefit))
    return not is_below_standard(dossier) and is_below_standard(dossier, without_fen=drawn)


def _benefit_ends(ground: Ground, dossier: Dossier) -> None:
    for row in dossier.of(UnemploymentBenefit):
        dossier.change(row, remaining_months=row.remaining_months - MONTHS_LEFT + 1)


def _edge_without_certificate(dossier: Dossier) -> bool:
    return in_edge(dossier) and not dossier.of(Certificate)


def _newly_deaf(ground: Ground, dossier: Dossier) -> None:
    """听力 is not among the disabilities of 特困: the head stays able in that sense."""
    head, issued = dossier.family.head, ground.calendar.ago(62)
    number = f"{head.person}{DisabilityCategory.HEARING}1"
    dossier.records.append(
        ground.scribe.write(
            Certificate,
            person=head.person,
            name=head.name,
            number=number,
            category=DisabilityCategory.HEARING,
            grade=1,
            issued_on=issued,
            valid_until=issued + timedelta(3_652),
            status=CertificateStatus.VALID,
        )
    )


def _ill_after_leaving(ground: Ground, dossier: Dossier) -> None:
    _nobody_looks(ground, dossier)
    since = ground.calendar.ago(ground.rng.randint(40, 120))
    dossier.records.append(
        ground.scribe.write(
            IllnessRecognition,
            person=dossier.family.head.person,
            disease="恶性肿瘤",
            valid_from=since,
            valid_until=since + timedelta(730),
        )
    )


PLANTED_INCOME = (
    Contradiction(
        "INC-01",
        40,
        "Somebody declared without work was insured by an employer.",
        _has_idle,
        _insured_while_idle,
    ),
    Contradiction(
        "INC-02",
        15,
        "The wage that was declared is below the base of insurance.",
        _has_employee,
        _base_above_the_wage,
    ),
    Contradiction(
        "INC-03", 30, "A pension was paid and not declared.", _has_pensioner, _pension_not_declared
    ),
    Contradiction(
        "INC-04",
        12,
        "Unemployment benefit was paid and not declared.",
        _head_out_of_work,
        _benefit_not_declared,
    ),
    Contradiction("INC-09", 8, "A property answer says that a limit is exceeded.", in_dibao, _over_limit),
    Contradiction(
        "INC-10",
        10,
        "No register knows what somebody of working age does.",
        _nothing_known,
        _no_trace_of_work,
    ),
    Contradiction(
        "INC-11",
        8,
        "A well-paid child outside owes support and none was declared.",
        _has_supporter,
        _support_not_declared,
    ),
    Contradiction(
        "BEN-08",
        10,
        "Unemployment benefit went on while an employer insured its holder.",
        _head_out_of_work,
        _benefit_beside_a_job,
    ),
    Contradiction(
        "ENT-01", 6, "A household that left had to pay a large hospital bill.", has_left, _large_bill
    ),
    Contradiction(
        "ENT-02", 5, "The worker of a 边缘 household lost the job and registered.", _edge_employee, _job_ended
    ),
    Contradiction("ENT-03", 6, "Unemployment benefit has one month to go.", _lives_on_benefit, _benefit_ends),
    Contradiction(
        "ENT-04",
        5,
        "The head of a 边缘 household was certified severely disabled.",
        _edge_without_certificate,
        _newly_deaf,
    ),
    Contradiction(
        "ENT-05",
        8,
        "The head of a household that left was recognised as seriously ill.",
        has_left,
        _ill_after_leaving,
    ),
    Contradiction("ENT-06", 20, "Somebody past sixty has no pension at all.", _has_pensioner, _no_pension),
)
"""Income, and who should be looked at again."""
