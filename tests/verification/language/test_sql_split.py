"""Is an aggregate of lines of several record types told from each type's rows as it is told from the lines?"""

from __future__ import annotations

import pytest

from tests.verification.language.both import (
    ON,
    PACK,
    a_world,
    told_by_duckdb,
    told_by_postgres,
    told_by_python,
    varied,
)
from verification.language.aggregate import count, every, kinds, some, total
from verification.language.dialect import DUCKDB
from verification.language.expression import Expr
from verification.language.kinds import Kind
from verification.language.level import Level, levels
from verification.language.parameter import param_class
from verification.language.rows import Aggregate, Unless
from verification.language.rule import Catalogue, Rule, Severity, rule
from verification.language.source import Source, lines, source, union
from verification.language.sql_split import BITS, Split
from verification.language.to_sql import Sql
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.social_security import Insurance, Pension

INSURANCE, PENSION, BENEFIT = source(Insurance), source(Pension), source(Benefit)


def evidence() -> Source:
    """Lines of two ranks, some of the same rows, of which only the best of a month count."""
    return union(
        "line",
        lines(INSURANCE, month=INSURANCE.month, fen=INSURANCE.base_fen, rank=3),
        lines(PENSION, month=PENSION.month, fen=PENSION.personal_fen, rank=2),
        lines(PENSION, month=PENSION.month, fen=PENSION.employee_fen, rank=2),
        lines(PENSION, month=PENSION.month, fen=PENSION.personal_fen + 1, rank=1),
    ).best(by=("person", "month"), rank="rank")


def paid() -> Source:
    """Lines of which some name a household, and no rank tells one from another."""
    return union(
        "paid",
        lines(BENEFIT, month=BENEFIT.month, fen=BENEFIT.amount_fen, kept=BENEFIT.paid),
        lines(PENSION, month=PENSION.month, fen=PENSION.personal_fen, kept=True),
    )


def within(month: Expr, h: Level, *, back: int) -> Expr:
    """The months from some back to the one before the day's."""
    return (month >= h.month - back) & (month <= h.month - 1)


def facts() -> tuple[Level, Level]:
    """A member's facts of every aggregate that adds up, over periods in which the pack changes or does not."""
    p, h = levels()
    best, line = evidence(), paid()
    own = (line.household == p.household).otherwise(True)
    classed = param_class("class", key=INSURANCE.status, at=INSURANCE.month, kind=Kind.TEXT)
    status = union("status", lines(INSURANCE, month=INSURANCE.month, fen=INSURANCE.base_fen, found=classed))
    p.define(
        fen=total(best.fen, during=within(best.month, h, back=3)),
        positive=count(best, where=best.fen > 0, during=within(best.month, h, back=3)),
        months=kinds(best.month, where=best.rank > 1, during=within(best.month, h, back=3)),
        low=some(best.where(best.rank == 1), during=within(best.month, h, back=4)),
        none_owed=every(best.fen >= 0, during=within(best.month, h, back=3)),
        last_fen=total(best.fen, during=best.month == h.month - 1),
        never=count(best, where=best.rank > 9, during=within(best.month, h, back=3)),
        own_fen=total(line.fen, where=own & line.kept, during=within(line.month, h, back=3), on="person"),
        own_months=kinds(line.month, where=own, during=within(line.month, h, back=3), on="person"),
        steady=total(status.fen, where=status.found == "C", during=within(status.month, h, back=1)),
        changing=total(status.fen, where=status.found == "B", during=within(status.month, h, back=3)),
        gap=total(status.fen, where=status.found == "B", during=within(status.month, h, back=4)),
    )
    return p, h


def catalogue() -> Catalogue:
    """The facts, and rules that are found on rows of one part alone, of any, or of none."""
    p, h = facts()

    def found(number: str, condition: Expr) -> Rule:
        @rule(number, "行", "rows", of=p, severity=Severity.REVIEW, cite="test")
        def holds(_: Level) -> tuple[Expr, dict[str, Expr]]:
            """Holds."""
            return condition, {"fen": p.fen}

        return holds

    rules = [found("X-01", p.months > 2), found("X-02", p.never > 0), found("X-03", p.own_fen > 30_000)]
    told = [
        p.fen,
        p.positive,
        p.low,
        p.none_owed,
        p.last_fen,
        p.never,
        p.own_months,
        p.steady,
        p.changing,
        p.gap,
    ]
    return Catalogue(p, h, rules, told)


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_parts_add_up_to_what_python_tells(seed: int) -> None:
    made, world = catalogue(), a_world(seed)
    told, found = told_by_python(made, world)
    assert told_by_duckdb(made, world, on=ON) == (told, found)
    assert told_by_duckdb(made, world) == (told, found)
    assert {name for name, values in varied(told).items() if len(values) < 3} <= {"low", "never", "none_owed"}
    assert {each[0] for each in found} >= {"X-01", "X-03"}  # type: ignore[index] # tuples


def test_postgres_which_counts_no_bits_tells_the_same(postgres_url: str) -> None:
    made, world = catalogue(), a_world(34, households=40)
    assert told_by_postgres(made, world, postgres_url, on=ON) == told_by_python(made, world)


def test_no_line_is_written_down() -> None:
    statements = Sql(catalogue(), PACK, on=ON).statements
    assert [each.table for each in statements if each.table.startswith("lines_")] == []
    assert any("BIT_OR" in each.select for each in statements)


def parts(name: str) -> tuple[Aggregate, ...]:
    p, h = facts()
    made = Sql(Catalogue(p, h, [], [getattr(p, name)]), PACK, on=ON)
    expr = made._facts.stages.expr(("member", name))
    assert isinstance(expr, Aggregate)
    return Split(PACK, DUCKDB, on=ON).parts(expr)


def test_a_part_of_lower_rank_leaves_out_what_a_better_one_speaks_of() -> None:
    assert [isinstance(each.plan, Unless) for each in parts("fen")] == [False, True, True]


def test_sums_of_the_same_rows_are_one_sum() -> None:
    # Of the pension's two lines of one rank one sum is made.
    assert len(parts("fen")) == 3
    assert {each.op for each in parts("fen")} == {"rows total"}


def test_a_part_of_which_no_row_counts_is_left_out() -> None:
    assert [each.plan.name for each in parts("low")] == ["Pension"]
    assert parts("never") == ()


def test_months_of_parts_are_kept_as_bits() -> None:
    assert {each.op for each in parts("months")} == {BITS}


def test_a_condition_on_whose_a_row_is_becomes_a_key() -> None:
    assert [each.on for each in parts("own_fen")] == [("household", "person"), ("person",)]


def test_without_a_day_or_with_a_long_period_nothing_is_split() -> None:
    p, h = levels()
    best = evidence()
    p.define(long=total(best.fen, during=within(best.month, h, back=70)), ever=total(best.fen))
    stages = Sql(Catalogue(p, h, [], [p.long, p.ever]), PACK, on=ON)._facts.stages
    for name in ("long", "ever"):
        expr = stages.expr(("member", name))
        assert isinstance(expr, Aggregate)
        assert Split(PACK, DUCKDB, on=ON).parts(expr) == (expr,)
        assert Split(PACK, DUCKDB, on=None).parts(expr) == (expr,)
