"""Which benefits stand together that may not, and which are due and not drawn?"""

from __future__ import annotations

from verification.category import benefit, household, member
from verification.facts import certificate, certificate_holds, in_window, number_on
from verification.income import employee_insurance, injury_benefit, unemployment_benefit
from verification.language.aggregate import Whose, count, grouped, highest, kinds, listing, some, total
from verification.language.expression import Expr, literal
from verification.language.functions import first_of, greatest, least, some_of, total_of
from verification.language.kinds import Kind
from verification.language.level import Level, named
from verification.language.parameter import param_class
from verification.language.rule import Says, Severity, rule
from verification.language.source import lines, source, union
from vocabulary.codes import BenefitKind, Category, InjuryBenefitKind, Relation, SubsidyKind
from vocabulary.records.disability import DisabilitySubsidy
from vocabulary.records.education import Aid

_subsidy = source(DisabilitySubsidy)
_aid = source(Aid)
_living = _subsidy.where(_subsidy.kind == SubsidyKind.LIVING)
_care = _subsidy.where(_subsidy.kind == SubsidyKind.CARE)
_tekun = benefit.where((benefit.kind == BenefitKind.TEKUN) & benefit.paid)
_dibao = benefit.where((benefit.kind == BenefitKind.DIBAO) & benefit.paid)
_alone = benefit.where((benefit.kind == BenefitKind.SINGLE) & benefit.paid)
_orphan = benefit.where((benefit.kind == BenefitKind.ORPHAN) & benefit.paid)
_group = param_class("aid_group", key=_aid.programme, at=_aid.paid_on, kind=Kind.TEXT, optional=True)
_relief = benefit.where(
    benefit.kind.among(BenefitKind.DIBAO, BenefitKind.TEKUN, BenefitKind.SINGLE, BenefitKind.GRADUAL_EXIT)
    & benefit.paid
)
"""What stands for 低保 or 特困 in a month; 临时救助 does not."""
_tekun_of_all = _tekun.where(_tekun.person.missing())
_tekun_of_one = _tekun.where(~_tekun.person.missing())
_dibao_of_all = _dibao.where(_dibao.person.missing())
_dibao_of_one = _dibao.where(~_dibao.person.missing())
"""A benefit that names nobody is everybody's; one that names a person is that person's alone."""


def _lately(month: Expr) -> Expr:
    """From the first month of the window to the month of application: what stands together today counts too."""
    return (month >= household.window_from) & (month <= household.month)


_paid = _lately(benefit.month)
_drawn = _lately(_subsidy.month)
_OF_ONE = ("household", "person")
_theirs = (benefit.person == member.person).otherwise(member.relation == Relation.HEAD)
"""A benefit that names nobody is the household's: what is wrong with it is told of the head."""

_grouped_aid = union(
    "学生资助",
    lines(
        _aid,
        academic_year=_aid.academic_year,
        programme=_aid.programme,
        fen=_aid.amount_fen,
        group=_group.otherwise(""),
    ),
)
_years = grouped(
    _grouped_aid,
    by=("person", "academic_year", "group"),
    programmes=kinds(_grouped_aid.programme),
    fen=total(_grouped_aid.fen),
    most_fen=highest(_grouped_aid.fen),
)
_twice = (_years.group != "") & (_years.programmes > 1)

