"""Who signed this text, and is it a checkpoint of a log?

Formats: C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-cosignature v1.0.1 and, for
ML-DSA-44, v1.1.0-rc.1, all as of commit 5ba5ee8. Parsing is strict: what is parsed and
formatted again is the same bytes, or `Malformed…` is raised. Verifying raises as well.
A signer is a name, a public key and a function, so that a key may live in a device.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from audit.errors import (
    Malformed,
    MalformedCheckpoint,
    MalformedKey,
    MalformedNote,
    NotSigned,
    WrongOrigin,
    WrongSignature,
)

SIGNATURES_MAX = 64
"""The format asks readers to take at least 16; a signature of each of 32 witnesses in two kinds fits."""

NOTE_BYTES_MAX = 1 << 20
SIZE_MAX = 2**63 - 1


class Kind(IntEnum):
    """How a key signs: the signature type byte of signed-note."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    COSIGNATURE_ML_DSA_44 = 0x06


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: a key's name, its id of 4 bytes, and what it signed, 1 byte or more."""

    name: str
    key_id: bytes
    value: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line without its newline. Raises `MalformedNote`."""
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        if mark != "—" or not is_key_name(name):
            raise MalformedNote("expected a signature line `— <name> <base64>`")
        blob = decode_base64(encoded, MalformedNote)
        if len(blob) < 5:
            raise MalformedNote(f"expected a key id and a signature, got {len(blob)} bytes")
        return cls(name, blob[:4], blob[4:])

    def __str__(self) -> str:
        return f"— {self.name} {encode_base64(self.key_id + self.value)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signatures below it, in their order."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a signed note. Raises `MalformedNote`. Signatures are read, not verified."""
        if len(data) > NOTE_BYTES_MAX:
            raise MalformedNote(f"expected at most {NOTE_BYTES_MAX} bytes, got {len(data)}")
        try:
            whole = data.decode()
        except UnicodeDecodeError:
            raise MalformedNote("expected UTF-8") from None
        if any(sign < " " and sign != "\n" for sign in whole):
            raise MalformedNote("expected no control characters but newlines")
        text, blank, below = whole.rpartition("\n\n")
        if not blank or not below.endswith("\n"):
            raise MalformedNote("expected a text, an empty line and signature lines")
        lines = below[:-1].split("\n")
        if len(lines) > SIGNATURES_MAX:
            raise MalformedNote(f"expected at most {SIGNATURES_MAX} signatures, got {len(lines)}")
        return cls(text + "\n", tuple(map(Signature.parse, lines)))

    def __bytes__(self) -> bytes:
        return "\n".join((self.text, *map(str, self.signatures), "")).encode()

    def signed_by(self, keys: Iterable[VerifierKey]) -> list[Verified]:
        """The signatures by these keys, each verified; those of unknown keys are passed over.

        Raises `WrongSignature` when one of a known key does not verify, `NotSigned` when there is none.
        """
        known = {(key.name, key.key_id): key for key in keys}
        found = {}
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is not None and key in found:
                raise WrongSignature(f"expected one signature by `{key.name}`, got two")
            if key is not None:
                found[key] = Verified(key, key.verify(self.text, line), line)
        if not found:
            raise NotSigned("expected a signature by a known key, got none")
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that verified, by whom, and the POSIX time it states; None for kinds that state none."""

    key: VerifierKey
    time: int | None
    line: Signature


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name and the kind of signature it is good for (vkey).

    >>> VerifierKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").kind.name
    'ED25519'
    """

    name: str
    kind: Kind
    public: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.name):
            raise MalformedKey("expected a key name without spaces and `+`")
        self._public_key()

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read `<name>+<key id>+<base64>`. Raises `MalformedKey`, also when the id is not the key's."""
        found = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+(.+)", vkey)  # base64 has plus signs too
        if found is None:
            raise MalformedKey("expected a verifier key `<name>+<key id>+<base64>`")
        material = decode_base64(found[3], MalformedKey)
        if material[0] not in Kind.__members__.values():
            raise MalformedKey(f"expected a known kind of signature, got `{material[0]:#04x}`")
        key = cls(found[1], Kind(material[0]), material[1:])
        if str(key) != vkey:
            raise MalformedKey("expected the key id to be the key's own")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.kind]) + self.public)}"

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, kind and public key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def verify(self, text: str, line: Signature) -> int | None:
        """The POSIX time that the signature states, or None for `ED25519`. Raises `WrongSignature`."""
        time, value = _split_time(self.kind, line.value)
        try:
            message = signed_bytes(self.kind, text=text, name=self.name, time=time)
            self._public_key().verify(value, message)
        except (InvalidSignature, Malformed):
            raise WrongSignature(f"expected a signature by `{self.name}` that verifies") from None
        return time if self.kind is not Kind.ED25519 else None

    def _public_key(self) -> Ed25519PublicKey | MLDSA44PublicKey:
        try:
            if self.kind is Kind.COSIGNATURE_ML_DSA_44:
                return MLDSA44PublicKey.from_public_bytes(self.public)
            return Ed25519PublicKey.from_public_bytes(self.public)
        except ValueError:
            raise MalformedKey(f"expected a public key of kind `{self.kind.name}`") from None


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs: its public half, and a function from message to raw signature.

    The function may ask a device; it raises `SigningFailed` when it cannot sign.
    Ed25519 is deterministic, so signing one head twice gives the same bytes.
    """

    key: VerifierKey
    sign: Callable[[bytes], bytes]

    @classmethod
    def ed25519(cls, name: str, private: Ed25519PrivateKey, kind: Kind = Kind.ED25519) -> Self:
        """A signer, or with `Kind.COSIGNATURE_ED25519` a cosigner, whose key is in memory."""
        return cls(VerifierKey(name, kind, private.public_key().public_bytes_raw()), private.sign)

    @classmethod
    def ml_dsa_44(cls, name: str, private: MLDSA44PrivateKey) -> Self:
        """A signer or cosigner that also holds against quantum computers; 2,420-byte signatures."""
        public = private.public_key().public_bytes_raw()
        return cls(VerifierKey(name, Kind.COSIGNATURE_ML_DSA_44, public), private.sign)

    def signature(self, text: str, *, time: int) -> Signature:
        """Sign a note's text. `time` is POSIX seconds; `ED25519` does not state it."""
        value = self.sign(signed_bytes(self.key.kind, text=text, name=self.key.name, time=time))
        stated = b"" if self.key.kind is Kind.ED25519 else time.to_bytes(8, "big")
        return Signature(self.key.name, self.key.key_id, stated + value)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: its origin, how many entries it holds (0 to 2⁶³ - 1), and the root over them."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a note's text. Raises `MalformedCheckpoint`; extension lines are refused, ours has none."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise MalformedCheckpoint("expected origin, size and root, each on a line of its own")
        root = decode_base64(lines[2], MalformedCheckpoint)
        if len(root) != 32:
            raise MalformedCheckpoint(f"expected a root of 32 bytes, got {len(root)}")
        return cls(lines[0], parse_size(lines[1], MalformedCheckpoint), root)

    @classmethod
    def open(cls, note: Note, *, origin: str, keys: Iterable[VerifierKey]) -> Self:
        """The head of log `origin` that at least one of its `keys` signed.

        Raises `WrongOrigin`, `NotSigned`, `WrongSignature`, `MalformedCheckpoint`.
        """
        head = cls.parse(note.text)
        if head.origin != origin:
            raise WrongOrigin(f"expected a checkpoint of `{origin}`, got one of `{head.origin}`")
        note.signed_by([key for key in keys if key.name == origin])
        return head

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"

    def sign(self, signers: Iterable[Signer], *, time: int) -> Note:
        """The head as a note, with one signature line per signer."""
        text = str(self)
        return Note(text, tuple(signer.signature(text, time=time) for signer in signers))


