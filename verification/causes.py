"""Which one of the seven causes is a household's primary one, so that the sum over causes is the sum of households?

CAU-01, 02, 03 and 05 are seen in the registers (`verification.rules.cause`). 灾, 住房 and 其他 are
seen on a home visit and stand here, out of the catalogue of findings: a caseworker has recorded
them on the household's file, and a visit bears it out (for 灾 temporary relief does as well, and
住房 is also seen in the register of 住建: a dangerous dwelling, or too little room). Here as well
stands the line of the ledger: the verified category, and 工会困难职工 for who is in none and whom
the union federation has on file. 其他 (吸毒、两劳等) is counted and never displayed: ask `shown` and
`shown_secondary`, not the rest.

The primary cause of a household:
    1. of the causes that hold, the one with the largest verified cost of the year (医疗、康复、教育 after
       all payers; the others have none)                               COST, or SOLE if it is the only one
    2. several with the same: the one among them that the caseworker recorded        CHOSEN
    3. none of them recorded: a tie, that a caseworker has to break, with a reason   TIE
    4. none holds: what the caseworker recorded                                      RECORDED
    5. a source is missing that could change the answer, or nothing is recorded      CANNOT_TELL
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from verification.category import benefit, household, member
from verification.facts import in_window, in_year_before, number_on
from verification.language.aggregate import highest, only, some, total
from verification.language.expression import Expr, literal
from verification.language.functions import first_of
from verification.language.level import Level, named
from verification.language.rule import Catalogue, Says, Severity, rule
from verification.language.source import source
from verification.language.to_python import Judgement
from verification.language.values import Missing
from verification.rules import cause as by_register
from vocabulary.codes import BenefitKind, Category, Cause, Code, DangerGrade
from vocabulary.evidence import Answer
from vocabulary.records.civil_affairs import HouseholdFile, Visit
from vocabulary.records.housing import Dwelling
from vocabulary.records.trade_union import HardshipFile

_file = source(HouseholdFile)
_dwelling = source(Dwelling)
_union_file = source(HardshipFile)
_visit = source(Visit)

_CITE = "红花岗区 2019 致困原因"
_RULES: dict[str, Cause] = {
    "CAU-01": Cause.ILLNESS,
    "CAU-02": Cause.DISABILITY,
    "CAU-03": Cause.EDUCATION,
    "CAU-04": Cause.DISASTER,
    "CAU-05": Cause.UNEMPLOYMENT,
    "CAU-06": Cause.HOUSING,
    "CAU-07": Cause.OTHER,
}
_COSTS = {
    Cause.ILLNESS: "medical_costs_fen",
    Cause.DISABILITY: "rehabilitation_costs_fen",
    Cause.EDUCATION: "schooling_costs_fen",
}
"""What a cause cost the household in the year before; the other causes leave no bill in a register."""

_lived_in = _dwelling.where(_dwelling.inhabited)
member.define(
    filed_by_union=named(
        some(
            _union_file,
            where=(_union_file.valid_from <= household.on)
            & (_union_file.valid_until >= household.on).otherwise(True),
        ),
        "困难职工在册",
        "filed by the union as in hardship on the day",
    ),
    unsafe_home=named(
        some(
            _lived_in,
            where=(_lived_in.danger == DangerGrade.C).otherwise(False)
            | (_lived_in.danger == DangerGrade.D).otherwise(False),
        ),
        "现居住房为C级或D级",
        "lives in a dwelling of danger grade C or D",
    ),
    room_dm2=named(
        highest(_lived_in.usable_area_dm2), "现居住房面积", "usable area of the dwelling lived in"
    ),
)
household.define(
    rehabilitation_costs_fen=named(
        total(member.rehabilitation_fen, where=member.counted),
        "康复自付合计",
        "rehabilitation costs of the year before",
    ),
    recorded_cause=named(
        only(_file.primary_cause), "登记的主要致困原因", "primary cause on the household's file"
    ),
    visited=named(
        some(_visit, where=in_year_before(_visit.visited_on)), "一年内入户", "visited in the year before"
    ),
    filed_by_union=named(
        some(member.filed_by_union, where=member.counted), "在册困难职工", "filed by the union as in hardship"
    ),
    unsafe_home=named(
        some(member.unsafe_home, where=member.counted), "居住危房", "lives in a dangerous dwelling"
    ),
    room_dm2=named(
        highest(member.room_dm2, where=member.counted & ~member.room_dm2.missing()),
        "现居住房使用面积",
        "usable area of the dwelling they live in",
    ),
    relieved=named(
        some(
            benefit,
            where=(benefit.kind == BenefitKind.TEMPORARY) & benefit.paid,
            during=in_window(benefit.month),
        ),
        "核算期内有临时救助",
        "temporary relief in the window",
    ),
)


household.define(
    crowded=named(
        (
            household.room_dm2 < household.counted_members * number_on("usable_area_dm2_head", household.on)
        ).otherwise(False),
        "人均住房面积低于政策线",
        "less room a head than the pack's line",
    ),
)


def _recorded(h: Level, cause: Cause) -> Expr:
    return (h.recorded_cause == cause).otherwise(False)


@rule("CAU-04", "因灾", "hardship by disaster", of=household, severity=Severity.INFO, cite=_CITE)
def by_disaster(h: Level) -> Says:
    """Recorded by the caseworker, and borne out by a visit or by temporary relief in the window."""
    return _recorded(h, Cause.DISASTER) & (h.visited | h.relieved), {}


@rule("CAU-06", "住房", "hardship by housing", of=household, severity=Severity.INFO, cite=_CITE)
def by_housing(h: Level) -> Says:
    """A dangerous dwelling (C or D), less room a head than the pack's line, or recorded and borne out by a visit."""
    return h.unsafe_home | h.crowded | (_recorded(h, Cause.HOUSING) & h.visited), {
        "unsafe": h.unsafe_home,
        "crowded": h.crowded,
        "room_dm2": h.room_dm2,
        "members": h.counted_members,
    }