member.define(
    tekun_and_dibao_months=named(
        greatest(
            greatest(
                kinds(
                    _tekun_of_all.month,
                    on="household",
                    where=_theirs,
                    during=_paid,
                    matching=(_dibao, "month"),
                ),
                kinds(
                    _tekun_of_one.month,
                    during=_paid,
                    matching=(_dibao_of_all, "month"),
                    matched_on="household",
                ),
            ),
            greatest(
                kinds(
                    _tekun_of_one.month,
                    during=_paid,
                    matching=(_dibao_of_one, "month"),
                    matched_on=_OF_ONE,
                ),
                kinds(
                    _tekun.month,
                    on="household",
                    where=_theirs,
                    during=_paid,
                    matching=(_alone, "month"),
                    matched_on=_OF_ONE,
                ),
            ),
        ),
        "特困与低保同月数",
        "months with both",
    ),
    tekun_and_subsidy_months=named(
        greatest(
            kinds(_subsidy.month, during=_drawn, matching=(_tekun_of_all, "month"), matched_on="household"),
            kinds(_subsidy.month, during=_drawn, matching=(_tekun_of_one, "month"), matched_on="person"),
        ),
        "特困与两项补贴同月数",
        "months with both",
    ),
    tekun_and_subsidy_fen=greatest(
        total(_subsidy.amount_fen, during=_drawn, matching=(_tekun_of_all, "month"), matched_on="household"),
        total(_subsidy.amount_fen, during=_drawn, matching=(_tekun_of_one, "month"), matched_on="person"),
    ),
    subsidy_months=named(
        kinds(_subsidy.month, during=_drawn), "领取残疾补贴月数", "months with a disability subsidy"
    ),
    subsidy_fen=total(_subsidy.amount_fen, during=_drawn),
    living_months=kinds(_living.month, during=_drawn),
    living_without_dibao_months=named(
        count(_living, during=_drawn, unmatched=(_relief, "month"), matched_on="household"),
        "无低保月份的生活补贴",
        "months of living subsidy without a benefit of the household",
    ),
    care_months=named(kinds(_care.month, during=_drawn), "护理补贴月数", "months of care subsidy"),
    care_fen=total(_care.amount_fen, during=_drawn),
    gives_care=named(
        some(certificate, where=certificate.grade <= number_on("care_subsidy_up_to_grade", household.on)),
        "等级符合护理补贴",
        "the grade gives the care subsidy",
    ),
    care_and_injury_months=named(
        kinds(
            _care.month,
            during=_drawn,
            matching=(injury_benefit.where(injury_benefit.kind == InjuryBenefitKind.LIVING_CARE), "month"),
        ),
        "护理补贴与工伤护理费同月数",
        "months with both the care subsidy and the injury care fee",
    ),
    orphan_and_other_months=named(
        greatest(
            greatest(
                kinds(_orphan.month, during=_paid, matching=(_tekun_of_all, "month"), matched_on="household"),
                kinds(_orphan.month, during=_paid, matching=(_tekun_of_one, "month"), matched_on="person"),
            ),
            kinds(_orphan.month, during=_paid, matching=(_living, "month"), matched_on="person"),
        ),
        "孤儿保障与特困或生活补贴同月数",
        "months of orphan support with 特困 or the living subsidy",
    ),
    benefit_while_insured_months=named(
        kinds(
            unemployment_benefit.month,
            during=_lately(unemployment_benefit.month),
            matching=(employee_insurance, "month"),
        ),
        "领失业金而职工参保月数",
        "months with unemployment benefit while insured by an employer",
    ),
    benefit_while_insured_fen=total(
        unemployment_benefit.amount_fen,
        during=_lately(unemployment_benefit.month),
        matching=(employee_insurance, "month"),
    ),
    aid_twice=named(some(_years, where=_twice), "同组重复资助", "two programmes of one group in one year"),
    aid_duplicate_fen=named(
        total(_years.fen - _years.most_fen, where=_twice), "重复资助金额", "aid beyond one programme"
    ),
    aid_years=named(kinds(_years.academic_year, where=_twice), "重复学年数", "academic years with both"),
)
# ------------------------------------------------------------------ 择高: a subsidy, and what it equals from work injury

_EQUIVALENT = (
    (SubsidyKind.LIVING, InjuryBenefitKind.DISABILITY_ALLOWANCE),
    (SubsidyKind.CARE, InjuryBenefitKind.LIVING_CARE),
)
"""What 国发〔2015〕52号 lets a person choose between. Other pairs are weighed by the stacking report."""


def _higher(one: str, other: str, month: Expr) -> Expr:
    """Whether the pack calls a pair 择高, in whichever order it names it."""
    rows = [
        param_class("stacking", key=literal(pair), at=month, kind=Kind.TEXT, optional=True)
        for pair in (f"{one}+{other}", f"{other}+{one}")
    ]
    return rows[0].otherwise(rows[1].otherwise("ALLOW")) == "HIGHER"


