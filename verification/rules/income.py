"""Does what a person declares agree with what the registers hold for the same months?

That no adverse fact rests on a value laid over months (INC-08) is kept by construction here: an
aggregate names its months, and evidence is matched month by month. Of a decision it is asked
where decisions are (`verification.conduct`).
"""

from __future__ import annotations

from verification.facts import (
    certificate,
    enrolment,
    household,
    in_window,
    member,
    property_check,
    unemployment_registration,
)
from verification.income import (
    PENSION_FAMILY,
    declaration,
    declared_counts,
    declared_income,
    declared_unemployed,
    employee_insurance,
    flexible_insurance,
    insurance,
    pension,
    unemployment_benefit,
    verified,
)
from verification.language.aggregate import count, grouped, highest, kinds, listing, some, total
from verification.language.kinds import Kind
from verification.language.level import Level, named
from verification.language.parameter import param, param_class
from verification.language.rule import Says, Severity, rule
from verification.language.source import lines, source, union
from vocabulary.codes import DeclaredItem, InsuranceKind, InsuranceStatus, MemberKind, Participation
from vocabulary.records.social_security import EmploymentRegistration

_LAPSED = "LAPSED"
_employment = source(EmploymentRegistration)
_wage = declaration.where((declaration.item == DeclaredItem.WAGE) & (declaration.amount_fen > 0))
_pension = declaration.where(declaration.item.among(*PENSION_FAMILY) & (declaration.amount_fen > 0))
_benefit = declaration.where(
    (declaration.item == DeclaredItem.UNEMPLOYMENT_BENEFIT) & (declaration.amount_fen > 0)
)
_cost = declaration.where((declaration.item == DeclaredItem.EMPLOYMENT_COST) & (declaration.amount_fen > 0))
_as_told = declared_income.where(~declared_income.counted.missing())
_told_to_count = _as_told.counted.otherwise(False)
_otherwise = (_told_to_count & ~declared_counts) | (~_told_to_count & declared_counts)
_maintenance = declaration.where(declaration.item == DeclaredItem.MAINTENANCE)
_work_insurance = insurance.where(
    (insurance.kind == InsuranceKind.PENSION)
    & insurance.participation.among(Participation.EMPLOYEE, Participation.FLEXIBLE)
    & (insurance.status == InsuranceStatus.NORMAL)
)
_told = union("申报工资", lines(_wage, month=_wage.month, fen=_wage.amount_fen))
_based = union(
    "职工缴费基数",
    lines(employee_insurance, month=employee_insurance.month, fen=employee_insurance.base_fen),
)
_told_monthly = grouped(_told, by=("household", "person", "month"), fen=total(_told.fen))
_based_monthly = grouped(_based, by=("person", "month"), fen=total(_based.fen), most_fen=highest(_based.fen))
"""A month's declared wage, and a month's base: each one sum, so that a month is compared with itself alone."""
_above_floor = _based_monthly.most_fen != param("insurance_base_floor_fen_month", at=_based_monthly.month)
"""Whether a month's base tells the wage: an employer's is more than the least there is."""
_insured = in_window(insurance.month)
_declared = in_window(declaration.month)
_class = param_class("income_class", key=verified.kind, at=verified.month, kind=Kind.TEXT)

