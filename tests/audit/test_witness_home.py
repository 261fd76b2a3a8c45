"""A witness in a folder, as an evaluator runs it."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from audit.errors import MalformedKey
from audit.note import Note
from audit.policy import Policy
from audit.witness_home import KEYS, open_witness, policy_lines, witness_signers
from tests.audit.conftest import SIGNER
from tests.audit.test_witness import request, signed
from tests.postgres import free_port

NAME = "witness.example/audit-office"
ROOT = Path(__file__).parents[2]


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first, again = (witness_signers(tmp_path, name=NAME) for _ in range(2))
    assert [signer.key for signer in first] == [signer.key for signer in again]
    assert stat.S_IMODE((tmp_path / KEYS).stat().st_mode) == 0o600
    other = witness_signers(tmp_path / "other", name=NAME)
    assert other[0].key != first[0].key


@pytest.mark.parametrize("keys", [b"ed25519 00\n", b"\xff", b""])
def test_changed_keys_are_refused(tmp_path: Path, keys: bytes) -> None:
    witness_signers(tmp_path, name=NAME)
    (tmp_path / KEYS).write_bytes(keys)
    with pytest.raises(MalformedKey):
        witness_signers(tmp_path, name=NAME)


def test_its_lines_make_a_policy_that_its_cosignatures_satisfy(tmp_path: Path) -> None:
    lines = policy_lines(tmp_path, name=NAME, url="http://127.0.0.1:1")
    names = "witness-example-audit-office-1 witness-example-audit-office-2"
    policy = Policy.parse(f"log {SIGNER.key}\n{lines}group both all {names}\nquorum both\n".encode())
    witness = open_witness(tmp_path, name=NAME, logs=[SIGNER.key])
    note = Note.parse(bytes(signed(3)) + witness.add_checkpoint(request(0, 3)))
    assert policy.open(note).size == 3
    witness.close()


SERVE = """
import sys
from pathlib import Path
from audit.note import VerifierKey
from audit.witness_home import serve_witness
folder, name, log, port = sys.argv[1:]
serve_witness(Path(folder), name=name, logs=[VerifierKey.parse(log)], host="127.0.0.1", port=int(port))
"""


@contextmanager
def served(folder: Path) -> Iterator[httpx2.Client]:
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(folder), NAME, str(SIGNER.key), str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_for(client)
            yield client
    finally:
        process.kill()
        process.wait()


def wait_for(client: httpx2.Client) -> None:
    for _ in range(300):
        try:
            client.get("/")
        except httpx2.ConnectError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError


def test_a_witness_that_was_killed_remembers_what_it_cosigned(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        assert client.post("/add-checkpoint", content=request(0, 8)).status_code == 200
    with served(tmp_path) as client:
        answer = client.post("/add-checkpoint", content=request(0, 9))
        assert (answer.status_code, answer.text) == (409, "8\n")
        assert client.post("/add-checkpoint", content=request(8, 9)).status_code == 200
