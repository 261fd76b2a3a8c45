"""Is nobody missed whom a rule could be found of, and are few looked at?"""

from __future__ import annotations

import pytest

from tests.verification.language.both import (
    ON,
    PACK,
    a_world,
    told_by_duckdb,
    told_by_postgres,
    told_by_python,
)
from verification.language.aggregate import count, every, latest, only, some, total
from verification.language.expression import Expr
from verification.language.level import Level, levels
from verification.language.rule import Catalogue, Rule, Severity, rule
from verification.language.source import source
from verification.language.to_sql import Sql
from vocabulary.codes import MemberKind
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Insurance, Pension

INSURANCE, PENSION, ENROLMENT = source(Insurance), source(Pension), source(Enrolment)
DEATH, BENEFIT = source(Death), source(Benefit)


def catalogue() -> Catalogue:
    """Rules found on rows of one group or of several, on what is not there, and on what may be in doubt."""
    p, h = levels()
    p.define(
        owed=total(PENSION.employee_fen), died_on=only(DEATH.died_on), cohabits=p.kind == MemberKind.COHABIT
    )
    p.define(
        paid_in=count(INSURANCE, where=INSURANCE.base_fen > 0),
        owing=count(INSURANCE, where=INSURANCE.base_fen < 0),
        all_paid=every(INSURANCE.base_fen > 0),
        above_owed=count(INSURANCE, where=INSURANCE.base_fen > p.owed),
        drawn=count(PENSION, where=PENSION.personal_fen > 0),
        studies=some(ENROLMENT, where=ENROLMENT.full_time),
        since=latest(ENROLMENT.since, by=ENROLMENT.since),
    )
    h.define(paid=count(BENEFIT, where=BENEFIT.paid), owed=total(p.owed))

    def found(number: str, of: Level, condition: Expr) -> Rule:
        @rule(number, "行", "rows", of=of, severity=Severity.REVIEW, cite="test")
        def holds(_: Level) -> tuple[Expr, dict[str, Expr]]:
            """Holds."""
            return condition, {}

        return holds

    rules = [
        found("X-01", p, p.paid_in > 2),
        found("X-02", p, (p.paid_in > p.owing) & p.cohabits),
        found("X-03", p, (p.owing > 0) & (p.owing < 3) & (p.drawn == 0)),
        found("X-04", p, (p.paid_in > 2) | (p.drawn > 2)),
        found("X-05", p, p.cohabits & ~p.studies),
        found("X-06", p, p.drawn == 0),
        found("X-07", p, ~p.all_paid & p.studies),
        found("X-08", p, p.above_owed > 1),
        found("X-09", p, (p.owing > 1) & (p.died_on > p.on).otherwise(False)),
        found("X-10", p, (p.since <= p.on).otherwise(False)),
        found("X-11", h, (h.paid > 3) & (h.owed > 0)),
    ]
    return Catalogue(p, h, rules, [p.owed])


@pytest.mark.parametrize("seed", [51, 52, 53])
def test_whoever_is_found_by_python_is_found_among_the_few(seed: int) -> None:
    made, world = catalogue(), a_world(seed)
    told, found = told_by_python(made, world)
    assert told_by_duckdb(made, world, on=ON) == (told, found)
    assert told_by_duckdb(made, world) == (told, found)
    assert {each[0] for each in found} == {each.number for each in made.rules}  # type: ignore[index] # tuples


def test_postgres_which_has_no_semi_joins_misses_nobody(postgres_url: str) -> None:
    made, world = catalogue(), a_world(54, households=40)
    assert told_by_postgres(made, world, postgres_url, on=ON) == told_by_python(made, world)


def near() -> list[str]:
    return [each.select for each in Sql(catalogue(), PACK, on=ON).statements if "_near_" in each.table]


def test_those_who_are_near_are_written_down_as_numbers_alone() -> None:
    assert near()
    assert all(each.startswith('SELECT "row" FROM ') for each in near())


def test_as_much_of_a_condition_as_one_group_tells_is_asked_of_its_rows() -> None:
    # Not everybody with a paid month, but whoever has three.
    first = near()[0]
    assert first.index("> CAST(2 AS BIGINT)") < first.index('LEFT JOIN "rows_')


def test_what_one_group_tells_is_looked_for_once() -> None:
    assert len({each for each in near() if '"v:paid_in"' in each}) == 1
