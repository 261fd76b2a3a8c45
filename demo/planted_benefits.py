"""Which contradictions about benefits and life events are planted in the demo district?"""

from __future__ import annotations

from datetime import date, timedelta

from demo.care_papers import subsidy
from demo.contradiction import Contradiction, Ground, has_left, in_dibao, withdraw
from demo.households import Member
from demo.school_papers import aid
from demo.scribe import Dossier
from vocabulary.codes import (
    BenefitKind,
    Cause,
    CertificateStatus,
    DeclaredItem,
    ReferralAnswer,
    Stage,
    SubsidyKind,
)
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Application, Benefit, Funeral, Visit
from vocabulary.records.disability import Certificate, DisabilitySubsidy
from vocabulary.records.education import Aid, Enrolment
from vocabulary.records.health import Death, FamilyPlanningReward, IllnessRecognition
from vocabulary.records.social_security import JobReferral, Pension

TEKUN_FEN = 82_700
"""特困供养金 of a month, demo value."""

TWO_PROGRAMMES = (("扶贫雨露", "农业农村"), ("低保高校新生", "民政"))
"""Programme and fund: the pair that S4 found, 4,500 yuan each."""

AID_YUAN = 4_500


def _certified(dossier: Dossier) -> list[Member]:
    return [member for member in dossier.family.members if member.disability is not None]


def _certified_in_dibao(dossier: Dossier) -> bool:
    return in_dibao(dossier) and bool(_certified(dossier))


def _alone_and_certified(dossier: Dossier) -> bool:
    return _certified_in_dibao(dossier) and dossier.family.slot.size == 1


def _certified_mildly(dossier: Dossier) -> bool:
    return not has_left(dossier) and any(row.grade > 2 for row in dossier.of(Certificate))


def _certified_outside(dossier: Dossier) -> bool:
    return not in_dibao(dossier) and bool(_certified(dossier))


def _pay_tekun(ground: Ground, dossier: Dossier, months: tuple[Month, ...]) -> None:
    for month in months:
        dossier.records.append(
            ground.scribe.write(
                Benefit,
                household=dossier.family.number,
                kind=BenefitKind.TEKUN,
                month=month,
                amount_fen=TEKUN_FEN,
                paid=True,
                person=dossier.family.head.person,
            )
        )


def _both_paid(ground: Ground, dossier: Dossier) -> None:
    _pay_tekun(ground, dossier, ground.calendar.paid[-3:])


def _tekun_and_subsidy(ground: Ground, dossier: Dossier) -> None:
    dossier.drop(row for row in dossier.of(Benefit) if row.kind is BenefitKind.DIBAO)
    _pay_tekun(ground, dossier, ground.calendar.paid)


def _living_without_dibao(ground: Ground, dossier: Dossier) -> None:
    holder = _certified(dossier)[0]
    dossier.records += (
        subsidy(holder, SubsidyKind.LIVING, month, ground.scribe) for month in ground.calendar.paid
    )


def _care_for_a_mild_grade(ground: Ground, dossier: Dossier) -> None:
    holder = _certified(dossier)[0]
    dossier.records += (
        subsidy(holder, SubsidyKind.CARE, month, ground.scribe) for month in ground.calendar.paid
    )


def _college_students(dossier: Dossier) -> list[Enrolment]:
    return [row for row in dossier.of(Enrolment) if row.stage in (Stage.COLLEGE, Stage.UNDERGRADUATE)]


def _two_programmes(ground: Ground, dossier: Dossier) -> None:
    person = _college_students(dossier)[0].person
    student = next(member for member in dossier.family.members if member.person == person)
    dossier.drop(dossier.of(Aid, person))
    for programme, fund in TWO_PROGRAMMES:
        dossier.records.append(
            aid(student, ground.calendar.school_year, programme, fund, AID_YUAN, ground.scribe)
        )


def _paid_dibao_only(dossier: Dossier) -> bool:
    drawn = {row.kind for row in dossier.of(Benefit)}
    return in_dibao(dossier) and drawn == {BenefitKind.DIBAO} and not dossier.of(DisabilitySubsidy)


def _nothing_paid(ground: Ground, dossier: Dossier) -> None:
    dossier.drop(dossier.of(Benefit))


def _with_parent(dossier: Dossier) -> bool:
    parents = dossier.family.with_role("parent")
    return in_dibao(dossier) and len(parents) == 1 and parents[0].disability is None


def _paid_after_death(ground: Ground, dossier: Dossier) -> None:
    """Pension and what was declared of the dead end with the month of death; 低保金 goes on."""
    (parent,) = dossier.family.with_role("parent")
    month_of_death = ground.calendar.window[ground.rng.randint(4, 8)]
    died = month_of_death.first_day + timedelta(ground.rng.randint(1, 26))
    after = [month for month in ground.calendar.window if month > month_of_death]
    dossier.records.append(ground.scribe.write(Death, person=parent.person, died_on=died))
    cremated = died + timedelta(3)
    dossier.records.append(ground.scribe.write(Funeral, person=parent.person, cremated_on=cremated))
    withdraw(dossier, parent, frozenset(DeclaredItem), after)
    dossier.drop(row for row in dossier.of(Pension, parent.person) if row.month in after)
    dossier.drop(row for row in dossier.of(FamilyPlanningReward, parent.person) if row.month in after)


