"""The demo's registers are systems of their own, hold exactly our rows, and are the same bytes each time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from connectors.ask import Ask
from connectors.departments import TABLES, connect
from connectors.federation import ask_all
from demo.registers.systems import NotAProcess, NotStarted, Registers, write_registers
from tests.connectors.conformance import ROWS, everything
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, SourceFailed
from vocabulary.records.social_security import Pension


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registers")
    write_registers(ROWS, path)
    return path


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Registers]:
    with Registers(folder) as registers:
        yield registers


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_rows_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_registers({record: [*reversed(rows)] for record, rows in ROWS.items()}, tmp_path)
    assert digests(tmp_path) == digests(folder)


def test_writing_again_replaces_what_was_there(folder: Path, tmp_path: Path) -> None:
    write_registers({}, tmp_path)
    write_registers(ROWS, tmp_path)
    assert digests(tmp_path) == digests(folder)


def test_there_are_databases_a_service_and_folders_of_deliveries(running: Registers) -> None:
    kinds = {department: address.partition(":")[0] for department, address in running.addresses.items()}
    assert kinds == {
        Department.CIVIL_AFFAIRS: "sqlite",
        Department.SOCIAL_SECURITY: "http",
        Department.HEALTH: "sqlite",
        Department.EDUCATION: "file",
        Department.DISABILITY: "sqlite",
        Department.HOUSING: "sqlite",
        Department.UNION: "file",
    }


def test_registers_speak_their_own_words_and_not_ours(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "civil_affairs.sqlite")) as database:
        (first,) = database.execute("SELECT SJRQ FROM MZ_JTDA LIMIT 1").fetchall()
    assert first == ("20261031",)
    (aid,) = folder.glob("education/*/zizhu.csv")
    assert aid.read_bytes().decode("gb18030").startswith("序号,身份证号,学年,")


@pytest.mark.parametrize("name", ["civil_affairs", "social_security", "health", "disability", "housing"])
def test_every_look_up_has_an_index(folder: Path, name: str) -> None:
    with closing(sqlite3.connect(folder / f"{name}.sqlite")) as database:
        for record, table in TABLES[Department(name)].items():
            for subject in record.subjects:
                column = table.of[subject].physical
                explained = f'EXPLAIN QUERY PLAN SELECT * FROM "{table.physical}" WHERE "{column}" IN (1, 2)'
                ((_, _, _, plan),) = database.execute(explained).fetchall()
                assert f"USING INDEX {table.physical}_{column}" in plan


def test_the_service_is_a_process_of_its_own_and_ends_with_the_context(folder: Path) -> None:
    with Registers(folder) as registers:
        pid = registers._process.pid
        assert pid != os.getpid()
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_service_ends_when_whoever_started_it_is_gone(folder: Path) -> None:
    with Registers(folder) as registers:
        process = registers._process
        process.stdin.close()
        assert process.wait(timeout=10) == 0
        process.stdin = None


def test_a_register_that_cannot_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotStarted), Registers(tmp_path):
        pytest.fail("there is no database to serve")


def test_a_stopped_service_is_unreachable_and_comes_back_at_its_address(folder: Path) -> None:
    ask = Ask(Pension, "person", (person(0),), everything(Pension))

    async def asked(registers: Registers) -> object:
        connectors = connect(registers.addresses, clock=clock)
        return (await ask_all(connectors, [ask], timeout_s=5, clock=clock)).of(Pension, person(0))

    with Registers(folder) as registers:
        before = registers.addresses
        assert isinstance(asyncio.run(asked(registers)), Found)
        registers.stop(Department.SOCIAL_SECURITY)
        registers.stop(Department.SOCIAL_SECURITY)
        failed = asyncio.run(asked(registers))
        assert isinstance(failed, SourceFailed)
        assert failed.failure is FailureKind.UNREACHABLE
        registers.start(Department.SOCIAL_SECURITY)
        assert registers.addresses == before
        assert isinstance(asyncio.run(asked(registers)), Found)


def test_a_register_that_is_a_file_cannot_be_stopped(running: Registers) -> None:
    with pytest.raises(NotAProcess):
        running.stop(Department.HEALTH)


@pytest.mark.parametrize(
    ("path", "key", "body", "status"),
    [
        ("ac43/query", "wrong", "{}", 401),
        ("ac43/query", "x", "{}", 401),
        ("ac43/snapshot", "wrong", "{}", 401),
        ("ac43/query", None, "[", 400),
        ("ac43/query", None, "[]", 400),
        ("ac43/query", None, '{"by": "aac147", "ids": [], "fields": ["secret"]}', 400),
        ("ac43/query", None, '{"by": "1 OR 1", "ids": [], "fields": ["aac147"]}', 400),
        ("ac43/query", None, '{"by": "aac147", "ids": "x", "fields": ["aac147"]}', 400),
        ("sqlite_master/snapshot", None, '{"fields": ["sql"]}', 404),
        ("ac43/snapshot", None, '{"fields": ["aac147"]}', 200),
    ],
)
def test_the_service_answers_only_proper_questions_of_who_has_the_key(
    running: Registers, path: str, key: str | None, body: str, status: int
) -> None:
    right, _, base = running.addresses[Department.SOCIAL_SECURITY].removeprefix("http://").partition("@")
    token = right if key is None else key
    with httpx2.Client(trust_env=False) as client:
        given = {"Authorization": f"Bearer {token}"}
        assert client.post(f"http://{base}/v1/{path}", content=body, headers=given).status_code == status
