"""What do the departments know of a person, and who is counted as the household?

Facts of one listed member and of the household, each once, for every rule. Income has its own
page (`income.py`), the gates have theirs (`category.py`). Nothing here decides a category.
"""

from __future__ import annotations

from verification.language.aggregate import count, lowest, only, some
from verification.language.expression import Expr
from verification.language.functions import (
    date_number,
    digit,
    first_of,
    floor_div,
    length,
    number_in,
    part,
    pick,
    plus_months,
    remainder,
    some_of,
    text_of,
    total_of,
)
from verification.language.kinds import Kind
from verification.language.level import levels, named
from verification.language.parameter import param, param_class
from verification.language.source import source
from vocabulary.codes import (
    CertificateStatus,
    EnrolmentStatus,
    MemberKind,
    Relation,
)
from vocabulary.records.civil_affairs import (
    Funeral,
    Membership,
    Person,
    PropertyCheck,
)
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death, IllnessRecognition
from vocabulary.records.social_security import UnemploymentRegistration

member, household = levels()

memberships = source(Membership)
person = source(Person)
death = source(Death)
funeral = source(Funeral)
enrolment = source(Enrolment)
certificate = source(Certificate)
illness = source(IllnessRecognition)
property_check = source(PropertyCheck)
unemployment_registration = source(UnemploymentRegistration)

CHILDREN = (Relation.SON, Relation.DAUGHTER, Relation.ADOPTED_OR_STEP_SON, Relation.ADOPTED_OR_STEP_DAUGHTER)
ADULT_AT = 18


def number_on(name: str, day: Expr) -> Expr:
    """A plain number of the pack in force on a day."""
    return param(name, at=day, kind=Kind.NUMBER)


def choice_on(name: str, day: Expr) -> Expr:
    """A choice of the pack in force on a day, as text."""
    return param(name, at=day, kind=Kind.TEXT)


# ------------------------------------------------------------------ the day, the window, the standard

household.define(
    window_months=named(number_on("window_months", household.on), "核算期月数", "months of the window"),
    standard_fen=named(
        param("dibao_standard_fen_month", at=household.on), "低保标准", "standard per head and month"
    ),
)
household.define(
    window_from=named(household.month - household.window_months, "核算期首月", "first month of the window"),
    window_to=named(household.month - 1, "核算期末月", "last month of the window"),
    year_before=named(plus_months(household.on, -12), "申请前一年", "the day twelve months before"),
)


def in_window(month: Expr) -> Expr:
    """Whether a month lies in the twelve months before the month of application (办法 art. 13)."""
    return (month >= household.window_from) & (month <= household.window_to)


def in_year_before(day: Expr) -> Expr:
    """Whether a day lies in the twelve months that end with the day of application."""
    return (day > household.year_before) & (day <= household.on)


# ------------------------------------------------------------------ identity, by GB 11643

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_written = text_of(member.person)
_digits = [digit(_written, place) for place in range(17)]
_sum = total_of(value * weight for value, weight in zip(_digits, _WEIGHTS, strict=True))

member.define(
    id_passes=named(
        (length(_written) == 18)
        & ~some_of(*(value < 0 for value in _digits))
        & (pick("10X98765432", remainder(_sum, 11)) == part(_written, 17, 18)),
        "号码校验通过",
        "the id number passes its check",
    ),
    id_birth=named(number_in(_written, 6, 14), "号码中的出生日期", "birth date in the id number"),
    id_is_male=named(remainder(digit(_written, 16) + 2, 2) == 1, "号码中的性别为男", "sex in the id number"),
    register_birth=named(only(person.birth), "登记的出生日期", "birth date in the register"),
)
member.define(
    birth=named(
        first_of(
            (member.id_passes, member.id_birth),
            otherwise=date_number(member.register_birth).required(),
        ),
        "出生日期",
        "birth date, by the id number where it passes its check",
    ),
)
member.define(
    age=named(floor_div(date_number(household.on) - member.birth, 10_000), "年龄", "completed years"),
)

# ------------------------------------------------------------------ alive, away, studying: who is counted

_current = enrolment.status.among(EnrolmentStatus.ENROLLED, EnrolmentStatus.SUSPENDED)
_reading = enrolment.status == EnrolmentStatus.ENROLLED
_stage_counts = param_class("student_stage_counted", key=enrolment.stage, at=household.on, kind=Kind.FLAG)

