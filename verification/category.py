"""In which category is the household, who may enter alone, and what is payable?

The gates stand in the order of the law: 特困 → 低保 → 边缘 → 刚性支出 → none. Each answers yes, no
or cannot tell; the first that says yes is the category, and a gate that cannot tell stops the
walk unless the answer could not change anything. Every threshold is compared by multiplication
and strictly (低于): equal is not below. The one rounding is at the end, of what is payable.
Source: 社会救助法 art. 16–22; 特困人员认定办法 art. 4–9; 审核确认办法 art. 8, 13, 14, 23;
刚性支出困难家庭认定办法.
"""

from __future__ import annotations

import verification.income  # noqa: F401  # defines what each person had to live on
from verification.bands import AMOUNT, BANDED, BANDS, BELOW
from verification.facts import ADULT_AT, choice_on, household, in_window, member, number_on
from verification.language.aggregate import every, some
from verification.language.expression import Expr, literal
from verification.language.functions import ceil_div, date_number, first_of, floor_div, greatest, half_up
from verification.language.kinds import Kind
from verification.language.level import Level, named
from verification.language.parameter import param, param_class
from verification.language.source import source
from vocabulary.codes import BenefitKind, Category, MemberKind, SpecialStatus
from vocabulary.records.civil_affairs import Benefit, CategoryHistory

__all__ = ["benefit", "category_history", "household", "member", "rounded"]
# Who imports the levels from here gets them with the facts of income and category on them.

benefit = source(Benefit)
category_history = source(CategoryHistory)

_standard_for_one = household.standard_fen * household.window_months
_disposable_fen = param("disposable_income_prior_year_fen", at=household.on)

# ------------------------------------------------------------------ 特困, of one person

_minor_then = date_number(category_history.since) < member.birth + ADULT_AT * 10_000
member.define(
    stays_at_school=named(
        member.in_school
        & some(
            category_history,
            where=(category_history.category == Category.TEKUN)
            & (category_history.since <= household.on)
            & (category_history.until > household.on).otherwise(True)
            & _minor_then,
        ),
        "特困未成年人在读",
        "registered as 特困 while a minor, and still at school, 社会救助法 art. 16",
    ),
)
member.define(
    incapable=named(
        (member.age >= number_on("tekun_age_from", household.on))
        | (member.age < number_on("tekun_age_below", household.on))
        | member.incapable_by_disability
        | member.stays_at_school,
        "无劳动能力",
        "incapable of work, 特困人员认定办法 art. 5",
    ),
    orphan=named(
        some(benefit, where=benefit.kind == BenefitKind.ORPHAN, during=in_window(benefit.month)),
        "享受孤儿保障",
        "supported as an orphan, art. 9",
    ),
    cannot_support=named(
        ~member.alive
        | (member.age < ADULT_AT)
        | (member.special == SpecialStatus.PRISON)
        | (member.special == SpecialStatus.MISSING)
        | (
            (
                (member.age >= number_on("obligor_age_from", household.on))
                | member.severely_disabled
                | member.disabled_for_single
            )
            & (member.income_fen < _disposable_fen)
        ),
        "义务人无履行能力",
        "owes support but cannot give it, art. 8",
    ),
)
member.define(
    able_obligor=named(
        ((member.kind == MemberKind.OBLIGOR) | ~member.counted) & ~member.cannot_support,
        "有履行能力的义务人",
        "owes support and can give it",
    ),
    destitute=named(
        member.incapable & (member.income_for_tekun_fen < _standard_for_one) & ~member.orphan,
        "无劳动能力且无生活来源",
        "incapable and without means",
    ),
    declared_destitute=member.incapable
    & (member.declared_income_for_tekun_fen < _standard_for_one)
    & ~member.orphan,
)

# ------------------------------------------------------------------ gates and category, of the household

household.define(
    able_obligors=named(
        some(member, where=member.able_obligor), "有能力的法定义务人", "an obligor who can support"
    ),
    somebody=household.counted_members > 0,
    line_fen=named(
        household.standard_fen * household.window_months * household.counted_members,
        "低保线（核算期、全家）",
        "the standard for all counted members over the window",
    ),
)


def rounded(for_window: Expr) -> Expr:
    """A month's twelfth of an amount over twelve months, with the one rounding.

    Never below zero. NONE leaves whole fen and drops what is less than one.
    """
    due = greatest(for_window, 0)
    how = choice_on("payable_rounding", household.on)
    return first_of(
        (how == "CEIL_YUAN", ceil_div(due, 1_200) * 100),
        (how == "HALF_UP_FEN", half_up(due, 12)),
        otherwise=floor_div(due, 12),
    )