@rule("CAU-07", "其他", "another hardship", of=household, severity=Severity.INFO, cite=_CITE)
def by_another(h: Level) -> Says:
    """From a visit only, counted and never displayed."""
    return _recorded(h, Cause.OTHER) & h.visited, {}


household.define(
    ledger_line=named(
        first_of(
            (household.category != Category.NONE, household.category),
            (household.filed_by_union, literal(Category.UNION)),
            otherwise=household.category,
        ),
        "台账类别",
        "line of the ledger",
    ),
)

CAUSES = Catalogue(
    member,
    household,
    [
        by_register.by_illness,
        by_register.by_disability,
        by_register.by_education,
        by_register.by_unemployment,
        by_disaster,
        by_housing,
        by_another,
    ],
    told=[
        household.medical_costs_fen,
        household.schooling_costs_fen,
        household.rehabilitation_costs_fen,
        household.recorded_cause,
        household.ledger_line,
        household.counted_members,
    ],
)
"""The seven causes and the ledger's line, to be judged beside a verification; `CAUSES.reads()` says what to ask for."""


class Chosen(Code):
    """How a primary cause was come to."""

    COST = "COST", "按核实费用"
    SOLE = "SOLE", "唯一原因"
    CHOSEN = "CHOSEN", "经办人在并列中选定"
    RECORDED = "RECORDED", "按登记"
    TIE = "TIE", "并列待选定"
    CANNOT_TELL = "CANNOT_TELL", "待核"


