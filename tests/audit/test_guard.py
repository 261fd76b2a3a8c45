"""The last signed head, kept outside the database: what it finds when a log is opened."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import GuardUnreadable, LogForked, LogRolledBack, StoreBusy, StoreDamaged
from audit.guard import Guard
from audit.log import Log
from audit.note import Checkpoint, Note, Signer
from tests.audit.conftest import ORIGIN, SIGNER, OpenLog


async def fill(open_log: OpenLog, *entries: bytes, **settings: object) -> None:
    async with open_log(**settings) as log:
        for entry in entries:
            await log.append(entry)


def change(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {"none": b""})
    engine.dispose()


def opening_raises(open_log: OpenLog, error: type[Exception]) -> None:
    with pytest.raises(error):
        asyncio.run(fill(open_log))


def copy_of(url: str, name: str) -> str:
    """A copy of the database as it stands: of the file, or made by PostgreSQL from a template."""
    if url.startswith("sqlite:///"):
        original = Path(url.removeprefix("sqlite:///"))
        shutil.copy(original, original.with_name(name))
        return f"sqlite:///{original.with_name(name)}"
    head, _, original_name = url.rpartition("/")
    engine = sa.create_engine(f"{head}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"create database {original_name}_{name} template {original_name}"))
    engine.dispose()
    return f"{url}_{name}"


def test_a_restored_backup_is_refused(open_log: OpenLog, url: str) -> None:
    asyncio.run(fill(open_log, b"one"))
    backup = copy_of(url, "backup")
    asyncio.run(fill(open_log, b"two"))
    with pytest.raises(LogRolledBack):
        asyncio.run(fill(open_log, url=backup))


def test_a_second_history_is_refused(open_log: OpenLog, tmp_path: Path, url: str) -> None:
    asyncio.run(fill(open_log, b"one"))
    fork = copy_of(url, "fork")
    shutil.copy(tmp_path / "guard", tmp_path / "guard of the fork")
    asyncio.run(fill(open_log, b"two"))
    asyncio.run(fill(open_log, b"another two", b"three", url=fork, guard=tmp_path / "guard of the fork"))
    with pytest.raises(LogForked):
        asyncio.run(fill(open_log, url=fork))


def test_a_truncated_tail_is_refused(open_log: OpenLog, url: str) -> None:
    asyncio.run(fill(open_log, b"one", b"two"))
    change(url, "delete from audit_batch where first = 1")
    opening_raises(open_log, StoreDamaged)


def test_a_changed_entry_is_refused(open_log: OpenLog, url: str) -> None:
    asyncio.run(fill(open_log, b"one", b"two"))
    change(
        url, "update audit_batch set data = (select data from audit_batch where first = 0) where first = 1"
    )
    opening_raises(open_log, StoreDamaged)


@pytest.mark.parametrize("what", ["peaks = :none", "note = :none", "size = 3"])
def test_a_damaged_head_is_refused(open_log: OpenLog, url: str, what: str) -> None:
    asyncio.run(fill(open_log, b"one", b"two"))
    change(url, f"update audit_head set {what}")
    opening_raises(open_log, StoreDamaged)


def test_entries_without_a_guard_are_refused(open_log: OpenLog, tmp_path: Path) -> None:
    asyncio.run(fill(open_log, b"one"))
    (tmp_path / "guard").unlink()
    opening_raises(open_log, GuardUnreadable)


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-3], lambda data: b"x" + data])
def test_a_damaged_guard_is_refused(
    open_log: OpenLog, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    asyncio.run(fill(open_log, b"one"))
    path = tmp_path / "guard"
    path.write_bytes(damage(path.read_bytes()))
    opening_raises(open_log, GuardUnreadable)


def test_a_head_that_another_key_signed_is_refused(open_log: OpenLog) -> None:
    asyncio.run(fill(open_log, b"one"))
    stranger = Signer.ed25519(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(LogForked):
        asyncio.run(fill(open_log, signers=[stranger]))


def test_a_guard_that_trailed_when_the_process_was_killed_is_accepted(
    open_log: OpenLog, tmp_path: Path
) -> None:
    asyncio.run(fill(open_log, b"one"))
    trailing = (tmp_path / "guard").read_bytes()
    asyncio.run(fill(open_log, b"two", b"three"))
    (tmp_path / "guard").write_bytes(trailing)
    asyncio.run(fill(open_log, b"four"))
    known = Guard(tmp_path / "guard", origin=ORIGIN).read()
    assert known is not None
    assert known.size == 4


def test_a_guard_never_goes_back(tmp_path: Path) -> None:
    guard = Guard(tmp_path / "guard", origin=ORIGIN)
    larger, smaller = (bytes(Checkpoint(ORIGIN, size, bytes(32)).sign([SIGNER], time=0)) for size in (9, 8))
    guard.advance(larger)
    guard.advance(smaller)
    assert guard.read() == Checkpoint.parse(Note.parse(larger).text)


def test_a_guard_that_does_not_trail_is_written_before_the_receipt(open_log: OpenLog, tmp_path: Path) -> None:
    async def story() -> None:
        async with open_log(guard_every_s=0) as log:
            for count in range(1, 4):
                await log.append(b"entry")
                known = Guard(tmp_path / "guard", origin=ORIGIN).read()
                assert known is not None
                assert known.size == count

    asyncio.run(story())


def test_a_log_whose_database_is_swapped_while_it_runs_stops(open_log: OpenLog, url: str) -> None:
    async def story() -> None:
        async with open_log() as log:
            await log.append(b"one")
            await log.append(b"two")
            change(
                url,
                "delete from audit_batch where first = 1",
                "update audit_head set size = 0, peaks = :none",
            )
            with pytest.raises(LogRolledBack):
                await log.append(b"three")
            assert log.fault is not None

    asyncio.run(story())


def test_a_guard_that_cannot_be_written_stops_the_log_until_it_can(open_log: OpenLog, tmp_path: Path) -> None:
    async def story() -> None:
        folder = tmp_path / "elsewhere"
        async with open_log(guard=folder / "guard", guard_every_s=0) as log:
            await log.append(b"one")
            folder.rename(tmp_path / "away")
            folder.write_text("a file where the folder was")
            with pytest.raises(StoreBusy):
                await log.append(b"two")
            folder.unlink()
            (tmp_path / "away").rename(folder)
            async with asyncio.timeout(20):  # the keeper may have seen the file too, and must see the folder
                while log.fault is not None:
                    await asyncio.sleep(0.01)
            await log.append(b"three")
            known = Guard(folder / "guard", origin=ORIGIN).read()
            assert known is not None
            assert known.size == log.reader.head().frontier.size

    asyncio.run(story())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    async def opening(url: str, guard: Path) -> None:
        await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=guard)

    for url, guard in (("file/log.db", "guard"), ("log.db", "file/guard")):
        with pytest.raises((StoreBusy, GuardUnreadable)):
            asyncio.run(opening(f"sqlite:///{tmp_path}/{url}", tmp_path / guard))
