"""What becomes of the many ways in which an SQL database goes wrong, and what its own words mean."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa

from connectors import sql_register
from connectors.ask import Ask, SnapshotFailed
from connectors.departments import TABLES as EVERY
from connectors.guard import Patience
from connectors.sql_engine import reading
from connectors.sql_register import SqlRegister
from tests.connectors.conformance import failure_of, fetch, plain
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome, SourceFailed
from vocabulary.month import Month
from vocabulary.records.civil_affairs import Declaration, Funeral

TABLES = EVERY[Department.CIVIL_AFFAIRS]

ASK = Ask(Declaration, "person", (person(0), person(2)), frozenset({"item", "month", "amount_fen"}))

DECLARATIONS = "CREATE TABLE MZ_SRSB (XH TEXT, JTBH TEXT, SFZH TEXT, SBXM TEXT, SSNY TEXT, JE, SJRQ TEXT)"

ROW = ("SB1", "JT1", person(0), "11", "202610", "636.00", "20261031")

QUICK = Patience(timeout_s=5.0, attempts=2, pause_s=0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A register with one table and no rows."""
    path = tmp_path / "register with a blank.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute(DECLARATIONS)
    return path


def put(file: Path, *rows: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.executemany("INSERT INTO MZ_SRSB VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def register(url: str | Path, patience: Patience = QUICK) -> SqlRegister:
    address = url if isinstance(url, str) else f"sqlite:///{url}"
    return SqlRegister(Department.CIVIL_AFFAIRS, address, TABLES, clock=clock, patience=patience)


def asked(url: str | Path, ask: Ask = ASK) -> Mapping[str, Outcome]:
    return fetch(register(url), ask)


def test_rows_are_read_from_the_register_s_own_words(file: Path) -> None:
    put(file, ROW)
    answers = asked(file)
    assert plain(answers[person(0)]) == [
        {
            "record_id": "SB1",
            "as_of": date(2026, 10, 31),
            "household": "JT1",
            "person": person(0),
            "item": "WAGE",
            "month": Month.parse("2026-10"),
            "amount_fen": 63600,
        }
    ]
    assert isinstance(answers[person(2)], NoRecord)


@pytest.mark.parametrize(
    ("column", "place", "value"),
    [
        ("amount_fen", 5, 636.0),
        ("amount_fen", 5, "1,636.00"),
        ("amount_fen", 5, "6.36E2"),
        ("amount_fen", 5, None),
        ("month", 4, "202613"),
        ("month", 4, "2026-10"),
        ("item", 3, "77"),
        ("item", 3, ""),
        ("as_of", 6, "20260229"),
        ("household", 1, None),
        ("record_id", 0, None),
    ],
)
def test_a_row_that_does_not_decode_fails_its_own_subject_only(
    file: Path, column: str, place: int, value: object
) -> None:
    changed = (*ROW[:place], value, *ROW[place + 1 :])
    put(file, changed, ("SB2", "JT2", person(2), *ROW[3:]))
    answers = asked(file)
    failed = answers[person(0)]
    assert isinstance(failed, SourceFailed)
    assert failed.failure is FailureKind.CONTRACT_BROKEN
    assert f"`Declaration.{column}`: expected" in failed.detail
    assert not value or str(value) not in failed.detail
    assert isinstance(answers[person(2)], Found)


def test_a_column_that_was_not_asked_for_cannot_break_the_answer(file: Path) -> None:
    put(file, (*ROW[:5], "not money", ROW[6]))
    assert isinstance(
        asked(file, Ask(Declaration, "person", (person(0),), frozenset({"month"})))[person(0)], Found
    )
    assert isinstance(asked(file)[person(0)], SourceFailed)


def test_a_file_that_is_not_there_is_unreachable_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "gone.sqlite"
    assert failure_of(asked(path)).failure is FailureKind.UNREACHABLE
    assert not path.exists()


def test_a_file_that_is_no_database_breaks_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "note.sqlite"
    path.write_text("not a database" * 100)
    assert failure_of(asked(path)).failure is FailureKind.CONTRACT_BROKEN


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE MZ_SRSB",
        "ALTER TABLE MZ_SRSB RENAME COLUMN JE TO JE2",
        "ALTER TABLE MZ_SRSB DROP COLUMN SJRQ",
    ],
)
def test_another_schema_than_agreed_breaks_the_contract_for_all(file: Path, change: str) -> None:
    put(file, ROW)
    with closing(sqlite3.connect(file)) as database:
        database.execute(change)
    assert failure_of(asked(file)).failure is FailureKind.CONTRACT_BROKEN
    with pytest.raises(SnapshotFailed, match="CONTRACT_BROKEN"):
        list(register(file).snapshot(Declaration, frozenset({"amount_fen"})))


