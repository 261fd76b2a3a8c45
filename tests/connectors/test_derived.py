"""A column that is worked out means the same over rows as in a database, and spoils no other row."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from connectors.contract import shipped
from connectors.decode import decoder
from connectors.derived import ROWS_AT_ONCE, derived, worked_out
from connectors.expression import ABSENT, parse
from connectors.failure import BrokenRow
from connectors.mapping import Field
from tests.connectors.conformance import everything
from vocabulary.codes import Department
from vocabulary.records.housing import Dwelling

DWELLINGS = shipped()[Department.HOUSING].tables[Dwelling]

DECODE = decoder(Dwelling, DWELLINGS, everything(Dwelling))

TEXTS = ("", " ", "a", "B", "级", "C级", "未鉴定", "𠮷·", "'", "%s", ":k", "=1+1")

EXPRESSIONS = (
    "CASE WHEN a = '未鉴定' THEN NULL ELSE REPLACE(a, '级', '') END",
    "a || '-' || b",
    "COALESCE(a, b, 'x')",
    "CASE a WHEN 'C级' THEN 'C' WHEN '' THEN 'empty' END",
    "SUBSTRING(a, 1, 1)",
    "TRIM(a)",
    "CASE WHEN a IN ('a', 'B') AND b IS NOT NULL OR NOT a = b THEN '1' ELSE '0' END",
    "NULLIF(a, b)",
)


@pytest.mark.parametrize("written", EXPRESSIONS)
def test_rows_and_a_database_come_to_the_same(written: str) -> None:
    chance, expression = random.Random(1), parse(written)
    rows = [
        (str(number), chance.choice((None, *TEXTS)), chance.choice((None, *TEXTS))) for number in range(300)
    ]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (n TEXT, a TEXT, b TEXT)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        told = database.execute(f"SELECT n, {expression.sql('sqlite', table='t')} FROM t").fetchall()
    fields = (Field("n", "record_id"), Field("x", "name", expression=expression))
    cells = [tuple({"n": n, "a": a, "b": b}[name] for name in ("n", *expression.inputs)) for n, a, b in rows]
    assert [*derived(Rows(fields), cells)] == told


class Rows:
    """As much of a decoder as `derived` looks at."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self.inputs = tuple(dict.fromkeys(name for one in fields for name in one.inputs))


def test_where_nothing_is_worked_out_the_rows_are_handed_on_as_they_are() -> None:
    rows = [("1", "x")]
    assert derived(Rows((Field("n", "record_id"), Field("a", "name"))), rows) is rows


def test_what_is_declared_absent_is_nothing_in_every_row_however_many() -> None:
    fields = (Field("n", "record_id"), Field("a", "name", expression=ABSENT))
    rows = [(str(number),) for number in range(ROWS_AT_ONCE + 1)]
    assert [*derived(Rows(fields), rows)] == [(str(number), None) for number in range(ROWS_AT_ONCE + 1)]


def row(**changed: object) -> tuple[object, ...]:
    """A dwelling as the register writes it."""
    of = {
        "lsh": "1",
        "sfzh": "529901195001010010",
        "fwbh": "F1",
        "cqlb": "01",
        "symj": "89.50",
        "fwyt": "自住",
    }
    of |= {"jddj": "C级", "jdrq": "2025-03-01", "sjrq": "2026-10-31", **changed}
    return tuple(of[name] for name in DECODE.inputs)


def test_a_contract_s_expressions_read_what_the_register_writes() -> None:
    (told,) = derived(DECODE, [row()])
    dwelling = DECODE.decode(told)
    assert (dwelling.danger, dwelling.inhabited, dwelling.usable_area_dm2) == ("C", True, 8950)


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"fwyt": "不详"}, "inhabited"),
        ({"fwyt": 1.0}, "inhabited"),
        ({"jddj": "E级"}, "danger"),
        ({"jddj": 3.5}, "danger"),
    ],
)
def test_a_value_that_comes_to_nothing_agreed_fails_its_own_row(
    changed: dict[str, object], column: str
) -> None:
    good, bad = derived(DECODE, [row(), row(lsh="2", **changed)])
    DECODE.decode(good)
    with pytest.raises(BrokenRow, match=f"`Dwelling.{column}`"):
        DECODE.decode(bad)


def test_an_example_is_told_with_what_it_comes_to() -> None:
    assert worked_out(DWELLINGS.of["danger"]) == [
        ("A级", "A"),
        ("B级", "B"),
        ("C级", "C"),
        ("D级", "D"),
        ("未鉴定", None),
    ]