def _banded(annual: Expr, *, line: Expr, heads: Expr | int) -> Expr:
    """分档: the amount of the first band below whose share of the standard the income lies, for each head.

    A band that the pack does not lay down holds nobody.
    """
    cases = []
    for band in BANDS:
        below = param_class(
            BELOW, key=literal(band), at=household.on, kind=Kind.NUMBER, optional=True
        ).otherwise(0)
        amount = param_class(
            AMOUNT, key=literal(band), at=household.on, kind=Kind.FEN, optional=True
        ).otherwise(0)
        cases.append((annual * 100 < line * below, amount * heads))
    return first_of(*cases, otherwise=0)


def payable(annual: Expr, *, line: Expr, heads: Expr | int = 1) -> Expr:
    """What is due a month to `heads` people with an income below the line for all of them (办法 art. 23).

    差额 DIFFERENCE: the gap to the line, rounded once. 分档 BANDED: the amount of the band for each
    head; nothing is rounded.
    """
    banded = choice_on("payable_mode", household.on) == BANDED
    return first_of((banded, _banded(annual, line=line, heads=heads)), otherwise=rounded(line - annual))


def _gates(of: Level, *, annual: Expr, gross: Expr, destitute: Expr, prefix: str) -> None:
    """The four gates, the category and the payable on one side: what is verified, or what is declared."""
    within = ~of.property_over
    percent = number_on("edge_multiplier_percent", of.on)
    denominator = first_of((choice_on("rigid_denominator", of.on) == "GROSS", gross), otherwise=annual)
    gates = {
        "tekun": destitute & of.somebody & ~of.able_obligors & within,
        "dibao": (annual < of.line_fen) & within,
        "edge": (annual * 100 < of.line_fen * percent) & within,
        "rigid": (annual < _disposable_fen * of.counted_members)
        & within
        & (of.rigid_fen * 10_000 > denominator * number_on("rigid_ratio_basis_points", of.on)),
    }
    words = {
        "tekun": ("符合特困", "in need of 特困 support"),
        "dibao": ("低于低保标准", "below the standard"),
        "edge": ("低于边缘标准", "below the margin"),
        "rigid": ("刚性支出困难", "in rigid-expenditure difficulty"),
    }
    of.define(**{f"{prefix}{gate}": named(expr, *words[gate]) for gate, expr in gates.items()})
    category = first_of(
        (getattr(of, f"{prefix}tekun"), literal(Category.TEKUN)),
        (getattr(of, f"{prefix}dibao"), literal(Category.DIBAO)),
        (getattr(of, f"{prefix}edge"), literal(Category.EDGE)),
        (getattr(of, f"{prefix}rigid"), literal(Category.RIGID)),
        otherwise=literal(Category.NONE),
    )
    of.define(**{f"{prefix}category": named(category, "类别", "category")})
    due = payable(annual, line=of.line_fen, heads=of.counted_members)
    category_is_dibao = getattr(of, f"{prefix}category") == Category.DIBAO
    of.define(
        **{
            f"{prefix}payable_fen": named(
                first_of((category_is_dibao, due), otherwise=0), "应发月额", "payable a month"
            )
        }
    )


_gates(
    household,
    annual=household.annual_fen,
    gross=household.gross_annual_fen,
    destitute=every(member.destitute, where=member.counted),
    prefix="",
)
_gates(
    household,
    annual=household.declared_annual_fen,
    gross=household.declared_gross_annual_fen,
    destitute=every(member.declared_destitute, where=member.counted),
    prefix="declared_",
)

# ------------------------------------------------------------------ single-person route, 办法 art. 8

_how = choice_on("single_person_amount", household.on)

member.define(
    enters_alone=named(
        member.counted
        & ~household.property_over
        & (member.income_fen < _standard_for_one)
        & (
            ((household.category == Category.EDGE) & (member.disabled_for_single | member.seriously_ill))
            | (
                household.category.among(Category.EDGE, Category.RIGID, Category.NONE)
                & member.adult
                & ~member.works
                & member.severely_disabled
            )
        ),
        "可单人户纳入",
        "may enter alone",
    ),
)
member.define(
    alone_fen=named(
        first_of(
            (
                member.enters_alone,
                first_of(
                    (_how == "STANDARD", payable(literal(0, Kind.FEN), line=_standard_for_one)),
                    otherwise=payable(member.income_fen, line=_standard_for_one),
                ),
            ),
            otherwise=0,
        ),
        "单人户月额",
        "payable a month when entering alone",
    ),
)
