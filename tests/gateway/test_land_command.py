"""A register comes to rest by one command, noted table by table, and typed again it changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from demo.registers.systems import write_registers
from gateway.command import app
from tests.connectors.conformance import ROWS
from vocabulary.codes import Department
from vocabulary.records.disability import Certificate
from vocabulary.register import records_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    address = write_registers(ROWS, tmp_path / "registers")[Department.DISABILITY]
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))
    monkeypatch.setenv("HEDUI_ENV", "dev")
    monkeypatch.setenv("HEDUI_REGISTERS__DISABILITY", address)
    return tmp_path


def test_every_table_comes_to_rest_once(folder: Path) -> None:
    said = [CliRunner().invoke(app, ["land", str(folder / "out"), "disability"]) for _ in range(2)]
    assert [one.exit_code for one in said] == [0, 0], said[0].output
    assert said[0].output == said[1].output
    assert len(said[0].output.splitlines()) == len(records_of(Department.DISABILITY))
    (part,) = (folder / "out" / "Certificate").glob("*.parquet")
    assert pq.read_table(part).num_rows == len(ROWS[Certificate])
    assert (folder / "out").stat().st_mode & 0o077 == 0


def test_a_department_without_a_register_is_told_in_one_line(folder: Path) -> None:
    refused = CliRunner().invoke(app, ["land", str(folder / "out"), "health"])
    assert refused.exit_code == 1
    assert refused.stderr.strip() == "expected a department that `registers` names"
