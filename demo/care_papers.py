"""What do health and the disability federation hold of a household of the demo district?

Births, settlements that add up, recognitions that are in force, certificates that are valid
and belong to their holders, and the subsidies that go with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.households import Family, Member
from demo.means import Means
from demo.people import HOME
from demo.scribe import Scribe
from vocabulary.codes import (
    Category,
    CertificateStatus,
    DeclaredItem,
    Sex,
    SubsidyKind,
)
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.disability import (
    AssistiveDevice,
    Certificate,
    DisabilitySubsidy,
    RehabilitationExpense,
)
from vocabulary.records.health import Birth, FamilyPlanningReward, IllnessRecognition, Settlement
from vocabulary.region import RegionCode

DISEASES = ("恶性肿瘤", "终末期肾病", "脑卒中", "肝硬化", "冠心病", "系统性红斑狼疮")
DEVICES = ("轮椅", "助听器", "盲杖", "腋杖")
SUBSIDY_FEN = {SubsidyKind.LIVING: 8_000, SubsidyKind.CARE: 10_000}
"""两项补贴 of one month, demo values."""

PAYERS_PERCENT = {"basic_fen": 55, "serious_fen": 12, "assistance_fen": 8}
"""Who pays how much of an ordinary bill; the rest is self-pay, of which COMPLIANT_PERCENT is 符合规定."""

COMPLIANT_PERCENT = 85

RECOGNISED_DAYS = 730
"""A recognition holds for two years."""


def care_papers(rng: Random, family: Family, means: Means, scribe: Scribe) -> Iterator[Record]:
    """All rows of health and of the disability federation for one household."""
    yield from _births(family, scribe)
    yield from _illness(rng, family, means, scribe)
    yield from _rewards(means, scribe)
    for member in family.members:
        if member.disability is not None:
            yield from _disability(rng, family, member, scribe)


def settlement(
    member: Member, discharged: date, total_fen: int, scribe: Scribe, *, compliant_fen: int | None = None
) -> Settlement:
    """One bill, divided by the usual shares; `compliant_fen` given, that much is left to the patient, all 符合规定."""
    paid: dict[str, Any]
    if compliant_fen is None:
        paid = {payer: total_fen * percent // 100 for payer, percent in PAYERS_PERCENT.items()}
        self_pay: int = total_fen - sum(paid.values())
        compliant_fen = self_pay * COMPLIANT_PERCENT // 100
    else:
        paid, self_pay = {"basic_fen": total_fen - compliant_fen}, compliant_fen
    return scribe.write(
        Settlement,
        person=member.person,
        designated=True,
        discharged_on=discharged,
        total_fen=total_fen,
        self_pay_fen=self_pay,
        compliant_self_pay_fen=compliant_fen,
        **paid,
    )


def certificate(
    member: Member, scribe: Scribe, *, issued: date, valid_until: date, status: CertificateStatus
) -> Certificate:
    """A certificate that belongs to its holder. Raises `ValueError` for a member without a disability."""
    if member.disability is None:
        raise ValueError("expected a member with a disability, got one without")
    category, grade = member.disability
    return scribe.write(
        Certificate,
        person=member.person,
        name=member.name,
        number=f"{member.person}{category}{grade}",
        category=category,
        grade=grade,
        issued_on=issued,
        valid_until=valid_until,
        status=status,
    )


def subsidy(member: Member, kind: SubsidyKind, month: Month, scribe: Scribe) -> DisabilitySubsidy:
    """One month of 两项补贴."""
    return scribe.write(
        DisabilitySubsidy,
        person=member.person,
        kind=kind,
        month=month,
        amount_fen=SUBSIDY_FEN[kind],
        district=RegionCode(HOME),
    )


def _births(family: Family, scribe: Scribe) -> Iterator[Record]:
    """Birth rows of the children whose mother lives here."""
    mothers = [m for m in family.with_role("adult", "spouse") if m.sex is Sex.FEMALE]
    for child in family.with_role("child", "student"):
        for mother in mothers:
            yield scribe.write(Birth, person=child.person, born_on=child.birth, mother=mother.person)


def _illness(rng: Random, family: Family, means: Means, scribe: Scribe) -> Iterator[Record]:
    sick, slot, calendar = means.sufferer, family.slot, scribe.calendar
    if sick is None:
        return
    if family.closed_on is not None:
        yield settlement(
            sick,
            family.closed_on - timedelta(rng.randint(200, 600)),
            100 * rng.randint(8_000, 60_000),
            scribe,
        )
        return
    if means.rigid:
        # Above 60 % of income before as well as after employment cost, so that the choice of denominator does not matter.
        spent = means.annual_fen * 2
        yield settlement(
            sick, calendar.first + timedelta(rng.randint(40, 250)), spent * 3, scribe, compliant_fen=spent
        )
        return
    if slot.category is not Category.UNION:
        recognised = calendar.ago(rng.randint(60, 320))
        yield scribe.write(
            IllnessRecognition,
            person=sick.person,
            disease=rng.choice(DISEASES),
            valid_from=recognised,
            valid_until=recognised + timedelta(RECOGNISED_DAYS),
        )
    for _ in range(rng.randint(1, 3)):
        discharged = calendar.first + timedelta(rng.randint(30, 330))
        yield settlement(sick, discharged, 100 * rng.randint(2_000, 9_000), scribe)


def _rewards(means: Means, scribe: Scribe) -> Iterator[Record]:
    for line in means.lines:
        if line.item is DeclaredItem.FAMILY_PLANNING:
            for month in scribe.calendar.window:
                yield scribe.write(
                    FamilyPlanningReward, person=line.member.person, month=month, amount_fen=line.fen
                )


def _disability(rng: Random, family: Family, member: Member, scribe: Scribe) -> Iterator[Record]:
    year, slot = scribe.calendar.on.year, family.slot
    issued = date(year - rng.randint(2, 8), rng.randint(1, 12), rng.randint(1, 28))
    until = issued.replace(year=issued.year + 10)
    held = certificate(member, scribe, issued=issued, valid_until=until, status=CertificateStatus.VALID)
    yield held
    in_dibao = slot.category is Category.DIBAO and not slot.left
    kinds = [SubsidyKind.LIVING] * in_dibao + [SubsidyKind.CARE] * (held.grade <= 2)
    for kind in kinds:
        for month in scribe.calendar.paid:
            yield subsidy(member, kind, month, scribe)
    if rng.random() < 0.2:
        supplied = date(year - 1, rng.randint(1, 12), 15)
        yield scribe.write(
            AssistiveDevice, person=member.person, device=rng.choice(DEVICES), supplied_on=supplied
        )
    if rng.random() < 0.3 and not slot.left:
        total = 100 * rng.randint(1_000, 3_000)
        spent = scribe.calendar.first + timedelta(rng.randint(30, 330))
        yield scribe.write(
            RehabilitationExpense,
            person=member.person,
            spent_on=spent,
            total_fen=total,
            subsidy_fen=total * 8 // 10,
            self_pay_fen=total - total * 8 // 10,
        )
