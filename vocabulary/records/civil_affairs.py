"""What civil affairs (民政) records: households, applications, declarations, benefits, marriages, visits."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from vocabulary.codes import (
    ApplicationKind,
    BenefitKind,
    Category,
    CategoryReason,
    Cause,
    DeclaredItem,
    Department,
    HukouType,
    MaritalStatus,
    MemberKind,
    PropertyKind,
    Relation,
    Sex,
    SharingClass,
    SignatureMethod,
    SpecialStatus,
)
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.region import RegionCode


class CivilAffairsRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the civil affairs register."""

    department: ClassVar = Department.CIVIL_AFFAIRS
    sharing_class: ClassVar = SharingClass.CONDITIONAL


class HouseholdFile(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """家庭档案: one household as civil affairs keeps it."""

    term: ClassVar = "家庭档案"
    catalogue_id: ClassVar = "MZ-001"
    subjects: ClassVar = ("household",)

    household: str
    district: RegionCode
    street: RegionCode
    head: WrittenId
    hukou: HukouType
    primary_cause: Cause
    opened_on: date
    closed_on: date | None = None


class Membership(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """家庭成员: one person listed with one household, living there or owing it support."""

    term: ClassVar = "家庭成员"
    catalogue_id: ClassVar = "MZ-002"
    subjects: ClassVar = ("household", "person")

    household: str
    person: WrittenId
    relation: Relation
    kind: MemberKind
    joined_on: date
    left_on: date | None = None
    special: SpecialStatus = SpecialStatus.NONE
    obligor_to: WrittenId | None = None
    guardian: WrittenId | None = None


class Person(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """人员基本信息: what the civil register says of a person."""

    term: ClassVar = "人员基本信息"
    catalogue_id: ClassVar = "MZ-003"
    subjects: ClassVar = ("person",)

    person: WrittenId
    name: str
    sex: Sex
    birth: date
    hukou_district: RegionCode
    residence_district: RegionCode
    residence_permit_until: date | None = None


class Application(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """申请: a household asks for a category, or is due for review."""

    term: ClassVar = "救助申请"
    catalogue_id: ClassVar = "MZ-004"
    subjects: ClassVar = ("household",)

    household: str
    application: str
    kind: ApplicationKind
    applied_on: date
    accepted_on: date | None = None
    near_relative: bool = False
    urgent: bool = False


class Declaration(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """申报: one line of what a household says of one person in one month.

    `counted`   whether the form took the line for income that counts; empty where the form does not say
    """

    term: ClassVar = "收入申报"
    catalogue_id: ClassVar = "MZ-005"
    subjects: ClassVar = ("person", "household")

    household: str
    person: WrittenId
    item: DeclaredItem
    month: Month
    amount_fen: Fen
    counted: bool | None = None


class Authorization(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """核对授权书: one person agrees to be checked. 社会救助法 art. 40 and 41."""

    term: ClassVar = "核对授权书"
    catalogue_id: ClassVar = "MZ-006"
    subjects: ClassVar = ("person",)

    person: WrittenId
    method: SignatureMethod
    valid_from: date
    valid_until: date | None = None
    withdrawn_on: date | None = None


class Benefit(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """救助发放: one benefit for one month; `person` only where it is paid to one person."""

    term: ClassVar = "救助发放"
    catalogue_id: ClassVar = "MZ-007"
    subjects: ClassVar = ("household", "person")

    household: str
    kind: BenefitKind
    month: Month
    amount_fen: Fen
    paid: bool
    person: WrittenId | None = None


class CategoryHistory(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """类别沿革: in which category a household was registered, from when to when."""

    term: ClassVar = "类别沿革"
    catalogue_id: ClassVar = "MZ-008"
    subjects: ClassVar = ("household",)

    household: str
    category: Category
    since: date
    until: date | None = None
    reason: CategoryReason | None = None


class Marriage(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """婚姻登记: the current marital status of one person."""

    term: ClassVar = "婚姻登记"
    catalogue_id: ClassVar = "MZ-009"
    subjects: ClassVar = ("person",)

    person: WrittenId
    status: MaritalStatus
    spouse: WrittenId | None = None
    registered_on: date | None = None
    divorced_on: date | None = None


class Funeral(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """殡葬火化: a cremation."""

    term: ClassVar = "殡葬火化"
    catalogue_id: ClassVar = "MZ-010"
    subjects: ClassVar = ("person",)

    person: WrittenId
    cremated_on: date


class Visit(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """入户调查: a home visit, signed by so many visitors (at least two count as one visit, 办法 art. 16)."""

    term: ClassVar = "入户调查"
    catalogue_id: ClassVar = "MZ-011"
    subjects: ClassVar = ("household",)

    household: str
    visited_on: date
    visitors: Annotated[int, Meta(ge=0, le=99)]
    next_due: date | None = None


class PropertyCheck(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """财产核查反馈: a bank or register answers only whether a limit is exceeded, never how much."""

    term: ClassVar = "财产核查反馈"
    catalogue_id: ClassVar = "MZ-012"
    subjects: ClassVar = ("household",)

    household: str
    kind: PropertyKind
    over_limit: bool


class HouseholdMove(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """迁居记录: a household has moved from one district to another."""

    term: ClassVar = "迁居记录"
    catalogue_id: ClassVar = "MZ-013"
    subjects: ClassVar = ("household",)

    household: str
    from_district: RegionCode
    to_district: RegionCode
    moved_on: date


class DistrictToken(CivilAffairsRecord, frozen=True, kw_only=True, gc=False):
    """跨区比对凭证: what two districts' exchange of keyed tokens says of one person in one period (a month).

    `own_token`    HMAC of the person's number under the period's key, hex, made here
    `other_token`  the token of `other_district` that it was laid beside; equal tokens are one person
    `kind`, `paid` the benefit in the other district in that month
    No name and no number crosses the border, and without the period's key no token can be made.
    """

    term: ClassVar = "跨区比对凭证"
    catalogue_id: ClassVar = "MZ-014"
    subjects: ClassVar = ("person",)

    person: WrittenId
    month: Month
    own_token: str
    other_token: str
    other_district: RegionCode
    kind: BenefitKind
    paid: bool
