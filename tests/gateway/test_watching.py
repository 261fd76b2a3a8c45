"""Does a gateway stop when nobody outside sees its log, say why, and go on when they are back?"""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from audit.catalogue import parse_entry
from audit.errors import NoSuchEntry
from audit.note import Note, Signer
from audit.policy import Policy
from audit.proof import Proof
from audit.witness import AddCheckpoint
from gateway.client import Client, NoAnswer
from gateway.errors import CannotOpen
from gateway.keys import log_key
from gateway.log_desk import now
from gateway.opening import opened
from gateway.persona import PERSONAS, mint
from gateway.serving import Background
from gateway.settings import Settings
from tests.postgres import free_port

ROOT = Path(__file__).parents[2]
NAME = "witness.example/test"
QUESTION = '{household(number: "H-1") {number}}'


@pytest.fixture
def bare(monkeypatch):
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)


@contextmanager
def witness(folder, port, key):
    """`hedui witness serve`, as the evaluator types it; gives the lines that it prints for the policy."""
    typed = ["witness", "serve", folder, "--log", key, "--name", NAME, "--port", port]
    process = subprocess.Popen(
        [sys.executable, "-c", "from gateway.command import main; main()", *map(str, typed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        lines = [process.stdout.readline() for _ in range(2)]
        until(lambda: reached(port))
        yield "".join(lines)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def reached(port):
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/").status_code == 404
    except httpx2.ConnectError:
        return False


def until(true, *, within_s=20.0):
    ends = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


def settings_in(folder, **given):
    settings = Settings.load(
        env="dev", run_folder=folder, port=0, witness_every_s=0.05, max_unwitnessed_s=1.0, **given
    )
    folder.mkdir(exist_ok=True)
    return settings, Signer.ed25519(settings.origin, log_key(settings)).key


def policy_file(folder, key, lines):
    path = folder / "evaluator.policy"
    names = [line.split()[1] for line in lines.splitlines()]
    path.write_text(f"log {key}\n{lines}group office all {' '.join(names)}\nquorum office\n")
    return path


def ask(settings, address):
    who = PERSONAS["verifier"]
    client = Client(address, mint(settings, who, at=now()), who.purpose.value, "HD-2026-0001")
    return client.ask(QUESTION, {})


def refusal(settings, address):
    """The code of the refusal, None when there was an answer."""
    try:
        ask(settings, address)
    except NoAnswer as error:
        return error.status, error.errors[0]["extensions"]["code"]
    return None


def test_a_gateway_stops_without_its_witness_and_goes_on_with_it(tmp_path, bare):
    plain, key = settings_in(tmp_path / "run")
    port = free_port()
    with witness(tmp_path / "witness", port, key) as lines:
        settings = plain.model_copy(update={"witness_policy": policy_file(tmp_path, key, lines)})
        background = Background(settings)
        background.__enter__()
        receipt = Proof.parse(ask(settings, background.address).receipt.encode())
        entry = background.call(lambda gateway: gateway.log.entry(receipt.index))
    try:
        policy = Policy.parse(settings.witness_policy.read_bytes())
        assert receipt.verify(entry, policy).origin == settings.origin

        until(lambda: refusal(settings, background.address) == (503, "UNWITNESSED"))
        before = background.call(lambda gateway: gateway.log.checkpoint())
        ready = httpx2.get(f"{background.address}/readyz")
        assert ready.status_code == 503
        assert "expected a quorum within 1 s" in ready.json()["unwitnessed"]
        assert refusal(settings, background.address) == (503, "UNWITNESSED")
        # Not even the intent was noted, and it comes before any register is asked.
        assert background.call(lambda gateway: gateway.log.checkpoint()) == before

        with witness(tmp_path / "witness", port, key) as again:
            assert again == lines
            until(lambda: refusal(settings, background.address) is None)
            assert httpx2.get(f"{background.address}/readyz").json()["log"] is True
    finally:
        background.__exit__()


def test_the_heads_that_a_quorum_saw_are_noted_and_notes_alone_are_not_noted_again(tmp_path, bare):
    plain, key = settings_in(tmp_path / "run")
    with witness(tmp_path / "witness", free_port(), key) as lines:
        settings = plain.model_copy(update={"witness_policy": policy_file(tmp_path, key, lines)})
        with Background(settings) as gateway:
            ask(settings, gateway.address)
            until(lambda: is_noted(gateway))
            noted = size(gateway)
            time.sleep(0.3)  # several rounds: they would have shown
            assert size(gateway) == noted
            last = gateway.call(lambda opened: opened.log.entry(noted - 1))
    assert NAME.encode() in last


def size(gateway):
    return int(gateway.call(lambda opened: opened.log.checkpoint()).splitlines()[1])


def is_noted(gateway):
    """Whether the last entry notes that a quorum saw all before it: intent, outcome, and perhaps a note between."""
    entries = size(gateway)
    last = parse_entry(gateway.call(lambda opened: opened.log.entry(entries - 1))) if entries else None
    is_note = last is not None and last.event == "checkpoint.witnessed"
    return entries >= 3 and is_note and last.number("size") == entries - 1


def is_seen(gateway):
    """Whether the witness has cosigned a head that covers all entries."""
    last = size(gateway) - 1
    try:
        return bool(gateway.call(lambda opened: opened.log.witnessed_proof(last)))
    except NoSuchEntry:
        return False


def test_a_second_history_is_refused_and_its_gateway_stops(tmp_path, bare):
    plain, key = settings_in(tmp_path / "run")
    port = free_port()
    with witness(tmp_path / "witness", port, key) as lines:
        policy = policy_file(tmp_path, key, lines)
        settings = plain.model_copy(update={"witness_policy": policy})
        with Background(settings) as gateway:
            ask(settings, gateway.address)
            until(lambda: is_noted(gateway) and is_seen(gateway))
        # The operator starts anew with the same key, as if nothing had been asked.
        (tmp_path / "fork").mkdir()
        for file in ("log.key.pem", "pseudonym.key", "vault.key"):
            (tmp_path / "fork" / file).write_bytes((tmp_path / "run" / file).read_bytes())
        fork = settings.model_copy(update={"run_folder": tmp_path / "fork"})
        with Background(fork) as gateway:
            until(lambda: refusal(fork, gateway.address) == (503, "UNWITNESSED"))
        plain_fork = fork.model_copy(update={"witness_policy": None})
        with Background(plain_fork) as gateway:
            gateway.call(grown)
            from_nothing = post(port, gateway.call(lambda opened: head_since(opened, 0)))
            seen = int(from_nothing.text)
            from_what_was_seen = post(port, gateway.call(lambda opened: head_since(opened, seen)))
    assert from_nothing.status_code == 409
    assert seen >= 3
    assert from_what_was_seen.status_code == 422


async def grown(gateway):
    """A fork of more entries than the witness saw of the first history."""
    for number in range(9):
        await gateway.log.append(b"entry %d" % number)


async def head_since(gateway, size):
    """The request to cosign the fork's head, for a witness that saw `size` entries."""
    note, path = Note.parse(await gateway.log.checkpoint()), await gateway.log.consistency(size)
    return bytes(AddCheckpoint(size, tuple(path), note))


def post(port, request):
    return httpx2.post(f"http://127.0.0.1:{port}/add-checkpoint", content=request)


def test_without_a_policy_nothing_is_required(tmp_path, bare):
    plain, _ = settings_in(tmp_path / "run")
    settings = plain.model_copy(update={"max_unwitnessed_s": 0.05})
    with Background(settings) as gateway:
        time.sleep(0.1)
        assert refusal(settings, gateway.address) is None
        assert "unwitnessed" not in httpx2.get(f"{gateway.address}/readyz").json()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "readable file"),
        ("quorum all\n", "tlog-policy: line 1"),
        ("quorum none\n", "to name the log"),
        ("log {key}\nwitness w {witness}\nquorum w\n", "where a quorum of witnesses is reached"),
        ("log {key}\nwitness w {witness} ftp://w\nquorum w\n", "begin with http"),
    ],
)
def test_a_policy_that_cannot_be_kept_stops_the_start(tmp_path, bare, text, says):
    settings, key = settings_in(tmp_path / "run", witness_policy=tmp_path / "policy")
    other = "witness.example/one+55da798a+BMhTrQ8M0rYZrqks7sT9VqJNZJnVhM55JX5Fz9gTm2Cn"
    if text is not None:
        settings.witness_policy.write_text(text.format(key=key, witness=other))

    async def start():
        async with opened(settings):
            pass

    with pytest.raises(CannotOpen, match=says):
        asyncio.run(start())
