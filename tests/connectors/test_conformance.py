"""Every connector passes the same tests: the reference itself, and one for each department over its real register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from connectors import civil_affairs
from connectors.ask import Connector
from connectors.departments import TABLES, connect
from connectors.memory import MemoryConnector
from demo.registers.systems import Registers, write_registers
from tests.connectors.conformance import ROWS, Conformance
from tests.connectors.postgres_register import put_on_postgres
from tests.connectors.rows import clock
from tests.postgres import Postgres
from vocabulary.codes import Department


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Department, Connector]]:
    folder = tmp_path_factory.mktemp("registers")
    write_registers(ROWS, folder)
    with Registers(folder) as registers:
        yield connect(registers.addresses, clock=clock)


class OfDepartment(Conformance):
    department: Department

    @pytest.fixture
    def connector(self, connectors: Mapping[Department, Connector]) -> Connector:
        return connectors[self.department]

    @pytest.fixture
    def reference(self) -> MemoryConnector:
        return MemoryConnector(self.department, ROWS, clock=clock)


class TestReference(OfDepartment):
    department = Department.CIVIL_AFFAIRS

    @pytest.fixture
    def connector(self) -> Connector:
        return MemoryConnector(self.department, ROWS, clock=clock)


class TestCivilAffairs(OfDepartment):
    department = Department.CIVIL_AFFAIRS


class TestSocialSecurity(OfDepartment):
    department = Department.SOCIAL_SECURITY


class TestHealth(OfDepartment):
    department = Department.HEALTH


class TestEducation(OfDepartment):
    department = Department.EDUCATION


class TestDisability(OfDepartment):
    department = Department.DISABILITY


class TestOnPostgres(OfDepartment):
    """Civil affairs again, on the other database: the transport must not care."""

    department = Department.CIVIL_AFFAIRS

    @pytest.fixture
    def connector(self, on_postgres: Connector) -> Connector:
        return on_postgres


@pytest.fixture(scope="module")
def on_postgres(postgres: Postgres) -> Connector:
    url = postgres.database()
    put_on_postgres(url, TABLES[Department.CIVIL_AFFAIRS], ROWS)
    return civil_affairs.connect(url, clock=clock)


def test_every_department_has_its_conformance_test() -> None:
    assert {one.department for one in OfDepartment.__subclasses__()} == set(Department)
