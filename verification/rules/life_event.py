"""What has happened to somebody that changes a right, and which dates have passed?"""

from __future__ import annotations

from verification.category import benefit, category_history, household, member
from verification.facts import (
    certificate,
    certificate_holds,
    death,
    enrolment,
    illness,
    memberships,
    number_on,
)
from verification.language.aggregate import count, kinds, latest, listing, some, total
from verification.language.expression import Expr
from verification.language.functions import (
    date_number,
    first_of,
    greatest,
    least,
    month_of,
    part,
    plus_days,
    plus_months,
    some_of,
)
from verification.language.level import Level, named
from verification.language.rule import Says, Severity, rule
from verification.language.source import source
from vocabulary.codes import BenefitKind, Category, EnrolmentStatus, MemberKind, Relation
from vocabulary.records.civil_affairs import Authorization, HouseholdMove, Visit
from vocabulary.records.social_security import EmploymentRegistration

_authorization = source(Authorization)
_history = category_history
_move = source(HouseholdMove)
_employment = source(EmploymentRegistration)
_visit = source(Visit)
_fellow = member.fellows()


def _is_head(of: Level) -> Expr:
    return of.cohabits & (of.relation == Relation.HEAD)


# ------------------------------------------------------------------ paid after a death

_standing = benefit.where(
    benefit.paid
    & benefit.kind.among(
        BenefitKind.DIBAO, BenefitKind.TEKUN, BenefitKind.SINGLE, BenefitKind.GRADUAL_EXIT, BenefitKind.ORPHAN
    )
)
_after_death = (benefit.month > month_of(member.died_on)).otherwise(False) & (
    benefit.person == member.person
).otherwise(True)
_too_much = first_of(
    (
        benefit.person.missing() & (benefit.kind == BenefitKind.DIBAO),
        benefit.amount_fen - household.payable_fen,
    ),
    (benefit.person.missing() & (household.counted_members > 0), 0),
    otherwise=benefit.amount_fen,
)

member.define(
    paid_after_death_months=named(
        kinds(_standing.month, on="household", where=_after_death),
        "死亡后发放月数",
        "months paid after the death",
    ),
    overpaid_fen=named(
        total(greatest(_too_much, 0), on="household", where=_after_death),
        "多发金额",
        "paid beyond what is due to those who remain",
    ),
)


@rule(
    "LIF-01", "已故仍在保", "paid after a death",
    of=member, severity=Severity.CONFLICT, cite="民发〔2022〕83号",
)  # fmt: skip
def paid_after_death(p: Level) -> Says:
    """A month later than the month of death was paid; that month itself was due."""
    check_due = plus_months(p.died_on, number_on("death_check_months", household.on))
    return p.paid_after_death_months > 0, {
        "died_on": p.died_on,
        "months": p.paid_after_death_months,
        "overpaid_fen": p.overpaid_fen,
        "check_due": check_due,
        "death_records": listing(death.record_id),
        "benefit_records": listing(_standing.record_id, on="household", where=_after_death),
    }


# ------------------------------------------------------------------ papers that have run out


@rule(
    "LIF-02", "残疾人证过期或注销", "disability certificate has run out or was cancelled",
    of=member, severity=Severity.REVIEW, cite="残疾人证管理办法",
)  # fmt: skip
def certificate_run_out(p: Level) -> Says:
    """Has had a certificate, and none that holds on the day; the last day itself still holds."""
    return p.cohabits & some(certificate, where=~certificate_holds) & ~some(
        certificate, where=certificate_holds
    ), {"certificates": count(certificate), "certificate_records": listing(certificate.record_id)}


