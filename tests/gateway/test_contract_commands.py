"""`hedui contracts` tells faults in a line each, and of a real source everything but a value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from demo.registers.systems import Registers, write_registers
from gateway.command import app
from tests.connectors.conformance import PEOPLE, ROWS
from tests.connectors.contract_text import changed, line_of
from tests.connectors.rows import NAMES, person
from vocabulary.codes import Department


def ran(*words: str) -> Result:
    return CliRunner().invoke(app, ["contracts", *words])


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registers]:
    folder = tmp_path_factory.mktemp("registers")
    write_registers(ROWS, folder)
    with Registers(folder) as running:
        yield running


def test_contracts_without_a_fault_are_listed() -> None:
    told = ran("check")
    assert told.exit_code == 0
    assert "housing.odcs.yaml  住建  1.0.0  sql  2 record types, 15 columns" in told.output


def test_each_fault_is_a_line_with_file_line_field_expected_and_got(tmp_path: Path) -> None:
    file = changed(tmp_path, "housing", "physicalName: fwbh", "transformLogic: (SELECT 1)")
    told = ran("check", str(tmp_path))
    assert told.exit_code == 1
    assert told.stderr == (
        f"housing.odcs.yaml:{line_of(file, 'SELECT')}: `schema.0.properties.2.transformLogic`: "
        "expected words of the allow-list, got `(SELECT 1)`\n"
    )


@pytest.mark.parametrize("department", ["civil_affairs", "social_security", "education", "housing"])
def test_a_source_tells_version_shapes_and_age_and_no_value(registers: Registers, department: str) -> None:
    address = registers.addresses[Department(department)]
    told = ran("try", department, "--address", address, "--on", "2026-11-22")
    assert told.exit_code == 0, told.output
    assert {"civil_affairs": "sqlite 3.", "social_security": "demo 金保 service 1"}.get(
        department, ""
    ) in told.output
    assert "10 rows of 2026-10-31 to 2026-10-31, at most 22 days old" in told.output
    assert "text of 18 characters" in told.output
    for secret in (*map(person, range(PEOPLE)), *NAMES):
        assert secret not in told.output


def test_a_source_that_is_too_old_fails(registers: Registers) -> None:
    address = registers.addresses[Department.HEALTH]
    told = ran("try", "health", "--address", address, "--on", "2026-12-02")
    assert told.exit_code == 1
    assert "at most 32 days old, OLDER than the 31 agreed" in told.output


def test_a_source_that_is_not_there_fails_in_its_place_and_tells_no_password(tmp_path: Path) -> None:
    told = ran("try", "health", "--address", f"sqlite:///{tmp_path}/none.sqlite")
    assert told.exit_code == 1
    assert "not told: UNREACHABLE" in told.output
    assert told.output.count("UNREACHABLE: database error") == 6
    refused = ran("try", "social_security", "--address", "http://a-secret@127.0.0.1:1")
    assert refused.exit_code == 1
    assert "a-secret" not in refused.output


def test_rows_that_do_not_read_as_agreed_are_told_by_column(registers: Registers, tmp_path: Path) -> None:
    file = changed(tmp_path, "housing", "REPLACE(jddj, '级', '')", "jddj")
    told = CliRunner().invoke(
        app,
        [
            "contracts",
            "try",
            "housing",
            "--address",
            registers.addresses[Department.HOUSING],
            "--on",
            "2026-11-22",
        ],
        env={"HEDUI_CONTRACTS": str(file.parent)},
    )
    assert told.exit_code == 1
    assert (
        "does not read: `Dwelling.danger`: expected one of the 4 codes agreed, got text of 2 characters"
        in told.output
    )


def test_a_department_without_a_contract_is_told_in_a_line() -> None:
    told = ran("try", "police")
    assert (told.exit_code, told.stderr.count("\n")) == (1, 1)
    assert "expected a contract of civil_affairs" in told.stderr
