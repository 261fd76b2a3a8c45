"""Keys change and years end, and every old receipt still verifies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.errors import LogClosed, LogEnded, LogForked, NotSigned
from audit.merkle import leaf_hash
from audit.note import Checkpoint, Note, Signer
from audit.policy import Known, Policy
from audit.proof import Proof
from audit.shard import continue_in
from tests.audit.conftest import ORIGIN, POLICY, SIGNER, OpenLog, root_of

NEW = Signer.ed25519(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"n" * 32))
QUANTUM = Signer.ml_dsa_44(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(b"q" * 32))
NEXT = "hedui.example/test/2027"
NEXT_SIGNER = Signer.ed25519(NEXT, Ed25519PrivateKey.from_private_bytes(b"2" * 32))


def trusting(signer: Signer) -> Policy:
    return Policy((Known(signer.key),))


def signers_of(note: bytes) -> set[bytes]:
    return {line.key_id for line in Note.parse(note).signatures}


def test_in_the_overlap_readers_of_either_key_are_served(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            before = Proof.parse((await log.proof((await log.append(b"old")).index)).encode())
        async with open_log(signers=[SIGNER, NEW]) as log:
            receipt = await log.append(b"in the overlap")
            proof = Proof.parse((await log.proof(receipt.index)).encode())
            for reader in (POLICY, trusting(NEW)):
                assert proof.verify(b"in the overlap", reader).size == 2
        async with open_log(signers=[NEW]) as log:
            receipt = await log.append(b"new")
            after = Proof.parse((await log.proof(receipt.index)).encode())
        assert before.verify(b"old", POLICY).size == 1
        assert after.verify(b"new", trusting(NEW)).size == 3
        with pytest.raises(NotSigned):
            after.verify(b"new", POLICY)

    asyncio.run(story())


def test_a_log_is_opened_with_the_keys_of_its_last_head_or_a_key_that_is_named_as_earlier(
    open_log: OpenLog,
) -> None:
    async def story() -> None:
        async with open_log() as log:
            await log.append(b"one")
        with pytest.raises(LogForked):
            async with open_log(signers=[NEW]):
                pass
        async with open_log(signers=[NEW], earlier_keys=[SIGNER.key]) as log:
            assert signers_of(await log.checkpoint()) == {NEW.key.key_id}
        async with open_log(signers=[NEW, QUANTUM]) as log:
            assert signers_of(await log.checkpoint()) == {NEW.key.key_id, QUANTUM.key.key_id}
            await log.append(b"two")
            assert trusting(QUANTUM).open(Note.parse(await log.checkpoint())).size == 2

    asyncio.run(story())


def test_the_next_years_log_begins_with_the_head_at_which_the_old_one_ended(
    open_log: OpenLog, tmp_path: Path
) -> None:
    async def story() -> None:
        async with open_log() as log, open_log() as beside:
            waiting = [log.append(b"%d" % at) for at in range(300)]
            settings = {
                "origin": NEXT,
                "signers": [NEXT_SIGNER],
                "guard": tmp_path / "next",
                "first_entry": first,
            }
            new = await continue_in(log, f"sqlite:///{tmp_path}/next.db", **settings)
            assert len(await asyncio.gather(*waiting)) == 300
            last = POLICY.open(Note.parse(await log.checkpoint()))
            assert last.root == root_of(leaf_hash(b"%d" % at) for at in range(300))
            assert await new.entry(0) == first(last)
            with pytest.raises(LogClosed):
                log.append(b"too late")
            with pytest.raises(LogEnded):
                await beside.append(b"too late, from another process")
            assert Proof.parse((await log.proof(7)).encode()).verify(b"7", POLICY) == last
            await new.aclose()
            again = await continue_in(log, f"sqlite:///{tmp_path}/next.db", **settings)
            assert POLICY_NEXT.open(Note.parse(await again.checkpoint())).size == 1
            await again.aclose()
        async with open_log() as ended:
            assert await ended.entry(299) == b"299"
            with pytest.raises(LogEnded):
                await ended.append(b"after a restart")

    asyncio.run(story())


def first(last: Checkpoint) -> bytes:
    return b"continues " + str(last).encode()


POLICY_NEXT = trusting(NEXT_SIGNER)
