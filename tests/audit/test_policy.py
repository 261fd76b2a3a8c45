"""The evaluator's trust file, and what it accepts."""

from __future__ import annotations

import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import MalformedPolicy, NotSigned, QuorumMissing, WrongOrigin, WrongSignature
from audit.note import Checkpoint, Kind, Note, Signer
from audit.policy import Policy
from tests.audit.conftest import ORIGIN, SIGNER


def cosigner(name: str) -> Signer:
    private = Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32))
    return Signer.ed25519(f"witness.example/{name}", private, Kind.COSIGNATURE_ED25519)


NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
COSIGNERS = {name: cosigner(name) for name in NAMES}
WITNESSES = "".join(f"witness {name} {signer.key}\n" for name, signer in COSIGNERS.items())
# The specification's own example, with keys filled in.
EXAMPLE = f"""\
log {SIGNER.key}

{WITNESSES}
group X-witnesses 2 X1 X2 X3
  # each organization has three
group\tY-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
HEAD = Checkpoint(ORIGIN, 7, bytes(32))


def cosigned_by(*names: str, head: Checkpoint = HEAD) -> Note:
    note = head.sign([SIGNER], time=0)
    return Note(
        note.text, (*note.signatures, *(COSIGNERS[name].signature(note.text, time=9) for name in names))
    )


def test_the_example_accepts_two_of_one_organization_and_one_of_the_other() -> None:
    policy = Policy.parse(EXAMPLE.encode())
    for count in range(len(NAMES) + 1):
        for names in itertools.combinations(NAMES, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            if enough:
                assert policy.open(cosigned_by(*names)) == HEAD
            else:
                with pytest.raises(QuorumMissing):
                    policy.open(cosigned_by(*names))


def test_a_policy_is_read_as_it_was_written() -> None:
    policy = Policy.parse(EXAMPLE.encode())
    assert Policy.parse(bytes(policy)) == policy
    with_urls = Policy.parse(f"log {SIGNER.key} https://log.example\nquorum none\n".encode())
    assert Policy.parse(bytes(with_urls)) == with_urls


def test_without_a_quorum_the_logs_signature_is_enough() -> None:
    assert Policy.parse(f"log {SIGNER.key}\nquorum none\n".encode()).open(cosigned_by()) == HEAD


def test_a_log_that_is_not_listed_and_a_missing_or_wrong_signature_are_refused() -> None:
    policy = Policy.parse(EXAMPLE.encode())
    with pytest.raises(WrongOrigin):
        policy.open(cosigned_by("X1", head=Checkpoint("other.example", 7, bytes(32))))
    note = cosigned_by("X1", "X2", "Y1")
    with pytest.raises(NotSigned):
        policy.open(Note(note.text, note.signatures[1:]))
    with pytest.raises(WrongSignature):
        policy.open(Note(str(Checkpoint(ORIGIN, 8, bytes(32))), note.signatures))


def test_a_witness_that_signed_something_else_is_refused_not_passed_over() -> None:
    note, other = cosigned_by("X1", "X2", "Y1"), cosigned_by("Y2", head=Checkpoint(ORIGIN, 8, bytes(32)))
    with pytest.raises(WrongSignature):
        Policy.parse(EXAMPLE.encode()).open(Note(note.text, (*note.signatures, other.signatures[1])))


LOG, ONE = f"log {SIGNER.key}\n", f"witness one {COSIGNERS['X1'].key}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        LOG,
        LOG + "quorum none",
        LOG + "quorum none\nquorum none\n",
        LOG + "quorum nobody\n",
        LOG + "quorum\n",
        LOG + "quorum none none\n",
        LOG + LOG + "quorum none\n",
        f"log {COSIGNERS['X1'].key}\nquorum none\n",
        f"log {SIGNER.key} https://a https://b\nquorum none\n",
        f"log {str(SIGNER.key)[:-2]}\nquorum none\n",
        LOG + f"witness one {SIGNER.key}\nquorum none\n",
        LOG + f"witness none {COSIGNERS['X1'].key}\nquorum none\n",
        LOG + ONE + ONE + "quorum none\n",
        LOG + ONE + f"witness two {COSIGNERS['X1'].key}\nquorum one\n",
        LOG + ONE + f"witness one {COSIGNERS['X2'].key}\nquorum one\n",
        LOG + ONE + "group one any one\nquorum one\n",
        LOG + ONE + "group none any one\nquorum one\n",
        LOG + ONE + "group g any\nquorum one\n",
        LOG + ONE + "group g some one\nquorum g\n",
        LOG + ONE + "group g 0 one\nquorum g\n",
        LOG + ONE + "group g 01 one\nquorum g\n",
        LOG + ONE + "group g 2 one\nquorum g\n",
        LOG + ONE + "group g any one one\nquorum g\n",
        LOG + ONE + "group g any g\nquorum g\n",
        LOG + ONE + "group g any later\ngroup later any one\nquorum g\n",
        LOG + ONE + "group g any one\ngroup h any one\nquorum g\n",
        "quorum one\n" + LOG + ONE,
        LOG + "quorum none\r\n",
        LOG + "\0\nquorum none\n",
        LOG + "Log x\nquorum none\n",
    ],
)
def test_anything_but_a_policy_is_refused(text: str) -> None:
    with pytest.raises(MalformedPolicy):
        Policy.parse(text.encode())


def test_a_fault_names_its_line_and_never_the_key() -> None:
    with pytest.raises(MalformedPolicy, match=r"^line 3: ") as refused:
        Policy.parse(f"# first\n\nlog {str(SIGNER.key)[:-2]}\nquorum none\n".encode())
    assert str(SIGNER.key)[-20:-4] not in str(refused.value)


def test_names_and_comments_need_not_be_ascii() -> None:
    policy = Policy.parse(f"# 见证\n{LOG}witness 见证人 {COSIGNERS['X1'].key}\nquorum 见证人\n".encode())
    assert policy.open(cosigned_by("X1")) == HEAD
    assert Policy.parse(b"# \xff\xfe\n" + LOG.encode() + b"quorum none\n").quorum is None
