"""What every parser must hold for any bytes, and a coverage-guided fuzzer that looks for bytes where it does not.

python -m tests.audit.fuzz note -max_total_time=600
"""

from __future__ import annotations

from collections.abc import Callable

from audit.errors import Malformed
from audit.merkle import Frontier
from audit.note import Checkpoint, Note, VerifierKey
from audit.policy import Policy
from audit.proof import Proof
from audit.tiles import TileName, pack_entries, unpack_entries
from audit.witness import AddCheckpoint
from tests.audit.conftest import ORIGIN, POLICY, SIGNER
from tests.audit.fuzz_evidence import EVIDENCE_PARSERS

Check = Callable[[bytes], None]


def _round_trip(parse: Callable[[bytes], object], write: Callable[[object], bytes]) -> Check:
    def check(data: bytes) -> None:
        try:
            read = parse(data)
        except Malformed:
            return
        assert write(read) == data

    return check


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


def _told(read: object) -> bytes:
    return str(read).encode("utf-8", "surrogateescape")


def _policy(data: bytes) -> None:
    """Comments and spaces go when a policy is written: it must mean the same."""
    try:
        read = Policy.parse(data)
    except Malformed:
        return
    assert Policy.parse(bytes(read)) == read


_NOTE = Checkpoint(ORIGIN, 7, bytes(32)).sign([SIGNER], time=0)
_PATH = (bytes(32), bytes(range(32)))

PARSERS: dict[str, tuple[bytes, Check]] = {
    "note": (bytes(_NOTE), _round_trip(Note.parse, lambda note: bytes(note))),  # type: ignore[call-overload]
    "checkpoint": (_NOTE.text.encode(), _round_trip(_text(Checkpoint.parse), _told)),
    "vkey": (str(SIGNER.key).encode(), _round_trip(_text(VerifierKey.parse), _told)),
    "proof": (
        bytes(Proof(3, _PATH, bytes(_NOTE), b"extra")),
        _round_trip(Proof.parse, lambda proof: bytes(proof)),
    ),  # type: ignore[call-overload]
    "request": (
        bytes(AddCheckpoint(3, _PATH, _NOTE)),
        _round_trip(AddCheckpoint.parse, lambda asked: bytes(asked)),  # type: ignore[call-overload]
    ),
    "policy": (bytes(POLICY) + b"# comment\n", _policy),
    "tile": (b"tile/0/x001/067.p/9", _round_trip(_text(TileName.parse), _told)),
    "bundle": (pack_entries([b"one", b"", b"three"]), _round_trip(unpack_entries, pack_entries)),  # type: ignore[arg-type]
    "frontier": (
        bytes(64),
        _round_trip(lambda data: Frontier.from_bytes(3, data), lambda read: read.to_bytes()),  # type: ignore[attr-defined]
    ),
    **EVIDENCE_PARSERS,
}
"""By name: bytes that are good, and what must hold for any."""
