"""`await log.append(entry)`: what it promises, and how it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from audit.alongside import Seal, Shred
from audit.errors import EntryTooLong, LogClosed, NoSuchEntry, QueueFull, WrongOrigin, WrongProof
from audit.log import Log, Receipt
from audit.merkle import leaf_hash, verify_consistency
from audit.note import Checkpoint, Note
from audit.proof import Proof
from audit.tiles import TileName, Tree, tile_names, unpack_entries
from audit.vault import Sealing
from tests.audit.conftest import POLICY, OpenLog, root_of


def entries_of(count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(count)]


def append_without_pause(log: Log, *, into: list[asyncio.Future[Receipt]]) -> None:
    for entry in entries_of(100_000):
        into.append(log.append(entry))


def test_an_entry_is_durable_integrated_and_signed_when_append_returns(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            receipts = [await log.append(entry) for entry in entries_of(3)]
            head = POLICY.open(Note.parse(await log.checkpoint()))
        assert [(receipt.index, receipt.size) for receipt in receipts] == [(0, 1), (1, 2), (2, 3)]
        assert (head.size, head.root) == (3, root_of(map(leaf_hash, entries_of(3))))

    asyncio.run(story())


def test_callers_who_wait_together_are_committed_together_and_in_order(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            receipts = await asyncio.gather(*map(log.append, entries_of(700)))
            assert [receipt.index for receipt in receipts] == list(range(700))
            assert len({receipt.size for receipt in receipts}) < 100
            assert await log.entries(0, 700) == entries_of(700)

    asyncio.run(story())


def test_every_entry_has_a_proof_that_an_outsider_accepts(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*map(log.append, entries_of(600)))
            for index in (0, 1, 255, 256, 511, 512, 599):
                proof = Proof.parse((await log.proof(index)).encode())
                assert proof.verify(b"entry %d" % index, POLICY).size == 600
                with pytest.raises(WrongProof):
                    proof.verify(b"entry %d" % (index + 1), POLICY)
            with pytest.raises(NoSuchEntry):
                await log.proof(600)

    asyncio.run(story())


def test_a_log_continues_where_it_was_closed(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*map(log.append, entries_of(300)))
            older = Checkpoint.parse(Note.parse(await log.checkpoint()).text)
        async with open_log() as log:
            receipt = await log.append(b"after")
            newer = Checkpoint.parse(Note.parse(await log.checkpoint()).text)
            path = await log.consistency(older.size)
        assert (receipt.index, newer.size) == (300, 301)
        verify_consistency(old=300, new=301, old_root=older.root, new_root=newer.root, path=path)

    asyncio.run(story())


def test_what_is_sealed_is_written_with_its_entry_and_secrets_are_shredded_with_theirs(
    open_log: OpenLog,
) -> None:
    by, nonce = Sealing(bytes(32)), bytes(16)
    anna, boris = "aa" * 16, "bb" * 16

    async def story() -> None:
        async with open_log() as log:
            await log.append(b"first", [Seal((anna, boris), nonce, b"payload", by)])
            await log.append(b"nothing beside")
            await log.append(b"again", [Seal((anna,), nonce, b"another", by)])
            beside = log.reader.sealed_beside([0, 1, 2])
            keys = log.reader.keys_of([bytes.fromhex(anna), bytes.fromhex(boris)])
            of_anna, of_boris = map(by.secret_of, sorted(keys))
            assert by.payload(beside[0], nonce=nonce, secrets=[of_anna, of_boris]) == b"payload"
            assert by.payload(beside[2], nonce=nonce, secrets=[of_anna]) == b"another"
            assert beside.keys() == {0, 2}
            await log.append(b"shredded", [Shred(anna)])
            assert log.reader.keys_of([bytes.fromhex(anna)]) == []
            assert [by.secret_of(key) for key in log.reader.keys_of([bytes.fromhex(boris)])] == [of_boris]

    asyncio.run(story())


def test_an_entry_longer_than_a_bundle_can_hold_is_refused_and_the_longest_is_not(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            longest = bytes(65_535)
            assert (await log.append(longest)).index == 0
            assert await log.entry(0) == longest
            with pytest.raises(EntryTooLong):
                log.append(bytes(65_536))

    asyncio.run(story())


def test_a_full_queue_refuses_and_loses_nothing(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log(queue_limit=10) as log:
            waiting: list[asyncio.Future[Receipt]] = []
            with pytest.raises(QueueFull):
                append_without_pause(log, into=waiting)
            receipts = await asyncio.gather(*waiting)
            assert [receipt.index for receipt in receipts] == list(range(len(waiting)))
            assert (await log.append(b"later")).index == len(waiting)

    asyncio.run(story())


def test_a_closed_log_takes_nothing_and_had_written_what_waited(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            waiting = [log.append(entry) for entry in entries_of(50)]
            await log.aclose()
            assert [receipt.index for receipt in await asyncio.gather(*waiting)] == list(range(50))
            with pytest.raises(LogClosed):
                log.append(b"too late")

    asyncio.run(story())


def test_the_database_of_another_log_is_refused(open_log: OpenLog, tmp_path: Path) -> None:
    async def story() -> None:
        async with open_log():
            pass
        with pytest.raises(WrongOrigin):
            async with open_log(origin="hedui.example/other", guard=tmp_path / "other"):
                pass

    asyncio.run(story())


def test_tiles_hold_the_hashes_and_bundles_the_entries(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*map(log.append, entries_of(260)))
            leaves = [leaf_hash(entry) for entry in entries_of(260)]
            assert await log.tile(TileName(0, 0)) == b"".join(leaves[:256])
            assert await log.tile(TileName(0, 0, width=7)) == b"".join(leaves[:7])
            assert await log.tile(TileName(0, 1, width=4)) == b"".join(leaves[256:])
            assert await log.tile(TileName(1, 0, width=1)) == root_of(leaves[:256])
            assert (await log.tile(TileName(None, 1, width=4))).endswith(b"entry 259")
            with pytest.raises(NoSuchEntry):
                await log.tile(TileName(0, 1, width=5))

    asyncio.run(story())


def test_whoever_has_the_files_of_a_log_rebuilds_and_checks_it(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*map(log.append, entries_of(700)))
            head = POLICY.open(Note.parse(await log.checkpoint()))
            files = {name: await log.tile(name) for name in tile_names(head.size)}
        bundles = [data for name, data in files.items() if name.level is None]
        entries = [entry for data in bundles for entry in unpack_entries(data)]
        assert entries == entries_of(700)
        assert root_of(map(leaf_hash, entries)) == head.root
        tree = Tree(lambda level, index, width: files[TileName(level, index, width)])
        assert tree.root(700) == head.root

    asyncio.run(story())


@pytest.mark.parametrize("index", [-1, 3, 2**63 - 1, 2**63, 2**70])
def test_an_index_that_the_log_does_not_have_is_told(open_log: OpenLog, index: int) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*map(log.append, entries_of(3)))
            for ask in (log.entry, log.proof, log.witnessed_proof):
                with pytest.raises(NoSuchEntry):
                    await ask(index)

    asyncio.run(story())


def test_long_entries_are_committed_in_batches_that_fit_in_memory(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            receipts = await asyncio.gather(*(log.append(bytes(65_535)) for _ in range(600)))
            assert [receipt.index for receipt in receipts] == list(range(600))
            assert len({receipt.size for receipt in receipts}) >= 3
            assert len(await log.entry(599)) == 65_535

    asyncio.run(story())
