"""The receipt: read strictly, verified in the specification's order."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from audit.errors import Malformed, MalformedProof, NotProven, WrongOrigin, WrongProof
from audit.merkle import leaf_hash, node_hash
from audit.note import Checkpoint
from audit.policy import Policy
from audit.proof import Proof
from tests.audit.conftest import ORIGIN, POLICY, SIGNER

ENTRY = b"logged"
SIBLING = sha256(b"sibling").digest()
ROOT = node_hash(leaf_hash(ENTRY), SIBLING)
PROOF = Proof(0, (SIBLING,), bytes(Checkpoint(ORIGIN, 2, ROOT).sign([SIGNER], time=0)))
TEXT = bytes(PROOF)

# C2SP tlog-proof, as of commit 5ba5ee8: its example, without the `extra` line, which is no base64 as printed,
# and with the abridged signatures filled in by zeros.
SPEC = """\
c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJwAAAAAA
""".encode()


def test_a_proof_verifies_for_its_entry_and_no_other() -> None:
    assert PROOF.verify(ENTRY, POLICY) == Checkpoint(ORIGIN, 2, ROOT)
    for proof, entry in (
        (PROOF, b"another"),
        (replace(PROOF, index=1), ENTRY),
        (replace(PROOF, index=2), ENTRY),
        (replace(PROOF, path=()), ENTRY),
        (replace(PROOF, path=(SIBLING, SIBLING)), ENTRY),
    ):
        with pytest.raises(WrongProof):
            proof.verify(entry, POLICY)


def test_a_proof_of_a_log_that_is_not_trusted_is_refused() -> None:
    with pytest.raises(WrongOrigin):
        PROOF.verify(ENTRY, Policy())


def test_the_specifications_example_is_read() -> None:
    proof = Proof.parse(SPEC)
    assert (proof.index, len(proof.path)) == (73894, 5)
    assert proof.checkpoint.startswith(b"example.com/fancylog\n109482\n")
    assert bytes(proof) == SPEC


def test_a_proof_is_read_as_it_was_written() -> None:
    assert bytes(Proof.parse(TEXT)) == TEXT
    assert TEXT.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n")
    with_extra = replace(PROOF, extra=b"anything")
    assert Proof.parse(bytes(with_extra)) == with_extra
    assert with_extra.verify(ENTRY, POLICY).size == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        TEXT.replace(b"@v1", b"@v2"),
        TEXT.replace(b"index 0", b"index 00"),
        TEXT.replace(b"index 0", b"index -1"),
        TEXT.replace(b"index 0", b"index  0"),
        TEXT.replace(b"index 0\n", b""),
        TEXT.replace(b"index 0\n", b"index 0\nindex 0\n"),
        TEXT.replace(b"index 0\n", b"extra \nindex 0\n"),
        TEXT.replace(b"index 0\n", b"index 0\nextra AAAA\n"),
        TEXT.replace(b"index 0\n", b"index 0\n" + b"A" * 43 + b"=\n" * 63),
        TEXT.replace(b"index 0\n", b"index 0\nAAAA\n"),
        TEXT.replace(b"\n\n", b"\n", 1),
        TEXT.replace(b"index 0\n", b"index 0\r\n"),
        b"\xef\xbb\xbf" + TEXT,
    ],
)
def test_anything_but_a_proof_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedProof):
        Proof.parse(data)


def test_every_turned_bit_is_noticed() -> None:
    for at in range(len(TEXT)):
        for bit in (1, 0x20, 0x80):
            turned = bytearray(TEXT)
            turned[at] ^= bit
            with pytest.raises((Malformed, NotProven)):
                Proof.parse(bytes(turned)).verify(ENTRY, POLICY)
