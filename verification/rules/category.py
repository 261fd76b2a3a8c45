"""In which category does the household belong by what is verified, and does that agree with what it declares?

CAT-07 (待核) is not here: that a category cannot be told is no condition on known values. The
verification itself reports it, with the reasons and what is evidenced (`verification.crosscheck`),
and it stands before a decision (`verification.rules.decision`).
"""

from __future__ import annotations

from verification.category import household
from verification.language.level import Level
from verification.language.rule import Says, Severity, rule
from vocabulary.codes import Category

_SHOWN = {"annual_fen": household.annual_fen, "members": household.counted_members}


@rule(
    "CAT-01", "特困", "in need of 特困 support",
    of=household, severity=Severity.INFO, cite="特困人员认定办法 art. 4–8; 社会救助法 art. 13",
)  # fmt: skip
def tekun(h: Level) -> Says:
    """Everybody counted is incapable and without means, and nobody who owes support can give it."""
    return h.category == Category.TEKUN, _SHOWN


@rule(
    "CAT-02", "低保", "below the minimum living standard",
    of=household, severity=Severity.INFO, cite="社会救助法 art. 18",
)  # fmt: skip
def dibao(h: Level) -> Says:
    """Income is below the standard for all counted members over the window; equal is not below."""
    return h.category == Category.DIBAO, _SHOWN


@rule(
    "CAT-03", "低保边缘", "inside the low-income margin",
    of=household, severity=Severity.INFO, cite="社会救助法 art. 21",
)  # fmt: skip
def edge(h: Level) -> Says:
    """Not 低保, and below the multiple of the standard."""
    return h.category == Category.EDGE, _SHOWN


@rule(
    "CAT-04", "刚性支出困难", "in rigid-expenditure difficulty",
    of=household, severity=Severity.INFO, cite="社会救助法 art. 22; 刚性支出困难家庭认定办法",
)  # fmt: skip
def rigid(h: Level) -> Says:
    """None of the others, below the disposable income, and rigid spending over the ratio."""
    return h.category == Category.RIGID, {**_SHOWN, "rigid_fen": h.rigid_fen}


@rule(
    "CAT-05", "申报类别与核对类别不一致", "declared and verified category differ",
    of=household, severity=Severity.CONFLICT, cite="审核确认办法 art. 18",
)  # fmt: skip
def category_differs(h: Level) -> Says:
    """What the declaration alone would give, against what the evidence gives."""
    return h.category != h.declared_category, {
        "declared": h.declared_category,
        "verified": h.category,
        "declared_annual_fen": h.declared_annual_fen,
        "annual_fen": h.annual_fen,
    }


@rule(
    "CAT-06", "同类不同额", "same category, another amount",
    of=household, severity=Severity.REVIEW, cite="审核确认办法 art. 23",
)  # fmt: skip
def payable_differs(h: Level) -> Says:
    """The category stands, and the amount payable does not."""
    return (h.category == h.declared_category) & (h.payable_fen != h.declared_payable_fen), {
        "declared_fen": h.declared_payable_fen,
        "verified_fen": h.payable_fen,
    }
