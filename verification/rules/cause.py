"""Which causes of hardship does the evidence show? Several may hold; the primary one is chosen elsewhere, once.

CAU-04 (灾), CAU-06 (住房) and CAU-07 (其他) are seen on a home visit or by a department that is not
asked here, and 其他 is never displayed; a caseworker records them.
"""

from __future__ import annotations

from verification.category import household, member
from verification.language.aggregate import count, some, total
from verification.language.level import Level, named
from verification.language.parameter import param
from verification.language.rule import Says, Severity, rule
from verification.language.source import source
from vocabulary.records.social_security import UnemploymentRegistration

_registered = source(UnemploymentRegistration)

member.define(
    out_of_work=named(
        member.adult
        & some(
            _registered,
            where=(_registered.registered_on <= household.on)
            & (_registered.cancelled_on > household.on).otherwise(True),
        ),
        "成年且登记失业",
        "an adult registered as unemployed",
    ),
)
household.define(
    medical_costs_fen=named(
        total(member.medical_fen, where=member.counted), "医疗自付合计", "medical costs of the year before"
    ),
    schooling_costs_fen=named(
        total(member.schooling_fen, where=member.counted), "教育支出合计", "school costs of the year before"
    ),
    ill_members=count(member, where=member.counted & member.seriously_ill),
    disabled_members=count(member, where=member.counted & member.disabled_for_single),
    unemployed_members=count(member, where=member.counted & member.out_of_work),
)


@rule(
    "CAU-01", "因病", "hardship by illness",
    of=household, severity=Severity.INFO, cite="红花岗区 2019 致困原因; pack: large_medical_fen",
)  # fmt: skip
def by_illness(h: Level) -> Says:
    """A recognised serious illness, or self-paid costs of the year that reach the pack's line."""
    costly = h.medical_costs_fen >= param("large_medical_fen", at=h.on)
    return (h.ill_members > 0) | costly, {"members": h.ill_members, "fen": h.medical_costs_fen}


@rule(
    "CAU-02", "因残", "hardship by disability",
    of=household, severity=Severity.INFO, cite="红花岗区 2019 致困原因",
)  # fmt: skip
def by_disability(h: Level) -> Says:
    """A counted member of grade 1 or 2, or 智力、精神 grade 3."""
    return h.disabled_members > 0, {"members": h.disabled_members}


@rule(
    "CAU-03", "因学", "hardship by education",
    of=household, severity=Severity.INFO, cite="红花岗区 2019 致困原因; pack: education_cost_line_fen",
)  # fmt: skip
def by_education(h: Level) -> Says:
    """School costs of the year, capped at the public standard, reach the pack's line."""
    line = param("education_cost_line_fen", at=h.on)
    return h.schooling_costs_fen >= line, {"fen": h.schooling_costs_fen}


@rule(
    "CAU-05", "失业", "hardship by unemployment",
    of=household, severity=Severity.INFO, cite="红花岗区 2019 致困原因",
)  # fmt: skip
def by_unemployment(h: Level) -> Says:
    """A counted adult is registered as unemployed on the day."""
    return h.unemployed_members > 0, {"members": h.unemployed_members}
