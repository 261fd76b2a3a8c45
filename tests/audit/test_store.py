"""What callers see when the database, the key or the process fails: an error, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audit.errors import LogClosed, SigningFailed, StoreBusy
from audit.log import Log
from audit.merkle import leaf_hash
from audit.note import Note, Signer
from tests.audit.conftest import ORIGIN, POLICY, SIGNER, OpenLog, root_of
from tests.postgres import Postgres, cut_off

ROOT = Path(__file__).parents[2]


async def everything(log: Log) -> list[bytes]:
    return await log.entries(0, log.reader.head().frontier.size)


def outcome_of(waiting: list[object]) -> tuple[int, int]:
    """How many were acknowledged, and how many refused as busy."""
    busy = sum(isinstance(answer, StoreBusy) for answer in waiting)
    refused = sum(isinstance(answer, BaseException) for answer in waiting)
    assert busy == refused
    return len(waiting) - refused, refused


@pytest.mark.parametrize("fault", ["max_page_count = 40", "query_only = on"], ids=["full", "read-only"])
def test_a_disk_that_takes_no_more_refuses_every_caller_and_loses_nothing(tmp_path: Path, fault: str) -> None:
    async def story() -> None:
        faulty = False

        def on_step(step: str) -> None:
            if faulty and step in ("read the head", "write at once"):
                log._store._connection.dbapi_connection.execute(f"pragma {fault}")

        settings = {"origin": ORIGIN, "signers": [SIGNER], "guard": tmp_path / "guard"}
        log = await Log.open(f"sqlite:///{tmp_path}/log.db", on_step=on_step, **settings)
        await asyncio.gather(*(log.append(b"before %d" % at) for at in range(100)))
        faulty = True
        answers = await asyncio.gather(*(log.append(bytes(9000)) for _ in range(60)), return_exceptions=True)
        acknowledged, refused = outcome_of(list(answers))
        assert refused > 0
        assert len(await everything(log)) == 100 + acknowledged
        faulty = False
        assert (await log.append(b"after")).index == 100 + acknowledged
        POLICY.open(Note.parse(await log.checkpoint()))
        await log.aclose()

    asyncio.run(story())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("step", ["read the head", "sign", "commit"])
def test_a_database_restarted_in_the_middle_of_an_append_loses_nothing_acknowledged(
    postgres: Postgres, tmp_path: Path, step: str, how: signal.Signals
) -> None:
    async def story() -> None:
        seen: list[str] = []

        def on_step(now: str) -> None:
            seen.append(now)
            if now == step and seen.count(step) == 3:
                postgres.stop(how)
                postgres.start()

        settings = {"origin": ORIGIN, "signers": [SIGNER], "guard": tmp_path / "guard"}
        log = await Log.open(postgres.database(), on_step=on_step, **settings)
        assert (await log.append(b"one")).index == 0
        assert (await log.append(b"two")).index == 1
        with pytest.raises(StoreBusy):
            await log.append(b"cut off")
        receipt = await log.append(b"three")
        stored = await everything(log)
        assert stored[:2] == [b"one", b"two"]
        assert stored[receipt.index] == b"three"
        await log.aclose()

    asyncio.run(story())


def test_a_database_that_was_started_again_while_nobody_asked_is_read_and_written_at_once(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.RESTS_S", 0.0)

    async def story() -> None:
        log = await Log.open(postgres_url, origin=ORIGIN, signers=[SIGNER], guard=tmp_path / "guard")
        await log.append(b"one")
        for index in (1, 2):
            await asyncio.gather(*(asyncio.to_thread(log.reader.head) for _ in range(3)))
            cut_off(postgres_url)
            assert (await log.append(b"another")).index == index
        cut_off(postgres_url)
        assert len(await everything(log)) == 3
        await log.aclose()

    asyncio.run(story())


def test_a_log_is_tried_out_without_an_entry(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await log.append(b"one")
            await asyncio.gather(*(log.try_out() for _ in range(3)), log.append(b"two"))
            assert await everything(log) == [b"one", b"two"]
            assert await log.cosigned() is None
            assert (await log.append(b"three")).index == 2
        with pytest.raises(LogClosed):
            await log.try_out()

    asyncio.run(story())


@pytest.mark.parametrize("fault", ["max_page_count = 1", "query_only = on"], ids=["full", "read-only"])
def test_a_disk_that_takes_no_more_is_found_by_trying(tmp_path: Path, fault: str) -> None:
    async def story() -> None:
        faulty = True

        def on_step(step: str) -> None:
            if faulty and step == "begin":
                log._store._connection.dbapi_connection.execute(f"pragma {fault}")

        settings = {"origin": ORIGIN, "signers": [SIGNER], "guard": tmp_path / "guard"}
        log = await Log.open(f"sqlite:///{tmp_path}/log.db", on_step=on_step, **settings)
        with pytest.raises(StoreBusy):
            await log.try_out()
        faulty = False
        await log.try_out()
        assert (await log.append(b"one")).index == 0
        await log.aclose()

    asyncio.run(story())


def test_a_key_that_does_not_sign_refuses_and_may_come_back(open_log: OpenLog) -> None:
    async def story() -> None:
        unplugged = False

        def sign(message: bytes) -> bytes:
            if unplugged:
                raise SigningFailed("expected a signature, got no device")
            return SIGNER.sign(message)

        async with open_log(signers=[Signer(SIGNER.key, sign)]) as log:
            await log.append(b"one")
            unplugged = True
            with pytest.raises(SigningFailed):
                await log.append(b"two")
            with pytest.raises(SigningFailed):
                await log.try_out()
            unplugged = False
            assert (await log.append(b"three")).index == 1
            assert await everything(log) == [b"one", b"three"]

    asyncio.run(story())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_nobody_foresaw_latches_the_log_shut_and_leaves_nobody_waiting(open_log: OpenLog) -> None:
    async def story() -> None:
        def on_step(step: str) -> None:
            if step in ("sign", "try out") and armed:
                raise ZeroDivisionError

        armed = False
        async with open_log(on_step=on_step) as log:
            await log.append(b"one")
            armed = True
            trial = asyncio.create_task(log.try_out())
            answers = await asyncio.wait_for(
                asyncio.gather(trial, *(log.append(b"more") for _ in range(20)), return_exceptions=True), 30
            )
            assert all(isinstance(answer, LogClosed) for answer in answers)
            with pytest.raises(LogClosed):
                log.append(b"never")
            assert await everything(log) == [b"one"]
        armed = False
        async with open_log() as log:
            assert (await log.append(b"two")).index == 1

    asyncio.run(story())


def test_a_caller_who_stops_waiting_disturbs_nobody(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            leaver, stayer = log.append(b"leaver"), log.append(b"stayer")
            leaver.cancel()
            assert (await stayer).index == 1

    asyncio.run(story())


WRITER = """
import asyncio, sys
from pathlib import Path
from audit.log import Log
from tests.audit.conftest import ORIGIN, SIGNER

async def main(url, guard, name):
    log = await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=Path(guard))
    for round_ in range(30):
        several = [f"{name} {round_} {at}".encode() for at in range(7)]
        for entry, receipt in zip(several, await asyncio.gather(*map(log.append, several))):
            print(receipt.index, entry.decode())
    await log.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


def test_several_processes_write_one_log(url: str, open_log: OpenLog, tmp_path: Path) -> None:
    async def create() -> None:
        async with open_log():
            pass

    asyncio.run(create())
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(tmp_path / "guard"), name],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for name in ("anna", "boris", "chen")
    ]
    printed = [writer.communicate(timeout=60)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    acknowledged = {}
    for line in "".join(printed).splitlines():
        index, entry = line.split(" ", 1)
        assert acknowledged.setdefault(int(index), entry.encode()) == entry.encode()

    async def check() -> None:
        async with open_log() as log:
            stored = await everything(log)
            assert dict(enumerate(stored)) == acknowledged
            head = POLICY.open(Note.parse(await log.checkpoint()))
            assert head.root == root_of(map(leaf_hash, stored))
            assert log.tree.root(head.size) == head.root

    asyncio.run(check())
    assert len(acknowledged) == 3 * 30 * 7
