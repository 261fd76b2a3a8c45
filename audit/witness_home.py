"""What does an evaluator need to run a witness? One folder, the log's verifier key, and a port.

The keys are made in the folder when it is empty, and never leave it; the memory of what was
cosigned lies beside them. Back up the keys; never restore the memory from a backup: a witness
that forgets would cosign a second history.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.errors import MalformedKey
from audit.note import Kind, Signer, VerifierKey
from audit.witness import Witness, witness_server

KEYS = "witness.keys"
MEMORY = "witness.db"


def witness_signers(folder: Path, *, name: str, entropy: Callable[[int], bytes] = os.urandom) -> list[Signer]:
    """The witness's cosigners, Ed25519 and ML-DSA-44; their keys are made when `folder` has none.

    `name`   the witness's name in cosignatures, for example `witness.example/audit-office`
    Raises `MalformedKey` when the file of keys was changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / KEYS
    if not path.exists():
        _write_new(path, f"ed25519 {entropy(32).hex()}\nml-dsa-44 {entropy(32).hex()}\n")
    found = re.fullmatch(rb"ed25519 ([0-9a-f]{64})\nml-dsa-44 ([0-9a-f]{64})\n", path.read_bytes())
    if found is None:
        raise MalformedKey(f"expected two keys in `{KEYS}`")
    classical, quantum = (bytes.fromhex(digits.decode()) for digits in found.groups())
    return [
        Signer.ed25519(name, Ed25519PrivateKey.from_private_bytes(classical), Kind.COSIGNATURE_ED25519),
        Signer.ml_dsa_44(name, MLDSA44PrivateKey.from_seed_bytes(quantum)),
    ]


def open_witness(
    folder: Path, *, name: str, logs: Sequence[VerifierKey], clock: Callable[[], float] = time.time
) -> Witness:
    """A witness that lives in `folder` and knows these `logs`."""
    return Witness(folder / MEMORY, logs=logs, signers=witness_signers(folder, name=name), clock=clock)


def policy_lines(folder: Path, *, name: str, url: str) -> str:
    """What the log's operator puts into the policy to be cosigned by this witness, under the names `…-1` and `…-2`."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")
    signers = witness_signers(folder, name=name)
    return "".join(f"witness {word}-{at} {signer.key} {url}\n" for at, signer in enumerate(signers, 1))


def serve_witness(folder: Path, *, name: str, logs: Sequence[VerifierKey], host: str, port: int) -> None:
    """Answer logs until interrupted."""
    witness = open_witness(folder, name=name, logs=logs)
    try:
        uvicorn.run(witness_server(witness), host=host, port=port, log_level="warning")
    finally:
        witness.close()


def _write_new(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(
        os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
