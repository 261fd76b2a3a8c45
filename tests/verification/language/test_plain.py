"""A case in which nothing is unknown is judged without a guard, and comes to the same as with every guard."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings

from tests.verification.households import HOUSEHOLD, Drawn, evidence_of, households
from tests.verification.households import ON as DRAWN_ON
from tests.verification.language.both import ON, SmallPack, dated
from verification.catalogue import CATALOGUE
from verification.language.aggregate import count, lowest, only
from verification.language.case import case_of
from verification.language.functions import greatest, year_of
from verification.language.kinds import Kind
from verification.language.level import levels
from verification.language.parameter import param
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.language.source import source
from verification.language.to_python import Case, Judge, Judgement, mask_of
from verification.language.values import Missing
from verification.pack import load_pack
from vocabulary.codes import InsuranceKind, InsuranceStatus, MemberKind, Participation, Relation
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Membership
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance

PERSON = WrittenId("529901198001010019")
PACK = SmallPack(
    {
        "rate": [dated(2, date(2026, 10, 1))],
        "standard": [dated(3, date(2026, 10, 1), date(2026, 10, 31)), dated(5, date(2026, 11, 1))],
    }
)
insurance, death = source(Insurance), source(Death)


class Tried(Judge):
    """Remembers whether a case was judged with every guard."""

    guarded = False

    def _judged(self, compiled, case, masks):  # type: ignore[no-untyped-def] # as the one it stands for
        judged = super()._judged(compiled, case, masks)
        self.guarded = compiled is self._whole
        return judged

    def with_every_guard(self, case: Case) -> Judgement:
        """As if something were unknown."""
        return self._judged(self._whole, case, {})


ALL_RULES = Tried(CATALOGUE, load_pack("demo-2026"))


@settings(max_examples=150, deadline=None)
@given(households())
def test_a_plain_case_comes_to_the_same_as_with_every_guard(drawn: Drawn) -> None:
    case = case_of(evidence_of(drawn), household=HOUSEHOLD, on=DRAWN_ON, reads=CATALOGUE.reads())
    judged = ALL_RULES.judge(case)
    guarded = ALL_RULES.with_every_guard(case)
    assert ALL_RULES.guarded
    assert canonical(judged) == canonical(guarded)
    assert judged == guarded


def facts() -> Catalogue:
    p, h = levels()
    p.define(
        capacity=only(insurance.participation),
        doubled=count(insurance, where=param("rate", at=insurance.month, kind=Kind.NUMBER) == 2),
    )
    h.define(standard=param("standard", at=h.on, kind=Kind.NUMBER), people=count(p))
    return Catalogue(p, h, [], [p.capacity, p.doubled, h.standard, h.people])


def insured(number: int, month: str, participation: Participation = Participation.EMPLOYEE) -> Insurance:
    return Insurance(
        record_id=f"i-{number}", as_of=ON, person=PERSON, kind=InsuranceKind.PENSION, base_fen=1,
        participation=participation, month=Month.parse(month), status=InsuranceStatus.NORMAL,
    )  # fmt: skip


def case_with(*rows: Insurance, on: date = ON) -> Case:
    head = Membership(
        record_id="m-1", as_of=ON, household="S-1", person=PERSON, relation=Relation.HEAD,
        kind=MemberKind.COHABIT, joined_on=date(2020, 1, 1),
    )  # fmt: skip
    return Case("S-1", on, (head,), {Insurance: rows, Membership: (head,)})


def test_rows_that_disagree_are_judged_with_every_guard() -> None:
    judge = Tried(facts(), PACK)
    agreeing = judge.judge(case_with(insured(1, "2026-10"), insured(2, "2026-11")))
    assert not judge.guarded
    assert agreeing.members[PERSON] == {"capacity": Participation.EMPLOYEE, "doubled": 2}
    other = judge.judge(case_with(insured(1, "2026-10"), insured(2, "2026-11", Participation.RESIDENT)))
    assert judge.guarded
    assert other.members[PERSON] == {"capacity": Missing.UNKNOWN, "doubled": 2}


def test_a_month_without_a_value_is_judged_with_every_guard() -> None:
    judge = Tried(facts(), PACK)
    judged = judge.judge(case_with(insured(1, "2026-10"), insured(2, "2026-09")))
    assert judge.guarded
    assert judged.members[PERSON]["doubled"] is Missing.UNKNOWN


def test_a_day_without_a_value_is_judged_with_every_guard_and_the_next_is_not() -> None:
    judge = Tried(facts(), PACK)
    first = date(2026, 10, 1)
    assert judge.judge(case_with(on=first - timedelta(1))).facts["standard"] is Missing.UNKNOWN
    assert judge.guarded
    assert judge.judge(case_with(on=first)).facts["standard"] == 3
    assert not judge.guarded
    assert judge.judge(case_with(on=date(2026, 11, 1))).facts["standard"] == 5
    assert judge.judge(case_with(on=date(2026, 10, 31))).facts["standard"] == 3


def test_what_was_not_answered_of_one_listed_is_judged_with_every_guard() -> None:
    judge = Tried(facts(), PACK)
    case = replace(case_with(insured(1, "2026-10")), unanswered_of={PERSON: mask_of([Insurance])})
    assert judge.judge(case).members[PERSON]["doubled"] is Missing.UNKNOWN
    assert judge.guarded
    elsewhere = replace(case, unanswered_of={"529901198001010027": mask_of([Insurance])})
    assert judge.judge(elsewhere).members[PERSON]["doubled"] == 1
    assert not judge.guarded


def test_more_days_than_are_kept_change_nothing() -> None:
    judge = Judge(facts(), PACK)
    days = [date(2027, 1, 1) + timedelta(n) for n in range(450)]
    assert {judge.judge(case_with(on=day)).facts["standard"] for day in [*days, *days]} == {5}


def test_unknown_goes_before_absent() -> None:
    p, h = levels()
    p.define(gone=lowest(death.died_on))
    rate = param("rate", at=p.joined_on, kind=Kind.NUMBER)
    p.define(most=greatest(year_of(p.gone), rate), told=greatest(year_of(p.gone), rate).otherwise(7))
    judge = Tried(Catalogue(p, h, [], [p.most, p.told]), PACK)
    assert judge.judge(case_with()).members[PERSON] == {"most": Missing.UNKNOWN, "told": Missing.UNKNOWN}
    assert judge.guarded
