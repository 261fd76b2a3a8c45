"""Is everybody who is named the person that the registers mean?"""

from __future__ import annotations

from verification.facts import certificate, enrolment, member, person
from verification.language.aggregate import count, kinds, listing, only, some
from verification.language.functions import date_number, digit, length, part, some_of, text_of, tidy
from verification.language.level import Level, named
from verification.language.rule import Says, Severity, rule
from verification.language.source import lines, source, union
from vocabulary.codes import DisabilityCategory, Sex
from vocabulary.records.health import Birth

_birth = source(Birth)
_names = union(
    "姓名",
    lines(person, name=tidy(person.name)),
    lines(enrolment, name=tidy(enrolment.name)),
    lines(certificate, name=tidy(certificate.name)),
)
_written = text_of(member.person)

member.define(
    born_otherwise=named(
        some(person, where=date_number(person.birth) != member.id_birth)
        | some(_birth, where=date_number(_birth.born_on) != member.id_birth, on="person"),
        "出生日期与号码不符",
        "a register's birth date differs from the number's",
    ),
    sex_otherwise=named(
        some(
            person,
            where=((person.sex == Sex.MALE) & ~member.id_is_male)
            | ((person.sex == Sex.FEMALE) & member.id_is_male),
        ),
        "性别与号码不符",
        "the register's sex differs from the number's",
    ),
    names=named(kinds(_names.name), "不同姓名数", "different names for one number"),
    register_name=named(only(tidy(person.name)), "登记的姓名", "name in the register"),
    register_sex=named(only(person.sex), "登记的性别", "sex in the register"),
)
_fellow = member.fellows()


@rule(
    "ID-01", "号码校验不通过", "id number fails its check",
    of=member, severity=Severity.BLOCK, cite="GB 11643-1999",
)  # fmt: skip
def id_number_fails(p: Level) -> Says:
    """Length other than 18, or the check character is not the one that the digits give."""
    return ~p.id_passes, {"length": length(_written)}


@rule(
    "ID-02", "出生日期或性别不符", "birth date or sex differs from the id number",
    of=member, severity=Severity.CONFLICT, cite="GB 11643-1999",
)  # fmt: skip
def birth_or_sex_differs(p: Level) -> Says:
    """Only where the number itself passes: a broken number is ID-01's."""
    return p.id_passes & (p.born_otherwise | p.sex_otherwise), {
        "birth": p.born_otherwise,
        "sex": p.sex_otherwise,
        "person_records": listing(person.record_id),
    }


@rule(
    "ID-03", "姓名不符", "name differs between registers",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 17",
)  # fmt: skip
def name_differs(p: Level) -> Says:
    """Names are compared after NFKC, without blanks at either end."""
    return p.names > 1, {
        "names": p.names,
        "person_records": listing(person.record_id),
        "enrolment_records": listing(enrolment.record_id),
        "certificate_records": listing(certificate.record_id),
    }


@rule(
    "ID-04", "一号多人或一人多号", "one number for two persons, or two for one",
    of=member, severity=Severity.BLOCK, cite="社会救助法 art. 62",
    or_else=(
        Severity.REVIEW,
        some(
            _fellow,
            where=(_fellow.person != member.person)
            & (_fellow.register_name == member.register_name).otherwise(False)
            & (_fellow.birth == member.birth)
            & (_fellow.register_sex == member.register_sex).otherwise(False),
        ),
    ),
)  # fmt: skip
def one_number_two_persons(p: Level) -> Says:
    """Two entries of one number block; two alike persons with different numbers are looked at."""
    entries = count(person)
    return entries > 1, {"entries": entries}


@rule(
    "ID-05", "残疾人证号不符", "certificate number does not belong to its holder",
    of=member, severity=Severity.CONFLICT, cite="残疾人证管理办法: 身份号码加类别加等级",
)  # fmt: skip
def certificate_number_differs(p: Level) -> Says:
    """Twenty characters: the id number, the category, the grade."""
    number = certificate.number
    other_category = some_of(
        *(
            (certificate.category == category) & (part(number, 18, 19) != str(category))
            for category in DisabilityCategory
        )
    )
    wrong = (
        (length(number) != 20)
        | (part(number, 0, 18) != _written)
        | other_category
        | (digit(number, 19) != certificate.grade)
    )
    return some(certificate, where=wrong), {
        "certificates": count(certificate, where=wrong),
        "certificate_records": listing(certificate.record_id, where=wrong),
    }
