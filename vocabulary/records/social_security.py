"""What human resources and social security (人社) records: insurance, work, unemployment, pensions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from vocabulary.codes import (
    Department,
    EmploymentKind,
    InjuryBenefitKind,
    InsuranceKind,
    InsuranceStatus,
    Participation,
    ReferralAnswer,
    SharingClass,
)
from vocabulary.creditcode import CreditCode
from vocabulary.idnumber import WrittenId
from vocabulary.money import Fen
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.region import RegionCode


class SocialSecurityRecord(Record, frozen=True, kw_only=True, gc=False):
    """A row of the social security register, always of one person."""

    department: ClassVar = Department.SOCIAL_SECURITY
    sharing_class: ClassVar = SharingClass.CONDITIONAL
    subjects: ClassVar = ("person",)


class Insurance(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """社会保险缴费: one insurance of one person in one month. The base lags the wage."""

    term: ClassVar = "社会保险缴费"
    catalogue_id: ClassVar = "RS-001"

    person: WrittenId
    kind: InsuranceKind
    participation: Participation
    month: Month
    base_fen: Fen
    status: InsuranceStatus
    employer: CreditCode | None = None


class EmploymentRegistration(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """就业登记."""

    term: ClassVar = "就业登记"
    catalogue_id: ClassVar = "RS-002"

    person: WrittenId
    kind: EmploymentKind
    since: date
    until: date | None = None
    employer: CreditCode | None = None
    district: RegionCode | None = None


class UnemploymentRegistration(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """失业登记."""

    term: ClassVar = "失业登记"
    catalogue_id: ClassVar = "RS-003"

    person: WrittenId
    registered_on: date
    cancelled_on: date | None = None


class UnemploymentBenefit(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """失业保险金: paid to one person for one month; how many months are left after it."""

    term: ClassVar = "失业保险金"
    catalogue_id: ClassVar = "RS-004"

    person: WrittenId
    month: Month
    amount_fen: Fen
    remaining_months: Annotated[int, Meta(ge=0, le=24)]


class Pension(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """养老金: paid to one person for one month, by its four parts."""

    term: ClassVar = "养老金"
    catalogue_id: ClassVar = "RS-005"

    person: WrittenId
    month: Month
    central_base_fen: Fen = 0
    local_base_fen: Fen = 0
    personal_fen: Fen = 0
    employee_fen: Fen = 0


class InjuryBenefit(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """工伤保险待遇: paid to one person for one month."""

    term: ClassVar = "工伤保险待遇"
    catalogue_id: ClassVar = "RS-006"

    person: WrittenId
    kind: InjuryBenefitKind
    month: Month
    amount_fen: Fen


class JobReferral(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """岗位推介: a post was offered; `justified` says whether a refusal had a good reason."""

    term: ClassVar = "岗位推介"
    catalogue_id: ClassVar = "RS-007"

    person: WrittenId
    post: str
    offered_on: date
    answer: ReferralAnswer
    justified: bool = False


class Training(SocialSecurityRecord, frozen=True, kw_only=True, gc=False):
    """职业培训."""

    term: ClassVar = "职业培训"
    catalogue_id: ClassVar = "RS-008"

    person: WrittenId
    course: str
    since: date
    until: date | None = None
    subsidy_fen: Fen = 0
