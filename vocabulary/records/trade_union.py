"""What the trade union federation (工会) records: workers filed as in hardship, and the aid paid to them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from vocabulary.codes import Department, SharingClass, UnionAidKind, UnionHardship
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record


class TradeUnionRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the union federation's register, always of one person."""

    department: ClassVar = Department.UNION
    sharing_class: ClassVar = SharingClass.CONDITIONAL
    subjects: ClassVar = ("person",)


class HardshipFile(TradeUnionRecord, frozen=True, kw_only=True, gc=False):
    """困难职工档案: a worker is filed as in hardship, from when to when."""

    term: ClassVar = "困难职工档案"
    catalogue_id: ClassVar = "GH-001"

    person: WrittenId
    level: UnionHardship
    valid_from: date
    valid_until: date | None = None


class UnionAid(TradeUnionRecord, frozen=True, kw_only=True, gc=False):
    """工会帮扶: paid to one filed worker for one month."""

    term: ClassVar = "工会帮扶"
    catalogue_id: ClassVar = "GH-002"

    person: WrittenId
    kind: UnionAidKind
    month: Month
    amount_fen: Fen
