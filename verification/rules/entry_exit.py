"""Who should be helped and is not yet, and who may be about to leave?

EXIT-04 is asked of a decision, where decisions are (`verification.conduct`).
"""

from __future__ import annotations

from verification.category import benefit, category_history, household, member
from verification.facts import (
    certificate,
    certificate_holds,
    in_window,
    in_year_before,
    number_on,
    single_person_grade,
)
from verification.income import (
    employee_insurance,
    income_in,
    insurance,
    pension,
    settlement,
    unemployment_benefit,
)
from verification.language.aggregate import count, highest, kinds, latest, listing, lowest, some, total
from verification.language.expression import Expr, literal
from verification.language.functions import every_of, first_of, plus_days, year_of
from verification.language.level import Level, named
from verification.language.parameter import param
from verification.language.rule import Says, Severity, rule
from verification.language.source import source
from vocabulary.codes import BenefitKind, Category, ReferralAnswer
from vocabulary.records.civil_affairs import Application
from vocabulary.records.education import HardshipStudent
from vocabulary.records.social_security import JobReferral

_history = category_history
_application = source(Application)
_hardship = source(HardshipStudent)
_referral = source(JobReferral)
_gradual = benefit.where((benefit.kind == BenefitKind.GRADUAL_EXIT) & benefit.paid)
_lately = (_gradual.month >= household.window_from) & (_gradual.month <= household.month)

_open = (
    (_history.category != Category.NONE)
    & (_history.since <= household.on)
    & (_history.until > household.on).otherwise(True)
)
_medical_from = plus_days(household.on, number_on("large_medical_days", household.on) * -1)

household.define(
    looked_after=named(
        some(_history, where=_open) | some(_application, where=in_year_before(_application.applied_on)),
        "已在册或已申请",
        "in a category, or has applied",
    ),
)
member.define(
    recent_self_pay_fen=total(
        settlement.self_pay_fen,
        where=(settlement.discharged_on > _medical_from) & (settlement.discharged_on <= household.on),
    ),
    insured_before=named(
        some(employee_insurance, during=in_window(insurance.month)),
        "核算期内职工参保",
        "insured by an employer in the window",
    ),
    insured_last_month=named(
        some(employee_insurance, where=insurance.month == household.window_to),
        "末月职工参保",
        "insured by an employer in its last month",
    ),
    benefit_fen=total(unemployment_benefit.amount_fen, during=in_window(unemployment_benefit.month)),
    benefit_left=named(
        latest(
            unemployment_benefit.remaining_months,
            by=unemployment_benefit.month,
            during=in_window(unemployment_benefit.month),
        ),
        "失业金剩余月数",
        "months of unemployment benefit left",
    ),
    benefit_last=named(
        highest(unemployment_benefit.month, during=in_window(unemployment_benefit.month)),
        "失业金末月",
        "last month of unemployment benefit",
    ),
    newly_disabled=named(
        some(
            certificate,
            where=certificate_holds & single_person_grade & in_year_before(certificate.issued_on),
        ),
        "一年内新办符合单人户条件的残疾人证",
        "a certificate of the year before that opens the single-person route",
    ),
    hardship_student=named(
        some(_hardship, where=_hardship.academic_year >= year_of(household.on) - 1),
        "困难学生",
        "on the list of students in hardship",
    ),
    refusals=named(
        count(
            _referral,
            where=(_referral.answer == ReferralAnswer.REFUSED)
            & ~_referral.justified
            & in_year_before(_referral.offered_on),
        ),
        "无正当理由拒绝次数",
        "unjustified refusals",
    ),
)
member.define(
    annual_without_benefit_fen=named(
        household.annual_fen - member.benefit_fen, "不含失业金的年收入", "income without the benefit"
    ),
)
household.define(
    recent_self_pay_fen=named(
        total(member.recent_self_pay_fen, where=member.counted), "近期自付医疗费", "recent self-paid costs"
    ),
    gradual_first=named(
        lowest(_gradual.month, during=_lately), "渐退首月", "first month of the gradual exit"
    ),
    gradual_last=highest(_gradual.month, during=_lately),
    gradual_months=kinds(_gradual.month, during=_lately),
)


# ------------------------------------------------------------------ month by month: at or above the standard

_MONTHS_AT_MOST = 6
"""The pack's `exit_months` goes no further back."""

for _back in range(_MONTHS_AT_MOST):
    member.define(**{f"month_{_back}_fen": income_in(household.window_to - _back)})
    household.define(
        **{f"month_{_back}_fen": total(getattr(member, f"month_{_back}_fen"), where=member.counted)}
    )


def _above(back: int) -> Expr:
    """Whether the household's income of one month reached the standard; a month further back than asked is not asked."""
    asked = number_on("exit_months", household.on) > back
    earned: Expr = getattr(household, f"month_{back}_fen")
    return ~asked | (earned >= household.standard_fen * household.counted_members)


household.define(
    drawing=named(
        some(_history, where=_open & (_history.category == Category.DIBAO)), "在册低保", "registered as 低保"
    ),
    above_in_each=named(
        every_of(*(_above(back) for back in range(_MONTHS_AT_MOST))),
        "最近各月均不低于标准",
        "at or above the standard in each of the last months",
    ),
)