@dataclass(frozen=True, slots=True)
class Primary:
    """The primary cause of one household, and the others that hold.

    `cause`   None for a tie and for what cannot be told
    `tied`    in a tie, the causes that a caseworker chooses from
    """

    household: str
    chosen: Chosen
    cause: Cause | None = field(repr=False)
    secondary: tuple[Cause, ...] = field(repr=False)
    tied: tuple[Cause, ...] = field(repr=False, default=())

    @property
    def shown(self) -> Cause | None:
        """The primary cause as it may be displayed: never 其他."""
        return None if self.cause is Cause.OTHER else self.cause

    @property
    def shown_secondary(self) -> tuple[Cause, ...]:
        """The others as they may be displayed."""
        return tuple(cause for cause in self.secondary if cause is not Cause.OTHER)


@dataclass(frozen=True)
class CauseTable:
    """致困类别统计表: households by primary cause. INVARIANT: the parts sum to `households`."""

    households: int
    causes: Mapping[Cause, int]
    ties: int
    cannot_tell: int

    def __post_init__(self) -> None:
        assert sum(self.causes.values()) + self.ties + self.cannot_tell == self.households


def primary_of(judgement: Judgement) -> Primary:
    """The primary cause of one household, from a judgement by `CAUSES`."""
    answers = {_RULES[each.rule.number]: each.answer for each in judgement.found}
    holding = tuple(cause for cause in Cause if answers.get(cause) is Answer.YES)
    unknown = [cause for cause in Cause if answers.get(cause) is Answer.UNKNOWN]
    costs = {cause: _cost(judgement, cause) for cause in holding}
    recorded = judgement.facts["recorded_cause"]
    most = max((cost for cost in costs.values() if cost is not None), default=0)
    top = tuple(cause for cause in holding if costs[cause] == most)
    if None in costs.values() or any(cause in _COSTS or most == 0 for cause in unknown):
        return Primary(judgement.household, Chosen.CANNOT_TELL, None, holding)
    if len(top) > 1 and recorded not in top:
        return Primary(
            judgement.household, Chosen.TIE, None, tuple(each for each in holding if each not in top), top
        )
    chosen, cause = _choose(top, recorded, alone=len(holding) == 1 and not unknown)
    return Primary(judgement.household, chosen, cause, tuple(each for each in holding if each is not cause))


def table(primaries: Iterable[Primary]) -> CauseTable:
    """How many households each cause has, ties and those that cannot be told beside them."""
    listed = list(primaries)
    counted = Counter(each.cause for each in listed if each.cause is not None)
    ties = sum(each.chosen is Chosen.TIE for each in listed)
    untold = sum(each.chosen is Chosen.CANNOT_TELL for each in listed)
    return CauseTable(len(listed), {cause: counted[cause] for cause in Cause}, ties, untold)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger (台账): so many households, with so many counted persons."""

    households: int = 0
    persons: int = 0


def ledger(judgements: Iterable[Judgement]) -> dict[Category | None, Line]:
    """三类对象 and the rest, by `ledger_line`; what cannot be told stands under None. The parts sum to all."""
    found: dict[Category | None, Line] = {}
    for each in judgements:
        told, persons = each.facts["ledger_line"], each.facts["counted_members"]
        key = None if isinstance(told, Missing) else Category(str(told))
        one = found.get(key, Line())
        counted = persons if isinstance(persons, int) else 0
        found[key] = Line(one.households + 1, one.persons + counted)
    return dict(sorted(found.items(), key=lambda each: _LINES.index(each[0])))


_LINES: tuple[Category | None, ...] = (*Category, None)


def _choose(top: tuple[Cause, ...], recorded: object, *, alone: bool) -> tuple[Chosen, Cause | None]:
    if len(top) > 1:
        return Chosen.CHOSEN, Cause(str(recorded))
    if top:
        return (Chosen.SOLE if alone else Chosen.COST), top[0]
    if isinstance(recorded, Missing):
        return Chosen.CANNOT_TELL, None
    return Chosen.RECORDED, Cause(str(recorded))


def _cost(judgement: Judgement, cause: Cause) -> int | None:
    """In fen; 0 for a cause that leaves no bill, None where it cannot be told."""
    if cause not in _COSTS:
        return 0
    value = judgement.facts[_COSTS[cause]]
    return value if isinstance(value, int) else None
