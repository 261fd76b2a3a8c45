"""Which aid beside money is open to a household, and no register shows that it was given?

医疗、教育、住房、就业救助 (社会救助法 art. 24–27) are given by other departments than the one that recognises
a household, and the household has to know that it may ask. BEN-09 tells of relief and of the two
disability subsidies; this is the rest of it, judged beside a verification like the causes, because it
asks 住建 as well, and because it calls for an offer and for no check. To which categories an aid is open
says the pack. What no register knows is not guessed: `docs/benefit-stacking.md` says what and why.
"""

from __future__ import annotations

import verification.catalogue
import verification.causes  # noqa: F401  # after the catalogue's facts come those of how a household lives
from verification.category import household, member
from verification.facts import in_window, in_year_before
from verification.income import settlement
from verification.language.aggregate import listing, some, total
from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import Level, named
from verification.language.parameter import param_class
from verification.language.rule import Catalogue, Says, Severity, rule
from verification.language.source import source
from vocabulary.codes import Tenure
from vocabulary.records.education import Aid
from vocabulary.records.housing import Dwelling, RentalSubsidy
from vocabulary.records.social_security import JobReferral, Training

_aid = source(Aid)
_dwelling = source(Dwelling)
_rent = source(RentalSubsidy)
_referral = source(JobReferral)
_training = source(Training)

_designated = settlement.where(settlement.designated)
_lately = in_year_before(settlement.discharged_on)


def _open_to(table: str) -> Expr:
    """Whether the pack opens an aid to the household's category; to what it does not name it is not open."""
    row = param_class(table, key=household.category, at=household.on, kind=Kind.FLAG, optional=True)
    return row.otherwise(False)


household.define(
    medical_aid_open=named(_open_to("medical_aid_category"), "属于医疗救助对象", "medical aid is open"),
    education_aid_open=named(_open_to("education_aid_category"), "属于教育救助对象", "education aid is open"),
    housing_aid_open=named(_open_to("housing_aid_category"), "属于住房救助对象", "housing aid is open"),
    employment_aid_open=named(
        _open_to("employment_aid_category"), "属于就业救助对象", "employment aid is open"
    ),
)
member.define(
    borne_fen=named(
        total(_designated.compliant_self_pay_fen, during=_lately),
        "年内定点机构合规自付",
        "compliant costs of the year borne at designated institutions",
    ),
    medically_aided_fen=named(
        total(_designated.assistance_fen, during=_lately), "年内医疗救助", "medical aid of the year"
    ),
    aided_at_school=named(
        some(_aid, where=in_year_before(_aid.paid_on)), "年内有学生资助", "aid for students within the year"
    ),
    helped_to_work=named(
        some(_referral, where=in_year_before(_referral.offered_on))
        | some(_training, where=in_year_before(_training.since)),
        "年内有岗位推介或培训",
        "a post offered or a course begun within the year",
    ),
    rent_subsidised=named(
        some(_rent, where=_rent.paid, during=in_window(_rent.month)),
        "核算期内有租赁补贴",
        "a rent subsidy in the window",
    ),
    in_public_housing=named(
        some(_dwelling, where=_dwelling.inhabited & (_dwelling.tenure == Tenure.PUBLIC_RENTAL)),
        "住公租房",
        "lives in public rental housing",
    ),
)
household.define(
    housed_by_aid=named(
        some(member, where=member.counted & (member.rent_subsidised | member.in_public_housing)),
        "已有租赁补贴或公租房",
        "has a rent subsidy or public rental housing",
    ),
)


@rule(
    "AID-24", "医疗救助应享未享", "medical aid open and not given",
    of=member, severity=Severity.INFO, cite="社会救助法 art. 24",
)  # fmt: skip
def medical(p: Level) -> Says:
    """Compliant costs of the year were borne at designated institutions, and medical aid paid no part of any."""
    return p.counted & household.medical_aid_open & (p.borne_fen > 0) & (p.medically_aided_fen == 0), {
        "fen": p.borne_fen,
        "settlement_records": listing(_designated.record_id, during=_lately),
    }


@rule(
    "AID-25", "教育救助应享未享", "education aid open and not given",
    of=member, severity=Severity.INFO, cite="社会救助法 art. 25",
)  # fmt: skip
def education(p: Level) -> Says:
    """Studies full-time up to a first degree, and no programme of student aid paid anything within the year."""
    return p.counted & household.education_aid_open & p.studies & ~p.aided_at_school, {}


@rule(
    "AID-26", "住房救助应享未享", "housing aid open and not given",
    of=household, severity=Severity.INFO, cite="社会救助法 art. 26; pack: usable_area_dm2_head",
)  # fmt: skip
def housing(h: Level) -> Says:
    """Lives in a dangerous dwelling or in too little room, without a rent subsidy or public rental housing."""
    return h.housing_aid_open & (h.unsafe_home | h.crowded) & ~h.housed_by_aid, {
        "unsafe": h.unsafe_home,
        "crowded": h.crowded,
    }


@rule(
    "AID-27", "就业救助应享未享", "employment aid open and not given",
    of=member, severity=Severity.INFO, cite="社会救助法 art. 27",
)  # fmt: skip
def employment(p: Level) -> Says:
    """Able to work, registered as unemployed, and no post was offered and no course begun within the year."""
    able = p.of_working_age & ~p.incapable
    return (
        p.counted & household.employment_aid_open & able & p.registered_unemployed & ~p.helped_to_work,
        {},
    )


AIDS = Catalogue(
    member,
    household,
    [medical, education, housing, employment],
    told=[household.category, household.counted_members],
)
"""The four aids, to be judged beside a verification; `AIDS.reads()` says what to ask for."""
