"""Every column of every record type is mapped once, and every code of ours has one of theirs."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.ask import Ask, Connector
from connectors.departments import TABLES, connect
from connectors.guard import Patience
from tests.connectors.conformance import failure_of
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.record import Record, columns_of
from vocabulary.records.health import Death
from vocabulary.register import RECORD_TYPES, records_of

RECORDED = {record.department for record in RECORD_TYPES}


def test_every_department_maps_exactly_its_own_record_types() -> None:
    assert set(TABLES) == RECORDED
    for department, tables in TABLES.items():
        assert set(tables) == set(records_of(department))


@pytest.mark.parametrize("record", RECORD_TYPES, ids=lambda record: record.__name__)
def test_every_column_is_mapped_once_and_every_code_of_ours_has_one_of_theirs(record: type[Record]) -> None:
    table, columns = TABLES[record.department][record], columns_of(record)
    assert sorted(one.column for one in table.fields) == sorted(columns)
    for one in table.fields:
        codes = columns[one.column].codes
        assert (one.codes is None) == (codes is None)
        if codes is not None and one.codes is not None:
            assert set(one.codes.values()) == {code.value for code in codes}


def test_no_two_tables_of_a_department_have_one_name() -> None:
    for tables in TABLES.values():
        assert len({table.physical for table in tables.values()}) == len(tables)


def test_connecting_opens_nothing_and_asks_nobody() -> None:
    addresses = {
        Department.CIVIL_AFFAIRS: "postgresql+psycopg://reader@127.0.0.1:1/register",
        Department.SOCIAL_SECURITY: "http://key@127.0.0.1:1",
        Department.HEALTH: "sqlite:////nowhere/at/all.sqlite",
        Department.EDUCATION: "file:///nowhere/at/all",
        Department.DISABILITY: "sqlite:////nowhere/at/all.sqlite",
        Department.HOUSING: "mysql+pymysql://reader@127.0.0.1:1/register",
        Department.UNION: "file:///nowhere/at/all",
    }
    connectors = connect(addresses, clock=clock)
    assert all(isinstance(connector, Connector) for connector in connectors.values())
    assert {one.department for one in connectors.values()} == RECORDED


def test_a_department_s_patience_can_be_given() -> None:
    patience = {Department.HEALTH: Patience(timeout_s=0.2, attempts=1)}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"postgresql+psycopg://reader@127.0.0.1:{silent.getsockname()[1]}/register"
        connectors = connect({Department.HEALTH: address}, clock=clock, patience=patience)
        ask = Ask(Death, "person", (person(0),), frozenset())
        failed = failure_of(asyncio.run(connectors[Department.HEALTH].fetch(ask)))
    assert failed.detail == "expected an answer within 0.2 s, got none"


def test_great_expectations_is_not_loaded_by_any_connector() -> None:
    """It takes seconds; only the worker that runs it pays for it."""
    program = (
        "import importlib, pkgutil, sys, connectors\n"
        "for one in pkgutil.iter_modules(connectors.__path__):\n"
        "    importlib.import_module(f'connectors.{one.name}')\n"
        "assert 'connectors.expectations' in sys.modules\n"
        "print(sorted({'great_expectations', 'pandas', 'openpyxl'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_table_and_every_failure_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text(encoding="utf-8")
    for tables in TABLES.values():
        for record, table in tables.items():
            assert f"| {record.__name__} | {record.term} | `{table.physical}`" in text
    for kind in FailureKind:
        assert f"| `{kind.value}` |" in text
    for transport in ("sql", "http", "file"):
        assert f"`connectors/{transport}_register.py`" in text
