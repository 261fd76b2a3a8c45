"""Statements that are left out, put forward, and told what they are the first and the last to look at."""

from __future__ import annotations

from datetime import date

from verification.catalogue import CATALOGUE
from verification.language.dialect import DUCKDB, POSTGRES
from verification.language.sql_statements import Statement, inlined, lasting, sooner
from verification.language.to_sql import Sql
from verification.pack import load_pack
from vocabulary.records.civil_affairs import Declaration, Membership

_GIVEN = ["Declaration", "Membership", "cases"]
_RECORDS = ["Declaration", "Membership"]
_DAY = date(2026, 11, 16)


def _tables(statements: list[Statement]) -> list[str]:
    return [each.table for each in statements]


def test_rows_are_grouped_as_soon_as_another_looks_at_them() -> None:
    made = [
        Statement("first", 'SELECT "x" FROM "Declaration" GROUP BY "x"'),
        Statement("people", 'SELECT "x" FROM "Membership" JOIN "cases" ON TRUE'),
        Statement("told", 'SELECT "x" FROM "people" JOIN "first" ON TRUE'),
        Statement("second", 'SELECT "y" FROM "Declaration" GROUP BY "y"'),
    ]
    assert _tables(sooner(made, DUCKDB, given=_GIVEN, records=_RECORDS)) == [
        "first",
        "second",
        "people",
        "told",
    ]


def test_rows_of_two_record_types_wait_for_both() -> None:
    made = [
        Statement("first", 'SELECT "x" FROM "Declaration"'),
        Statement("people", 'SELECT "x" FROM "cases" JOIN "Membership" ON TRUE'),
        Statement("more", 'SELECT "x" FROM "people"'),
        Statement("both", 'SELECT "x" FROM "Declaration" JOIN "Membership" ON TRUE'),
        Statement("of both", 'SELECT "x" FROM "both"'),
    ]
    order = _tables(sooner(made, DUCKDB, given=_GIVEN, records=_RECORDS))
    assert order == ["first", "people", "both", "of both", "more"]


def test_what_looks_at_the_cases_stays_where_it_is() -> None:
    made = [
        Statement("first", 'SELECT "x" FROM "Membership"'),
        Statement("told", 'SELECT "x" FROM "first" JOIN "cases" ON TRUE'),
        Statement("later", 'SELECT "x" FROM "told" JOIN "Membership" ON TRUE'),
        Statement("last", 'SELECT "x" FROM "cases"'),
    ]
    assert _tables(sooner(made, DUCKDB, given=_GIVEN, records=_RECORDS)) == ["first", "told", "later", "last"]


def test_a_table_read_once_is_told_where_it_is_read() -> None:
    made = [
        Statement("lines", 'SELECT "x" FROM "Declaration"'),
        Statement("sum", 'SELECT "x" FROM (SELECT * FROM "lines" AS "of") AS "all"'),
    ]
    assert inlined(made, DUCKDB, tables=[], once=["lines"]) == [
        Statement("sum", 'SELECT "x" FROM (SELECT * FROM (SELECT "x" FROM "Declaration") AS "of") AS "all"')
    ]


def test_a_table_read_twice_is_written_down() -> None:
    made = [
        Statement("lines", 'SELECT "x" FROM "Declaration"'),
        Statement("sum", 'SELECT "x" FROM "lines" AS a JOIN "lines" AS o ON TRUE'),
    ]
    assert inlined(made, DUCKDB, tables=[], once=["lines"]) == made


def test_record_types_come_with_their_first_statement_and_go_with_their_last() -> None:
    made = [
        Statement("first", 'SELECT "x" FROM "Declaration"'),
        Statement("told", 'SELECT "x" FROM "first" JOIN "Membership" ON TRUE'),
    ]
    first, told = lasting(made, DUCKDB, given=[Declaration, Membership], keep=["told"])
    assert (first.begun, first.done) == ((Declaration,), ("Declaration",))
    assert (told.begun, told.done) == ((Membership,), ("Membership", "first"))


def test_members_are_written_down_once_and_what_is_told_later_beside_them() -> None:
    sql = Sql(CATALOGUE, load_pack("demo-2026"), DUCKDB, on=_DAY)
    made = {each.table: each.select for each in sql.statements}
    assert '"m_income_fen"' in made["member_0"].split(" FROM ")[0]
    assert made["member_2"].startswith('SELECT "row", "m_alone_fen", ')
    assert '"m_income_fen"' not in made["member_2"].split(" FROM ")[0]
    assert 'FROM "member_0" AS t JOIN "member_2" AS a ON a."row" = t."row"' in made["told_member"]


def test_an_engine_without_semi_joins_has_whole_tables() -> None:
    sql = Sql(CATALOGUE, load_pack("demo-2026"), POSTGRES, on=_DAY)
    made = {each.table: each.select for each in sql.statements}
    assert '"m_income_fen"' in made["member_2"].split(" FROM ")[0]
    assert "member_masks" not in made
