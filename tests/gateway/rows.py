"""One small household for the gateway's tests, and a stranger who has no authorization."""

from __future__ import annotations

from datetime import date

from vocabulary.codes import (
    Cause,
    HukouType,
    InsuranceKind,
    InsuranceStatus,
    MemberKind,
    Participation,
    Relation,
    Sex,
    SignatureMethod,
)
from vocabulary.creditcode import CreditCode
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Authorization, HouseholdFile, Membership, Person
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance
from vocabulary.region import RegionCode

HOUSEHOLD = "H-1"
HEAD = WrittenId("529901198802189012")
SPOUSE = WrittenId("52990119900715902X")
BROTHER = WrittenId("529902198501019016")
"""An obligor outside, who has authorized nothing."""

NAMES = {HEAD: "安一木", SPOUSE: "安二枝", BROTHER: "安三石"}
EMPLOYER = CreditCode("91110000600037341L")
DAY = date(2026, 10, 31)
PERSONAL = (HEAD, SPOUSE, BROTHER, *NAMES.values(), EMPLOYER)
"""What may stand in no log line, no audit entry and no error."""


def _member(person, relation, kind=MemberKind.COHABIT, household=HOUSEHOLD):
    return Membership(
        record_id=f"m-{household}-{person[-4:]}",
        as_of=DAY,
        household=household,
        person=person,
        relation=relation,
        kind=kind,
        joined_on=date(2020, 1, 1),
    )


def _file(number=HOUSEHOLD, street="529901003"):
    return HouseholdFile(
        record_id=f"f-{number}",
        as_of=DAY,
        household=number,
        district=RegionCode(street[:6]),
        street=RegionCode(street),
        head=HEAD,
        hukou=HukouType.URBAN,
        primary_cause=Cause.ILLNESS,
        opened_on=date(2020, 1, 1),
    )


ROWS = {
    HouseholdFile: [_file(), _file("H-2", "529902001")],
    Membership: [
        _member(HEAD, Relation.HEAD),
        _member(SPOUSE, Relation.SPOUSE),
        _member(BROTHER, Relation.SIBLING, MemberKind.OBLIGOR),
        _member(SPOUSE, Relation.SPOUSE, household="H-2"),
    ],
    Person: [
        Person(
            record_id=f"p-{who[-4:]}",
            as_of=DAY,
            person=who,
            name=name,
            sex=Sex.MALE,
            birth=date(1988, 2, 18),
            hukou_district=RegionCode("529901"),
            residence_district=RegionCode("529901"),
        )
        for who, name in NAMES.items()
    ],
    Authorization: [
        Authorization(
            record_id=f"a-{who[-4:]}",
            as_of=DAY,
            person=who,
            method=SignatureMethod.HANDWRITTEN,
            valid_from=date(2026, 1, 1),
        )
        for who in (HEAD, SPOUSE)
    ],
    Insurance: [
        Insurance(
            record_id=f"i-{month}",
            as_of=DAY,
            person=SPOUSE,
            kind=InsuranceKind.PENSION,
            participation=Participation.EMPLOYEE,
            month=Month.parse("2025-11").plus(month),
            base_fen=400_000,
            status=InsuranceStatus.NORMAL,
            employer=EMPLOYER,
        )
        for month in range(6)
    ],
    Death: [Death(record_id="d-1", as_of=DAY, person=BROTHER, died_on=date(2026, 2, 1))],
}
