"""What does education hold of a household of the demo district? Pupils and students at the stage of their age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from demo.households import Family, Member
from demo.people import age_on
from demo.scribe import Calendar, Scribe
from vocabulary.codes import Category, EnrolmentStatus, FeeKind, Ownership, Stage
from vocabulary.record import Record
from vocabulary.records.education import Aid, Enrolment, FeeBill, HardshipStudent

STAGES = (
    (3, 6, Stage.PRESCHOOL, "幼儿园"),
    (6, 12, Stage.PRIMARY, "小学"),
    (12, 15, Stage.JUNIOR, "初级中学"),
    (15, 18, Stage.SENIOR, "高级中学"),
)
"""From which age on the last day of August, to which without it, and the school's name."""

FIRST_DAY = (9, 1)
"""The school year begins on 1 September, as in `Calendar.school_year`."""

FEES_YUAN = {
    Stage.SENIOR: (800, 600),
    Stage.VOCATIONAL: (0, 700),
    Stage.COLLEGE: (3_500, 1_000),
    Stage.UNDERGRADUATE: (4_500, 1_200),
}
"""Public tuition and lodging of a year, demo values."""

PRIVATE_FEES_YUAN = (16_000, 2_000)
"""What a private college bills instead."""

AID_YUAN = {Stage.SENIOR: 2_000, Stage.VOCATIONAL: 2_000, Stage.COLLEGE: 3_300, Stage.UNDERGRADUATE: 3_300}
"""国家助学金 of a year: one programme a student and school year."""


def school_papers(rng: Random, family: Family, scribe: Scribe) -> Iterator[Record]:
    """All rows of education for one household."""
    for member in family.with_role("child", "student"):
        enrolment = _enrolment(rng, member, scribe)
        if enrolment is not None:
            yield enrolment
            if member.role == "student":
                yield from _bills(member, enrolment.stage, enrolment.ownership, scribe)
                yield from _aid(family, member, enrolment.stage, scribe)
    for grown in family.with_role("grown"):
        yield from _old_bills(rng, grown, scribe)


def bill(
    member: Member, year: int, stage: Stage, kind: FeeKind, yuan: int, standard: int, scribe: Scribe
) -> FeeBill:
    """A bill of one school year, paid on its first day."""
    return scribe.write(
        FeeBill,
        person=member.person,
        academic_year=year,
        kind=kind,
        stage=stage,
        billed_fen=yuan * 100,
        paid_fen=yuan * 100,
        public_standard_fen=standard * 100,
        paid_on=date(year, *FIRST_DAY),
    )


def aid(member: Member, year: int, programme: str, fund: str, yuan: int, scribe: Scribe) -> Aid:
    """One programme of one school year, paid on its first day."""
    return scribe.write(
        Aid,
        person=member.person,
        academic_year=year,
        programme=programme,
        fund_source=fund,
        amount_fen=yuan * 100,
        paid_on=date(year, *FIRST_DAY),
    )


def _enrolment(rng: Random, member: Member, scribe: Scribe) -> Enrolment | None:
    """The school for the age on the last day of August; None below three years."""
    placed = _placed(rng, member, scribe.calendar)
    if placed is None:
        return None
    stage, school, since, until = placed
    private = member.role == "student" and stage is Stage.UNDERGRADUATE and rng.random() < 0.15
    return scribe.write(
        Enrolment,
        person=member.person,
        name=member.name,
        school=school,
        stage=stage,
        full_time=True,
        ownership=Ownership.PRIVATE if private else Ownership.PUBLIC,
        status=EnrolmentStatus.ENROLLED,
        since=since,
        expected_graduation=until,
    )


def _placed(rng: Random, member: Member, calendar: Calendar) -> tuple[Stage, str, date, date] | None:
    year = calendar.school_year
    age = age_on(member.birth, date(year, 8, 31))
    for low, high, stage, name in STAGES:
        if low <= age < high:
            if stage is Stage.SENIOR and rng.random() < 0.4:
                stage, name = Stage.VOCATIONAL, "职业学校"
            return stage, f"演示区第{rng.randint(1, 9)}{name}", *_span(year - age + low, year - age + high)
    if age < 3:
        return None
    college = age < 21 and rng.random() < 0.5
    stage, name, years = (Stage.COLLEGE, "职业学院", 3) if college else (Stage.UNDERGRADUATE, "大学", 4)
    return stage, f"演示{name}", *_span(year - age + 18, year - age + 18 + years)


def _span(first: int, last: int) -> tuple[date, date]:
    return date(first, *FIRST_DAY), date(last, 7, 1)


def _bills(member: Member, stage: Stage, ownership: Ownership, scribe: Scribe) -> Iterator[Record]:
    """This school year's tuition and lodging, beside the public standard."""
    if stage not in FEES_YUAN:
        return
    standards = FEES_YUAN[stage]
    billed = PRIVATE_FEES_YUAN if ownership is Ownership.PRIVATE else standards
    for kind, yuan, standard in zip((FeeKind.TUITION, FeeKind.LODGING), billed, standards, strict=True):
        if yuan:
            yield bill(member, scribe.calendar.school_year, stage, kind, yuan, standard, scribe)


def _aid(family: Family, member: Member, stage: Stage, scribe: Scribe) -> Iterator[Record]:
    """The hardship list and one programme, for students of households in 低保 or 边缘."""
    year = scribe.calendar.school_year
    if family.slot.category is Category.UNION or family.slot.left or stage not in AID_YUAN:
        return
    yield scribe.write(HardshipStudent, person=member.person, academic_year=year, level="困难")
    yield aid(member, year, "国家助学金", "中央", AID_YUAN[stage], scribe)


def _old_bills(rng: Random, grown: Member, scribe: Scribe) -> Iterator[Record]:
    """The bills of somebody who has finished: two years of tuition before the household left."""
    last = scribe.calendar.school_year - rng.randint(3, 4)
    for year in (last - 1, last):
        tuition = FEES_YUAN[Stage.COLLEGE][0]
        yield bill(grown, year, Stage.COLLEGE, FeeKind.TUITION, tuition, tuition, scribe)