def test_a_table_of_another_department_that_is_missing_spoils_only_itself(file: Path) -> None:
    put(file, ROW)
    assert isinstance(asked(file, Ask(Funeral, "person", (person(0),), frozenset()))[person(0)], SourceFailed)
    assert isinstance(asked(file)[person(0)], Found)


def test_a_locked_register_is_given_up_in_time(file: Path) -> None:
    put(file, ROW)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA locking_mode = EXCLUSIVE")
        writer.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        answers = fetch(register(file, Patience(timeout_s=0.2)), ASK)
        assert failure_of(answers).failure is FailureKind.TIMED_OUT
        assert time.monotonic() - started < 4.0


def test_a_slow_question_is_cancelled_in_the_database_too(file: Path) -> None:
    """A view that never ends stands for a slow register; the thread must be free again soon after."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE MZ_SRSB")
        database.execute(
            "CREATE VIEW MZ_SRSB AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT i AS XH, i AS JTBH, i AS SFZH, i AS SBXM, i AS SSNY, i AS JE, i AS SJRQ FROM n"
        )
    slow = register(file, Patience(timeout_s=0.2))

    async def ask_often() -> None:
        for _ in range(3):
            assert failure_of(await slow.fetch(ASK)).failure is FailureKind.TIMED_OUT
        deadline = time.monotonic() + 5
        while slow._engine.pool.checkedout() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        assert slow._engine.pool.checkedout() == 0

    asyncio.run(ask_often())


def test_a_connection_is_given_on_only_when_nobody_is_stopping_it_any_more(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ends, stopping, stopped = Event(), Event(), Event(), Event()

    def given() -> Iterator[Mapping[str, object]]:
        asked.set()
        ends.wait(10)
        yield {}

    def stop(_engine: sa.Engine, _driver: object) -> None:
        stopping.set()
        stopped.wait(10)

    monkeypatch.setattr(sql_register, "stop", stop)
    engine = reading(f"sqlite:///{file}")
    query = sql_register._Query(engine)
    with ThreadPoolExecutor(2) as threads:
        running = threads.submit(query.run, sa.select(sa.literal(1)), given())  # type: ignore[arg-type]
        asked.wait(10)
        cancelling = threads.submit(query.cancel)
        stopping.wait(10)
        ends.set()
        with pytest.raises(TimeoutError):
            running.result(0.1)
        assert engine.pool.checkedout() == 1  # type: ignore[attr-defined]  # of its kind of pool
        stopped.set()
        cancelling.result(10)
        assert running.result(10) == []
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_nobody_listening_is_unreachable() -> None:
    nobody = "postgresql+psycopg://reader:secret@127.0.0.1:1/register"
    failed = failure_of(asked(nobody))
    assert failed.failure is FailureKind.UNREACHABLE
    assert "secret" not in failed.detail


def test_a_register_is_never_written_to(file: Path) -> None:
    put(file, ROW)
    with register(file)._engine.connect() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM MZ_SRSB")


def test_a_snapshot_stops_at_a_broken_row(file: Path) -> None:
    put(file, ROW, ("SB2", *ROW[1:5], "?", ROW[6]))
    with pytest.raises(SnapshotFailed) as failed:
        list(register(file).snapshot(Declaration, frozenset({"amount_fen"})))
    assert failed.value.failure.failure is FailureKind.CONTRACT_BROKEN
    assert "Declaration.amount_fen" in failed.value.failure.detail


def test_a_snapshot_comes_in_batches_of_bounded_size(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sql_register.BATCH_ROWS", 10)
    monkeypatch.setattr("connectors.arrow.BATCH_ROWS", 10)
    put(file, *((f"SB{number}", *ROW[1:]) for number in range(25)))
    sizes = [len(batch) for batch in register(file).snapshot(Declaration, frozenset())]
    assert sizes == [10, 10, 5]
