"""A commit of one statement leaves what a transaction leaves, or nothing at all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from audit.alongside import Seal, Shred, SubjectKey
from audit.at_once import AtOnce, Batch
from audit.log import Log
from audit.merkle import Frontier, leaf_hash
from tests.audit.conftest import ORIGIN, SIGNER
from tests.audit.crash import SEALING, SUBJECTS

AT_ONCE, PATIENTLY = "write at once", "read the head"


def settings(tmp_path: Path, seen: list[str]) -> dict[str, object]:
    return {"origin": ORIGIN, "signers": [SIGNER], "guard": tmp_path / "guard", "on_step": seen.append}


def told(story: Callable[[Log, list[str]], object], tmp_path: Path) -> None:
    """Tell a story about a log on SQLite, whose steps are seen."""

    async def whole() -> None:
        seen: list[str] = []
        log = await Log.open(f"sqlite:///{tmp_path}/log.db", **settings(tmp_path, seen))  # type: ignore[arg-type]
        try:
            await story(log, seen)  # type: ignore[misc]
        finally:
            await log.aclose()

    asyncio.run(whole())


def about(subject: str, entry: bytes) -> list[Seal]:
    return [Seal((subject,), entry.ljust(16, b"."), b"payload of " + entry, SEALING)]


async def way_of(log: Log, seen: list[str], entry: bytes, alongside: Sequence[Seal | Shred]) -> str:
    """Append an entry; by which of the two ways it was written."""
    seen.clear()
    await log.append(entry, alongside)
    (way,) = {AT_ONCE, PATIENTLY} & set(seen)
    return way


def test_a_batch_that_only_adds_entries_is_one_statement_whoever_it_is_about(tmp_path: Path) -> None:
    async def story(log: Log, seen: list[str]) -> None:
        first, other = SUBJECTS[:2]
        ways = [await way_of(log, seen, b"%d" % at, about(first, b"%d" % at)) for at in range(3)]
        assert ways == [PATIENTLY, AT_ONCE, AT_ONCE]
        assert await way_of(log, seen, b"new", about(other, b"new")) == AT_ONCE
        assert await way_of(log, seen, b"again", about(other, b"again")) == AT_ONCE
        assert await way_of(log, seen, b"shreds", [Shred(first)]) == PATIENTLY
        assert await way_of(log, seen, b"after", about(first, b"after")) == AT_ONCE
        assert await way_of(log, seen, b"nothing beside", []) == AT_ONCE

    told(story, tmp_path)


def test_both_ways_leave_the_same_tree_entries_and_seals(tmp_path: Path) -> None:
    async def story(log: Log, seen: list[str]) -> None:
        frontier = Frontier()
        for at in range(300):  # past the end of a tile, which takes a transaction
            entry = b"entry %d" % at
            way = await way_of(log, seen, entry, about(f"{at // 7:032x}", entry))
            assert way == (PATIENTLY if at in (0, 255) else AT_ONCE)
        entries = await log.entries(0, 300)
        assert entries == [b"entry %d" % at for at in range(300)]
        frontier, _ = frontier.extend([leaf_hash(entry) for entry in entries])
        assert log.tree.root(300) == frontier.root()
        keys = {
            key.subject: key for key in log.reader.keys_of([bytes.fromhex(f"{at:032x}") for at in range(43)])
        }
        sealed = log.reader.sealed_beside(range(300))
        for at, entry in enumerate(entries):
            [seal] = about(f"{at // 7:032x}", entry)
            secrets = [SEALING.secret_of(keys[bytes.fromhex(seal.subjects[0])])]
            assert SEALING.payload(sealed[at], nonce=seal.nonce, secrets=secrets) == seal.payload

    told(story, tmp_path)


def test_where_another_process_wrote_the_head_is_read_again(tmp_path: Path) -> None:
    async def story(log: Log, seen: list[str]) -> None:
        for entry in (b"one", b"two"):
            await log.append(entry)
        beside = await Log.open(
            f"sqlite:///{tmp_path}/log.db", origin=ORIGIN, signers=[SIGNER], guard=tmp_path / "guard"
        )
        await beside.append(b"three")
        await beside.aclose()
        seen.clear()
        assert (await log.append(b"four")).index == 3
        assert seen.index(AT_ONCE) < seen.index(PATIENTLY)
        assert await way_of(log, seen, b"five", []) == PATIENTLY  # who else writes may write again
        assert await way_of(log, seen, b"six", []) == AT_ONCE
        assert await log.entries(0, 6) == [b"one", b"two", b"three", b"four", b"five", b"six"]

    told(story, tmp_path)


def test_a_secret_that_another_process_destroyed_seals_nothing_more(tmp_path: Path) -> None:
    async def story(log: Log, seen: list[str]) -> None:
        for entry in (b"one", b"two"):
            await log.append(entry, about(SUBJECTS[0], entry))
        beside = await Log.open(
            f"sqlite:///{tmp_path}/log.db", origin=ORIGIN, signers=[SIGNER], guard=tmp_path / "guard"
        )
        await beside.append(b"shreds", [Shred(SUBJECTS[0])])
        await beside.aclose()
        await log.append(b"after", about(SUBJECTS[0], b"after"))
        (key,) = log.reader.keys_of([bytes.fromhex(SUBJECTS[0])])
        [sealed] = log.reader.sealed_beside([3]).values()
        [seal] = about(SUBJECTS[0], b"after")
        secrets = [SEALING.secret_of(key)]
        assert SEALING.payload(sealed, nonce=seal.nonce, secrets=secrets) == seal.payload

    told(story, tmp_path)


HEAD = Frontier().extend([b"\x01" * 32, b"\x02" * 32])[0]
GROWN = HEAD.extend([b"\x03" * 32])[0]
BATCH = Batch(b"data", None, GROWN, b"note of three")
KEYS = [SubjectKey(bytes([at]) * 16, bytes([at]) * 60) for at in range(1, 4)]


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:", isolation_level=None)
    made.execute("create table audit_head (id, size, peaks, note, successor, shreddings)")
    made.execute("create table audit_batch (first integer primary key, data blob not null, sealed blob)")
    made.execute("create table audit_subject_key (subject blob primary key, wrapped blob) without rowid")
    made.execute("insert into audit_head values (1, 2, ?, 'note of two', null, 5)", (HEAD.to_bytes(),))
    yield made
    made.close()


def state(database: sqlite3.Connection) -> list[list[object]]:
    tables = ("audit_head", "audit_batch", "audit_subject_key")
    return [database.execute(f"select * from {name}").fetchall() for name in tables]


def test_a_batch_moves_the_head_that_it_was_signed_for(database: sqlite3.Connection) -> None:
    assert AtOnce(database).add(BATCH, to=HEAD, shreddings=5)
    assert state(database) == [
        [(1, 3, GROWN.to_bytes(), b"note of three", None, 5)],
        [(2, b"data", None)],
        [],
    ]


@pytest.mark.parametrize("many", [1, 2, 3])
def test_the_rows_of_new_subjects_come_with_it(database: sqlite3.Connection, many: int) -> None:
    assert AtOnce(database).add(BATCH._replace(keys=KEYS[:many]), to=HEAD, shreddings=5)
    assert state(database)[2] == [tuple(key) for key in KEYS[:many]]


@pytest.mark.parametrize(
    "moved",
    [
        "size = 1",
        "peaks = zeroblob(64)",
        "shreddings = 6",
        "shreddings = 4",
        "successor = 'hedui.example/2027'",
    ],
)
def test_under_any_other_head_nothing_is_changed(database: sqlite3.Connection, moved: str) -> None:
    database.execute(f"update audit_head set {moved}")
    before = state(database)
    assert not AtOnce(database).add(BATCH._replace(keys=KEYS), to=HEAD, shreddings=5)
    assert state(database) == before
    assert not database.in_transaction


def test_a_batch_that_is_there_already_is_a_fault_and_no_other_head(database: sqlite3.Connection) -> None:
    database.execute("insert into audit_batch values (2, 'another', null)")
    before, at_once = state(database), AtOnce(database)
    with pytest.raises(sqlite3.IntegrityError):
        at_once.add(BATCH, to=HEAD, shreddings=5)
    assert state(database) == before


def test_a_subject_that_has_a_secret_already_is_a_fault_and_gets_no_other(
    database: sqlite3.Connection,
) -> None:
    database.execute("insert into audit_subject_key values (?, 'the first')", (KEYS[1].subject,))
    before, at_once = state(database), AtOnce(database)
    with pytest.raises(sqlite3.IntegrityError):
        at_once.add(BATCH._replace(keys=KEYS), to=HEAD, shreddings=5)
    assert state(database) == before


def test_nothing_of_it_is_kept_in_the_database(database: sqlite3.Connection) -> None:
    AtOnce(database)
    assert database.execute("select name from main.sqlite_master order by name").fetchall() == [
        ("audit_batch",),
        ("audit_head",),
        ("audit_subject_key",),
    ]
