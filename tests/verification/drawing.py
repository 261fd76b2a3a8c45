"""How is a household drawn at random? By one text for two hands: Hypothesis, which shrinks, and a seed, which is fast.

Everything that moves income, counting or a gate is drawn on purpose and near its borders; all other
record types that there are get rows by the kinds of their columns, so that a new one is drawn too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, TypeVar

from hypothesis import strategies as st
from stdnum.cn import ric

from vocabulary.codes import (
    BenefitKind,
    Category,
    CertificateStatus,
    DeclaredItem,
    DisabilityCategory,
    EnrolmentStatus,
    FeeKind,
    InjuryBenefitKind,
    InsuranceKind,
    InsuranceStatus,
    MemberKind,
    Ownership,
    Participation,
    PropertyKind,
    Relation,
    Sex,
    SpecialStatus,
    Stage,
)
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Column, ColumnKind, Record, columns_of
from vocabulary.records.civil_affairs import (
    Authorization,
    Benefit,
    CategoryHistory,
    Declaration,
    DistrictToken,
    Funeral,
    HouseholdFile,
    HouseholdMove,
    Marriage,
    Membership,
    Person,
    PropertyCheck,
)
from vocabulary.records.disability import Certificate, DisabilitySubsidy, RehabilitationExpense
from vocabulary.records.education import Aid, Enrolment, FeeBill
from vocabulary.records.health import Death, IllnessRecognition, Settlement
from vocabulary.records.social_security import (
    EmploymentRegistration,
    InjuryBenefit,
    Insurance,
    JobReferral,
    Pension,
    UnemploymentBenefit,
    UnemploymentRegistration,
)
from vocabulary.region import RegionCode
from vocabulary.register import RECORD_TYPES

T = TypeVar("T")
HOUSEHOLD, ON = "T-1", date(2026, 11, 16)
MONTHS = [Month.parse("2025-10").plus(n) for n in range(14)]
"""One month before the window, the twelve of it, one after."""
BIRTHS = [
    date(1940, 1, 1), date(1956, 11, 16), date(1956, 11, 17), date(1966, 11, 16), date(1966, 11, 17),
    date(1980, 2, 29), date(1990, 6, 6), date(2008, 11, 16), date(2008, 11, 17), date(2010, 11, 16),
    date(2010, 11, 17), date(2018, 5, 5),
]  # fmt: skip
DAYS = [date(2025, 11, 16), date(2025, 11, 17), date(2026, 4, 1), date(2026, 11, 15), ON, date(2026, 11, 17)]
BORDERS = [0, 1, 19_999, 20_000, 63_599, 63_600, 95_399, 95_400, 100_000, 259_999, 260_000]
"""Fen a month at which a cost, the standard, the margin or the line of the last gate begins."""
ITEMS = [
    DeclaredItem.WAGE, DeclaredItem.WAGE, DeclaredItem.RENT, DeclaredItem.RENT, DeclaredItem.UNEMPLOYED,
    DeclaredItem.PENSION, DeclaredItem.CENTRAL_BASE_PENSION, DeclaredItem.PERSONAL_PENSION, DeclaredItem.SCHOLARSHIP,
    DeclaredItem.UNEMPLOYMENT_BENEFIT, DeclaredItem.BUSINESS, DeclaredItem.AGE_ALLOWANCE, DeclaredItem.INJURY_BENEFIT,
    DeclaredItem.MAINTENANCE, DeclaredItem.EMPLOYMENT_COST, DeclaredItem.PREFERENTIAL_CARE, DeclaredItem.RELIEF,
]  # fmt: skip
TEXTS = {
    "programme": ["扶贫雨露", "低保高校新生", "国家助学金"],
    "parts": ["", "43,52", "22,44"],
    "own_token": ["00ff"],
    "other_token": ["00ff", "00fe"],
}
"""What a column of text may hold, where it matters; a name, elsewhere."""
NUMBERS = {
    "academic_year": [2024, 2025, 2026],
    "usable_area_dm2": [0, 1_299, 1_300, 2_600],
    "grade": [1, 2, 3, 4],
}


class Choices(Protocol):
    """Whoever draws."""

    def of(self, options: Sequence[T]) -> T: ...

    def whole(self, least: int, most: int) -> int: ...


@dataclass(frozen=True)
class Hypothesised:
    """Hypothesis draws, and makes what fails smaller."""

    draw: st.DrawFn

    def of(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(options))

    def whole(self, least: int, most: int) -> int:
        return self.draw(st.integers(least, most))


@dataclass(frozen=True)
class Seeded:
    """A seed draws: the same households everywhere, thirty times faster."""

    by: random.Random

    def of(self, options: Sequence[T]) -> T:
        return options[int(self.by.random() * len(options))]

    def whole(self, least: int, most: int) -> int:
        return least + int(self.by.random() * (most - least + 1))


@dataclass
class People:
    """Id numbers of a district, each once: numbered by birth date, from an unassigned prefix."""

    given: dict[date, int] = field(default_factory=dict)
    mistyped: set[str] = field(default_factory=set)

    def new(self, birth: date) -> WrittenId:
        place = self.given.get(birth, 700)
        self.given[birth] = place + 1
        return id_of(birth, place)


def id_of(birth: date, place: int) -> WrittenId:
    """The id number of the n-th person born on a day, up to 2,999, under a prefix that nobody lives under."""
    prefix = ("529901", "529902", "110105")[place // 1_000]
    body = f"{prefix}{birth:%Y%m%d}{place % 1_000:03d}"
    return WrittenId(body + ric.calc_check_digit(body + "0"))


@dataclass
class Rows:
    """The records of one household while it is drawn."""

    household: str
    made: list[Record] = field(default_factory=list)

    def add(self, record: type[Record], /, **columns: object) -> None:
        number = f"{self.household}-{len(self.made):04d}"
        self.made.append(record(record_id=number, as_of=ON, **columns))  # type: ignore[call-arg] # by name


def draw_household(
    choose: Choices, *, number: str = HOUSEHOLD, district: People | None = None
) -> tuple[tuple[WrittenId, ...], tuple[Record, ...]]:
    """The people and the records of one household."""
    district = district if district is not None else People()
    rows = Rows(number)
    people = [_numbered(choose, rows, district) for _ in range(choose.whole(1, 4))]
    at_a_line = choose.whole(0, 2) == 0
    for place, person in enumerate(people):
        _listed(choose, rows, person, head=place == 0)
        if not at_a_line:
            _income(choose, rows, person)
        for _ in range(choose.of([0, 0, 1, 1, 2])):
            choose.of(_STATUSES)(choose, rows, person)
    if at_a_line:
        _just_at_a_line(choose, rows, people)
    for _ in range(choose.of([0, 0, 0, 0, 1, 2])):
        over = choose.whole(0, 3) == 0
        rows.add(PropertyCheck, household=number, kind=choose.of(list(PropertyKind)), over_limit=over)
    if choose.whole(0, 7) == 0:
        _in_a_category(choose, rows)
    for _ in range(choose.whole(0, 2)):
        about = choose.of(people)
        for record in choose.of(TOGETHER) if choose.whole(0, 2) else [choose.of(OTHERS)]:
            for _ in range(choose.of([1, 1, 2, 3])):
                _any_row(choose, rows, record, about, district)
    return tuple(people), tuple(rows.made)


def _numbered(choose: Choices, rows: Rows, district: People) -> WrittenId:
    """A new person; one of forty has a mistyped number, and the register's birth date instead."""
    birth = choose.of(BIRTHS)
    person = district.new(birth)
    if choose.whole(0, 39):
        return person
    mistyped = WrittenId(person[:17] + ("X" if person[17] != "X" else "0"))
    district.mistyped.add(mistyped)
    place = RegionCode("529901")
    rows.add(
        Person,
        person=mistyped,
        name="甲",
        sex=Sex.MALE,
        birth=birth,
        hukou_district=place,
        residence_district=place,
    )
    return mistyped


