"""Which causes of hardship does the evidence show? Several may hold; the primary one is chosen elsewhere, once.

CAU-04 (灾), CAU-06 (住房) and CAU-07 (其他) are seen on a home visit or by a department that is not
asked here, and 其他 is never displayed; a caseworker records them.
"""

from __future__ import annotations

from verification.category import household, member
from verification.facts import in_year_before, number_on
from verification.income import settlement
from verification.language.aggregate import count, some, total
from verification.language.functions import greatest, least, up_to
from verification.language.level import Level, named
from verification.language.parameter import param
from verification.language.rule import Says, Severity, rule
from verification.language.source import source
from vocabulary.codes import Stage
from vocabulary.records.education import Aid, FeeBill
from vocabulary.records.social_security import EmploymentRegistration

_employment = source(EmploymentRegistration)
_aid = source(Aid)
_fee_bill = source(FeeBill)
_beyond_duty = _fee_bill.where(~up_to(_fee_bill.stage, Stage.JUNIOR))
"""School after 义务教育; for that no bill is a hardship, it is free."""

member.define(
    self_paid_fen=named(
        total(settlement.self_pay_fen, during=in_year_before(settlement.discharged_on)),
        "年内医疗自付",
        "self-paid medical costs of the year before",
    ),
    beyond_duty_fen=named(
        total(
            least(_beyond_duty.paid_fen, _beyond_duty.public_standard_fen),
            during=in_year_before(_beyond_duty.paid_on),
        ),
        "义务教育后学费（按同类公办标准封顶）",
        "school costs after compulsory school, capped at the public standard",
    ),
    aided_fen=named(
        total(_aid.amount_fen, during=in_year_before(_aid.paid_on)), "年内资助", "aid of the year before"
    ),
    job_ended=named(
        some(
            _employment,
            where=(_employment.until > household.year_before).otherwise(False)
            & (_employment.until <= household.on).otherwise(False),
        )
        & ~some(
            _employment,
            where=(_employment.since <= household.on) & (_employment.until > household.on).otherwise(True),
        ),
        "一年内终止就业",
        "a job ended in the year before, and there is no other",
    ),
)
member.define(
    schooling_net_fen=named(
        greatest(member.beyond_duty_fen - member.aided_fen, 0),
        "义务教育后净支出",
        "school costs after compulsory school, less aid",
    ),
    out_of_work=named(
        member.of_working_age & (member.registered_unemployed | member.job_ended),
        "劳动年龄内失业",
        "of working age, and registered as unemployed or out of a job",
    ),
)
household.define(
    medical_costs_fen=named(
        total(member.medical_fen, where=member.counted), "医疗自付合计", "medical costs of the year before"
    ),
    self_paid_fen=named(
        total(member.self_paid_fen, where=member.counted), "年内医疗自付合计", "self-paid medical costs"
    ),
    schooling_costs_fen=named(
        total(member.schooling_net_fen, where=member.counted),
        "义务教育后净支出合计",
        "school costs after compulsory school, less aid, of the year before",
    ),
    ill_members=named(
        count(member, where=member.counted & member.seriously_ill), "重特大疾病人数", "seriously ill members"
    ),
    disabled_members=named(
        count(member, where=member.counted & member.disabled_for_single),
        "重残及智力、精神三级残疾人数",
        "members severely disabled or intellectual or mental grade 3",
    ),
    unemployed_members=named(
        count(member, where=member.counted & member.out_of_work), "失业人数", "members without work"
    ),
)


@rule(
    "CAU-01", "因病", "hardship by illness",
    of=household, severity=Severity.INFO, cite="红花岗区 2019 致困原因; pack: medical_cause_basis_points",
)  # fmt: skip
def by_illness(h: Level) -> Says:
    """A recognised serious illness, or self-paid costs of the year that reach the pack's share of the income."""
    share = number_on("medical_cause_basis_points", h.on)
    costly = (h.self_paid_fen > 0) & (h.self_paid_fen * 10_000 >= h.annual_fen * share)
    return (h.ill_members > 0) | costly, {
        "members": h.ill_members,
        "fen": h.self_paid_fen,
        "annual_fen": h.annual_fen,
    }


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
    """Costs of school after 义务教育, capped at the public standard and less aid, reach the pack's line."""
    line = param("education_cost_line_fen", at=h.on)
    return h.schooling_costs_fen >= line, {"fen": h.schooling_costs_fen}


@rule(
    "CAU-05", "失业", "hardship by unemployment",
    of=household, severity=Severity.INFO, cite="红花岗区 2019 致困原因",
)  # fmt: skip
def by_unemployment(h: Level) -> Says:
    """A counted member of working age is registered as unemployed, or has lost a job within the year."""
    return h.unemployed_members > 0, {"members": h.unemployed_members}
