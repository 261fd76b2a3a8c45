"""Which record types are there, and which department owns each?"""

from __future__ import annotations

from collections.abc import Iterable

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
"""Every record type that rules can read, in a fixed order: engines number them by their place in it."""

BY_NAME: dict[str, type[Record]] = {record.__name__: record for record in RECORD_TYPES}


def declare(records: Iterable[type[Record]]) -> None:
    """Add record types that contracts declare: once, when a program starts, as importing them would.

    Raises `ValueError` for a name that is taken, and when something has been built from the types
    that there were: what is shown, guarded and logged must be of one set.
    """
    for record in records:
        known = BY_NAME.get(record.__name__, _DECLARED.get(record.__name__))
        if known is record:
            continue
        if known is not None:
            raise ValueError(f"expected a record type of a name of its own, got `{record.__name__}`")
        if _TOLD:
            raise ValueError(
                f"expected `{record.__name__}` before anything is built of record types, got it after"
            )
        _DECLARED[record.__name__] = record


def record_types() -> tuple[type[Record], ...]:
    """Every record type that can be asked for: ours, then those that contracts declare."""
    _TOLD.add(True)
    return (*RECORD_TYPES, *_DECLARED.values())


def records_of(department: Department) -> tuple[type[Record], ...]:
    """The record types that one department owns."""
    return tuple(record for record in (*RECORD_TYPES, *_DECLARED.values()) if record.department is department)


_DECLARED: dict[str, type[Record]] = {}

_TOLD: set[bool] = set()
