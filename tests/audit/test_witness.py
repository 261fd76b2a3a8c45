"""The witness: what it cosigns, what it refuses with which status, and what it remembers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.errors import MalformedRequest, QuorumMissing, Unwitnessed, WitnessElsewhere
from audit.merkle import EMPTY_ROOT
from audit.note import Checkpoint, Kind, Note, Signer
from audit.policy import Policy
from audit.proof import Proof
from audit.tiles import Tree
from audit.web import Answer, application
from audit.witness import AddCheckpoint, Witness, witness_server
from audit.witnessing import Witnessing
from tests.audit.conftest import ORIGIN, SIGNER, OpenLog, root_of

COSIGNER = Signer.ed25519(
    "witness.example/one", Ed25519PrivateKey.from_private_bytes(b"w" * 32), Kind.COSIGNATURE_ED25519
)
QUANTUM = Signer.ml_dsa_44("witness.example/two", MLDSA44PrivateKey.from_seed_bytes(b"q" * 32))
LEAVES = [sha256(b"leaf %d" % at).digest() for at in range(20)]
NOW = 1_800_000_000


def tree_of(leaves: list[bytes]) -> Tree:
    return Tree(lambda level, index, width: b"".join(leaves[:width]))


def signed(
    size: int, *, leaves: list[bytes] = LEAVES, signer: Signer = SIGNER, root: bytes | None = None
) -> Note:
    return Checkpoint(ORIGIN, size, root or root_of(leaves[:size])).sign([signer], time=0)


def request(old: int, size: int, *, leaves: list[bytes] = LEAVES, **changed: Any) -> bytes:
    path = tuple(tree_of(leaves).consistency(old, size)) if old <= size else ()
    return bytes(
        AddCheckpoint(old, changed.get("path", path), changed.get("note", signed(size, leaves=leaves)))
    )


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    witness = Witness(tmp_path / "seen.db", logs=[SIGNER.key], signers=[COSIGNER, QUANTUM], clock=lambda: NOW)
    yield witness
    witness.close()


def client_of(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://witness.example")


def post(witness: Witness, body: bytes) -> httpx2.Response:
    async def story() -> httpx2.Response:
        async with client_of(witness_server(witness)) as client:
            return await client.post("/add-checkpoint", content=body)

    return asyncio.run(story())


def test_it_cosigns_what_continues_and_remembers_it(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 20)):
        answer = post(witness, request(old, new))
        assert answer.status_code == 200
        note = Note.parse(bytes(signed(new)) + answer.content)
        assert [seen.time for seen in note.signed_by([COSIGNER.key, QUANTUM.key])] == [NOW, NOW]
    kept = witness.latest(sha256(ORIGIN.encode()).hexdigest())
    assert kept is not None
    assert len(Note.parse(kept).signed_by([SIGNER.key, COSIGNER.key, QUANTUM.key])) == 3
    assert Checkpoint.parse(Note.parse(kept).text).size == 20


def test_it_tells_the_size_it_has_seen(witness: Witness) -> None:
    post(witness, request(0, 8))
    answer = post(witness, request(3, 9))
    assert (answer.status_code, answer.text) == (409, "8\n")
    assert answer.headers["content-type"] == "text/x.tlog.size"


OTHER = [sha256(b"other %d" % at).digest() for at in range(20)]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, lambda: b"old 8\n"),
        (400, lambda: request(8, 9).replace(b"old 8", b"old 08")),
        (400, lambda: request(8, 9).replace(b"old 8", b"size 8")),
        (400, lambda: request(8, 7)),
        (400, lambda: b"old 8\n" + b"A\n" * 3 + b"\n" + bytes(signed(9))),
        (400, lambda: b"old 8\n" + b"A" * 43 + b"=\n" * 64 + b"\n" + bytes(signed(9))),
        (404, lambda: request(8, 9, note=Checkpoint("other.example", 9, EMPTY_ROOT).sign([SIGNER], time=0))),
        (403, lambda: request(8, 9, note=signed(9, signer=COSIGNER))),
        (403, lambda: request(8, 9).replace(b"\n9\n", b"\n9\n", 1)[:-8] + b"AAAAAA=\n"),
        (422, lambda: request(8, 9, path=())),
        (422, lambda: request(8, 9, path=(bytes(32),))),
        (422, lambda: request(8, 12, leaves=[*LEAVES[:3], *OTHER[3:]])),
        (422, lambda: request(8, 8, note=signed(8, leaves=OTHER))),
        (409, lambda: request(0, 9)),
    ],
)
def test_it_refuses_with_the_status_that_says_why(
    witness: Witness, status: int, body: Callable[[], bytes]
) -> None:
    post(witness, request(0, 8))
    before = witness.latest(sha256(ORIGIN.encode()).hexdigest())
    assert post(witness, body()).status_code == status
    assert witness.latest(sha256(ORIGIN.encode()).hexdigest()) == before


def test_the_first_checkpoint_needs_no_proof_and_takes_none(witness: Witness) -> None:
    assert post(witness, request(0, 8, path=(bytes(32),))).status_code == 422
    assert post(witness, request(0, 0, note=signed(0, root=bytes(32)))).status_code == 422
    assert post(witness, request(0, 0)).status_code == 200


def test_it_remembers_before_it_answers(tmp_path: Path) -> None:
    memory = tmp_path / "seen.db"
    witness = Witness(memory, logs=[SIGNER.key], signers=[COSIGNER])
    witness.add_checkpoint(request(0, 8))
    with sqlite3.connect(memory) as other:
        assert other.execute("select size from seen").fetchall() == [(8,)]
    witness.close()
    again = Witness(memory, logs=[SIGNER.key], signers=[COSIGNER])
    with pytest.raises(WitnessElsewhere):
        again.add_checkpoint(request(0, 8))
    again.close()


def test_of_two_histories_sent_at_once_it_cosigns_one(tmp_path: Path) -> None:
    """Two processes with one memory: the second finds that the first has moved it."""
    witnesses = [Witness(tmp_path / "seen.db", logs=[SIGNER.key], signers=[COSIGNER]) for _ in range(2)]
    fork = [*LEAVES[:5], *OTHER[5:]]
    bodies = [request(0, 9), request(0, 9, leaves=fork)]
    answers: list[str] = []

    def send(witness: Witness, body: bytes) -> None:
        try:
            witness.add_checkpoint(body)
            answers.append("cosigned")
        except WitnessElsewhere:
            answers.append("elsewhere")

    threads = [threading.Thread(target=send, args=pair) for pair in zip(witnesses, bodies, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["cosigned", "elsewhere"]
    for witness in witnesses:
        witness.close()


def test_unknown_paths_and_methods_are_refused(witness: Witness) -> None:
    async def story() -> None:
        async with client_of(witness_server(witness)) as client:
            assert (await client.get("/add-checkpoint")).status_code == 405
            assert (await client.get("/")).status_code == 404
            assert (await client.get(f"/{'0' * 64}/checkpoint")).status_code == 404
            assert (await client.post("/add-checkpoint", content=bytes(2 << 20))).status_code == 413

    asyncio.run(story())


def test_requests_are_read_strictly() -> None:
    body = request(3, 9)
    assert bytes(AddCheckpoint.parse(body)) == body
    for broken in (b"", b"old 3", body[1:], body.replace(b"\n\n", b"\n"), b"\xff" + body):
        with pytest.raises(MalformedRequest):
            AddCheckpoint.parse(broken)


def policy(*cosigners: Signer, needed: int, url: str = "http://witness.example") -> Policy:
    witnesses = "".join(f"witness w{at} {one.key} {url}\n" for at, one in enumerate(cosigners))
    names = " ".join(f"w{at}" for at in range(len(cosigners)))
    return Policy.parse(f"log {SIGNER.key}\n{witnesses}group all {needed} {names}\nquorum all\n".encode())


def test_a_log_is_kept_witnessed_and_its_proofs_satisfy_the_policy(
    open_log: OpenLog, witness: Witness
) -> None:
    async def story() -> None:
        trusted = policy(COSIGNER, QUANTUM, needed=2)
        async with open_log() as log, client_of(witness_server(witness)) as client:
            witnessing = Witnessing(log, trusted, http=client)
            for index in range(5):
                await asyncio.gather(*(log.append(b"entry") for _ in range(60)))
                head = trusted.open(Note.parse(await witnessing.round()))
                assert head.size == 60 * (index + 1)
            kept = await log.cosigned()
            assert kept is not None
            assert trusted.open(Note.parse(kept)).size == 300
            proof = Proof.parse((await log.witnessed_proof(7)).encode())
            assert proof.verify(b"entry", trusted).size == 300

    asyncio.run(story())


def test_without_a_quorum_the_log_stops_after_the_time_allowed_and_says_why(
    open_log: OpenLog, witness: Witness
) -> None:
    async def story() -> None:
        now, down = float(NOW), False
        server = witness_server(witness)

        async def gate(scope: Any, receive: Any, send: Any) -> None:
            if down:
                raise httpx2.ConnectError("down")
            await server(scope, receive, send)

        async with open_log() as log, client_of(gate) as client:
            settings: dict[str, Any] = {"max_unwitnessed_s": 100, "clock": lambda: now, "http": client}
            witnessing = Witnessing(log, policy(COSIGNER, needed=1), **settings)
            await log.append(b"one")
            await witnessing.round()
            down = True
            now += 99
            await quiet(witnessing)
            await log.append(b"two")
            now += 2
            await quiet(witnessing)
            with pytest.raises(Unwitnessed, match=r"witness\.example/one"):
                log.append(b"three")
            restarted = Witnessing(log, policy(COSIGNER, needed=1), **settings)
            await quiet(restarted)
            assert isinstance(log.fault, Unwitnessed), "a restart does not start the time anew"
            down = False
            await witnessing.round()
            await log.append(b"three")

    asyncio.run(story())


async def quiet(witnessing: Witnessing) -> None:
    with pytest.raises(QuorumMissing):
        await witnessing.round()


def test_a_forked_log_is_not_cosigned(open_log: OpenLog, witness: Witness) -> None:
    async def story() -> None:
        witness.add_checkpoint(request(0, 8))
        async with open_log() as log, client_of(witness_server(witness)) as client:
            await asyncio.gather(*(log.append(b"another history") for _ in range(12)))
            witnessing = Witnessing(log, policy(COSIGNER, needed=1), http=client)
            await quiet(witnessing)
            assert "422" in str(witnessing.failures["witness.example/one"])

    asyncio.run(story())


@pytest.mark.parametrize("address", ["http://[witness", "witness.example", "http://witness.example:port"])
def test_a_witness_at_an_address_that_is_none_is_a_failed_witness(open_log: OpenLog, address: str) -> None:
    async def story() -> None:
        async with open_log() as log, httpx2.AsyncClient() as client:
            witnessing = Witnessing(log, policy(COSIGNER, needed=1, url=address), http=client)
            await quiet(witnessing)
            assert "expected an answer" in str(witnessing.failures["witness.example/one"])

    asyncio.run(story())


def test_a_witness_that_answers_with_anything_else_is_a_failed_witness(open_log: OpenLog) -> None:
    async def story() -> None:
        answers = [Answer(200), Answer(200, b"\xff\xfe"), Answer(409, b"x"), Answer(200, bytes(signed(3)))]

        async def handle(_request: Any) -> Answer:
            return answers.pop()

        async with open_log() as log, client_of(application(handle)) as client:
            await log.append(b"one")
            witnessing = Witnessing(log, policy(COSIGNER, needed=1), http=client)
            while answers:
                await quiet(witnessing)
                assert witnessing.failures

    asyncio.run(story())