member.define(
    certified_death=lowest(death.died_on),
    cremated_on=lowest(funeral.cremated_on),
    cohabits=named(member.kind == MemberKind.COHABIT, "共同生活", "listed as living in the household"),
    away=named(
        param_class("member_excluded", key=member.special, at=household.on, kind=Kind.FLAG),
        "应排除的特殊情形",
        "away in a way that the law excludes",
    ),
    is_child=named(member.relation.among(*CHILDREN), "子女", "a child of the head"),
    enrolled=named(some(enrolment, where=_current), "有在籍学籍", "has a current enrolment"),
    studies=named(
        some(enrolment, where=_reading & enrolment.full_time & _stage_counts),
        "全日制本科及以下在读",
        "full-time student up to a first degree",
    ),
    in_school=named(
        some(
            enrolment,
            where=_reading
            & param_class("tekun_student_stage", key=enrolment.stage, at=household.on, kind=Kind.FLAG),
        ),
        "义务教育、普通高中或中职在读",
        "at school up to senior or vocational",
    ),
    postgraduate=named(
        some(enrolment, where=_reading & enrolment.full_time & ~_stage_counts),
        "全日制研究生在读",
        "full-time postgraduate",
    ),
)
member.define(
    died_on=named(
        member.certified_death.otherwise(member.cremated_on), "死亡日期", "date of death, or of cremation"
    ),
)
member.define(
    alive=named((member.died_on > household.on).otherwise(True), "健在", "alive"),
    adult=named(member.age >= ADULT_AT, "成年", "adult"),
    independent=named(
        member.postgraduate & ~member.relation.among(Relation.HEAD, Relation.SPOUSE),
        "可独立生活的研究生",
        "a postgraduate, who can live independently",
    ),
)
member.define(
    counted=named(
        member.cohabits & member.alive & ~member.away & ~member.independent,
        "计入家庭成员",
        "counted as a member of the household",
    ),
)

# ------------------------------------------------------------------ disability and illness

certificate_holds = (certificate.status == CertificateStatus.VALID) & (
    certificate.valid_until >= household.on
).otherwise(True)


def _within_grade(table: str) -> Expr:
    """Whether the category's own grade is as severe as the pack's table asks."""
    limit = param_class(table, key=certificate.category, at=household.on, kind=Kind.NUMBER)
    return certificate.grade <= limit


def _part_within_grade(table: str) -> Expr:
    """The same of a multiple disability, by its parts: `43,52` is limb 3 and intellectual 2."""
    found = []
    for start in range(0, 18, 3):
        key = part(certificate.parts, start, start + 1)
        limit = param_class(table, key=key, at=household.on, kind=Kind.NUMBER, optional=True).otherwise(0)
        grade = digit(certificate.parts, start + 1)
        found.append((grade >= 1) & (grade <= limit))
    return some_of(*found)


single_person_grade = _within_grade("single_person_up_to_grade") | _part_within_grade(
    "single_person_up_to_grade"
)
"""A certificate whose category and grade, or one of whose parts, opens the single-person route."""

member.define(
    incapable_by_disability=named(
        some(
            certificate,
            where=certificate_holds
            & (_within_grade("incapable_up_to_grade") | _part_within_grade("incapable_up_to_grade")),
        ),
        "残疾致无劳动能力",
        "a disability that means incapacity",
    ),
    severely_disabled=named(
        some(certificate, where=certificate_holds & (certificate.grade <= 2)), "重度残疾", "grade 1 or 2"
    ),
    disabled_for_single=named(
        some(
            certificate,
            where=certificate_holds & single_person_grade,
        ),
        "符合单人户残疾条件",
        "a disability that opens the single-person route",
    ),
    seriously_ill=named(
        some(
            illness,
            where=(illness.valid_from <= household.on)
            & (illness.valid_until >= household.on).otherwise(True),
        ),
        "重特大疾病",
        "a recognised serious illness",
    ),
)

# ------------------------------------------------------------------ able to work, and without work

member.define(
    working_age_until=named(
        first_of(
            (member.id_is_male, number_on("working_age_until_male", household.on)),
            otherwise=number_on("working_age_until_female", household.on),
        ),
        "劳动年龄上限",
        "working age ends at",
    ),
    registered_unemployed=named(
        some(
            unemployment_registration,
            where=(unemployment_registration.registered_on <= household.on)
            & (unemployment_registration.cancelled_on > household.on).otherwise(True),
        ),
        "登记失业",
        "registered as unemployed",
    ),
)
member.define(
    of_working_age=named(
        (member.age >= number_on("working_age_from", household.on)) & (member.age < member.working_age_until),
        "劳动年龄",
        "of working age",
    ),
)

# ------------------------------------------------------------------ the household

household.define(
    counted_members=named(count(member, where=member.counted), "计入成员数", "counted members"),
    property_over=named(some(property_check.over_limit), "财产超限", "property over a limit"),
)