@rule(
    "LIF-03", "年龄节点", "a birthday that changes a right is near",
    of=member, severity=Severity.REVIEW, cite="特困人员认定办法 art. 5, 8; 社会救助法 art. 16",
)  # fmt: skip
def birthday_near(p: Level) -> Says:
    """Turns 16, 18, 60 or 70 within the pack's days; a 特困 minor at school stays one."""
    today = date_number(household.on)
    last = date_number(plus_days(household.on, number_on("age_notice_days", household.on)))
    near = some_of(
        *(
            (p.birth + years * 10_000 > today) & (p.birth + years * 10_000 <= last)
            for years in (16, 18, 60, 70)
        )
    )
    return p.counted & near, {"age": p.age, "stays_at_school": p.stays_at_school}


@rule(
    "LIF-04", "毕业或退学", "still listed as a student after graduating or leaving",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 7",
)  # fmt: skip
def no_longer_student(p: Level) -> Says:
    """An adult child in the household who is not 在读 any more (休学 is not), or should not be by the date."""
    reading = enrolment.status == EnrolmentStatus.ENROLLED
    overdue = some(enrolment, where=reading & (enrolment.expected_graduation < household.on).otherwise(False))
    ended = some(enrolment) & ~some(enrolment, where=reading)
    return p.is_child & p.adult & p.counted & (overdue | ended), {
        "overdue": overdue,
        "enrolment_records": listing(enrolment.record_id),
    }


_is_rigid = (_history.category == Category.RIGID) & _history.until.missing()
household.define(
    rigid_run_out=named(
        some(_history, where=_is_rigid & (plus_months(_history.since, 12) <= household.on)),
        "刚性支出认定满12个月",
        "a rigid-expenditure recognition is twelve months old",
    ),
    has_head=named(some(member, where=_is_head(member)), "已列户主", "a head of household is listed"),
)


@rule(
    "LIF-05", "重病认定到期或刚性认定满12月", "recognition of an illness, or of rigid expenditure, has run out",
    of=member, severity=Severity.REVIEW, cite="刚性支出困难家庭认定办法 art. 10",
)  # fmt: skip
def recognition_run_out(p: Level) -> Says:
    """An illness was recognised and is not on the day; a household's twelve months are told of its head.

    Where no head is listed, they are told of everybody who lives there.
    """
    past = some(illness, where=(illness.valid_until < household.on).otherwise(False))
    illness_over = past & ~p.seriously_ill
    rigid_over = household.rigid_run_out & (_is_head(p) | ~household.has_head)
    return p.cohabits & (illness_over | rigid_over), {
        "illness": illness_over,
        "rigid": household.rigid_run_out,
        "illness_recognition_records": listing(illness.record_id),
        "category_history_records": listing(_history.record_id, on="household", where=_is_rigid),
    }


# ------------------------------------------------------------------ moved, and the records have not followed

_last_moved = latest(_move.moved_on, by=_move.moved_on, where=_move.moved_on <= household.on)
household.define(
    moved_on=named(_last_moved, "迁居日期", "moved on"),
    moved_from=named(
        latest(part(_move.from_district, 0, 6), by=_move.moved_on, where=_move.moved_on <= household.on),
        "迁出地",
        "moved from",
    ),
    moved_to=latest(part(_move.to_district, 0, 6), by=_move.moved_on, where=_move.moved_on <= household.on),
)
household.define(
    handover_due=named(
        plus_days(household.moved_on, number_on("handover_days", household.on)),
        "移交截止日",
        "the records have to follow by",
    ),
    moved_away=named(
        (household.moved_from != household.moved_to).otherwise(False), "跨区迁居", "moved to another district"
    ),
)


def _left_behind(district: Expr) -> Expr:
    return (part(district, 0, 6) == household.moved_from).otherwise(False)


member.define(
    school_left_behind=named(
        some(
            enrolment, where=(enrolment.status == EnrolmentStatus.ENROLLED) & _left_behind(enrolment.district)
        ),
        "学籍未转",
        "the school record has not followed",
    ),
    work_left_behind=named(
        some(
            _employment,
            where=(_employment.until > household.on).otherwise(True) & _left_behind(_employment.district),
        ),
        "就业登记未转",
        "the work registration has not followed",
    ),
    illness_left_behind=named(
        some(
            illness,
            where=(illness.valid_until >= household.on).otherwise(True) & _left_behind(illness.district),
        ),
        "重病认定未转",
        "the recognition of illness has not followed",
    ),
)