member.define(
    idle_insured_months=named(
        kinds(employee_insurance.month, during=_insured, matching=(declared_unemployed, "month")),
        "申报无业而职工参保月数",
        "months insured by an employer while declared without work",
    ),
    idle_insured_fen=named(
        total(employee_insurance.base_fen, during=_insured, matching=(declared_unemployed, "month")),
        "其缴费基数合计",
        "their bases",
    ),
    idle_flexible_months=named(
        kinds(flexible_insurance.month, during=_insured, matching=(declared_unemployed, "month")),
        "申报无业而灵活就业参保月数",
        "months insured as flexibly employed while declared without work",
    ),
    insured_wage_months=named(
        count(
            _told_monthly,
            during=in_window(_told_monthly.month),
            matching=(_based_monthly, "month"),
            matched_on="person",
        ),
        "申报工资且职工参保月数",
        "months with a declared wage and a base",
    ),
    agreeing_wage_months=named(
        count(
            _told_monthly,
            during=in_window(_told_monthly.month),
            matching=(_based_monthly, ("month", "fen")),
            matched_on="person",
        ),
        "工资与基数相同月数",
        "months in which they agree",
    ),
    same_month_wage_fen=named(
        total(_wage.amount_fen, during=_declared, matching=(employee_insurance, "month")),
        "同月申报工资",
        "wages declared for insured months",
    ),
    same_month_base_fen=named(
        total(employee_insurance.base_fen, during=_insured, matching=(_wage, "month")),
        "同月缴费基数",
        "bases of months with a declared wage",
    ),
    telling_wage_months=named(
        count(
            _based_monthly,
            where=_above_floor,
            during=in_window(_based_monthly.month),
            matching=(_told_monthly, "month"),
            matched_on=("household", "person"),
        ),
        "其中基数高于下限月数",
        "of these, months with a base above the least there is",
    ),
    telling_agreeing_months=named(
        count(
            _based_monthly,
            where=_above_floor,
            during=in_window(_based_monthly.month),
            matching=(_told_monthly, ("month", "fen")),
            matched_on=("household", "person"),
        ),
        "其中工资与基数相同月数",
        "of those, months in which they agree",
    ),
    pension_fen=named(
        total(
            pension.central_base_fen + pension.local_base_fen + pension.personal_fen + pension.employee_fen,
            during=in_window(pension.month),
        ),
        "发放养老金",
        "pension paid in the window",
    ),
    pension_months=kinds(pension.month, during=in_window(pension.month)),
    undeclared_benefit_months=named(
        count(
            unemployment_benefit,
            during=in_window(unemployment_benefit.month),
            unmatched=(_benefit, "month"),
        ),
        "未申报失业金月数",
        "months of unemployment benefit not declared",
    ),
    told_otherwise_lines=named(
        count(_as_told, where=_otherwise, during=_declared),
        "申报与口径不符的行数",
        "declared lines classed otherwise than the pack does",
    ),
    told_to_count_fen=named(
        total(
            declared_income.amount_fen,
            where=declared_income.counted.otherwise(declared_counts),
            during=_declared,
        ),
        "按申报表口径的收入",
        "declared income by the form's classes",
    ),
    cost_months=named(kinds(_cost.month, during=_declared), "扣除就业成本月数", "months of cost deducted"),
    lapsed_months=named(
        kinds(verified.month, where=_class == _LAPSED, during=in_window(verified.month), on="person"),
        "扣除条款到期后月数",
        "months after an exclusion ended",
    ),
    known_to_a_register=named(
        some(insurance)
        | some(_employment)
        | some(unemployment_registration)
        | some(enrolment)
        | some(certificate),
        "有参保、就业、失业、学籍或残疾登记",
        "known to a register of work, school or disability",
    ),
)
household.define(
    maintenance_fen=named(
        total(_maintenance.amount_fen, during=_declared), "申报赡养费", "maintenance declared"
    ),
)


@rule(
    "INC-01", "申报无业而在保", "insured while declared without work",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 13",
    or_else=(Severity.REVIEW, member.idle_flexible_months > 0),
)  # fmt: skip
def insured_while_declared_without_work(p: Level) -> Says:
    """Month by month: an employer paid in for a month that was declared without work.

    灵活就业 pays in alone and may well be without work: that is only looked at.
    """
    return p.idle_insured_months > 0, {
        "months": p.idle_insured_months,
        "base_fen": p.idle_insured_fen,
        "flexible_months": p.idle_flexible_months,
        "insurance_records": listing(
            _work_insurance.record_id, during=_insured, matching=(declared_unemployed, "month")
        ),
        "declaration_records": listing(
            declared_unemployed.record_id, during=_declared, matching=(_work_insurance, "month")
        ),
    }


@rule(
    "INC-02", "申报工资与缴费基数不符", "declared wage differs from the insured base",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 13, 18",
    or_else=(Severity.REVIEW, member.insured_wage_months > member.agreeing_wage_months),
)  # fmt: skip
def wage_differs_from_base(p: Level) -> Says:
    """Month by month: two years of equal sums may differ in every month.

    A month whose base is at the floor does not tell the wage, so that one is only looked at. The tax on wages (个税),
    which would tell more than a base, is in no register of these departments: nothing is said of it.
    """
    return p.telling_wage_months > p.telling_agreeing_months, {
        "months": p.insured_wage_months - p.agreeing_wage_months,
        "months_above_floor": p.telling_wage_months - p.telling_agreeing_months,
        "declared_fen": p.same_month_wage_fen,
        "base_fen": p.same_month_base_fen,
        "insurance_records": listing(
            employee_insurance.record_id, during=_insured, matching=(_wage, "month")
        ),
        "declaration_records": listing(
            _wage.record_id, during=_declared, matching=(employee_insurance, "month")
        ),
    }


