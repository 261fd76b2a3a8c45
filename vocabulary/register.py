"""Which record types are there, and which department owns each?"""

from __future__ import annotations

from vocabulary.codes import Department
from vocabulary.record import Record
from vocabulary.records import (
    civil_affairs,
    disability,
    education,
    health,
    housing,
    social_security,
    trade_union,
)

RECORD_TYPES: tuple[type[Record], ...] = (
    civil_affairs.HouseholdFile,
    civil_affairs.Membership,
    civil_affairs.Person,
    civil_affairs.Application,
    civil_affairs.Declaration,
    civil_affairs.Authorization,
    civil_affairs.Benefit,
    civil_affairs.CategoryHistory,
    civil_affairs.Marriage,
    civil_affairs.Funeral,
    civil_affairs.Visit,
    civil_affairs.PropertyCheck,
    civil_affairs.HouseholdMove,
    civil_affairs.DistrictToken,
    social_security.Insurance,
    social_security.EmploymentRegistration,
    social_security.UnemploymentRegistration,
    social_security.UnemploymentBenefit,
    social_security.Pension,
    social_security.InjuryBenefit,
    social_security.JobReferral,
    social_security.Training,
    health.Birth,
    health.Death,
    health.IllnessRecognition,
    health.Settlement,
    health.FamilyPlanningReward,
    education.Enrolment,
    education.Aid,
    education.FeeBill,
    education.HardshipStudent,
    disability.Certificate,
    disability.DisabilitySubsidy,
    disability.RehabilitationExpense,
    disability.AssistiveDevice,
    housing.Dwelling,
    housing.RentalSubsidy,
    trade_union.HardshipFile,
    trade_union.UnionAid,
)
"""Every record type, in a fixed order: engines number them by their place in it."""

BY_NAME: dict[str, type[Record]] = {record.__name__: record for record in RECORD_TYPES}


def records_of(department: Department) -> tuple[type[Record], ...]:
    """The record types that one department owns."""
    return tuple(record for record in RECORD_TYPES if record.department is department)
