"""Which contradictions about identity and households are planted in the demo district?"""

from __future__ import annotations

from datetime import date, timedelta

from demo.contradiction import Contradiction, Ground, has_left, in_dibao
from demo.households import Member
from demo.people import ELSEWHERE, FEMALE, HOME, MALE
from demo.scribe import Dossier
from vocabulary.codes import (
    EnrolmentStatus,
    MaritalStatus,
    MemberKind,
    Sex,
    SpecialStatus,
)
from vocabulary.idnumber import WrittenId
from vocabulary.records.civil_affairs import (
    Application,
    Authorization,
    Declaration,
    Marriage,
    Membership,
    Person,
    Visit,
)
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Birth
from vocabulary.region import RegionCode


def _spouse(dossier: Dossier) -> list[Member]:
    return dossier.family.with_role("spouse")


def _well_spouse(dossier: Dossier) -> bool:
    return in_dibao(dossier) and any(member.disability is None for member in _spouse(dossier))


def _wrong_check_digit(ground: Ground, dossier: Dossier) -> None:
    (spouse,) = _spouse(dossier)
    wrong = "0" if spouse.person[17] in "9X" else str(int(spouse.person[17]) + 1)
    dossier.rename(spouse.person, WrittenId(spouse.person[:17] + wrong))


def _wrong_birth_or_sex(ground: Ground, dossier: Dossier) -> None:
    (row,) = dossier.of(Person, dossier.family.head.person)
    if ground.rng.random() < 0.5:
        dossier.change(row, birth=row.birth + timedelta(1))
    else:
        dossier.change(row, sex=Sex.FEMALE if row.sex is Sex.MALE else Sex.MALE)


def _named_elsewhere(dossier: Dossier) -> list[Certificate | Enrolment]:
    return [*dossier.of(Certificate), *dossier.of(Enrolment)]


def _other_name(ground: Ground, dossier: Dossier) -> None:
    row = _named_elsewhere(dossier)[0]
    last = ground.rng.choice([mark for mark in MALE + FEMALE if mark != row.name[-1]])
    dossier.change(row, name=row.name[:-1] + last)


def _other_grade_in_number(ground: Ground, dossier: Dossier) -> None:
    (row,) = dossier.of(Certificate)
    dossier.change(row, number=row.number[:19] + str(row.grade % 4 + 1))


def _without_spouse(dossier: Dossier) -> bool:
    return in_dibao(dossier) and dossier.family.head.role == "adult" and not _spouse(dossier)


def _spouse_not_listed(ground: Ground, dossier: Dossier) -> None:
    head = dossier.family.head
    other = Sex.FEMALE if head.sex is Sex.MALE else Sex.MALE
    spouse = ground.registrar.id_number(ground.registrar.birth(head.age), other, prefix=ELSEWHERE)
    (row,) = dossier.of(Marriage, head.person)
    dossier.change(
        row,
        status=MaritalStatus.REMARRIED,
        spouse=spouse,
        registered_on=ground.calendar.ago(400),
        divorced_on=None,
    )


def _mothers(dossier: Dossier) -> list[Member]:
    adults = dossier.family.with_role("adult", "spouse")
    return [member for member in adults if member.sex is Sex.FEMALE and member.age < 48]


def _child_not_listed(ground: Ground, dossier: Dossier) -> None:
    born = ground.registrar.birth(ground.rng.randint(2, 6))
    child = ground.registrar.id_number(born, ground.rng.choice((Sex.MALE, Sex.FEMALE)))
    mother = _mothers(dossier)[0].person
    dossier.records.append(ground.scribe.write(Birth, person=child, born_on=born, mother=mother))


def _adult_students(dossier: Dossier) -> list[Member]:
    return [member for member in dossier.family.with_role("student") if member.age >= 18]


def _no_longer_a_full_time_student(ground: Ground, dossier: Dossier) -> None:
    (row,) = dossier.of(Enrolment, _adult_students(dossier)[0].person)
    if ground.rng.random() < 0.5:
        dossier.change(row, full_time=False)
    else:
        dossier.change(row, status=EnrolmentStatus.SUSPENDED)


def _in_prison(ground: Ground, dossier: Dossier) -> None:
    (row,) = dossier.of(Membership, _spouse(dossier)[0].person)
    special = ground.rng.choice((SpecialStatus.PRISON, SpecialStatus.COMPULSORY_REHAB))
    dossier.change(row, special=special)


def _with_one_parent(dossier: Dossier) -> bool:
    return in_dibao(dossier) and len(dossier.family.with_role("parent")) == 1


def _listed_twice(ground: Ground, dossier: Dossier) -> None:
    """Both households declare the same pension; the second, too, counts a person it should not."""
    (parent,) = dossier.family.with_role("parent")
    other = next(home for home in ground.untouched if in_dibao(home) and home.family.slot.size > 1)
    ground.untouched.remove(other)
    other.planted = "HH-05"
    other.records.append(
        ground.scribe.write(
            Membership,
            household=other.family.number,
            person=parent.person,
            relation=parent.relation,
            kind=MemberKind.COHABIT,
            joined_on=ground.calendar.ago(500),
        )
    )
    for row in dossier.of(Declaration, parent.person):
        again = {
            "household": other.family.number,
            "item": row.item,
            "month": row.month,
            "amount_fen": row.amount_fen,
        }
        other.records.append(ground.scribe.write(Declaration, as_of=row.as_of, person=parent.person, **again))


