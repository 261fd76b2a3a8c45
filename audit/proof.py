"""Was this entry logged? A receipt that answers without asking the log.

Format: C2SP tlog-proof@v1, an untagged draft, pinned at commit 5ba5ee8.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from audit.errors import MalformedProof
from audit.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from audit.note import Checkpoint, Note, decode_base64, encode_base64, parse_size
from audit.policy import Policy

HEADER = "c2sp.org/tlog-proof@v1"
HASHES_MAX = 63


@dataclass(frozen=True, slots=True)
class Proof:
    """Entry `index` lies under a checkpoint: the path of 0 to 63 hashes, and the checkpoint's bytes as signed.

    `extra` is carried and not covered by any signature; None when the line is absent.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a tlog-proof. Raises `MalformedProof`; the checkpoint inside is read by `verify`."""
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            header, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise MalformedProof("expected ASCII above the checkpoint") from None
        if not blank or header != HEADER:
            raise MalformedProof(f"expected `{HEADER}`, hashes, an empty line and a checkpoint")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0)[6:], MalformedProof)
        if not lines or not lines[0].startswith("index "):
            raise MalformedProof("expected a line `index <decimal>`")
        index = parse_size(lines[0][6:], MalformedProof)
        return cls(index, parse_hashes(lines[1:]), checkpoint, extra)

    def __bytes__(self) -> bytes:
        return format_proof(self.index, self.path, self.checkpoint, self.extra)

    def verify(self, entry: bytes, policy: Policy) -> Checkpoint:
        """The head under which `entry` was logged; the steps are those of the specification.

        Raises `Malformed…`, `NotProven` in one of its kinds.
        """
        leaf = leaf_hash(entry)  # 1
        head = policy.open(Note.parse(self.checkpoint))  # 2, 3
        verify_inclusion(index=self.index, size=head.size, leaf=leaf, path=self.path, root=head.root)  # 4
        return head


def format_proof(index: int, path: Iterable[bytes], checkpoint: bytes, extra: bytes | None = None) -> bytes:
    """The bytes of a `Proof` of these parts."""
    carried = f"extra {encode_base64(extra)}\n" if extra else ""
    return f"{HEADER}\n{carried}index {index}\n{format_hashes(path)}\n".encode() + checkpoint


def parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    """At most 63 hashes, one per line. Raises `MalformedProof`."""
    if len(lines) > HASHES_MAX:
        raise MalformedProof(f"expected at most {HASHES_MAX} hashes, got {len(lines)}")
    hashes = tuple(decode_base64(line, MalformedProof) for line in lines)
    if any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise MalformedProof("expected hashes of 32 bytes")
    return hashes


def format_hashes(hashes: Iterable[bytes]) -> str:
    """One line of base64 per hash, each with its newline."""
    return b"".join(map(b2a_base64, hashes)).decode()