@rule(
    "LIF-08", "迁居资料未移交", "moved to another district, and records have not followed",
    of=member, severity=Severity.REVIEW, cite="邵阳 2022: 随迁资料移交; pack: handover_days",
)  # fmt: skip
def records_not_handed_over(p: Level) -> Says:
    """After the pack's days a department's current record still stands at the old district."""
    overdue = household.moved_away & (household.handover_due < household.on).otherwise(False)
    behind = p.school_left_behind | p.work_left_behind | p.illness_left_behind
    return p.cohabits & overdue & behind, {
        "moved_on": household.moved_on,
        "due": household.handover_due,
        "school": p.school_left_behind,
        "work": p.work_left_behind,
        "illness": p.illness_left_behind,
    }


# ------------------------------------------------------------------ agreement and review

_signed = (
    (_authorization.valid_from <= household.on)
    & (_authorization.valid_until >= household.on).otherwise(True)
    & (_authorization.withdrawn_on > household.on).otherwise(True)
)
member.define(
    ever_signed=some(_authorization),
    agrees=named(some(_authorization, where=_signed), "有有效授权", "has an authorization that holds"),
    agreed_on=latest(_authorization.valid_from, by=_authorization.valid_from, where=_signed),
)
member.define(
    joined_since=named(
        some(_fellow, where=_fellow.cohabits & (_fellow.joined_on > member.agreed_on).otherwise(False)),
        "签署后新增成员",
        "somebody joined since it was signed",
    ),
    left_since=named(
        some(
            memberships,
            on="household",
            where=(memberships.kind == MemberKind.COHABIT)
            & (memberships.left_on > member.agreed_on).otherwise(False)
            & (memberships.left_on <= household.on).otherwise(False),
        ),
        "签署后退出成员",
        "somebody left since it was signed",
    ),
)


@rule(
    "LIF-06", "授权过期或成员变更", "authorization has run out, or the household has changed since",
    of=member, severity=Severity.BLOCK, cite="社会救助法 art. 40; 核对授权书",
)  # fmt: skip
def authorization_run_out(p: Level) -> Says:
    """Is listed as living in the household, with no authorization that holds, or somebody came or left since.

    Whether the person is alive is not asked: without an authorization nobody may ask it.
    """
    return p.cohabits & (~p.agrees | p.joined_since | p.left_since), {
        "signed": p.ever_signed,
        "joined_since": p.joined_since,
        "left_since": p.left_since,
    }


_unstable = some(member, where=member.counted & member.adult & ~member.incapable)
_months = first_of(
    (_unstable, number_on("review_months_unstable", household.on)),
    otherwise=number_on("review_months_stable", household.on),
)
household.define(
    last_visit=latest(_visit.visited_on, by=_visit.visited_on, where=_visit.visited_on <= household.on),
    next_visit=latest(_visit.next_due, by=_visit.visited_on, where=_visit.visited_on <= household.on),
    review_months=named(_months, "复核周期", "months between reviews"),
)
_by_the_months = plus_months(household.last_visit, household.review_months)
household.define(
    review_due=named(
        # A visit may set the next one for an earlier day than the law asks; not for a later one.
        least(household.next_visit.otherwise(_by_the_months), _by_the_months),
        "复核到期日",
        "the review is due",
    ),
)


@rule(
    "LIF-07", "定期核查到期", "the regular review is due",
    of=household, severity=Severity.REVIEW, cite="审核确认办法 art. 31; 社会救助法 art. 46",
)  # fmt: skip
def review_due(h: Level) -> Says:
    """The pack's months since the last visit are over, or the earlier day that it set has come."""
    return (h.review_due < h.on).otherwise(False), {"due": h.review_due}