def _registered_elsewhere(ground: Ground, dossier: Dossier) -> None:
    (row,) = dossier.of(Person, dossier.family.head.person)
    until = date(ground.calendar.on.year + 2, 5, 31)
    dossier.change(row, hukou_district=RegionCode(ELSEWHERE), residence_permit_until=until)


def _has_obligor(dossier: Dossier) -> bool:
    return in_dibao(dossier) and dossier.family.obligor is not None


def _obligor_did_not_agree(ground: Ground, dossier: Dossier) -> None:
    obligor = dossier.family.obligor
    assert obligor is not None
    dossier.drop(dossier.of(Authorization, obligor.person))


def _relative_not_visited(ground: Ground, dossier: Dossier) -> None:
    (application,), (visit,) = dossier.of(Application), dossier.of(Visit)
    dossier.change(application, near_relative=True)
    dossier.change(visit, visitors=1)


def _authorization_over(ground: Ground, dossier: Dossier) -> None:
    (row,) = dossier.of(Authorization, dossier.family.head.person)
    dossier.change(row, valid_until=ground.calendar.ago(ground.rng.randint(5, 40)))


def _soon_sixty(ground: Ground, dossier: Dossier) -> None:
    """A person of another birth date is another person, with another id number."""
    head, on = dossier.family.head, ground.calendar.on
    reached = on + timedelta(ground.rng.randint(10, 50))
    born = reached.replace(year=reached.year - 60)
    number = ground.registrar.id_number(born, head.sex, prefix=HOME)
    dossier.rename(head.person, number)
    (row,) = dossier.of(Person, number)
    dossier.change(row, birth=born)
    head.person, head.birth, head.age = number, born, 59


def _two_on_one_number(ground: Ground, dossier: Dossier) -> None:
    head = dossier.family.head
    name = ground.registrar.name(ground.registrar.surname(), head.sex)
    (row,) = dossier.of(Person, head.person)
    columns = {
        column: getattr(row, column)
        for column in ("person", "sex", "birth", "hukou_district", "residence_district")
    }
    dossier.records.append(ground.scribe.write(Person, name=name, **columns))


def _lone_man(dossier: Dossier) -> bool:
    family = dossier.family
    alone = family.slot.size == 1 and family.head.role == "adult" and family.head.disability is None
    return in_dibao(dossier) and alone and family.head.sex is Sex.MALE


PLANTED_PEOPLE = (
    Contradiction(
        "ID-01",
        12,
        "The register wrote a spouse's id number with a wrong check digit.",
        _well_spouse,
        _wrong_check_digit,
    ),
    Contradiction(
        "ID-02",
        8,
        "Sex or birth date in the civil register is not the one in the id number.",
        in_dibao,
        _wrong_birth_or_sex,
    ),
    Contradiction(
        "ID-03",
        12,
        "A school or the disability federation writes the name otherwise than the civil register.",
        lambda dossier: in_dibao(dossier) and bool(_named_elsewhere(dossier)),
        _other_name,
    ),
    Contradiction(
        "ID-04", 3, "Two people are registered under the head's id number.", in_dibao, _two_on_one_number
    ),
    Contradiction(
        "ID-05",
        8,
        "The last digit of a disability certificate's number is not its grade.",
        lambda dossier: in_dibao(dossier) and bool(dossier.of(Certificate)),
        _other_grade_in_number,
    ),
    Contradiction(
        "HH-01",
        10,
        "The head remarried last year; the spouse is not listed.",
        _without_spouse,
        _spouse_not_listed,
    ),
    Contradiction(
        "HH-02",
        10,
        "A birth record names a mother of the household; the child is not listed.",
        lambda dossier: in_dibao(dossier) and bool(_mothers(dossier)),
        _child_not_listed,
    ),
    Contradiction(
        "HH-03",
        8,
        "A grown child is counted as a student but has suspended, or does not study full time.",
        lambda dossier: in_dibao(dossier) and bool(_adult_students(dossier)),
        _no_longer_a_full_time_student,
    ),
    Contradiction(
        "HH-04",
        6,
        "A spouse in prison or in compulsory rehabilitation is still counted.",
        _well_spouse,
        _in_prison,
    ),
    Contradiction(
        "HH-05",
        15,
        "A parent is listed with the households of two children.",
        _with_one_parent,
        _listed_twice,
    ),
    Contradiction(
        "HH-07",
        12,
        "The head lives here and is registered in the neighbouring district.",
        in_dibao,
        _registered_elsewhere,
    ),
    Contradiction(
        "HH-09",
        20,
        "A child outside who owes support did not agree to be asked about.",
        _has_obligor,
        _obligor_did_not_agree,
    ),
    Contradiction(
        "HH-10",
        5,
        "A near relative of staff applied and only one person visited.",
        in_dibao,
        _relative_not_visited,
    ),
    Contradiction("LIF-03", 10, "The head turns sixty within two months.", _lone_man, _soon_sixty),
    Contradiction(
        "LIF-06",
        10,
        "The head's authorization ran out before the day of application.",
        lambda dossier: not has_left(dossier),
        _authorization_over,
    ),
)
"""Identity, household and consent."""
