"""Is everybody listed who should be, and nobody who should not?

HH-02 sees a mother's children by their birth certificates; it does not know of a child's own
death, which nobody was asked about. HH-06 compares keyed tokens, never names or numbers: who
makes them and lays them side by side is not its business.
"""

from __future__ import annotations

from verification.category import benefit, household, member
from verification.facts import ADULT_AT, enrolment, memberships, person
from verification.language.aggregate import count, kinds, listing, only, some
from verification.language.functions import full_years, greatest, part
from verification.language.level import Level, named
from verification.language.rule import Says, Severity, rule
from verification.language.source import source
from vocabulary.codes import BenefitKind, MaritalStatus, MemberKind
from vocabulary.records.civil_affairs import Application, Authorization, DistrictToken, Marriage, Visit
from vocabulary.records.health import Birth

_marriage = source(Marriage)
_birth = source(Birth)
_authorization = source(Authorization)
_application = source(Application)
_visit = source(Visit)
_token = source(DistrictToken)
_LASTING = (BenefitKind.DIBAO, BenefitKind.TEKUN, BenefitKind.SINGLE, BenefitKind.GRADUAL_EXIT)
_elsewhere = _token.where(
    (_token.own_token == _token.other_token) & _token.paid & _token.kind.among(*_LASTING)
)
"""Equal tokens of one period are one person, and a lasting benefit was paid there in that month."""
_here = benefit.where(benefit.paid & benefit.kind.among(*_LASTING))
_lately = (_token.month >= household.window_from) & (_token.month <= household.month)

_married = (
    _marriage.status.among(
        MaritalStatus.MARRIED,
        MaritalStatus.FIRST_MARRIAGE,
        MaritalStatus.REMARRIED,
        MaritalStatus.REMARRIED_TO_EACH_OTHER,
    )
    & (_marriage.registered_on <= household.on).otherwise(True)
    & (_marriage.divorced_on > household.on).otherwise(True)
)
_fellow = member.fellows()
_by_birth = full_years(since=_birth.born_on, on=household.on)
_signed = (
    (_authorization.valid_from <= household.on)
    & (_authorization.valid_until >= household.on).otherwise(True)
    & (_authorization.withdrawn_on > household.on).otherwise(True)
)

member.define(
    is_married=named(some(_marriage, where=_married), "在婚", "registered as married"),
    spouse=named(only(_marriage.spouse, where=_married), "登记配偶", "registered spouse"),
    mother=only(_birth.mother, on="person"),
    signed=named(some(_authorization, where=_signed), "有有效授权", "has agreed to be checked"),
    signed_on=only(_authorization.valid_from, where=_signed),
)
member.define(
    spouse_listed=named(
        some(
            _fellow,
            where=(_fellow.person == member.spouse).otherwise(False) & (_fellow.cohabits | _fellow.away),
        ),
        "配偶已列入",
        "the spouse is listed",
    ),
    minor_children=named(
        kinds(_birth.person, on="mother", where=_by_birth < ADULT_AT), "未成年子女数", "minor children born"
    ),
    minor_children_listed=named(
        count(_fellow, where=(_fellow.mother == member.person).otherwise(False) & (_fellow.age < ADULT_AT)),
        "已列入未成年子女数",
        "minor children listed",
    ),
    households=named(
        kinds(
            memberships.household,
            on="person",
            where=(memberships.kind == MemberKind.COHABIT)
            & (memberships.joined_on <= household.on)
            & (memberships.left_on > household.on).otherwise(True),
        ),
        "列入家庭数",
        "households that list the person on one day",
    ),
)
member.define(
    months_in_two_districts=named(
        greatest(
            kinds(
                _elsewhere.month,
                during=_lately,
                matching=(_here.where(_here.person.missing()), "month"),
                matched_on="household",
            ),
            kinds(
                _elsewhere.month,
                during=_lately,
                matching=(_here.where(~_here.person.missing()), "month"),
                matched_on="person",
            ),
        ),
        "两地同月享受月数",
        "months with a benefit in two districts",
    ),
)
household.define(
    listed_members=named(count(member, where=member.cohabits), "列入成员数", "listed members"),
)


@rule(
    "HH-01", "漏报配偶", "spouse not listed",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 7 (一)",
)  # fmt: skip
def spouse_not_listed(p: Level) -> Says:
    """Married on the day, and the spouse neither lives in the household nor is away as the law names.

    Where the register names no spouse, only somebody who is listed alone is taken to lack one.
    """
    unnamed = p.spouse.missing() & (household.listed_members == 1)
    named_elsewhere = ~p.spouse.missing() & ~p.spouse_listed
    return p.cohabits & p.alive & p.is_married & (unnamed | named_elsewhere), {
        "marriage_records": listing(_marriage.record_id, where=_married)
    }