def _just_at_a_line(choose: Choices, rows: Rows, people: Sequence[WrittenId]) -> None:
    """The head alone has an income: for each of the household exactly a line, or a fen beside it."""
    fen, beside = choose.of(BORDERS) * len(people), choose.of([0, 0, -1, 1])
    for month in MONTHS[1:13]:
        amount = max(0, fen + (beside if month == MONTHS[7] else 0))
        rows.add(
            Declaration,
            household=rows.household,
            person=people[0],
            item=DeclaredItem.RENT,
            month=month,
            amount_fen=amount,
        )


def _listed(choose: Choices, rows: Rows, person: WrittenId, *, head: bool) -> None:
    relations = [Relation.SPOUSE, Relation.SON, Relation.DAUGHTER, Relation.MOTHER, Relation.SIBLING]
    rows.add(
        Membership,
        household=rows.household,
        person=person,
        relation=Relation.HEAD if head else choose.of(relations),
        kind=MemberKind.OBLIGOR if not head and choose.whole(0, 3) == 0 else MemberKind.COHABIT,
        joined_on=date(2020, 1, 1) if head else choose.of([date(2020, 1, 1), ON, date(2026, 11, 17)]),
        left_on=None if head else choose.of([None, None, None, ON, date(2026, 11, 17)]),
        special=choose.of([SpecialStatus.NONE] * 6 + list(SpecialStatus)),
    )