_is_higher = some_of(
    *((_subsidy.kind == one) & _higher(one, other, _subsidy.month) for one, other in _EQUIVALENT)
)
_pairs = [
    (
        Whose(
            where=(_subsidy.kind == one) & _higher(one, other, _subsidy.month),
            during=_drawn,
            matching=(injury_benefit.where(injury_benefit.kind == other), "month"),
        ),
        Whose(
            where=(injury_benefit.kind == other) & _higher(one, other, injury_benefit.month),
            during=_lately(injury_benefit.month),
            matching=(_subsidy.where(_subsidy.kind == one), "month"),
        ),
    )
    for one, other in _EQUIVALENT
]
member.define(
    both_of_higher_months=named(
        total_of(kinds(_subsidy.month, **of_subsidy) for of_subsidy, _ in _pairs),
        "择高待遇同领月数",
        "months with both of a pair of which only the higher is paid",
    ),
    both_of_higher_subsidy_fen=total_of(total(_subsidy.amount_fen, **of_subsidy) for of_subsidy, _ in _pairs),
    both_of_higher_other_fen=total_of(total(injury_benefit.amount_fen, **of_other) for _, of_other in _pairs),
)
_certified = some(certificate, where=certificate_holds)
member.define(
    living_due=named(
        member.counted
        & (household.category == Category.DIBAO)
        & _certified
        & ~member.orphan
        & (member.living_months == 0),
        "应享未享生活补贴",
        "the living subsidy is due and not drawn",
    ),
    care_due=named(
        member.counted
        & household.category.among(Category.DIBAO, Category.EDGE, Category.RIGID, Category.NONE)
        & some(
            certificate,
            where=certificate_holds
            & (certificate.grade <= number_on("care_subsidy_up_to_grade", household.on)),
        )
        & (member.care_months == 0)
        & ~some(
            injury_benefit,
            where=injury_benefit.kind == InjuryBenefitKind.LIVING_CARE,
            during=in_window(injury_benefit.month),
        ),
        "应享未享护理补贴",
        "the care subsidy is due, where long-term care is needed, and not drawn",
    ),
)
household.define(
    relief_months=named(kinds(_relief.month, during=_paid), "有发放月数", "months in which relief was paid"),
)


@rule(
    "BEN-01", "特困与低保重复", "特困 and 低保 in the same month",
    of=member, severity=Severity.CONFLICT, cite="社会救助法 art. 13–18",
)  # fmt: skip
def tekun_and_dibao(p: Level) -> Says:
    """Both were paid for one person in one month."""
    return p.tekun_and_dibao_months > 0, {
        "months": p.tekun_and_dibao_months,
        "benefit_records": listing(_tekun.record_id, on="household", where=_theirs, during=_paid),
    }


@rule(
    "BEN-02", "特困领取两项补贴", "disability subsidies beside 特困",
    of=member, severity=Severity.CONFLICT, cite="国发〔2015〕52号",
)  # fmt: skip
def tekun_and_subsidy(p: Level) -> Says:
    """A subsidy in a month with 特困 support, or drawn in the window by somebody whom the evidence shows 特困."""
    due = household.category == Category.TEKUN
    return (p.tekun_and_subsidy_months > 0) | (due & (p.subsidy_months > 0)), {
        "months": first_of((due, p.subsidy_months), otherwise=p.tekun_and_subsidy_months),
        "fen": first_of((due, p.subsidy_fen), otherwise=p.tekun_and_subsidy_fen),
        "disability_subsidy_records": listing(_subsidy.record_id, during=_drawn),
    }


@rule(
    "BEN-03", "生活补贴无低保身份", "living subsidy without 低保",
    of=member, severity=Severity.CONFLICT, cite="国发〔2015〕52号",
)  # fmt: skip
def living_without_dibao(p: Level) -> Says:
    """The living subsidy for months in which the household drew no 低保; beside 特困 it is BEN-02's."""
    months = p.living_without_dibao_months
    return (months > 0) & ~(household.category == Category.TEKUN), {
        "months": months,
        "disability_subsidy_records": listing(
            _living.record_id,
            during=_drawn,
            unmatched=(_relief, "month"),
            matched_on="household",
        ),
    }


