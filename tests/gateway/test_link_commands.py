"""A pupil's mistyped id number is laid beside the people we know, proposed, and decided by a supervisor."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from audit.catalogue import parse_entry
from audit.reader import Reader
from audit.tables import engine_of
from connectors.contract import SHIPPED
from demo.registers.systems import write_registers
from gateway.command import app
from tests.connectors.conformance import ROWS
from tests.connectors.test_likelihood import town
from tests.connectors.test_linkage import number as id_number
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


def noted(folder: Path) -> list[str]:
    """The tables that the log says were read whole."""
    reader = Reader(engine_of(f"sqlite:///{folder / 'run' / 'audit.sqlite'}"))
    entries = [parse_entry(entry) for entry in reader.entries(0, reader.head().frontier.size)]
    return [entry.text("record") for entry in entries if entry.event == "table.landed"]


def test_whole_tables_are_read_by_whom_it_suits_and_noted_before(folder: Path) -> None:
    assert typed("propose", "Enrolment", "--as", "clerk").exit_code == 1
    assert noted(folder) == []
    shutil.rmtree(folder / "registers" / "education", ignore_errors=True)
    for path in (folder / "registers").glob("education*"):
        path.unlink()
    assert typed("propose", "Enrolment").exit_code == 1
    assert noted(folder) == ["Person", "Enrolment"], "it was to be read, whatever came of it"


@pytest.mark.parametrize("record", ["Visit", "Death", "Nothing"])
def test_what_cannot_be_compared_is_one_line_on_standard_error(record: str) -> None:
    result = typed("propose", record)
    assert result.exit_code == 1
    assert result.stderr.startswith("expected ")
    assert len(result.stderr.splitlines()) == 1


PERMITS = """
apiVersion: v3.2.0
kind: DataContract
id: public_security
version: 1.0.0
status: active
name: 公安 暂住登记
description: {purpose: 核对暂住}
team: {name: 市公安局}
authoritativeDefinitions: [{type: legalBasis, description: 社会救助法 第三十七条}]
servers: [{server: register, type: custom, customProperties: [{property: transport, value: sql}]}]
slaProperties: [{property: latency, value: 31, unit: d}]
schema:
  - name: Lodging
    businessName: 暂住登记
    description: who lodges where, without an id number.
    physicalName: GA_ZZ
    customProperties: [{property: catalogueId, value: GA-002}, {property: subjects, value: [person]}]
    properties:
      - {name: record_id, businessName: 记录编号, physicalName: ID, logicalType: string, required: true, <class>}
      - {name: person, businessName: 身份号码, physicalName: SFZH, logicalType: string, required: true, <class>}
      - {name: name, businessName: 姓名, physicalName: XM, logicalType: string, required: true, <class>}
      - {name: birth, businessName: 出生日期, physicalName: CSRQ, logicalType: date, <day>, required: true, <class>}
      - {name: district, businessName: 户籍地, physicalName: XZQ, logicalType: string, required: true, <class>}
      - {name: as_of, businessName: 数据日期, physicalName: SJRQ, logicalType: date, <day>, required: true, <class>}
""".replace("<class>", "classification: 有条件共享").replace(
    "<day>", "logicalTypeOptions: {format: yyyyMMdd}"
)


@pytest.fixture
def _lodgings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Civil affairs' people, and 公安's rows of most of them without an id number: one name misspelt, one birthday off."""
    ours, rows, _ = town(200, seed=3)
    people = [
        Person(
            record_id=one.key, as_of=date(2026, 10, 31), person=WrittenId(id_number(at, birth=one.birth)), name=one.name,
            sex=Sex.MALE, birth=one.birth, hukou_district=RegionCode(one.region),
            residence_district=RegionCode(one.region),
        )
        for at, one in enumerate(ours)
    ]  # fmt: skip
    addresses = write_registers({**ROWS, Person: people}, folder / "town")
    monkeypatch.setenv("HEDUI_REGISTERS__CIVIL_AFFAIRS", addresses[Department.CIVIL_AFFAIRS])
    shutil.copytree(SHIPPED, folder / "contracts")
    (folder / "contracts" / "public_security.odcs.yaml").write_text(PERMITS, "utf-8")
    with closing(sqlite3.connect(folder / "police.sqlite")) as database, database:
        database.execute("CREATE TABLE GA_ZZ (ID, SFZH, XM, CSRQ, XZQ, SJRQ)")
        written = [(row.key, "", row.name, f"{row.birth:%Y%m%d}", row.region, "20261031") for row in rows]
        database.executemany("INSERT INTO GA_ZZ VALUES (?,?,?,?,?,?)", written)
    monkeypatch.setenv("HEDUI_CONTRACTS", str(folder / "contracts"))
    monkeypatch.setenv("HEDUI_REGISTERS__PUBLIC_SECURITY", f"sqlite:///{folder / 'police.sqlite'}")


@pytest.mark.usefixtures("_lodgings")
def test_rows_without_any_number_are_proposed_by_name_and_day_and_the_others_by_likelihood() -> None:
    if importlib.util.find_spec("splink") is None:
        pytest.skip("Splink is not installed: `make linkage`")
    exact = typed("propose", "Lodging")
    assert exact.exit_code == 0, exact.output
    by_steps = int(exact.stdout.split()[0])
    more = typed("propose", "Lodging", "--likelihood")
    assert more.exit_code == 0, more.output
    new, _, _, of, *_ = more.stdout.split()
    assert 150 <= by_steps < int(of) <= 180
    assert int(new) == int(of) - by_steps
    held = [line for line in typed("list", "--open").stdout.splitlines() if "统计相似" in line]
    assert len(held) == int(new)
    assert all("‰" in line and "Lodging/R" in line for line in held)


@pytest.mark.usefixtures("_lodgings")
def test_likelihood_without_the_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    refused = typed("propose", "Lodging", "--likelihood")
    assert refused.exit_code == 1
    assert (
        refused.stderr.strip()
        == "NoSplink: expected Splink for rows without id numbers: bring it with `make linkage`"
    )