def _income(choose: Choices, rows: Rows, person: WrittenId) -> None:
    """Spans of months with one or two amounts, so that declarations and registers often overlap and often agree."""
    amounts = [choose.of(BORDERS) if choose.whole(0, 1) else choose.whole(0, 300_000) for _ in range(2)]
    for _ in range(choose.of([0, 1, 1, 2, 3])):
        item = choose.of(ITEMS)
        home = rows.household if choose.whole(0, 9) else "T-X"
        counted = choose.of([None, None, True, False])
        for month in _span(choose):
            fen = 0 if item is DeclaredItem.UNEMPLOYED else choose.of(amounts)
            rows.add(
                Declaration,
                household=home,
                person=person,
                item=item,
                month=month,
                amount_fen=fen,
                counted=counted,
            )
    register = choose.of([None, None, _insured, _pensioned, _unemployed, _injured])
    for month in _span(choose) if register else ():
        register(choose, rows, person, month, choose.of(amounts))


def _insured(choose: Choices, rows: Rows, person: WrittenId, month: Month, fen: int) -> None:
    rows.add(
        Insurance,
        person=person,
        kind=choose.of([InsuranceKind.PENSION, InsuranceKind.PENSION, InsuranceKind.MEDICAL]),
        participation=choose.of([Participation.EMPLOYEE, *Participation]),
        month=month,
        base_fen=fen,
        status=choose.of([InsuranceStatus.NORMAL, *InsuranceStatus]),
    )


def _pensioned(choose: Choices, rows: Rows, person: WrittenId, month: Month, fen: int) -> None:
    employee = choose.of([0, 1, 100_000])
    rows.add(
        Pension, person=person, month=month, central_base_fen=14_300, personal_fen=fen, employee_fen=employee
    )


def _unemployed(choose: Choices, rows: Rows, person: WrittenId, month: Month, fen: int) -> None:
    left = choose.whole(0, 3)
    rows.add(UnemploymentBenefit, person=person, month=month, amount_fen=fen, remaining_months=left)


def _injured(choose: Choices, rows: Rows, person: WrittenId, month: Month, fen: int) -> None:
    rows.add(
        InjuryBenefit, person=person, kind=choose.of(list(InjuryBenefitKind)), month=month, amount_fen=fen
    )


def _span(choose: Choices) -> Sequence[Month]:
    """Often the whole window, so that a year's income is just at a line."""
    if choose.whole(0, 2) == 0:
        return MONTHS[1:13]
    first = choose.whole(0, len(MONTHS) - 1)
    return MONTHS[first : first + choose.whole(1, 13)]


def _dead(choose: Choices, rows: Rows, person: WrittenId) -> None:
    if choose.whole(0, 2):
        rows.add(Death, person=person, died_on=choose.of(DAYS))
    if choose.whole(0, 1):
        rows.add(Funeral, person=person, cremated_on=choose.of(DAYS))


def _studies(choose: Choices, rows: Rows, person: WrittenId) -> None:
    rows.add(
        Enrolment,
        person=person,
        name=choose.of(["甲", " 甲", "乙"]),
        school="校",
        stage=choose.of([Stage.SENIOR, Stage.MASTER, *Stage]),
        full_time=choose.whole(0, 2) > 0,
        ownership=Ownership.PUBLIC,
        status=choose.of([EnrolmentStatus.ENROLLED, *EnrolmentStatus]),
        since=date(2024, 9, 1),
        expected_graduation=choose.of([None, *DAYS]),
    )


def _disabled(choose: Choices, rows: Rows, person: WrittenId) -> None:
    category, grade = choose.of(list(DisabilityCategory)), choose.of([1, 1, 2, 2, 3, 4])
    multiple = category is DisabilityCategory.MULTIPLE
    rows.add(
        Certificate,
        person=person,
        name=choose.of(["甲", "乙"]),
        number=f"{person}{category}{grade if choose.whole(0, 19) else grade % 4 + 1}",
        category=category,
        grade=grade,
        parts=choose.of(["", "43,52", "53,21", "22,44"]) if multiple else "",
        issued_on=choose.of([date(2020, 1, 1), date(2026, 10, 1)]),
        valid_until=choose.of([None, *DAYS]),
        status=choose.of([CertificateStatus.VALID, *CertificateStatus]),
    )


def _ill(choose: Choices, rows: Rows, person: WrittenId) -> None:
    since, until = choose.of([date(2026, 1, 1), ON, date(2026, 11, 17)]), choose.of([None, *DAYS])
    rows.add(IllnessRecognition, person=person, disease="病", valid_from=since, valid_until=until)