@rule(
    "ENT-01", "大额医疗支出", "large medical costs",
    of=household, severity=Severity.REVIEW, cite="国办2023 低收入人口动态监测; 邵阳 2022",
)  # fmt: skip
def large_medical_costs(h: Level) -> Says:
    """Self-paid costs over the pack's days reach the line, and nobody looks after the household."""
    line = param("large_medical_fen", at=h.on)
    return (h.recent_self_pay_fen >= line) & ~h.looked_after, {"fen": h.recent_self_pay_fen}


@rule(
    "ENT-02", "失业进入", "has lost work in a low-income household",
    of=member, severity=Severity.REVIEW, cite="临淄 2021",
)  # fmt: skip
def lost_work(p: Level) -> Says:
    """Was insured by an employer in the window and no longer is, registered as unemployed, 边缘 household."""
    stopped = p.insured_before & ~p.insured_last_month & p.registered_unemployed
    return p.counted & stopped & (household.category == Category.EDGE), {}


@rule(
    "ENT-03", "失业金将尽", "unemployment benefit is ending",
    of=member, severity=Severity.REVIEW, cite="社会救助法 art. 10; pack: benefit_ending_months",
)  # fmt: skip
def benefit_ending(p: Level) -> Says:
    """Few months are left, and without it the household falls below the standard."""
    months = number_on("benefit_ending_months", household.on)
    ending = (p.benefit_left <= months).otherwise(False) & (
        p.benefit_last >= household.window_to - months
    ).otherwise(False)
    falls = (p.annual_without_benefit_fen < household.line_fen) & ~(household.annual_fen < household.line_fen)
    projected = first_of((household.property_over, literal(Category.NONE)), otherwise=literal(Category.DIBAO))
    return p.counted & ending & falls, {
        "remaining_months": p.benefit_left,
        "annual_without_fen": p.annual_without_benefit_fen,
        "projected_category": projected,
    }


@rule(
    "ENT-04", "新办重残证", "a severe disability has been recognised",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 8",
)  # fmt: skip
def newly_disabled(p: Level) -> Says:
    """In the last twelve months, in a household of the margin or of no category."""
    outside = household.category.among(Category.EDGE, Category.RIGID, Category.NONE)
    return p.counted & p.newly_disabled & outside, {}


@rule(
    "ENT-05", "比对名单未覆盖", "on a list of hardship and in no category",
    of=member, severity=Severity.REVIEW, cite="国办2023 低收入人口动态监测",
)  # fmt: skip
def on_a_list(p: Level) -> Says:
    """困难学生、登记失业、重病或重残, and nobody looks after the household."""
    listed = p.hardship_student | p.registered_unemployed | p.seriously_ill | p.severely_disabled
    return p.counted & listed & ~household.looked_after, {
        "student": p.hardship_student,
        "unemployed": p.registered_unemployed,
        "ill": p.seriously_ill,
        "disabled": p.severely_disabled,
    }


@rule(
    "ENT-06", "到龄无养老金", "of retirement age without a pension",
    of=member, severity=Severity.INFO, cite="武汉 新三无; pack: working_age_until_male, working_age_until_female",
)  # fmt: skip
def no_pension(p: Level) -> Says:
    """The pension register was asked and has no record."""
    return p.counted & (p.age >= p.working_age_until) & ~some(pension), {"age": p.age}


@rule(
    "EXIT-01", "连续超标", "at or above the standard for months in a row",
    of=household, severity=Severity.REVIEW, cite="社会救助法 art. 47–48; pack: exit_months",
)  # fmt: skip
def above_for_months(h: Level) -> Says:
    """In each of the pack's last months, by that month's own evidence, never by an average: then a hearing, first."""
    return h.drawing & (h.counted_members > 0) & h.above_in_each, {
        "months": number_on("exit_months", h.on),
        "last_month_fen": h.month_0_fen,
        "standard_fen": h.standard_fen * h.counted_members,
    }


@rule(
    "EXIT-02", "三次拒绝", "three unjustified refusals of work",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 34",
)  # fmt: skip
def refusals(p: Level) -> Says:
    """So many recorded refusals without a good reason; only the person's own share may be reduced."""
    enough = p.refusals >= number_on("refusals_until_reduction", household.on)
    return p.counted & enough, {
        "refusals": p.refusals,
        "job_referral_records": listing(_referral.record_id, during=in_year_before(_referral.offered_on)),
    }


@rule(
    "EXIT-03", "渐退到期", "the gradual exit has run its time",
    of=household, severity=Severity.REVIEW, cite="民发〔2022〕83号",
)  # fmt: skip
def gradual_exit_over(h: Level) -> Says:
    """Six months at most in principle, counted from the first month that was paid; an earlier exit is over."""
    months = number_on("gradual_exit_months", h.on)
    over = (h.gradual_first + months <= h.month).otherwise(False)
    return over, {"since": h.gradual_first, "last": h.gradual_last, "months": h.gradual_months}