def _certificate_over(ground: Ground, dossier: Dossier) -> None:
    row = dossier.of(Certificate)[0]
    ended = ground.calendar.ago(ground.rng.randint(20, 300))
    issued = ended.replace(year=ended.year - 10, day=min(ended.day, 28))
    dossier.change(row, issued_on=issued, valid_until=ended, status=CertificateStatus.EXPIRED)


def _graduated_on_paper(ground: Ground, dossier: Dossier) -> None:
    row = _college_students(dossier)[0]
    dossier.change(row, expected_graduation=date(ground.calendar.school_year, 7, 1))


def _recognised(dossier: Dossier) -> bool:
    return in_dibao(dossier) and bool(dossier.of(IllnessRecognition))


def _recognition_over(ground: Ground, dossier: Dossier) -> None:
    row = dossier.of(IllnessRecognition)[0]
    ended = ground.calendar.ago(ground.rng.randint(20, 90))
    dossier.change(row, valid_from=ended - timedelta(700), valid_until=ended)


def _not_related(dossier: Dossier) -> bool:
    return in_dibao(dossier) and not any(row.near_relative for row in dossier.of(Application))


def _visit_overdue(ground: Ground, dossier: Dossier) -> None:
    (visit,) = dossier.of(Visit)
    visited = ground.calendar.ago(ground.rng.randint(400, 500))
    dossier.change(visit, visited_on=visited, next_due=Month.of(visited).plus(6).first_day)


def _looks_for_work(dossier: Dossier) -> bool:
    return in_dibao(dossier) and dossier.family.slot.cause is Cause.UNEMPLOYMENT


def _three_refusals(ground: Ground, dossier: Dossier) -> None:
    head = dossier.family.head.person
    for days_ago, post in ((220, "社区保洁"), (160, "公园养护"), (70, "食堂帮厨")):
        dossier.records.append(
            ground.scribe.write(
                JobReferral,
                person=head,
                post=post,
                offered_on=ground.calendar.ago(days_ago),
                answer=ReferralAnswer.REFUSED,
                justified=False,
            )
        )


def _gradual_exit_too_long(ground: Ground, dossier: Dossier) -> None:
    for month in ground.calendar.window[-8:]:
        dossier.records.append(
            ground.scribe.write(
                Benefit,
                household=dossier.family.number,
                kind=BenefitKind.GRADUAL_EXIT,
                month=month,
                amount_fen=30_000,
                paid=True,
            )
        )


PLANTED_BENEFITS = (
    Contradiction(
        "BEN-01", 4, "低保金 and 特困供养金 were paid in the same months.", _paid_dibao_only, _both_paid
    ),
    Contradiction(
        "BEN-02",
        6,
        "Somebody in 特困 also draws a disability subsidy.",
        _alone_and_certified,
        _tekun_and_subsidy,
    ),
    Contradiction(
        "BEN-03",
        8,
        "A living subsidy was paid to somebody whose household is not in 低保.",
        _certified_outside,
        _living_without_dibao,
    ),
    Contradiction(
        "BEN-04", 8, "A care subsidy was paid for grade 3 or 4.", _certified_mildly, _care_for_a_mild_grade
    ),
    Contradiction(
        "BEN-05",
        20,
        "A student drew two programmes of 4,500 yuan for one school year: 90,000 yuan paid twice in all.",
        lambda dossier: in_dibao(dossier) and bool(_college_students(dossier)),
        _two_programmes,
    ),
    Contradiction(
        "BEN-09",
        25,
        "A household in 低保 was paid nothing at all in the window.",
        _paid_dibao_only,
        _nothing_paid,
    ),
    Contradiction(
        "LIF-01",
        25,
        "A parent died months ago; 低保金 is still paid for the same number of people.",
        _with_parent,
        _paid_after_death,
    ),
    Contradiction(
        "LIF-02", 30, "A disability certificate has expired.", _certified_in_dibao, _certificate_over
    ),
    Contradiction(
        "LIF-04",
        8,
        "A student's course ended in July; the register still has the student enrolled.",
        lambda dossier: in_dibao(dossier) and bool(_college_students(dossier)),
        _graduated_on_paper,
    ),
    Contradiction(
        "LIF-05", 8, "The recognition of a serious illness has run out.", _recognised, _recognition_over
    ),
    Contradiction(
        "LIF-07", 12, "The regular review is more than half a year late.", _not_related, _visit_overdue
    ),
    Contradiction(
        "EXIT-02", 4, "Three posts were refused without a good reason.", _looks_for_work, _three_refusals
    ),
    Contradiction(
        "EXIT-03",
        5,
        "Gradual exit was paid for eight months; six are allowed.",
        has_left,
        _gradual_exit_too_long,
    ),
)
"""Benefits that exclude each other or are not drawn, and events that nobody acted on."""
