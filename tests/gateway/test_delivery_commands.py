"""A delivery is checked from the command line: counts come out, and a folder without one is told plainly."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from connectors.departments import TABLES as EVERY
from demo.registers.deliveries import write_delivery
from gateway.command import app
from tests.connectors.conformance import ROWS
from vocabulary.codes import Department
from vocabulary.records.education import Aid

TABLES = EVERY[Department.EDUCATION]

DELIVERED_ON = date(2026, 10, 31)


def test_a_whole_delivery_is_kept_and_one_with_a_missing_person_is_not(tmp_path: Path) -> None:
    write_delivery(tmp_path / "good", TABLES, ROWS, on=DELIVERED_ON)
    good = CliRunner().invoke(app, ["deliveries", str(tmp_path / "good")])
    assert good.exit_code == 0, good.output

    nobody = [msgspec.structs.replace(ROWS[Aid][0], person=""), *ROWS[Aid][1:]]
    write_delivery(tmp_path / "bad", TABLES, {**ROWS, Aid: nobody}, on=DELIVERED_ON)
    bad = CliRunner().invoke(app, ["deliveries", str(tmp_path / "bad")])
    assert bad.exit_code == 1
    assert "person: expect_column_values_to_not_be_null, 1 rows" in " ".join(bad.output.split())
    assert not any(str(row.person) in bad.output for row in ROWS[Aid])


def test_a_folder_without_a_delivery_is_told_in_one_line(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["deliveries", str(tmp_path)])
    assert ran.exit_code == 1
    assert ran.output.strip() == "Failed: UNREACHABLE: expected a complete delivery, got none"
