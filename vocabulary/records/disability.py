"""What the disability federation (残联) records: certificates, subsidies, rehabilitation, devices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from vocabulary.codes import CertificateStatus, Department, DisabilityCategory, SharingClass, SubsidyKind
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.region import RegionCode

Grade = Annotated[int, Meta(ge=1, le=4)]
"""残疾等级, GB/T 26341: 1 is the most severe, 4 the least."""


class DisabilityRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the disability register, always of one person."""

    department: ClassVar = Department.DISABILITY
    sharing_class: ClassVar = SharingClass.CONDITIONAL
    subjects: ClassVar = ("person",)


class Certificate(DisabilityRecord, frozen=True, kw_only=True, gc=False):
    """残疾人证: 20 characters, the id number followed by category and grade.

    `parts` decomposes a multiple disability (多重) into its `category grade` pairs, as in
    `43,52`; it is empty otherwise. The number is kept as delivered, so that ID-05 can find
    one that does not belong to its holder.
    """

    term: ClassVar = "残疾人证"
    catalogue_id: ClassVar = "CL-001"

    person: WrittenId
    name: str
    number: Annotated[str, Meta(max_length=32)]
    category: DisabilityCategory
    grade: Grade
    parts: Annotated[str, Meta(max_length=32)] = ""
    issued_on: date
    valid_until: date | None = None
    status: CertificateStatus


class DisabilitySubsidy(DisabilityRecord, frozen=True, kw_only=True, gc=False):
    """残疾人两项补贴: paid to one person for one month."""

    term: ClassVar = "残疾人两项补贴"
    catalogue_id: ClassVar = "CL-002"

    person: WrittenId
    kind: SubsidyKind
    month: Month
    amount_fen: Fen
    district: RegionCode


class RehabilitationExpense(DisabilityRecord, frozen=True, kw_only=True, gc=False):
    """残疾康复支出: after subsidy and insurance, `self_pay_fen` counts as rigid spending."""

    term: ClassVar = "残疾康复支出"
    catalogue_id: ClassVar = "CL-003"

    person: WrittenId
    spent_on: date
    total_fen: Fen
    subsidy_fen: Fen = 0
    insurance_fen: Fen = 0
    self_pay_fen: Fen


class AssistiveDevice(DisabilityRecord, frozen=True, kw_only=True, gc=False):
    """辅助器具适配."""

    term: ClassVar = "辅助器具适配"
    catalogue_id: ClassVar = "CL-004"

    person: WrittenId
    device: str
    supplied_on: date
    cost_fen: Fen = 0
