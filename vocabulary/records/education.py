"""What education (教育) records: enrolments, aid, school bills, hardship lists."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from vocabulary.codes import Department, EnrolmentStatus, FeeKind, Ownership, SharingClass, Stage
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.record import Record
from vocabulary.region import RegionCode

AcademicYear = Annotated[int, Meta(ge=1950, le=2199)]
"""学年, by the calendar year in which it begins: 2025 is 2025–2026."""


class EducationRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the education register, always of one person."""

    department: ClassVar = Department.EDUCATION
    sharing_class: ClassVar = SharingClass.CONDITIONAL
    subjects: ClassVar = ("person",)


class Enrolment(EducationRecord, frozen=True, kw_only=True, gc=False):
    """学籍."""

    term: ClassVar = "学籍"
    catalogue_id: ClassVar = "JY-001"

    person: WrittenId
    name: str
    school: str
    stage: Stage
    full_time: bool
    ownership: Ownership
    status: EnrolmentStatus
    since: date
    expected_graduation: date | None = None
    district: RegionCode | None = None


class Aid(EducationRecord, frozen=True, kw_only=True, gc=False):
    """学生资助: one programme paid to one student for one academic year."""

    term: ClassVar = "学生资助"
    catalogue_id: ClassVar = "JY-002"

    person: WrittenId
    academic_year: AcademicYear
    programme: str
    fund_source: str
    amount_fen: Fen
    paid_on: date


class FeeBill(EducationRecord, frozen=True, kw_only=True, gc=False):
    """学校收费: what was billed and paid, beside the public standard (同类公办标准)."""

    term: ClassVar = "学校收费"
    catalogue_id: ClassVar = "JY-003"

    person: WrittenId
    academic_year: AcademicYear
    kind: FeeKind
    stage: Stage
    billed_fen: Fen
    paid_fen: Fen
    public_standard_fen: Fen
    paid_on: date


class HardshipStudent(EducationRecord, frozen=True, kw_only=True, gc=False):
    """家庭经济困难学生名单."""

    term: ClassVar = "家庭经济困难学生"
    catalogue_id: ClassVar = "JY-004"

    person: WrittenId
    academic_year: AcademicYear
    level: str
