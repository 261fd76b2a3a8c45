"""What health (卫健) records, with the medical insurance settlements (医保) it passes on."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from vocabulary.codes import Department, SharingClass
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.region import RegionCode


class HealthRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the health register, always of one person."""

    department: ClassVar = Department.HEALTH
    sharing_class: ClassVar = SharingClass.CONDITIONAL
    subjects: ClassVar[tuple[str, ...]] = ("person",)


class Birth(HealthRecord, frozen=True, kw_only=True, gc=False):
    """出生医学证明: looked up by the child or by the mother (`mother`)."""

    term: ClassVar = "出生医学证明"
    catalogue_id: ClassVar = "WJ-001"
    subjects: ClassVar = ("person", "mother")

    person: WrittenId
    born_on: date
    mother: WrittenId


class Death(HealthRecord, frozen=True, kw_only=True, gc=False):
    """死亡医学证明."""

    term: ClassVar = "死亡医学证明"
    catalogue_id: ClassVar = "WJ-002"

    person: WrittenId
    died_on: date


class IllnessRecognition(HealthRecord, frozen=True, kw_only=True, gc=False):
    """重特大疾病认定."""

    term: ClassVar = "重特大疾病认定"
    catalogue_id: ClassVar = "WJ-003"

    person: WrittenId
    disease: str
    valid_from: date
    valid_until: date | None = None
    district: RegionCode | None = None


class Settlement(HealthRecord, frozen=True, kw_only=True, gc=False):
    """医疗费用结算: one stay or visit, who paid which part.

    `self_pay_fen` must equal the total less the six payers; `compliant_self_pay_fen` is the
    part of it that is 符合规定 and counts as rigid spending.
    """

    term: ClassVar = "医疗费用结算"
    catalogue_id: ClassVar = "WJ-004"

    person: WrittenId
    designated: bool
    discharged_on: date
    total_fen: Fen
    basic_fen: Fen = 0
    serious_fen: Fen = 0
    assistance_fen: Fen = 0
    supplementary_fen: Fen = 0
    commercial_fen: Fen = 0
    other_fen: Fen = 0
    self_pay_fen: Fen
    compliant_self_pay_fen: Fen


class FamilyPlanningReward(HealthRecord, frozen=True, kw_only=True, gc=False):
    """计划生育奖励扶助: paid to one person for one month."""

    term: ClassVar = "计划生育奖励扶助"
    catalogue_id: ClassVar = "WJ-005"

    person: WrittenId
    month: Month
    amount_fen: Fen
