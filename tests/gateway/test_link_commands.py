"""A pupil's mistyped id number is laid beside the people we know, proposed, and decided by a supervisor."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from demo.registers.systems import write_registers
from gateway.command import app
from tests.connectors.conformance import ROWS
from vocabulary.codes import Department, Sex
from vocabulary.idnumber import WrittenId
from vocabulary.records.civil_affairs import Person
from vocabulary.records.education import Enrolment
from vocabulary.region import RegionCode

HEAD = "529901198503070014"
MISTYPED = HEAD[:15] + "9" + HEAD[16:]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    known = Person(
        record_id="P-1", as_of=date(2026, 10, 31), person=WrittenId(HEAD), name="安一", sex=Sex.MALE,
        birth=date(1985, 3, 7), hukou_district=RegionCode("529901"), residence_district=RegionCode("529901"),
    )  # fmt: skip
    pupil = msgspec.structs.replace(ROWS[Enrolment][0], person=WrittenId(MISTYPED), name="安一")
    addresses = write_registers({**ROWS, Person: [known], Enrolment: [pupil]}, tmp_path / "registers")
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))
    monkeypatch.setenv("HEDUI_ENV", "dev")
    for one in (Department.CIVIL_AFFAIRS, Department.EDUCATION):
        monkeypatch.setenv(f"HEDUI_REGISTERS__{one.name}", addresses[one])
    return tmp_path


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["links", *words])


def test_a_likely_pair_is_proposed_once_and_decided(folder: Path) -> None:
    assert typed("propose", "Enrolment").stdout.strip() == "1 new of 1 likely pairs"
    assert typed("propose", "Enrolment").stdout.strip() == "0 new of 1 likely pairs"
    (line,) = typed("list", "--open").stdout.splitlines()
    assert f"Enrolment/{ROWS[Enrolment][0].record_id}" in line
    assert "号码一处笔误  姓名一致  待确认" in line
    assert HEAD not in line
    assert MISTYPED not in line
    id_ = line.split()[0]
    assert typed("decide", id_, "--same", "--reason", "户口簿", "--as", "verifier").exit_code == 1
    assert "确认为同一人" in typed("decide", id_, "--same", "--reason", "户口簿原件核对一致").stdout
    assert typed("list", "--open").stdout == ""


@pytest.mark.parametrize("record", ["Visit", "Death", "Nothing"])
def test_what_cannot_be_compared_is_one_line_on_standard_error(record: str) -> None:
    result = typed("propose", record)
    assert result.exit_code == 1
    assert result.stderr.startswith("expected ")
    assert len(result.stderr.splitlines()) == 1
