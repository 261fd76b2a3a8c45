"""The examples of docs/audit-log-format.md are true: they can be used as test vectors."""

from __future__ import annotations

import re
from pathlib import Path

from audit.merkle import leaf_hash
from audit.note import Checkpoint, Kind, Note, VerifierKey, signed_bytes
from audit.policy import Policy
from audit.proof import Proof
from audit.tiles import pack_entries, tile_names, unpack_entries
from audit.witness import AddCheckpoint, Witness
from tests.audit.conftest import SIGNER, root_of
from tests.audit.test_witness import COSIGNER

PAGE = (Path(__file__).parents[2] / "docs/audit-log-format.md").read_text(encoding="utf-8")
ENTRIES = [b"first", b"second", b"third"]


def example(kind: str) -> str:
    """The first block of that kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


POLICY = Policy.parse(example("policy").encode())


def test_the_note_is_a_checkpoint_that_satisfies_the_policy() -> None:
    head = POLICY.open(Note.parse(example("note").encode()))
    assert (head.size, head.root) == (3, root_of(map(leaf_hash, ENTRIES)))


def test_the_verifier_key_is_read() -> None:
    assert VerifierKey.parse(example("vkey").strip()) == SIGNER.key


def test_the_leaves_and_the_bundle_are_those_of_the_entries() -> None:
    assert example("leaves").split() == [leaf_hash(entry).hex() for entry in ENTRIES]
    bundle = bytes.fromhex(example("bundle"))
    assert bundle == pack_entries(ENTRIES)
    assert unpack_entries(bundle) == ENTRIES


def test_the_files_are_those_of_70_000_entries() -> None:
    names = [str(name) for name in tile_names(70_000)]
    assert "has 551 files" in PAGE
    assert len(names) == 551
    assert names[-3:] == example("files").split()


def test_the_proof_verifies() -> None:
    assert Proof.parse(example("proof").encode()).verify(b"second", POLICY).size == 3


def test_the_cosigned_message_is_what_is_signed() -> None:
    text = Note.parse(example("note").encode()).text
    signed = signed_bytes(Kind.COSIGNATURE_ED25519, text=text, name="any", time=1795305600)
    assert signed.decode() == example("text")


def test_the_request_is_one_that_a_witness_cosigns(tmp_path: Path) -> None:
    asked = AddCheckpoint.parse(example("request").encode())
    assert (asked.old, len(asked.path)) == (1, 2)
    [known] = POLICY.witnesses.values()
    assert known.key.name == "witness.example/one"
    witness = Witness(tmp_path / "seen.db", logs=[SIGNER.key], signers=[COSIGNER])
    first = Checkpoint(SIGNER.key.name, 1, leaf_hash(b"first")).sign([SIGNER], time=0)
    witness.add_checkpoint(bytes(AddCheckpoint(0, (), first)))
    assert witness.add_checkpoint(example("request").encode())
    witness.close()
