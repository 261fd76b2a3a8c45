"""What did each person, and the household, have to live on in the window: declared, verified, at least?

Verified income takes for each person, family of kinds and month the best evidence there is: an
official record goes before a declaration. Two records of one wage are never added, and a month
that a source does not cover is never filled by an average. Nothing is rounded on the way.
Source: 审核确认办法 art. 13; the procedures `income` and `annual`.
"""

from __future__ import annotations

from verification.facts import household, in_window, in_year_before, member
from verification.language.aggregate import count, evidenced, kinds, some, total
from verification.language.expression import Expr, literal
from verification.language.functions import first_of, least, up_to
from verification.language.kinds import Kind
from verification.language.level import named
from verification.language.parameter import param, param_class
from verification.language.source import lines, source, union
from vocabulary.codes import (
    DeclaredItem,
    InsuranceKind,
    InsuranceStatus,
    Participation,
    Stage,
)
from vocabulary.records.civil_affairs import Declaration
from vocabulary.records.disability import RehabilitationExpense
from vocabulary.records.education import FeeBill
from vocabulary.records.health import Settlement
from vocabulary.records.social_security import InjuryBenefit, Insurance, Pension, UnemploymentBenefit

declaration = source(Declaration)
insurance = source(Insurance)
pension = source(Pension)
unemployment_benefit = source(UnemploymentBenefit)
injury_benefit = source(InjuryBenefit)
settlement = source(Settlement)
fee_bill = source(FeeBill)
rehabilitation = source(RehabilitationExpense)

DECLARED, OFFICIAL = 1, 2
"""Ranks of evidence: an official record goes before what the household says of itself."""

PENSION_FAMILY = (
    DeclaredItem.PENSION,
    DeclaredItem.CENTRAL_BASE_PENSION,
    DeclaredItem.LOCAL_BASE_PENSION,
    DeclaredItem.PERSONAL_PENSION,
)
"""A declared total and its official parts describe one pension: the parts replace the total."""

EXCLUDED = "EXCLUDED"
WORK = (DeclaredItem.WAGE, DeclaredItem.BUSINESS)

employee_insurance = insurance.where(
    (insurance.kind == InsuranceKind.PENSION)
    & (insurance.participation == Participation.EMPLOYEE)
    & (insurance.status == InsuranceStatus.NORMAL)
)
"""Months in which an employer pays into the pension insurance (职工养老, 正常缴费): evidence of a wage."""

flexible_insurance = insurance.where(
    (insurance.kind == InsuranceKind.PENSION)
    & (insurance.participation == Participation.FLEXIBLE)
    & (insurance.status == InsuranceStatus.NORMAL)
)
"""灵活就业: the person pays in alone, so it says less about work."""

declared_income = declaration.where(
    ~declaration.item.among(DeclaredItem.UNEMPLOYED, DeclaredItem.EMPLOYMENT_COST)
)
declared_unemployed = declaration.where(declaration.item == DeclaredItem.UNEMPLOYED)


evidence_lines = union(
    "收入证据",
    lines(
        employee_insurance,
        kind=literal(DeclaredItem.WAGE),
        family=literal(DeclaredItem.WAGE),
        month=insurance.month,
        fen=insurance.base_fen,
        rank=OFFICIAL,
    ),
    *(
        lines(
            pension,
            kind=literal(kind),
            family=literal(DeclaredItem.PENSION),
            month=pension.month,
            fen=fen,
            rank=OFFICIAL,
        )
        for kind, fen in (
            (DeclaredItem.CENTRAL_BASE_PENSION, pension.central_base_fen),
            (DeclaredItem.LOCAL_BASE_PENSION, pension.local_base_fen),
            (DeclaredItem.PERSONAL_PENSION, pension.personal_fen),
            (DeclaredItem.PENSION, pension.employee_fen),
        )
    ),
    lines(
        unemployment_benefit,
        kind=literal(DeclaredItem.UNEMPLOYMENT_BENEFIT),
        family=literal(DeclaredItem.UNEMPLOYMENT_BENEFIT),
        month=unemployment_benefit.month,
        fen=unemployment_benefit.amount_fen,
        rank=OFFICIAL,
    ),
    lines(
        injury_benefit,
        kind=literal(DeclaredItem.INJURY_BENEFIT),
        family=literal(DeclaredItem.INJURY_BENEFIT),
        month=injury_benefit.month,
        fen=injury_benefit.amount_fen,
        rank=OFFICIAL,
    ),
    lines(
        declared_income,
        kind=declaration.item,
        family=first_of(
            (declaration.item.among(*PENSION_FAMILY), literal(DeclaredItem.PENSION)),
            otherwise=declaration.item,
        ),
        month=declaration.month,
        fen=declaration.amount_fen,
        rank=DECLARED,
    ),
)
"""Everything that speaks of a person's income in a month, in common columns."""

verified = evidence_lines.best(by=("person", "family", "month"), rank="rank")
"""Per person, family of kinds and month only the best evidence."""

