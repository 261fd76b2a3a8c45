"""What becomes of the ways in which a MariaDB server goes wrong, tried on a real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from connectors.ask import Ask
from connectors.departments import TABLES
from connectors.guard import Patience
from connectors.sql_register import SqlRegister
from tests.connectors.conformance import ROWS, failure_of, fetch
from tests.connectors.rows import clock, person
from tests.connectors.sql_tables import put_on
from tests.mariadb import MariaDb, installed, running
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, Outcome
from vocabulary.records.disability import DisabilitySubsidy

ASK = Ask(DisabilitySubsidy, "person", (person(0),), frozenset({"amount_fen"}))

QUICK = Patience(timeout_s=5.0, attempts=2, pause_s=0.01)


@pytest.fixture
def url(mariadb: MariaDb) -> str:
    made = mariadb.database()
    put_on(made, TABLES[Department.DISABILITY], ROWS)
    return made


def register(url: str, patience: Patience = QUICK) -> SqlRegister:
    return SqlRegister(
        Department.DISABILITY, url, TABLES[Department.DISABILITY], clock=clock, patience=patience
    )


def asked(url: str) -> Mapping[str, Outcome]:
    return fetch(register(url), ASK)


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE cjr_butie",
        "ALTER TABLE cjr_butie RENAME COLUMN jine_fen TO jine",
        "ALTER TABLE cjr_butie MODIFY jine_fen DOUBLE",
        "ALTER TABLE cjr_butie MODIFY shenfenzheng VARBINARY(200)",
    ],
)
def test_another_schema_than_agreed_breaks_the_contract(mariadb: MariaDb, url: str, change: str) -> None:
    mariadb.run(change, database=name_of(url))
    assert failure_of(asked(url)).failure is FailureKind.CONTRACT_BROKEN


def test_an_account_without_rights_or_with_another_password_is_refused(mariadb: MariaDb, url: str) -> None:
    mariadb.run("CREATE OR REPLACE USER stranger@'127.0.0.1' IDENTIFIED BY 'hedui'")
    assert failure_of(asked(url.replace("hedui:", "stranger:"))).failure is FailureKind.REFUSED
    assert failure_of(asked(url.replace(":hedui@", ":other@"))).failure is FailureKind.REFUSED


def test_a_database_that_is_not_there_is_unreachable(url: str) -> None:
    assert failure_of(asked(url + "_absent")).failure is FailureKind.UNREACHABLE


def test_nothing_can_be_written_through_a_connector(url: str) -> None:
    with register(url)._engine.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="READ ONLY"):
        connection.execute(sa.text("DELETE FROM cjr_butie"))


def test_a_question_that_is_given_up_is_stopped_in_the_database(mariadb: MariaDb, url: str) -> None:
    name = name_of(url)
    mariadb.run(
        "RENAME TABLE cjr_butie TO held",
        "CREATE VIEW cjr_butie AS SELECT held.*, SLEEP(30) AS slept FROM held WHERE SLEEP(30) = 0",
        database=name,
    )
    failed = failure_of(fetch(register(url, Patience(timeout_s=0.5, attempts=1)), ASK))
    assert failed.failure is FailureKind.TIMED_OUT
    deadline = time.monotonic() + 20
    while running_questions(url, name) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running_questions(url, name) == 0


def running_questions(url: str, name: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        count = connection.execute(
            sa.text(
                "SELECT COUNT(*) FROM information_schema.processlist"
                " WHERE db = :name AND info LIKE '%cjr_butie%' AND info NOT LIKE '%processlist%'"
            ),
            {"name": name},
        ).scalar_one()
    engine.dispose()
    return int(count)


def test_a_server_that_stops_is_unreachable_and_the_next_one_answers() -> None:
    if not installed():
        pytest.skip("no MariaDB server: the Debian package mariadb-server is not installed")
    with running() as server:
        made = server.database()
        put_on(made, TABLES[Department.DISABILITY], ROWS)
        connector = register(made, Patience(timeout_s=5.0, attempts=1, trips_after=100))

        async def before_and_after() -> list[Mapping[str, Outcome]]:
            first = await connector.fetch(ASK)
            server.stop()
            second = await connector.fetch(ASK)
            server.start()
            return [first, second, await connector.fetch(ASK)]

        first, second, third = asyncio.run(before_and_after())
    assert isinstance(first[person(0)], Found)
    assert failure_of(second).failure is FailureKind.UNREACHABLE
    assert third == first