def _spends(choose: Choices, rows: Rows, person: WrittenId) -> None:
    """School, hospital or rehabilitation costs; often so large that they are most of an income."""
    fen, day = choose.of([choose.whole(0, 3_000_000), 600_000, 1_000_000]), choose.of(DAYS)
    match choose.of(["school", "hospital", "hospital", "rehabilitation"]):
        case "school":
            rows.add(
                FeeBill,
                person=person,
                academic_year=2026,
                kind=FeeKind.TUITION,
                stage=choose.of([Stage.UNDERGRADUATE, *Stage]),
                billed_fen=fen,
                paid_fen=fen,
                public_standard_fen=choose.of([fen, 160_000, 900_000]),
                paid_on=day,
            )
        case "hospital":
            compliant = choose.of([fen, fen, fen // 2])
            rows.add(
                Settlement,
                person=person,
                designated=choose.whole(0, 3) > 0,
                discharged_on=day,
                total_fen=fen,
                self_pay_fen=fen,
                compliant_self_pay_fen=compliant,
            )
        case _:
            rows.add(RehabilitationExpense, person=person, spent_on=day, total_fen=fen, self_pay_fen=fen)


def _paid(choose: Choices, rows: Rows, person: WrittenId) -> None:
    rows.add(
        Benefit,
        household=rows.household,
        kind=choose.of([BenefitKind.ORPHAN, *BenefitKind]),
        month=choose.of(MONTHS),
        amount_fen=choose.of(BORDERS),
        paid=choose.whole(0, 3) > 0,
        person=choose.of([None, person, person]),
    )


_STATUSES: Sequence[Callable[[Choices, Rows, WrittenId], None]] = [
    _dead, _studies, _studies, _disabled, _disabled, _ill, _spends, _spends, _spends, _paid,
]  # fmt: skip


def _in_a_category(choose: Choices, rows: Rows) -> None:
    rows.add(
        CategoryHistory,
        household=rows.household,
        category=choose.of([Category.TEKUN, Category.TEKUN, *Category]),
        since=choose.of([date(2020, 3, 1), date(2025, 3, 1), date(2026, 11, 16), date(2026, 11, 17)]),
        until=choose.of([None, None, *DAYS]),
    )


OTHERS = [record for record in RECORD_TYPES if record not in {Membership, Death, Funeral, PropertyCheck}]
"""What gets rows by the kinds of columns alone: what would have nobody counted, or all too rich, is left out."""
TOGETHER: Sequence[Sequence[type[Record]]] = [
    [Benefit, Benefit, DisabilitySubsidy],
    [Benefit, DistrictToken],
    [InjuryBenefit, DisabilitySubsidy],
    [HouseholdFile, HouseholdMove, Enrolment, EmploymentRegistration],
    [JobReferral, JobReferral],
    [Enrolment, Aid, Aid],
    [UnemploymentRegistration, UnemploymentBenefit, Insurance],
    [Certificate, CategoryHistory],
    [Person],
    [Marriage, Authorization],
]
"""Record types that some rule lays side by side."""


def _any_row(choose: Choices, rows: Rows, record: type[Record], person: WrittenId, district: People) -> None:
    """A row of any record type about the person, or the household, by the kinds of its columns.

    Whose number is mistyped has one birth date in the register and no other.
    """
    if record is Person and person in district.mistyped:
        return
    columns = {
        name: _any_value(choose, column, rows.household, person, district)
        for name, column in columns_of(record).items()
        if name not in {"record_id", "as_of"}
    }
    rows.add(record, **columns)


def _any_value(
    choose: Choices, column: Column, household: str, person: WrittenId, district: People
) -> object:
    if column.optional and choose.whole(0, 1):
        return None
    if column.codes is not None:
        return choose.of(list(column.codes))
    match column.kind:
        case ColumnKind.ID_NUMBER:
            return person if column.name in {"person", "mother"} else district.new(choose.of(BIRTHS))
        case ColumnKind.FEN:
            return choose.of(BORDERS)
        case ColumnKind.NUMBER:
            return choose.of(NUMBERS.get(column.name, [0, 1, 2, 3]))
        case ColumnKind.MONTH:
            return choose.of([MONTHS[12], choose.of(MONTHS)])
        case ColumnKind.DATE:
            return choose.of(DAYS)
        case ColumnKind.FLAG:
            return choose.whole(0, 1) == 1
        case ColumnKind.REGION:
            return RegionCode(choose.of(["529901", "529902", "529901002"]))
        case ColumnKind.CREDIT_CODE:
            return None if column.optional else "91520302MA6DEMO11A"
        case _:
            return (
                household if column.name == "household" else choose.of(TEXTS.get(column.name, ["甲", "乙"]))
            )
