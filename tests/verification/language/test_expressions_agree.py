"""Random expressions: the plain interpreter, the compiled Python and the generated SQL say the same."""

from datetime import date
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.verification.language.both import ON, PACK, World, a_world, told_by_duckdb, told_by_python
from verification.language.aggregate import count, latest, lowest, some, total
from verification.language.evaluate import evaluate
from verification.language.expression import Expr, literal, nothing, with_args
from verification.language.functions import (
    ceil_div,
    date_number,
    days_between,
    first_day,
    first_of,
    floor_div,
    greatest,
    half_up,
    least,
    month_of,
    plus_days,
    plus_months,
    remainder,
    year_of,
)
from verification.language.kinds import Kind
from verification.language.level import FactOf, Level, levels
from verification.language.parameter import param
from verification.language.rule import Catalogue
from verification.language.source import source
from verification.language.values import Missing, result
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance


def facts() -> tuple[Level, Level]:
    """Facts of every kind: certain, unknown and absent ones."""
    p, h = levels()
    insurance, death, enrolment, benefit = (source(each) for each in (Insurance, Death, Enrolment, Benefit))
    p.define(
        fen=total(insurance.base_fen),
        most=lowest(insurance.base_fen),
        records=count(insurance),
        gone=lowest(death.died_on),
        first=lowest(insurance.month),
        full=some(enrolment.full_time),
        ends=latest(enrolment.expected_graduation, by=enrolment.since),
        paid=some(benefit.paid),
        grown=p.joined_on <= h.on,
    )
    return p, h


P, H = facts()
SMALL = st.integers(-5, 60)
LEAVES: dict[Kind, list[Expr]] = {
    Kind.FEN: [P.fen, P.most, literal(10_000, Kind.FEN), param("standard", at=P.on), nothing(Kind.FEN)],
    Kind.NUMBER: [P.records, param("ended", at=P.first, kind=Kind.NUMBER), literal(3), literal(-2)],
    Kind.MONTH: [P.first, P.month, literal(Month.parse("2026-09"))],
    Kind.DATE: [P.gone, P.ends, P.on, literal(date(2026, 2, 28))],
    Kind.FLAG: [P.full, P.paid, P.grown, literal(True)],
}


@st.composite
def expressions(draw: st.DrawFn, kind: Kind, depth: int = 3) -> Expr:
    """An expression of a kind, of every operator that gives one."""
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(LEAVES[kind]))

    def one(of: Kind) -> Expr:
        return draw(expressions(of, depth - 1))

    def sure(of: Kind) -> Expr:
        expr = one(of)
        return (
            expr.otherwise(draw(expressions(of, 0)) if draw(st.booleans()) else _plain(of))
            if expr.optional
            else expr
        )

    def flag() -> Expr:
        expr = sure(Kind.FLAG)
        return expr.otherwise(False) if expr.optional else expr

    if draw(st.integers(0, 3)) == 0:
        return first_of((flag(), one(kind)), (flag(), one(kind)), otherwise=one(kind))
    if draw(st.integers(0, 6)) == 0:
        expr = one(kind)
        return expr.otherwise(one(kind)) if expr.optional else expr
    divisor = draw(st.integers(1, 9))
    if kind in (Kind.FEN, Kind.NUMBER):
        a, b = one(kind), one(kind)
        makers = [
            lambda: a + b,
            lambda: a - b,
            lambda: a * draw(SMALL),
            lambda: least(a, b),
            lambda: greatest(a, b),
            lambda: half_up(a, divisor),
            lambda: floor_div(a, greatest(sure(Kind.NUMBER), divisor)),
            lambda: ceil_div(a, divisor),
            lambda: remainder(a, divisor),
        ]
        if kind is Kind.NUMBER:
            makers += [
                lambda: one(Kind.MONTH) - one(Kind.MONTH),
                lambda: date_number(one(Kind.DATE)),
                lambda: days_between(since=one(Kind.DATE), until=one(Kind.DATE)),
                lambda: year_of(one(Kind.MONTH)),
            ]
    elif kind is Kind.MONTH:
        makers = [
            lambda: month_of(one(Kind.DATE)),
            lambda: one(kind) + draw(SMALL),
            lambda: greatest(one(kind), one(kind)),
        ]
    elif kind is Kind.DATE:
        makers = [
            lambda: first_day(one(Kind.MONTH)),
            lambda: plus_days(one(kind), draw(SMALL)),
            lambda: plus_months(one(kind), draw(SMALL)),
            lambda: least(one(kind), one(kind)),
        ]
    else:
        of = draw(st.sampled_from([Kind.FEN, Kind.NUMBER, Kind.MONTH, Kind.DATE]))
        left, right = one(of), one(of)
        makers = [
            lambda: flag() & flag(),
            lambda: flag() | flag(),
            lambda: ~flag(),
            lambda: left < right,
            lambda: left >= right,
            lambda: left == right,
            lambda: left != right,
            lambda: left.missing() if left.optional else left <= right,
        ]
    return draw(st.sampled_from(makers))()


def _plain(kind: Kind) -> Expr:
    return next(leaf for leaf in reversed(LEAVES[kind]) if leaf.op == "literal")


@pytest.fixture(scope="module")
def world() -> World:
    return a_world(11, households=40)


def random_catalogue(data: st.DataObject, count: int = 40) -> Catalogue:
    """Facts of every kind, and random expressions over them as facts `x…`."""
    p, h = facts()
    kinds = [Kind.FEN, Kind.NUMBER, Kind.MONTH, Kind.DATE, Kind.FLAG]
    drawn = {f"x{place}": data.draw(expressions(kinds[place % 5])) for place in range(count)}
    p.define(**{name: _on_level(expr, p, h) for name, expr in drawn.items()})
    names = ("fen", "most", "records", "gone", "first", "full", "ends", "paid", "grown", *drawn)
    return Catalogue(p, h, [], [getattr(p, name) for name in names])


@given(st.data())
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_random_expressions(world: World, data: st.DataObject) -> None:
    catalogue = random_catalogue(data)
    drawn = {
        name: catalogue.member.definitions[name].expr
        for name in catalogue.member.definitions
        if name[0] == "x"
    }
    told, _ = told_by_python(catalogue, world)
    assert told_by_duckdb(catalogue, world) == (told, [])
    for house, person, name in told:
        if name in drawn:
            given = partial(_given, told, house, person)
            worth = evaluate(drawn[name], given, PACK)
            assert told[house, person, name] == result(worth, drawn[name].kind, None)


def _given(told: dict, house: str, person: str | None, fact: FactOf) -> object:
    level, name = fact.constants
    if level == "household":
        return ON if name == "on" else Month.of(ON)
    value = told[house, person, name]
    return None if value is Missing.UNKNOWN else value


def _on_level(expr: Expr, p: Level, h: Level) -> Expr:
    """The expression on another pair of levels with the same facts."""
    if isinstance(expr, FactOf):
        return getattr(p if expr.constants[0] == "member" else h, str(expr.constants[1]))
    return with_args(expr, tuple(_on_level(arg, p, h) for arg in expr.args))