def signed_bytes(kind: Kind, *, text: str, name: str, time: int) -> bytes:
    """What a key of this kind signs for a note's `text`. Raises `MalformedCheckpoint` where it must be one."""
    if kind is Kind.ED25519:
        return text.encode()
    head = Checkpoint.parse(text)
    if kind is Kind.COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    origin, cosigner = head.origin.encode(), name.encode()
    if len(origin) > 255 or len(cosigner) > 255:
        raise MalformedCheckpoint("expected names of at most 255 bytes")
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(cosigner)]) + cosigner,
            time.to_bytes(8, "big"),
            bytes([len(origin)]) + origin,
            bytes(8) + head.size.to_bytes(8, "big") + head.root,
        )
    )


def is_key_name(name: str) -> bool:
    """Tell whether this can name a key: not empty, no Unicode space, no `+`, no control character.

    A lone surrogate stands for a byte that was no UTF-8, which no note can hold.
    """
    return bool(name) and not any(
        sign.isspace() or sign < " " or sign == "+" or "\ud800" <= sign <= "\udfff" for sign in name
    )


def parse_size(text: str, error: type[Malformed]) -> int:
    """A decimal from 0 to 2⁶³ - 1 without leading zeroes. Raises the `error` given."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text) or int(text) > SIZE_MAX:
        raise error("expected a size in decimal without leading zeroes")
    return int(text)


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return binascii.b2a_base64(data, newline=False).decode()


def decode_base64(text: str, error: type[Malformed]) -> bytes:
    """The bytes behind canonical base64, one or more; raises the `error` given for any other spelling.

    Python's decoder passes over set bits that carry nothing, so one signature would have many spellings:
    the result is encoded again and compared.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise error("expected base64") from None
    if not data or encode_base64(data) != text:
        raise error("expected canonical base64")
    return data


def _split_time(kind: Kind, value: bytes) -> tuple[int, bytes]:
    if kind is Kind.ED25519:
        return 0, value
    time = int.from_bytes(value[:8], "big")
    if len(value) < 9 or time > SIZE_MAX:
        raise WrongSignature("expected a time and a signature")
    return time, value[8:]