@rule(
    "BEN-04", "护理补贴等级不符或与工伤护理费同领", "care subsidy without the grade, or beside the injury care fee",
    of=member, severity=Severity.CONFLICT, cite="国发〔2015〕52号",
)  # fmt: skip
def care_without_grade(p: Level) -> Says:
    """Grades 1 and 2 only, unless the pack extends it; never beside 工伤生活护理费."""
    return ((p.care_months > 0) & ~p.gives_care) | (p.care_and_injury_months > 0), {
        "months": p.care_months,
        "fen": p.care_fen,
        "months_with_injury_fee": p.care_and_injury_months,
        "disability_subsidy_records": listing(_care.record_id, during=_drawn),
        "certificate_records": listing(certificate.record_id),
    }


@rule(
    "BEN-05", "学生重复资助", "two programmes of one group in one academic year",
    of=member, severity=Severity.CONFLICT, cite="临淄 2021: 消除政策叠加; pack: aid_group",
)  # fmt: skip
def aid_twice(p: Level) -> Says:
    """Two or more programmes of one of the pack's groups; what is beyond the largest is the duplicate."""
    return p.aid_twice, {
        "duplicate_fen": p.aid_duplicate_fen,
        "years": p.aid_years,
        "aid_records": listing(_aid.record_id, where=~_group.missing()),
    }


@rule(
    "BEN-06", "孤儿、特困与生活补贴冲突", "orphan support beside 特困 or the living subsidy",
    of=member, severity=Severity.CONFLICT, cite="特困人员认定办法 art. 9; 国发〔2015〕52号",
)  # fmt: skip
def orphan_and_other(p: Level) -> Says:
    """孤儿保障 in a month with 特困 support or with the living subsidy."""
    return p.orphan_and_other_months > 0, {"months": p.orphan_and_other_months}


@rule(
    "BEN-07", "择高待遇同领", "two benefits drawn of which only the higher is paid",
    of=member, severity=Severity.REVIEW, cite="国发〔2015〕52号: 择高申领; pack: stacking",
)  # fmt: skip
def both_of_higher(p: Level) -> Says:
    """Both of a pair that the pack calls 择高 were drawn in one month: the higher is proposed, the lower was too much."""
    return p.both_of_higher_months > 0, {
        "months": p.both_of_higher_months,
        "subsidy_fen": p.both_of_higher_subsidy_fen,
        "other_fen": p.both_of_higher_other_fen,
        "keep_the_other": p.both_of_higher_other_fen > p.both_of_higher_subsidy_fen,
        "lower_fen": least(p.both_of_higher_subsidy_fen, p.both_of_higher_other_fen),
        "disability_subsidy_records": listing(_subsidy.record_id, during=_drawn, where=_is_higher),
    }


@rule(
    "BEN-08", "已就业仍领失业金", "unemployment benefit while insured by an employer",
    of=member, severity=Severity.CONFLICT, cite="失业保险条例",
)  # fmt: skip
def benefit_while_insured(p: Level) -> Says:
    """The same month in both."""
    return p.benefit_while_insured_months > 0, {
        "months": p.benefit_while_insured_months,
        "unemployment_benefit_records": listing(
            unemployment_benefit.record_id,
            during=_lately(unemployment_benefit.month),
            matching=(employee_insurance, "month"),
        ),
        "insurance_records": listing(
            employee_insurance.record_id,
            during=_lately(employee_insurance.month),
            matching=(unemployment_benefit, "month"),
        ),
        "fen": p.benefit_while_insured_fen,
    }


@rule(
    "BEN-09", "应享未享", "due and not drawn",
    of=household, severity=Severity.INFO, cite="社会救助法 art. 5, 24–27",
)  # fmt: skip
def due_and_not_drawn(h: Level) -> Says:
    """By the evidence 特困 or 低保 and nothing was paid in the window; or a disability subsidy is not drawn.

    The care subsidy also asks for a need of long-term care, which no register knows: a person sees to it.
    """
    relief = h.category.among(Category.TEKUN, Category.DIBAO) & (h.relief_months == 0)
    living, care = count(member, where=member.living_due), count(member, where=member.care_due)
    return relief | (living > 0) | (care > 0), {
        "relief": relief,
        "payable_fen": h.payable_fen,
        "living_subsidies": living,
        "care_subsidies": care,
    }
