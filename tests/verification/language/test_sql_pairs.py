"""Are rows that match one to one told from their pairs as they are told one by one, from whichever side?"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.verification.language.both import (
    DAY,
    ON,
    PACK,
    World,
    a_world,
    told_by_duckdb,
    told_by_postgres,
    told_by_python,
    varied,
)
from verification.language.aggregate import count, every, grouped, highest, kinds, total
from verification.language.expression import Expr
from verification.language.level import Level, levels
from verification.language.rows import Aggregate, Paired
from verification.language.rule import Catalogue, Severity, rule
from verification.language.source import Source, source
from verification.language.sql_pairs import paired
from verification.language.to_python import mask_of
from verification.language.to_sql import Sql
from vocabulary.codes import DeclaredItem
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Declaration, Membership
from vocabulary.records.social_security import Insurance, Pension

DECLARATION, INSURANCE, PENSION = source(Declaration), source(Insurance), source(Pension)
OWN = ("household", "person")


def declared() -> Source:
    return grouped(DECLARATION, by=(*OWN, "month"), fen=total(DECLARATION.amount_fen))


def insured() -> Source:
    rows = INSURANCE
    return grouped(rows, by=("person", "month"), fen=total(rows.base_fen), most_fen=highest(rows.base_fen))


def drawn() -> Source:
    rows = PENSION
    return grouped(rows, by=("person", "month"), fen=total(rows.personal_fen))


def within(month: Expr, h: Level) -> Expr:
    return (month >= h.month - 3) & (month <= h.month - 1)


def catalogue() -> Catalogue:
    """Months of one kind beside another: seen from either side, agreeing in the sum or not, with a condition."""
    p, h = levels()
    told, based, paid = declared(), insured(), drawn()
    p.define(
        beside=count(told, during=within(told.month, h), matching=(based, "month"), matched_on="person"),
        agreeing=count(told, matching=(based, ("month", "fen")), matched_on="person"),
        positive=count(based, where=based.most_fen > 0, matching=(told, "month"), matched_on=OWN),
        positive_agreeing=count(
            based,
            where=based.most_fen > 0,
            during=within(based.month, h),
            matching=(told, ("month", "fen")),
            matched_on=OWN,
        ),
        told_fen=total(told.fen, matching=(based, "month"), matched_on="person"),
        months=kinds(based.month, during=within(based.month, h), matching=(paid, "month")),
        none_owed=every(paid.fen >= 0, matching=(based, "month")),
        without=count(told, unmatched=(based, "month"), matched_on="person"),
    )
    names = [
        "beside",
        "agreeing",
        "positive",
        "positive_agreeing",
        "told_fen",
        "months",
        "none_owed",
        "without",
    ]

    @rule("X-01", "行", "rows", of=p, severity=Severity.REVIEW, cite="test")
    def differs(p: Level) -> tuple[Expr, dict[str, Expr]]:
        """Some month's sums differ."""
        return p.beside > p.agreeing, {name: getattr(p, name) for name in names}

    return Catalogue(p, h, [differs], [getattr(p, name) for name in names])


def world(seed: int, households: int = 120) -> World:
    """A world in which those who are listed declare, each in up to two households, and some are not answered for."""
    made, r = a_world(seed, households), random.Random(seed)
    listed = made.rows[Membership]
    rows = tuple(
        Declaration(
            record_id=f"d{at:06d}",
            as_of=DAY,
            household=member.household,  # type: ignore[attr-defined] # a membership
            person=member.person,  # type: ignore[attr-defined] # as above
            item=r.choice([DeclaredItem.WAGE, DeclaredItem.LAND]),
            month=Month(r.randint(Month.parse("2026-07"), Month.parse("2026-11"))),
            amount_fen=r.randint(-3, 3) * 10_000,
        )
        for at, member in enumerate(r.choices(listed, k=households * 8))
    )
    unanswered = {
        person: mask | (mask_of([Declaration]) if r.random() < 0.1 else 0)
        for person, mask in made.unanswered_of.items()
    }
    return replace(made, rows={**made.rows, Declaration: rows}, unanswered_of=unanswered)


@pytest.mark.parametrize("seed", [41, 42])
def test_pairs_tell_what_python_tells(seed: int) -> None:
    made, those = catalogue(), world(seed)
    told, found = told_by_python(made, those)
    assert told_by_duckdb(made, those, on=ON) == (told, found)
    assert told_by_duckdb(made, those) == (told, found)
    assert {name for name, values in varied(told).items() if len(values) < 3} <= {"none_owed"}
    assert found


def test_postgres_tells_the_same_of_pairs(postgres_url: str) -> None:
    made, those = catalogue(), world(43, households=40)
    assert told_by_postgres(made, those, postgres_url, on=ON) == told_by_python(made, those)


def aggregate(name: str) -> Aggregate:
    made = catalogue()
    expr = Sql(made, PACK, on=ON)._facts.stages.expr(("member", name))
    assert isinstance(expr, Aggregate)
    return expr


def test_both_sides_look_at_the_same_pairs() -> None:
    plans = {
        paired(aggregate(name)).plan.digest
        for name in ("beside", "agreeing", "positive", "positive_agreeing")
    }
    assert len(plans) == 1
    assert isinstance(paired(aggregate("beside")).plan, Paired)
    assert paired(aggregate("positive")).on == OWN


def test_one_join_serves_all_that_look_at_the_same_pairs() -> None:
    joins = [each for each in Sql(catalogue(), PACK, on=ON).statements if "other:" in each.select]
    assert len(joins) == 2  # of the declared and the insured, and of the drawn and the insured


def refused(told: Source, **whose: object) -> Aggregate:
    p, _ = levels()
    p.define(found=count(told, **whose))  # type: ignore[arg-type] # as each test gives them
    expr = p.definitions["found"].expr
    assert isinstance(expr, Aggregate)
    return expr


def test_rows_that_are_not_one_to_one_are_no_pairs() -> None:
    yearly = grouped(INSURANCE, by=("person", "status"), fen=total(INSURANCE.base_fen))
    several = grouped(INSURANCE, by=("person", "month", "status"), fen=total(INSURANCE.base_fen))
    for each in (
        refused(declared(), unmatched=(insured(), "month"), matched_on="person"),
        refused(declared(), matching=(several, "month"), matched_on="person"),
        refused(yearly, matching=(several, "status")),
        refused(insured(), matching=(PENSION, "month")),
        refused(INSURANCE, matching=(drawn(), "month")),
        refused(insured(), matching=(drawn(), "month", drawn().fen > 0)),
        refused(declared(), matching=(insured(), "fen"), matched_on="person"),
    ):
        assert paired(each) is each