@rule(
    "INC-03", "养老金漏报", "pension not declared",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 13 (四)",
)  # fmt: skip
def pension_not_declared(p: Level) -> Says:
    """A pension was paid in the window and none declared."""
    return (p.pension_fen > 0) & ~some(_pension, during=_declared), {
        "months": p.pension_months,
        "fen": p.pension_fen,
        "pension_records": listing(pension.record_id, during=in_window(pension.month)),
    }


@rule(
    "INC-04", "失业金漏报", "unemployment benefit not declared",
    of=member, severity=Severity.CONFLICT, cite="审核确认办法 art. 13 (四)",
)  # fmt: skip
def unemployment_benefit_not_declared(p: Level) -> Says:
    """Months in which the benefit was paid and not declared."""
    return p.undeclared_benefit_months > 0, {
        "months": p.undeclared_benefit_months,
        "unemployment_benefit_records": listing(
            unemployment_benefit.record_id,
            during=in_window(unemployment_benefit.month),
            unmatched=(_benefit, "month"),
        ),
    }


@rule(
    "INC-05", "不应计入被计入或应计未计", "a declared line classed otherwise than the pack does",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 13, last paragraph",
)  # fmt: skip
def told_otherwise(p: Level) -> Says:
    """The form took a line for counted that is not, or the other way; the pack's class is used, both sums shown."""
    return p.told_otherwise_lines > 0, {
        "lines": p.told_otherwise_lines,
        "by_the_form_fen": p.told_to_count_fen,
        "by_the_pack_fen": p.declared_gross_fen,
        "declaration_records": listing(_as_told.record_id, where=_otherwise, during=_declared),
    }


@rule(
    "INC-06", "基础养老金扣除已过期", "an exclusion of income has ended",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 13: 十四五期间",
)  # fmt: skip
def exclusion_has_ended(p: Level) -> Says:
    """An income was excluded up to a day, and the pack says nothing newer: from then on it counts."""
    return p.lapsed_months > 0, {"months": p.lapsed_months}


@rule(
    "INC-07", "就业成本月数不符", "employment cost deducted for other months than those with a wage",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 13 (一)",
)  # fmt: skip
def cost_of_other_months(p: Level) -> Says:
    """The form deducts a cost in more or fewer months than had a wage; a form that deducts none leaves it to us."""
    return (p.cost_months > 0) & (p.cost_months != p.wage_months), {
        "cost_months": p.cost_months,
        "wage_months": p.wage_months,
        "declaration_records": listing(_cost.record_id, during=_declared),
    }


@rule(
    "INC-09", "财产超限", "property over a limit",
    of=household, severity=Severity.CONFLICT, cite="审核确认办法 art. 14; 社会救助法 art. 18",
)  # fmt: skip
def property_over_a_limit(h: Level) -> Says:
    """A bank or register answered 超限; how much nobody says."""
    return h.property_over, {
        "property_check_records": listing(property_check.record_id, where=property_check.over_limit)
    }


@rule(
    "INC-10", "劳动状态不明", "no register knows whether the person works",
    of=member, severity=Severity.REVIEW, cite="临淄 2021 认定步骤: 不作为不予救助的理由",
)  # fmt: skip
def labour_status_unclear(p: Level) -> Says:
    """Of working age, no work declared, and all registers of work, school and disability have no record."""
    return p.counted & p.of_working_age & ~p.works & ~p.known_to_a_register, {}


@rule(
    "INC-11", "赡养费未申报", "maintenance not declared",
    of=member, severity=Severity.REVIEW, cite="审核确认办法 art. 13 (四); 民法典 art. 1067",
)  # fmt: skip
def maintenance_not_declared(p: Level) -> Says:
    """An obligor who agreed to be checked earns above the line, and no maintenance is declared."""
    line = param("maintenance_income_line_fen", at=household.on)
    earns = (p.kind == MemberKind.OBLIGOR) & (p.income_fen > line)
    return earns & (household.maintenance_fen == 0), {"income_fen": p.income_fen}
