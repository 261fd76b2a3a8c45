"""Every connector passes the same tests: the reference itself, and one for each contract over its real register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from connectors.ask import Connector
from connectors.contract import shipped
from connectors.departments import TABLES, connect
from connectors.guard import Patience
from connectors.memory import MemoryConnector
from connectors.quota import Quota
from demo.registers.systems import Registers, write_registers
from tests.connectors.conformance import ROWS, Conformance
from tests.connectors.rows import clock
from tests.connectors.sql_tables import put_on
from tests.mariadb import MariaDb
from tests.postgres import Postgres
from vocabulary.codes import Department
from vocabulary.register import RECORD_TYPES

PATIENT = Patience(timeout_s=60.0, quota=Quota(queue_s=60.0))
"""What is answered is looked at here, not how soon: other tests keep both cores busy."""


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Department, Connector]]:
    folder = tmp_path_factory.mktemp("registers")
    write_registers(ROWS, folder)
    with Registers(folder) as registers:
        yield connect(registers.addresses, clock=clock, patience=dict.fromkeys(registers.addresses, PATIENT))


class TestReference(Conformance):
    @pytest.fixture
    def connector(self) -> Connector:
        return MemoryConnector(Department.CIVIL_AFFAIRS, ROWS, clock=clock)


class TestByContract(Conformance):
    """Each department over the system that its contract says it has: no test names one."""

    @pytest.fixture(params=[*shipped()], ids=lambda department: department.value)
    def connector(
        self, request: pytest.FixtureRequest, connectors: Mapping[Department, Connector]
    ) -> Connector:
        return connectors[request.param]


class TestOnPostgres(Conformance):
    """Civil affairs again, on another database: the transport must not care."""

    @pytest.fixture
    def connector(self, on_postgres: Connector) -> Connector:
        return on_postgres


class TestInPostgresOwnTypes(Conformance):
    """Housing with dates, decimals and flags as the database has them, and columns that it works out."""

    @pytest.fixture
    def connector(self, native_on_postgres: Connector) -> Connector:
        return native_on_postgres


class TestOnMariaDb(Conformance):
    @pytest.fixture
    def connector(self, on_mariadb: Connector) -> Connector:
        return on_mariadb


class TestInMariaDbOwnTypes(Conformance):
    @pytest.fixture
    def connector(self, native_on_mariadb: Connector) -> Connector:
        return native_on_mariadb


@pytest.fixture(scope="module")
def on_postgres(postgres: Postgres) -> Connector:
    return placed(postgres.database(), Department.CIVIL_AFFAIRS)


@pytest.fixture(scope="module")
def native_on_postgres(postgres: Postgres) -> Connector:
    return placed(postgres.database(), Department.HOUSING, native=True)


@pytest.fixture(scope="module")
def on_mariadb(mariadb: MariaDb) -> Connector:
    return placed(mariadb.database(), Department.DISABILITY)


@pytest.fixture(scope="module")
def native_on_mariadb(mariadb: MariaDb) -> Connector:
    return placed(mariadb.database(), Department.HOUSING, native=True)


def placed(url: str, department: Department, *, native: bool = False) -> Connector:
    put_on(url, TABLES[department], ROWS, native=native)
    return connect({department: url}, clock=clock, patience={department: PATIENT})[department]


def test_every_department_that_has_record_types_has_a_contract() -> None:
    assert set(shipped()) == {record.department for record in RECORD_TYPES}