_own = (verified.household == member.household).otherwise(True)
_counts = param_class("income_class", key=verified.kind, at=verified.month, kind=Kind.TEXT) != EXCLUDED
_counts_for_tekun = (
    param_class("tekun_income_class", key=verified.kind, at=verified.month, kind=Kind.TEXT) != EXCLUDED
)
declared_counts = (
    param_class("income_class", key=declaration.item, at=declaration.month, kind=Kind.TEXT) != EXCLUDED
)
declared_counts_for_tekun = (
    param_class("tekun_income_class", key=declaration.item, at=declaration.month, kind=Kind.TEXT) != EXCLUDED
)
_a_wage = (verified.kind == DeclaredItem.WAGE) & (verified.fen > 0)
_a_declared_wage = (declaration.item == DeclaredItem.WAGE) & (declaration.amount_fen > 0)
_window = in_window(verified.month)
_declared_window = in_window(declaration.month)
_cost_fen = param("employment_cost_fen_month", at=household.on)

# ------------------------------------------------------------------ of one person

member.define(
    gross_fen=named(
        total(verified.fen, where=_own & _counts, during=_window, on="person"),
        "核实计入收入",
        "verified counted income",
    ),
    gross_for_tekun_fen=named(
        total(verified.fen, where=_own & _counts_for_tekun, during=_window, on="person"),
        "核实计入收入（特困口径）",
        "verified income counted for 特困",
    ),
    wage_months=named(
        kinds(verified.month, where=_own & _a_wage, during=_window, on="person"),
        "有工资月数",
        "months with a wage",
    ),
    works=named(
        some(
            verified.where((verified.kind.among(*WORK)) & (verified.fen > 0)),
            where=_own,
            during=_window,
            on="person",
        ),
        "核算期内有工资或经营收入",
        "had a wage or a business in the window",
    ),
    declared_gross_fen=named(
        total(declared_income.amount_fen, where=declared_counts, during=_declared_window),
        "申报计入收入",
        "declared counted income",
    ),
    declared_gross_for_tekun_fen=total(
        declared_income.amount_fen, where=declared_counts_for_tekun, during=_declared_window
    ),
    declared_wage_months=named(
        kinds(declaration.month, where=_a_declared_wage, during=_declared_window),
        "申报有工资月数",
        "months with a declared wage",
    ),
    least_gross_fen=evidenced(total(verified.fen, where=_own & _counts, during=_window, on="person")),
    most_wage_months=evidenced(count(verified, where=_own & _a_wage, during=_window, on="person")),
)
member.define(
    income_fen=named(
        member.gross_fen - _cost_fen * member.wage_months, "核实年收入", "verified income of the window"
    ),
    income_for_tekun_fen=named(
        member.gross_for_tekun_fen - _cost_fen * member.wage_months,
        "核实年收入（特困口径）",
        "verified income of the window, for 特困",
    ),
    declared_income_fen=named(
        member.declared_gross_fen - _cost_fen * member.declared_wage_months, "申报年收入", "declared income"
    ),
    declared_income_for_tekun_fen=member.declared_gross_for_tekun_fen
    - _cost_fen * member.declared_wage_months,
    least_income_fen=member.least_gross_fen - _cost_fen * member.most_wage_months,
)


def income_in(month: Expr) -> Expr:
    """What a person had to live on in one month: counted income, less the employment cost where there was a wage."""
    worked = some(verified, where=_own & _a_wage, during=verified.month == month, on="person")
    earned = total(verified.fen, where=_own & _counts, during=verified.month == month, on="person")
    return earned - first_of((worked, _cost_fen), otherwise=0)


# ------------------------------------------------------------------ rigid spending of one person

_designated = settlement.where(settlement.designated)
_schooling = fee_bill.where(up_to(fee_bill.stage, Stage.UNDERGRADUATE))


def _if_rigid(kind: str, fen: Expr) -> Expr:
    wanted = param_class("rigid_numerator", key=literal(kind), at=household.on, kind=Kind.FLAG)
    return first_of((wanted, fen), otherwise=0)


member.define(
    medical_fen=named(
        total(_designated.compliant_self_pay_fen, during=in_year_before(settlement.discharged_on)),
        "定点医疗合规自付",
        "compliant self-paid costs at designated institutions",
    ),
    schooling_fen=named(
        total(
            least(_schooling.paid_fen, _schooling.public_standard_fen),
            during=in_year_before(fee_bill.paid_on),
        ),
        "教育支出（按同类公办标准封顶）",
        "school costs, capped at the public standard",
    ),
    rehabilitation_fen=named(
        total(rehabilitation.self_pay_fen, during=in_year_before(rehabilitation.spent_on)),
        "残疾康复自付",
        "self-paid rehabilitation",
    ),
)
member.define(
    rigid_fen=named(
        _if_rigid("MEDICAL", member.medical_fen)
        + _if_rigid("EDUCATION", member.schooling_fen)
        + _if_rigid("REHABILITATION", member.rehabilitation_fen),
        "刚性支出",
        "rigid spending",
    )
)

# ------------------------------------------------------------------ of the household

household.define(
    annual_fen=named(
        total(member.income_fen, where=member.counted), "家庭核实年收入", "verified income of the household"
    ),
    gross_annual_fen=named(
        total(member.gross_fen, where=member.counted),
        "家庭总收入（扣除就业成本前）",
        "verified income before employment cost",
    ),
    declared_annual_fen=named(
        total(member.declared_income_fen, where=member.counted), "家庭申报年收入", "declared income"
    ),
    declared_gross_annual_fen=total(member.declared_gross_fen, where=member.counted),
    evidenced_fen=named(
        evidenced(total(member.least_income_fen, where=member.counted)),
        "已有证据的收入",
        "what is evidenced so far",
    ),
    rigid_fen=named(total(member.rigid_fen, where=member.counted), "家庭刚性支出", "rigid spending"),
)
