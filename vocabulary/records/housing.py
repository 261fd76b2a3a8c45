"""What housing (住建) records: the dwellings people live in, and rent subsidies."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from vocabulary.codes import DangerGrade, Department, SharingClass, Tenure
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record


class HousingRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the housing register, always of one person."""

    department: ClassVar = Department.HOUSING
    sharing_class: ClassVar = SharingClass.CONDITIONAL
    subjects: ClassVar = ("person",)


class Dwelling(HousingRecord, frozen=True, kw_only=True, gc=False):
    """住房情况: one dwelling that one person holds or rents.

    `usable_area_dm2`  使用面积 in square decimetres: 0.01 m² is 1
    `danger`           危险性等级 by the last assessment; empty where there was none
    """

    term: ClassVar = "住房情况"
    catalogue_id: ClassVar = "ZJ-001"

    person: WrittenId
    dwelling: str
    tenure: Tenure
    usable_area_dm2: Annotated[int, Meta(ge=0, le=10_000_000)]
    inhabited: bool
    danger: DangerGrade | None = None
    assessed_on: date | None = None


class RentalSubsidy(HousingRecord, frozen=True, kw_only=True, gc=False):
    """住房租赁补贴: paid to one person for one month."""

    term: ClassVar = "住房租赁补贴"
    catalogue_id: ClassVar = "ZJ-002"

    person: WrittenId
    month: Month
    amount_fen: Fen
    paid: bool
