"""A delivery is checked by Great Expectations as its type and mapping say, and only counts come out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from connectors.departments import TABLES as EVERY
from connectors.expectations import IN_FORM, Checked, check
from connectors.file_register import FileRegister
from demo.registers.deliveries import write_delivery
from demo.registers.writing import written
from tests.connectors.conformance import ROWS
from tests.connectors.rows import clock
from vocabulary.codes import Department
from vocabulary.record import Record
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Aid, Enrolment

TABLES = EVERY[Department.EDUCATION]

DISABILITY = EVERY[Department.DISABILITY]


def kept(checked: tuple[Checked, ...]) -> dict[tuple[str, str], int]:
    """The failing rows of each expectation that was not kept."""
    return {(one.column, one.expectation): one.failing_rows for one in checked if not one.success}


def test_a_good_delivery_keeps_everything(tmp_path: Path) -> None:
    write_delivery(tmp_path, TABLES, ROWS, on=date(2026, 10, 31))
    register = FileRegister(Department.EDUCATION, tmp_path.as_uri(), TABLES, clock=clock)
    for record in (Aid, Enrolment):
        checked = check(record, TABLES[record], register.delivered(record))
        assert kept(checked) == {}
        assert {one.rows for one in checked} == {len(ROWS[record])}
        assert {one.column for one in checked if one.critical} == {"record_id", "person"}


def test_each_broken_cell_is_counted_where_it_is_broken() -> None:
    rows = [list(row) for row in written(DISABILITY[Certificate], ROWS[Certificate])]
    place = {one.column: at for at, one in enumerate(DISABILITY[Certificate].fields)}
    broken = [
        ("record_id", rows[1][place["record_id"]]),
        ("person", "5.29901E+17"),
        ("person", ""),
        ("person", "9" * 33),
        ("category", "8"),
        ("grade", 5),
        ("grade", "一级"),
        ("issued_on", "2026/2/30"),
        ("number", "9" * 33),
        ("status", None),
        ("name", "=A1"),
    ]
    for row, (column, value) in zip(rows, broken, strict=False):
        row[place[column]] = value
    assert kept(check(Certificate, DISABILITY[Certificate], rows)) == {
        ("record_id", "expect_column_values_to_be_unique"): 2,
        ("person", IN_FORM): 1,
        ("person", "expect_column_values_to_not_be_null"): 1,
        ("person", "expect_column_values_to_be_between"): 1,
        ("category", "expect_column_values_to_be_in_set"): 1,
        ("grade", "expect_column_values_to_be_between"): 1,
        ("grade", IN_FORM): 1,
        ("issued_on", IN_FORM): 1,
        ("number", "expect_column_values_to_be_between"): 1,
        ("status", "expect_column_values_to_not_be_null"): 1,
        ("name", IN_FORM): 1,
    }


def test_an_empty_delivery_keeps_everything() -> None:
    empty: list[tuple[object, ...]] = []
    kinds: list[type[Record]] = [Aid]
    for record in kinds:
        assert kept(check(record, TABLES[record], empty)) == {}
