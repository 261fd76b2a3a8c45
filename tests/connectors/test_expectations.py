"""A table is checked by Great Expectations as its type and contract say; only counts and keys come out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from open_data_contract_standard.model import DataQuality

from connectors.contract import Quality, shipped
from connectors.departments import TABLES as EVERY
from connectors.expectations import FRESH, IN_FORM, NotChecked, check
from connectors.file_register import FileRegister
from connectors.quality import BatchCheck, Gravity
from demo.registers.deliveries import write_delivery
from demo.registers.writing import written
from tests.connectors.conformance import ROWS
from tests.connectors.rows import NOW, clock
from vocabulary.codes import Department
from vocabulary.evidence import Quality as State
from vocabulary.record import Record
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Aid, Enrolment

TABLES = EVERY[Department.EDUCATION]

DISABILITY = EVERY[Department.DISABILITY]


def broken(check: BatchCheck) -> dict[tuple[str, str], int]:
    """The failing rows of each expectation that was not kept."""
    return {(one.column, one.expectation): one.failing_rows for one in check.broken}


def rule(metric: str, column: str | None = None, **told: Any) -> Quality:
    """A rule of a contract about certificates."""
    return Quality(Certificate, column, DataQuality(type="library", metric=metric, **told))


def certificates() -> list[list[object]]:
    """The rows of the disability federation's register, as it writes them."""
    return [list(row) for row in written(DISABILITY[Certificate], ROWS[Certificate])]


PLACE = {one.column: at for at, one in enumerate(DISABILITY[Certificate].fields)}


def test_a_good_delivery_keeps_everything(tmp_path: Path) -> None:
    write_delivery(tmp_path, TABLES, ROWS, on=date(2026, 10, 31))
    register = FileRegister(Department.EDUCATION, tmp_path.as_uri(), TABLES, clock=clock)
    for record in (Aid, Enrolment):
        rules = shipped()[Department.EDUCATION].quality
        found = check(record, TABLES[record], register.delivered(record), rules=rules, batch="b", at=NOW)
        assert broken(found) == {}
        assert (found.rows, found.batch, found.quality) == (len(ROWS[record]), "b", State.SOUND)
        assert found.newest == date(2026, 10, 31)
        critical = {one.column for one in found.checked if one.severity is Gravity.CRITICAL}
        assert critical == {"record_id", "person"}
        assert any(one.expectation == "rowCount" for one in found.checked)


def test_each_broken_cell_is_counted_where_it_is_broken() -> None:
    rows = certificates()
    spoilt = [
        ("record_id", rows[1][PLACE["record_id"]]),
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
    for row, (column, value) in zip(rows, spoilt, strict=False):
        row[PLACE[column]] = value
    found = check(Certificate, DISABILITY[Certificate], rows, at=NOW)
    assert found.quality is State.DOUBTFUL
    assert broken(found) == {
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
    keys = {(one.column, one.expectation): one.keys for one in found.broken}
    assert keys["issued_on", IN_FORM] == (rows[7][PLACE["record_id"]],)
    assert keys["record_id", "expect_column_values_to_be_unique"] == (rows[1][PLACE["record_id"]],) * 2
    assert not any(str(row.person) in repr(found) for row in ROWS[Certificate])


def test_an_empty_delivery_keeps_everything() -> None:
    empty: list[tuple[object, ...]] = []
    kinds: list[type[Record]] = [Aid]
    for record in kinds:
        found = check(record, TABLES[record], empty, at=NOW)
        assert (broken(found), found.quality, found.newest) == ({}, State.SOUND, None)


def test_a_value_that_is_not_as_agreed_leaves_the_batch_sound() -> None:
    rows = certificates()
    rows[0][PLACE["grade"]] = "一级"
    found = check(Certificate, DISABILITY[Certificate], rows, at=NOW)
    assert [one.severity for one in found.broken] == [Gravity.ERROR]
    assert found.quality is State.SOUND


def test_what_a_contract_asks_beyond_the_types_is_held_to_its_bound() -> None:
    rows = certificates()
    for row in rows[:3]:
        row[PLACE["name"]] = " "
    rows[3][PLACE["name"]] = rows[4][PLACE["name"]] = "不详"
    rules = [
        rule("rowCount", mustBeGreaterThan=len(rows), severity="critical"),
        rule("rowCount", mustBeBetween=[1, len(rows)]),
        rule("missingValues", "name", mustBeLessThan=3, severity="warning"),
        rule("missingValues", "name", mustBeLessOrEqualTo=3, arguments={"missingValues": ["不详"]}),
        rule("missingValues", "name", mustBe=0, arguments={"missingValues": ["不详"]}, severity="warning"),
        rule("invalidValues", "status", mustBe=0, arguments={"pattern": "^.*$"}),
        rule("invalidValues", "status", mustBe=0, arguments={"validValues": ["没有这样的"]}),
        rule("nullValues", "name", mustBeLessOrEqualTo=5, unit="percent"),
        rule("duplicateValues", mustBe=0, arguments={"properties": ["record_id", "person"]}),
        rule("duplicateValues", "as_of", mustNotBe=0),
    ]
    found = check(Certificate, DISABILITY[Certificate], rows, rules=rules, at=NOW)
    said = [(one.column, one.expectation, one.severity.value, one.failing_rows) for one in found.broken]
    assert said == [
        ("", "rowCount", "critical", 0),
        ("status", "invalidValues", "error", len(rows)),
        ("name", "missingValues", "warning", 3),
        ("name", "missingValues", "warning", 3),
        ("name", "missingValues", "warning", 2),
    ]
    assert found.quality is State.DOUBTFUL


def test_a_rule_that_cannot_be_worked_out_is_no_pass() -> None:
    wrong = [rule("duplicateValues", mustBe=0, arguments={"properties": ["record_id", "no_such_column"]})]
    with pytest.raises(NotChecked):
        check(Certificate, DISABILITY[Certificate], certificates(), rules=wrong, at=NOW)


@pytest.mark.parametrize(("since", "kept"), [(date(2026, 10, 31), True), (date(2026, 11, 1), False)])
def test_a_table_older_than_its_latency_is_a_warning_and_no_doubt(since: date, kept: bool) -> None:
    found = check(Certificate, DISABILITY[Certificate], certificates(), fresh_since=since, at=NOW)
    assert [one.kept for one in found.checked if one.expectation == FRESH] == [kept]
    assert found.quality is State.SOUND
