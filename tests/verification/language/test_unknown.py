"""A source that did not answer never becomes a yes or a no, whatever the rule's author wrote."""

from dataclasses import replace

import pytest

from tests.verification.language.both import TYPES, World, a_world, told_by_python, varied
from verification.language.aggregate import (
    count,
    every,
    evidenced,
    highest,
    kinds,
    latest,
    lowest,
    only,
    some,
    total,
)
from verification.language.expression import Expr
from verification.language.functions import first_of, greatest, half_up, least, month_of
from verification.language.kinds import OnlyALowerBound
from verification.language.level import Level, levels
from verification.language.rule import Catalogue, Rule, Severity, rule
from verification.language.source import lines, source, union
from verification.language.to_python import bit_of
from verification.language.values import Missing
from vocabulary.codes import MemberKind
from vocabulary.evidence import Answer
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit, Membership
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

insurance, pension, enrolment = source(Insurance), source(Pension), source(Enrolment)
death, benefit, membership = source(Death), source(Benefit), source(Membership)


def everything() -> tuple[Catalogue, Level]:
    """Facts and rules that use every way of combining what may be unknown."""
    p, h = levels()
    best = union(
        "line",
        lines(insurance, month=insurance.month, fen=insurance.base_fen, rank=2),
        lines(pension, month=pension.month, fen=pension.personal_fen, rank=1),
    ).best(by=("person", "month"), rank="rank")
    p.define(
        gone=lowest(death.died_on),
        base=total(best.fen, where=best.month >= h.month - 3),
        insured=some(insurance, where=insurance.base_fen > 0),
        matched=count(insurance, matching=(pension, "month")),
        lone=count(pension, unmatched=(benefit, "month"), matched_on="household"),
        full=every(enrolment.full_time),
        stage=latest(enrolment.stage, by=enrolment.since),
        capacity=only(insurance.participation),
        homes=kinds(membership.household, on="person"),
        last=highest(pension.month),
    )
    p.define(
        late=count(pension, where=(pension.month > month_of(p.gone)).otherwise(False)),
        case=first_of((p.insured, p.base), (p.full, p.base), otherwise=least(p.base, 0)),
        absent=p.gone.missing() & p.last.missing(),
        counted=(p.kind == MemberKind.COHABIT) & (p.gone.missing() | p.full),
    )
    h.define(
        base=total(p.base, where=p.counted),
        people=count(p, where=p.counted),
        some_late=some(p.late > 0, where=p.counted),
        all_insured=every(p.insured, where=p.counted),
        first=lowest(p.gone),
        paid=some(benefit.paid),
    )
    h.define(share=half_up(h.base, greatest(h.people, 1)))
    fellow = p.fellows()
    p.define(richest=~some(fellow, where=fellow.base > p.base))

    def declared(number: str, of: Level, condition: Expr) -> Rule:
        return rule(number, "名", "name", of=of, severity=Severity.REVIEW, cite="1")(
            lambda _: (condition, {})
        )

    rules = [
        declared("U-01", p, p.insured & (p.gone <= p.on).otherwise(False)),
        declared("U-02", p, p.insured | ~p.full),
        declared("U-03", p, p.absent),
        declared("U-04", h, h.some_late | ~h.all_insured),
        declared("U-05", h, (h.share < 10_000) & ~h.paid),
        declared("U-06", p, p.richest & (p.homes > 1)),
    ]
    told = [
        getattr(level, n)
        for level in (p, h)
        for n, each in level.definitions.items()
        if each.expr is not None
    ]
    return Catalogue(p, h, rules, told), p


def with_failure(world: World, record: type[Record]) -> World:
    bit = bit_of(record)
    return replace(
        world,
        unanswered={each: mask | bit for each, mask in world.unanswered.items()},
        unanswered_of={each: mask | bit for each, mask in world.unanswered_of.items()},
    )


def with_answer(world: World, record: type[Record], rows: tuple[Record, ...]) -> World:
    return replace(world, rows={**world.rows, record: rows})


def answered(world: World) -> World:
    """The world in which everybody answered."""
    return replace(
        world,
        unanswered=dict.fromkeys(world.unanswered, 0),
        unanswered_of=dict.fromkeys(world.unanswered_of, 0),
    )


def all_answers(catalogue: Catalogue, world: World) -> dict[object, object]:
    told, found = told_by_python(catalogue, world)
    answers: dict[object, object] = dict(told)
    answers |= {each[:3]: each[3] for each in found}
    return answers


@pytest.mark.parametrize("record", TYPES)
def test_what_is_known_despite_a_failure_holds_whatever_the_answer_would_have_been(
    record: type[Record],
) -> None:
    catalogue, _ = everything()
    world = answered(a_world(21, households=60))
    failed = all_answers(catalogue, with_failure(with_answer(world, record, ()), record))
    others = [world.rows[record], (), a_world(22, households=60).rows[record]]
    for rows in others:
        told = all_answers(catalogue, with_answer(world, record, rows))
        for key in failed.keys() | told.keys():
            value = failed.get(key, Answer.NO)
            if value not in (Missing.UNKNOWN, Answer.UNKNOWN):
                assert told.get(key, Answer.NO) == value, key
    assert Answer.UNKNOWN in failed.values()


@pytest.mark.parametrize("record", TYPES)
def test_one_more_failure_never_makes_an_answer_more_certain(record: type[Record]) -> None:
    catalogue, _ = everything()
    world = a_world(23, households=60)
    before, after = all_answers(catalogue, world), all_answers(catalogue, with_failure(world, record))
    for key, value in after.items():
        if value not in (Missing.UNKNOWN, Answer.UNKNOWN):
            assert before.get(key, Answer.NO) == value
    for key in before.keys() - after.keys():
        assert before[key] != Answer.YES


def test_membership_that_failed_leaves_the_household_untold() -> None:
    catalogue, _ = everything()
    world = with_failure(answered(a_world(21, households=30)), Membership)
    told, _ = told_by_python(catalogue, world)
    assert varied(told)["people"] == {Missing.UNKNOWN}


def test_the_record_types_that_may_decide_are_named() -> None:
    catalogue, _ = everything()
    by_number = {each.number: {record for _, record in each.doubts} for each in catalogue.rules}
    assert by_number["U-01"] == {Insurance, Death}
    assert by_number["U-05"] == {Membership, Insurance, Pension, Death, Enrolment, Benefit}


def test_a_condition_on_a_lower_bound_is_refused() -> None:
    p, _ = levels()
    p.define(least_base=evidenced(total(insurance.base_fen)))
    with pytest.raises(OnlyALowerBound):
        rule("U-07", "名", "name", of=p, severity=Severity.REVIEW, cite="1")(lambda p: (p.least_base > 0, {}))


def test_a_lower_bound_leaves_out_what_was_not_answered() -> None:
    p, h = levels()
    p.define(base=total(insurance.base_fen))
    h.define(sure=evidenced(total(p.base)))
    world = with_failure(a_world(21, households=30), Insurance)
    told, _ = told_by_python(Catalogue(p, h, [], [h.sure]), world)
    assert varied(told)["sure"] == {0}
