"""Notes, keys and checkpoints: the specification's own vectors, and the nearest neighbours that are refused."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import (
    Malformed,
    MalformedCheckpoint,
    MalformedKey,
    MalformedNote,
    NotSigned,
    WrongOrigin,
    WrongSignature,
)
from audit.note import Checkpoint, Kind, Note, Signature, Signer, VerifierKey, signed_bytes
from tests.audit.conftest import ORIGIN, SIGNER

# C2SP signed-note, as of commit 5ba5ee8: the key and the note it verifies.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# Its opening example: a text with an empty line inside.
SPEC_POEM = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
).encode()
# C2SP tlog-cosignature: a checkpoint with its log's and a witness's signature.
SPEC_COSIGNED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
).encode()
# golang.org/x/mod/sumdb/note's own test vectors.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

COSIGNER = Signer.ed25519(
    "witness.example/w", Ed25519PrivateKey.from_private_bytes(b"w" * 32), Kind.COSIGNATURE_ED25519
)
QUANTUM = Signer.ml_dsa_44("witness.example/w", MLDSA44PrivateKey.from_seed_bytes(b"w" * 32))
HEAD = Checkpoint(ORIGIN, 7, sha256(b"").digest())
NOTE = HEAD.sign([SIGNER], time=0)


@pytest.mark.parametrize(("key", "note"), [(SPEC_KEY, SPEC_NOTE), (GO_KEY, GO_NOTE)])
def test_notes_by_others_verify(key: str, note: bytes) -> None:
    [verified] = Note.parse(note).signed_by([VerifierKey.parse(key)])
    assert str(verified.key) == key
    assert verified.time is None


@pytest.mark.parametrize("data", [SPEC_NOTE, SPEC_POEM, SPEC_COSIGNED, GO_NOTE])
def test_notes_by_others_are_read_and_written_alike(data: bytes) -> None:
    assert bytes(Note.parse(data)) == data


def test_the_text_ends_at_the_last_empty_line() -> None:
    assert Note.parse(SPEC_POEM).text.endswith("sole:\n\ned è subito sera.\n")


def test_the_specifications_checkpoint_is_read() -> None:
    note = Note.parse(SPEC_COSIGNED)
    head = Checkpoint.parse(note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(head) == note.text
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147


def test_what_a_cosignature_signs_is_what_the_specification_shows() -> None:
    text = Note.parse(SPEC_COSIGNED).text
    signed = signed_bytes(Kind.COSIGNATURE_ED25519, text=text, name="any", time=1679315147)
    assert signed.decode() == f"cosignature/v1\ntime 1679315147\n{text}"
    signed = signed_bytes(Kind.COSIGNATURE_ML_DSA_44, text=text, name="w", time=5)
    assert signed == (
        b"subtree/v1\n\0\x01w"
        + (5).to_bytes(8, "big")
        + b"\x1bexample.com/behind-the-sofa"
        + bytes(8)
        + (20852163).to_bytes(8, "big")
        + base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    )


@pytest.mark.parametrize("signer", [SIGNER, COSIGNER, QUANTUM], ids=lambda signer: signer.key.kind.name)
def test_every_kind_of_signature_verifies_and_one_turned_bit_does_not(signer: Signer) -> None:
    line = signer.signature(str(HEAD), time=1_800_000_000)
    assert signer.key.verify(str(HEAD), line) == (None if signer is SIGNER else 1_800_000_000)
    for at in (0, 7, 8, len(line.value) - 1):
        turned = bytearray(line.value)
        turned[at] ^= 1
        with pytest.raises(WrongSignature):
            signer.key.verify(str(HEAD), Signature(line.name, line.key_id, bytes(turned)))
    with pytest.raises(WrongSignature):
        signer.key.verify(str(Checkpoint(ORIGIN, 8, HEAD.root)), line)
    assert VerifierKey.parse(str(signer.key)) == signer.key
    assert Signature.parse(str(line)) == line


def test_signing_one_head_twice_gives_the_same_bytes() -> None:
    assert bytes(HEAD.sign([SIGNER], time=1)) == bytes(HEAD.sign([SIGNER], time=2))


def test_signatures_of_strangers_are_passed_over_and_those_of_impostors_are_not() -> None:
    stranger = Signer.ed25519("other.example", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
    note = Note(NOTE.text, (stranger.signature(NOTE.text, time=0), *NOTE.signatures))
    assert [verified.key for verified in note.signed_by([SIGNER.key])] == [SIGNER.key]
    with pytest.raises(NotSigned):
        NOTE.signed_by([stranger.key])
    [line] = NOTE.signatures
    impostor = Signature(line.name, line.key_id, bytes(64))
    with pytest.raises(WrongSignature):
        Note(NOTE.text, (impostor,)).signed_by([SIGNER.key])
    with pytest.raises(WrongSignature):
        Note(NOTE.text, (line, impostor)).signed_by([SIGNER.key])


def test_a_checkpoint_is_opened_for_its_own_log_only() -> None:
    assert Checkpoint.open(NOTE, origin=ORIGIN, keys=[SIGNER.key]) == HEAD
    with pytest.raises(WrongOrigin):
        Checkpoint.open(NOTE, origin="other.example", keys=[SIGNER.key])
    elsewhere = VerifierKey("other.example", Kind.ED25519, SIGNER.key.public)
    with pytest.raises(NotSigned):
        Checkpoint.open(NOTE, origin=ORIGIN, keys=[elsewhere])


LINE = str(NOTE.signatures[0])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"text\n",
        b"text\n\n",
        NOTE.text.encode() + LINE.encode() + b"\n",
        f"text\n\n{LINE}".encode(),
        f"text\n\n{LINE}\n\n".encode(),
        f"text\n\n-- {LINE[2:]}\n".encode(),
        f"text\n\n—{LINE[2:]}\n".encode(),
        f"text\n\n{LINE} \n".encode(),
        f"text\n\n{LINE}\r\n".encode(),
        f"te\txt\n\n{LINE}\n".encode(),
        f"te\0xt\n\n{LINE}\n".encode(),
        b"te\xffxt\n\n" + LINE.encode() + b"\n",
        "text\n\n— na+me AAAAAAAA\n".encode(),
        "text\n\n— na\u3000me AAAAAAAA\n".encode(),
        "text\n\n—  AAAAAAAA\n".encode(),
        "text\n\n— name AAAAAA==\n".encode(),
        "text\n\n— name AAAAAAA\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        "text\n\n— name AAAA AAAA\n".encode(),
        "text\n\n— name AAAA-AAA\n".encode(),
        f"text\n\n{f'{LINE}{chr(10)}' * 65}".encode(),
        b"x" * (1 << 20) + f"\n\n{LINE}\n".encode(),
    ],
)
def test_anything_but_a_note_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedNote):
        Note.parse(data)


def test_sixteen_signatures_are_taken_as_every_reader_must() -> None:
    assert len(Note.parse(f"text\n\n{f'{LINE}{chr(10)}' * 16}".encode()).signatures) == 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n7\n",
        f"\n7\n{LINE}\n",
        str(HEAD).replace("\n7\n", "\n07\n"),
        str(HEAD).replace("\n7\n", "\n+7\n"),
        str(HEAD).replace("\n7\n", "\n-7\n"),
        str(HEAD).replace("\n7\n", "\n7 \n"),
        str(HEAD).replace("\n7\n", "\n\u0667\n"),
        str(HEAD).replace("\n7\n", "\n9223372036854775808\n"),
        str(HEAD).replace("\n7\n", "\n\n"),
        str(HEAD).replace("=\n", "\n"),
        str(HEAD).replace("=\n", "=\nextension\n"),
        str(HEAD)[:-1],
        str(HEAD) + "\n",
        "origin\n7\nAAAA\n",
    ],
)
def test_anything_but_origin_size_and_root_is_refused(text: str) -> None:
    with pytest.raises(MalformedCheckpoint):
        Checkpoint.parse(text)


def test_root_bits_that_carry_nothing_must_be_zero() -> None:
    text = str(HEAD)
    assert text.endswith("FU=\n"), "the last sign before the padding carries two idle bits"
    for other in ("FV=\n", "FW=\n", "FX=\n"):
        with pytest.raises(MalformedCheckpoint):
            Checkpoint.parse(text.replace("FU=\n", other))


def test_the_largest_size_is_taken() -> None:
    assert Checkpoint.parse(str(Checkpoint(ORIGIN, 2**63 - 1, HEAD.root))).size == 2**63 - 1


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+530d903a",
        SPEC_KEY.replace("530d903a", "530d903b"),
        SPEC_KEY.replace("530d903a", "530D903A"),
        SPEC_KEY.replace("example.com/foo", "example.com/bar"),
        SPEC_KEY.replace("example.com/foo", "exam ple.com"),
        SPEC_KEY + "=",
        SPEC_KEY[:-4],
        SPEC_KEY.replace("+AekyeRr", "+A"),
        SPEC_KEY + "\n",
        "example.com/foo+530d903a+/ekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_anything_but_a_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(MalformedKey):
        VerifierKey.parse(vkey)


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_read_as_it_was_written(seed: bytes) -> None:
    key = Signer.ed25519("example.com/log", Ed25519PrivateKey.from_private_bytes(seed)).key
    assert VerifierKey.parse(str(key)) == key


@given(st.text(), st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_is_read_as_it_was_written(origin: str, size: int, root: bytes) -> None:
    head = Checkpoint(origin, size, root)
    if origin and not re.search(r"\n", origin):
        assert Checkpoint.parse(str(head)) == head
    else:
        with pytest.raises(Malformed):
            Checkpoint.parse(str(head))
