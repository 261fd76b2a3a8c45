"""A delivery is checked from the command line: counts and keys come out, and the gateway reads what came of it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from connectors.departments import TABLES as EVERY
from demo.registers.deliveries import write_delivery
from gateway.command import app
from tests.connectors.conformance import ROWS
from vocabulary.codes import Department
from vocabulary.records.education import Aid

TABLES = EVERY[Department.EDUCATION]

DELIVERED_ON = date(2026, 10, 31)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))
    monkeypatch.setenv("HEDUI_ENV", "dev")
    monkeypatch.setenv("HEDUI_REGISTERS__EDUCATION", (tmp_path / "in").as_uri())
    return tmp_path


def test_a_whole_delivery_is_sound_and_one_with_a_missing_person_is_not(folder: Path) -> None:
    write_delivery(folder / "in", TABLES, ROWS, on=DELIVERED_ON)
    good = CliRunner().invoke(app, ["quality", "check", "education"])
    assert good.exit_code == 0, good.output

    nobody = [msgspec.structs.replace(ROWS[Aid][0], person=""), *ROWS[Aid][1:]]
    write_delivery(folder / "in", TABLES, {**ROWS, Aid: nobody}, on=date(2026, 11, 1))
    bad = CliRunner().invoke(app, ["quality", "check", "education"])
    assert bad.exit_code == 1
    said = " ".join(bad.output.split())
    assert "person: expect_column_values_to_not_be_null, 1 rows" in said
    assert "DOUBTFUL" in said

    assert said.endswith("1 new findings of 1 failing rows")

    listed = CliRunner().invoke(app, ["quality", "list", "education"])
    assert " ".join(listed.output.split()) + " 1 new findings of 1 failing rows" == said
    written = CliRunner().invoke(app, ["quality", "report", str(folder / "pages"), "education"])
    assert written.output.strip() == str(folder / "pages" / "education.html")
    page = (folder / "pages" / "education.html").read_text("utf-8")
    assert ROWS[Aid][0].record_id in page
    kept = "".join(file.read_text("utf-8") for file in (folder / "run" / "quality").rglob("*.json"))
    found = run("findings", "education")
    for row in ROWS[Aid]:
        assert str(row.person) not in bad.output + page + kept + found

    again = CliRunner().invoke(app, ["quality", "check", "education"])
    assert " ".join(again.output.split()).endswith("0 new findings of 1 failing rows")
    [line] = found.splitlines()
    finding, *told = line.split("  ")
    key = f"Aid/{ROWS[Aid][0].record_id}"
    assert told == ["教育", key, "Q-Aid-person-not_be_null", "critical", "待处理"]
    set_aside = ("decide", finding, "--set-aside", "--reason", "机构代发，无个人号码")
    assert run(*set_aside).split("  ") == [finding, "不予处理\n"]
    assert run("findings", "--open") == ""
    # What somebody decided about a row of this delivery stands when the delivery is checked once more.
    assert "0 new findings" in CliRunner().invoke(app, ["quality", "check", "education"]).output


def run(*arguments: str) -> str:
    ran = CliRunner().invoke(app, ["quality", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_who_may_register_no_finding_is_refused_in_one_line(folder: Path) -> None:
    nobody = [msgspec.structs.replace(ROWS[Aid][0], person=""), *ROWS[Aid][1:]]
    write_delivery(folder / "in", TABLES, {**ROWS, Aid: nobody}, on=DELIVERED_ON)
    ran = CliRunner().invoke(app, ["quality", "check", "education", "--as", "clerk"])
    assert ran.exit_code == 1
    assert ran.stderr.startswith("NotAllowed: expected a post that may do `登记疑点` there")
    left = CliRunner().invoke(app, ["quality", "check", "education", "--as", "clerk", "--no-findings"])
    assert "new findings" not in left.output


def test_a_folder_without_a_delivery_is_told_in_one_line(folder: Path) -> None:
    (folder / "in").mkdir()
    ran = CliRunner().invoke(app, ["quality", "check", "education"])
    assert ran.exit_code == 1
    assert ran.output.strip() == "Failed: UNREACHABLE: expected a complete delivery, got none"


def test_a_department_that_nobody_knows_is_told_in_one_line() -> None:
    ran = CliRunner().invoke(app, ["quality", "list", "weather"])
    assert ran.exit_code == 1
    assert "expected a department of" in ran.output


def test_the_gateway_loads_neither_great_expectations_nor_what_writes_excel() -> None:
    slow = "{'great_expectations', 'openpyxl', 'pandas'}"
    loaded = f"import sys, gateway.serving, gateway.command; print({slow} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