@rule(
    "HH-02", "漏报未成年子女", "minor child not listed",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 7 (二)",
)  # fmt: skip
def minor_child_not_listed(p: Level) -> Says:
    """The mother has borne more children under 18 than the household lists as hers."""
    return p.cohabits & (p.minor_children > p.minor_children_listed), {
        "born": p.minor_children,
        "listed": p.minor_children_listed,
        "birth_records": listing(_birth.record_id, on="mother", where=_by_birth < ADULT_AT),
    }


@rule(
    "HH-03", "在读子女计入错误", "adult child in education wrongly counted or left out",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 7 (三)",
)  # fmt: skip
def student_wrongly_counted(p: Level) -> Says:
    """An adult child with a current enrolment counts exactly when full-time up to a first degree."""
    wrong = (p.studies & ~p.cohabits) | (~p.studies & p.cohabits)
    return p.is_child & p.adult & p.alive & ~p.away & p.enrolled & wrong, {
        "studies": p.studies,
        "listed": p.cohabits,
        "enrolment_records": listing(enrolment.record_id),
    }


@rule(
    "HH-04", "应排除人员被计入", "person counted whom the law excludes",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 7, last paragraph",
)  # fmt: skip
def excluded_person_listed(p: Level) -> Says:
    """监狱服刑、强制隔离戒毒、宣告失踪、宗教教职三年以上; 社区戒毒 stays."""
    return p.cohabits & p.away, {"special": p.special}


@rule(
    "HH-05", "同一人列入两户", "one person in two households",
    of=member, severity=Severity.CONFLICT, cite="社会救助法 art. 40",
)  # fmt: skip
def in_two_households(p: Level) -> Says:
    """Listed as living in two or more households on one day."""
    return p.cohabits & (p.households > 1), {
        "households": p.households,
        "membership_records": listing(memberships.record_id, on="person"),
    }


@rule(
    "HH-06", "跨区重复", "a benefit in two districts",
    of=member, severity=Severity.CONFLICT, cite="社会救助法 art. 62; 民发〔2022〕83号",
)  # fmt: skip
def in_two_districts(p: Level) -> Says:
    """The keyed tokens of two districts are equal, and both paid a lasting benefit in one month."""
    return p.cohabits & (p.months_in_two_districts > 0), {
        "months": p.months_in_two_districts,
        "district_token_records": listing(_elsewhere.record_id, during=_lately),
    }


@rule(
    "HH-07", "人户分离", "lives in another district than registered",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 5",
)  # fmt: skip
def lives_elsewhere(p: Level) -> Says:
    """District by district: the handling one is to be settled, and benefits asked for in both."""
    apart = some(person, where=part(person.hukou_district, 0, 6) != part(person.residence_district, 0, 6))
    return p.counted & apart, {}


@rule(
    "HH-08", "单人户条件", "may enter alone",
    of=member, severity=Severity.INFO, cite="审核确认办法 art. 8; 民发〔2022〕83号; 社会救助法 art. 21",
)  # fmt: skip
def may_enter_alone(p: Level) -> Says:
    """A severely disabled or seriously ill member of a low-income household, or an adult 无业重残."""
    return p.enters_alone, {"payable_fen": p.alone_fen}


@rule(
    "HH-09", "义务人未同意不得核对", "obligor who has not agreed must not be checked",
    of=member, severity=Severity.BLOCK, cite="社会救助法 art. 41",
)  # fmt: skip
def obligor_not_agreed(p: Level) -> Says:
    """Owes support from outside the household and has signed nothing that holds on the day."""
    return (p.kind == MemberKind.OBLIGOR) & ~p.signed, {}


@rule(
    "HH-10", "近亲属未入户", "near relative of staff without a home visit",
    of=household, severity=Severity.BLOCK, cite="审核确认办法 art. 11, 16, 20",
)  # fmt: skip
def near_relative_not_visited(h: Level) -> Says:
    """A near relative's application needs a visit by at least two before it is decided."""
    related = some(_application, where=_application.near_relative & (_application.applied_on <= h.on))
    visited = some(
        _visit,
        where=(_visit.visitors >= 2) & (_visit.visited_on <= h.on) & (_visit.visited_on > h.year_before),
    )
    return related & ~visited, {}
