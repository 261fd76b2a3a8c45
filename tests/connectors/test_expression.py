"""An expression of a contract may choose, join and cut text; all else is refused, and every database writes it."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.expression import DIALECTS, WORDS, NotAllowed, parse


@pytest.mark.parametrize(
    "written",
    [
        "xm",
        '"身份证 号"',
        "CASE jddj WHEN 'C级' THEN 'C' END",
        "CASE WHEN a IS NOT NULL AND b <> '1' THEN a ELSE b END",
        "a || '-' || b",
        "COALESCE(NULLIF(TRIM(a), ''), b)",
        "SUBSTRING(UPPER(a), 1, 6)",
        "REPLACE(LOWER(a), 'x', '')",
        "CASE WHEN a IN ('1', '2') OR NOT b = '3' THEN 'Y' END",
        "CAST(a AS VARCHAR)",
    ],
)
def test_choosing_joining_and_cutting_text_is_allowed_and_every_database_can_write_it(written: str) -> None:
    expression = parse(written)
    for dialect in DIALECTS:
        assert expression.sql(dialect, table="t")


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("(SELECT 1)", "SELECT 1"),
        ("a IN (SELECT b FROM c)", "SELECT b FROM c"),
        ("EXISTS(SELECT 1)", "EXISTS"),
        ("a; DROP TABLE b", "2 statements"),
        ("DROP TABLE a", "DROP TABLE a"),
        ("pg_sleep(10)", "PG_SLEEP(10)"),
        ("load_file('/etc/passwd')", "LOAD_FILE"),
        ("read_text('/etc/passwd')", "READ_TEXT"),
        ("xp_cmdshell('x')", "XP_CMDSHELL"),
        ("dblink('x')", "DBLINK"),
        ("getenv('HOME')", "GETENV"),
        ("version()", "VERSION"),
        ("current_user", "CURRENT_USER"),
        ("a -- b", "comment"),
        ("a /* b */", "comment"),
        ("a + 1", "a + 1"),
        ("ROUND(a, 2)", "ROUND"),
        ("CAST(a AS DATE)", "DATE"),
        ("CAST(a AS INT)", "INT"),
        ("TRY_CAST(a AS VARCHAR)", "TRY_CAST"),
        ("other.a", "other.a"),
        ("'a'", "constant"),
        ("NULL", "constant"),
        (":a", "$a"),
        ("?", "?"),
        ("a LIKE '%'", "LIKE"),
        ("a COLLATE nocase", "COLLATE"),
        ("COUNT(a)", "COUNT"),
        ("a OVER (", "none"),
        ("", "statements"),
        ("CASE a WHEN 1.5 THEN 'b' END", "1.5"),
        ("a || " * 300 + "a", "500 parts"),
        ("(" * 1500 + "a" + ")" * 1500, "2000 characters"),
        ("(" * 900 + "a" + ")" * 900, "none"),
    ],
)
def test_its_neighbours_are_refused_by_name(written: str, named: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        parse(written)
    assert named in str(refused.value)
    assert "expected" in str(refused.value)


def test_the_fields_of_an_expression_are_told_once_each_in_order() -> None:
    assert parse("CASE WHEN b = '1' THEN a || b ELSE c END").inputs == ("b", "a", "c")
    assert parse("xm").plain == "xm"
    assert parse("TRIM(xm)").plain is None


def test_every_field_is_quoted_and_named_with_its_table() -> None:
    told = {name: parse('"a""b" || c').sql(name, table="t", schema="s") for name in DIALECTS}
    assert told["postgresql"] == '"s"."t"."a""b" || "s"."t"."c"'
    assert told["mysql"] == 'CONCAT(`s`.`t`.`a"b`, `s`.`t`.`c`)'
    assert told["mssql"] == '[s].[t].[a"b] + [s].[t].[c]'


def test_a_database_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NotAllowed, match="got `informix`"):
        parse("a").sql("informix")


@given(some.text(max_size=60))
def test_whatever_is_written_is_read_or_refused_and_nothing_else_is_raised(written: str) -> None:
    try:
        expression = parse(written)
    except NotAllowed:
        return
    assert expression.inputs


@given(some.text(alphabet="ab'\\%:;-\"$?{}", max_size=12))
def test_a_constant_stays_a_constant_on_the_way_to_a_database(constant: str) -> None:
    quoted = "'" + constant.replace("'", "''") + "'"
    expression = parse(f"CASE WHEN a = {quoted} THEN {quoted} ELSE 'other' END")
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE t (a TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [(constant,), (constant + "x",)])
        told = database.execute(f"SELECT {expression.sql('sqlite', table='t')} FROM t").fetchall()
    database.close()
    assert told == [(constant,), ("other",)]


def test_no_word_that_calculates_or_reaches_out_is_on_the_list() -> None:
    assert sorted(one.__name__ for one in WORDS) == [
        *("And", "Case", "Cast", "Coalesce", "DPipe", "EQ", "In", "Is", "Lower", "NEQ", "Not", "Nullif"),
        *("Or", "Replace", "Substring", "Trim", "Upper"),
    ]
