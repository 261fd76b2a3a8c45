"""Programs that we did not write accept our bytes, and refuse them when one bit is turned.

Go's `sumdb/note` and `sumdb/tlog`, `@sigstore/verify`, sigstore-python, pymerkle, and a time stamp
by `openssl ts` read with rfc3161-client. A test is skipped, with its reason, where the program is missing.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pymerkle
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client import VerificationError as StampRefused
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError

from audit.merkle import Frontier, leaf_hash
from audit.note import Checkpoint, Signer
from audit.tiles import Tree
from tests.audit.conftest import ORIGIN, SIGNER, root_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
QUANTUM = Signer.ml_dsa_44(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes(32)))
GO_SOURCES = Path("/usr/share/gocode")
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 1000)


def entry_of(index: int) -> bytes:
    return b"entry %d" % index


def tree_of(size: int) -> Tree:
    """A tree whose tiles are computed from scratch."""

    def read(level: int, index: int, width: int) -> bytes:
        span = 256**level
        starts = range(index * 256 * span, (index * 256 + width) * span, span)
        return b"".join(
            root_of(leaf_hash(entry_of(at)) for at in range(start, start + span)) for start in starts
        )

    return Tree(read)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def inclusions() -> list[tuple[dict[str, Any], bool]]:
    """Proofs, each followed by one with a changed entry, a changed hash, or another index."""
    chance, cases = random.Random(5), []
    for size in SIZES:
        tree = tree_of(size)
        for index in sorted({0, size // 3, size // 2, size - 1}):
            path, root = tree.inclusion(index, size), tree.root(size)
            good = {
                "entry": text(entry_of(index)),
                "root": text(root),
                "index": index,
                "size": size,
                "path": [text(hash_) for hash_ in path],
            }
            cases += [(good, True), ({**good, "entry": text(b"another")}, False)]
            cases.append(({**good, "root": text(flipped(root, chance.randrange(32)))}, False))
            if path:
                cases.append(({**good, "path": [text(flipped(path[0], 7)), *good["path"][1:]]}, False))
                cases.append(({**good, "path": good["path"][:-1]}, False))
    return cases


def consistencies() -> list[tuple[dict[str, Any], bool]]:
    cases = []
    for new in SIZES[1:]:
        tree = tree_of(new)
        for old in sorted({1, new // 2, new - 1}):
            good = {
                "oldroot": text(tree.root(old)),
                "newroot": text(tree.root(new)),
                "old": old,
                "new": new,
                "path": [text(hash_) for hash_ in tree.consistency(old, new)],
            }
            cases += [(good, True), ({**good, "oldroot": text(bytes(32))}, False)]
            cases.append(({**good, "newroot": text(bytes(32))}, False))
    return cases


def notes() -> list[tuple[bytes, bool]]:
    cases = []
    for size in SIZES:
        head = Checkpoint(ORIGIN, size, tree_of(size).root(size))
        for signers in ([SIGNER], [SIGNER, QUANTUM]):  # they pass over a line of a kind that they do not know
            note = bytes(head.sign(signers, time=1))
            body = note.index(b"\n") + 1
            cases += [(note, True), (flipped(note, body), False)]
    return cases


def ask(command: list[str | Path], *, with_consistency: bool) -> None:
    """Hand every case to a program, and compare what it accepts with what is good."""
    signed, included, consistent = notes(), inclusions(), consistencies() if with_consistency else []
    asked = {
        "vkey": str(SIGNER.key),
        "notes": [text(note) for note, _ in signed],
        "inclusions": [case for case, _ in included],
        "consistencies": [case for case, _ in consistent],
    }
    run = subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [good for _, good in [*signed, *included, *consistent]]


def test_go_accepts_our_notes_and_proofs_and_refuses_changed_ones(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None or not (GO_SOURCES / "src/golang.org/x/mod/sumdb/tlog").exists():
        pytest.skip(
            "no Go with golang.org/x/mod: Debian's golang-go and golang-golang-x-mod-dev are not installed"
        )
    program = tmp_path / "check"
    offline = {
        "GO111MODULE": "off",
        "GOPATH": str(GO_SOURCES),
        "GOCACHE": str(tmp_path / "cache"),
        "GOFLAGS": "",
    }
    build = [go, "build", "-o", program, HERE / "oracles/check.go"]
    subprocess.run(build, check=True, env={**os.environ, **offline}, timeout=300)
    ask([program], with_consistency=True)


def test_sigstore_js_accepts_our_notes_and_proofs_and_refuses_changed_ones() -> None:
    folders = [ROOT / "node_modules", *map(Path, filter(None, os.environ.get("NODE_PATH", "").split(":")))]
    package = next((at / "@sigstore/verify" for at in folders if (at / "@sigstore/verify").exists()), None)
    node = shutil.which("node")
    if node is None or package is None:
        pytest.skip("no node with @sigstore/verify in node_modules or NODE_PATH")
    ask([node, HERE / "oracles/check.cjs", package], with_consistency=False)


def test_sigstore_python_accepts_our_proofs_and_refuses_changed_ones() -> None:
    for case, good in inclusions():
        proof = SimpleNamespace(
            log_index=case["index"],
            tree_size=case["size"],
            hashes=[base64.b64decode(hash_) for hash_ in case["path"]],
            root_hash=base64.b64decode(case["root"]),
        )
        inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=base64.b64decode(case["entry"]))
        entry: Any = SimpleNamespace(_inner=inner)
        if good:
            verify_merkle_inclusion(entry)
        else:
            with pytest.raises(VerificationError):
                verify_merkle_inclusion(entry)


def test_sigstore_python_reads_our_checkpoint() -> None:
    root = tree_of(257).root(257)
    note = bytes(Checkpoint(ORIGIN, 257, root).sign([SIGNER], time=0))
    read = SignedCheckpoint.from_text(note.decode())
    assert (read.checkpoint.origin, read.checkpoint.log_size) == (ORIGIN, 257)
    assert read.checkpoint.log_hash == root.hex()
    assert read.signed_note.signatures[0].sig_hash == SIGNER.key.key_id


def test_pymerkle_finds_the_same_roots_and_the_same_proofs() -> None:
    theirs, ours = pymerkle.InmemoryTree(algorithm="sha256"), Frontier()
    for index in range(520):
        theirs.append_entry(entry_of(index))
        ours, _ = ours.extend([leaf_hash(entry_of(index))])
        assert theirs.get_root() == ours.root()
    tree = tree_of(520)
    for index in (0, 299, 511, 519):
        _leaf, *path = (
            bytes.fromhex(hash_) for hash_ in theirs.prove_inclusion(index + 1, 520).serialize()["path"]
        )
        assert path == tree.inclusion(index, 520)


def test_a_time_stamp_over_a_checkpoint_is_verified_by_rfc3161_client(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to stamp with")
    note = bytes(Checkpoint(ORIGIN, 257, tree_of(257).root(257)).sign([SIGNER], time=0))
    request = TimestampRequestBuilder().data(note).build()
    stamp = stamped(request.as_bytes(), tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "tsa.pem").read_bytes())
    verifier = VerifierBuilder.from_request(request).add_root_certificate(certificate).build()
    verifier.verify_message(stamp, note)
    with pytest.raises(StampRefused):
        verifier.verify_message(stamp, flipped(note, 30))


def stamped(request: bytes, folder: Path) -> Any:
    """The answer of a time stamp authority that lives for this test."""
    (folder / "request.tsq").write_bytes(request)
    (folder / "serial").write_text("01\n")
    (folder / "tsa.cnf").write_text(
        f"""
[req]
distinguished_name = name
x509_extensions = stamping
prompt = no
[name]
CN = synthetic time stamp authority
[stamping]
extendedKeyUsage = critical,timeStamping
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
digests = sha256, sha512
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.1
ess_cert_id_alg = sha256
"""
    )
    here = {"cwd": folder, "check": True, "capture_output": True, "timeout": 60}
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-config", "tsa.cnf", "-days", "2"]
    subprocess.run([*new, "-keyout", "tsa.key", "-out", "tsa.pem"], **here)
    reply = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "one", "-queryfile", "request.tsq"]
    subprocess.run([*reply, "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "stamp.tsr"], **here)
    return decode_timestamp_response((folder / "stamp.tsr").read_bytes())
