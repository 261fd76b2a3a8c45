"""Who vouches for this policy pack?

Beside a pack `NAME.yaml` stands `NAME.sig`, a signed note (C2SP signed-note v1.0.0) whose text
names the pack and the SHA-256 of its canonical bytes (`Pack.canonical`), so that a signature
covers every value, date and citation of all layers as they lay together when it was made:

    hedui-policy-pack-1
    demo-2026
    sha256 5b1f…64 hex digits…

    — civil-affairs.example <base64 of 4 bytes of key id and 64 bytes of Ed25519 signature>

One line a signer; a province and a city may both sign. A key is told to others as a vkey,
`NAME+KEYID+BASE64`. Reading is strict: what is read and written again is the same text.

    ValueError
    └── SignatureError
        ├── NoSignature           there is no `.sig` file beside the pack
        ├── MalformedSignature    the file or a public key is not in this format
        ├── OtherContent          it was signed for another pack or for other content
        ├── NotTrusted            none of the trusted keys signed
        └── WrongSignature        a trusted key's signature does not verify
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from verification.pack import Pack, load_pack

FORMAT = "hedui-policy-pack-1"
_ED25519 = b"\x01"
"""The signature type byte of signed-note."""
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,128}")
_LINES_MAX = 16
_BYTES_MAX = 16_384


class SignatureError(ValueError):
    """A policy pack's signature cannot be relied on."""


class NoSignature(SignatureError):
    """There is no signature file beside the pack."""


class MalformedSignature(SignatureError):
    """A signature file or a public key is not in its format."""


class OtherContent(SignatureError):
    """The signature was made for another pack, or for other content of this one."""


class NotTrusted(SignatureError):
    """None of the trusted keys has signed the pack."""


class WrongSignature(SignatureError):
    """A line names a trusted key, and its signature does not verify."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who may sign: a name without blanks and `+`, and 32 bytes of an Ed25519 public key.

    >>> PublicKey.parse("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").name
    'example.com/foo'
    """

    name: str
    public: bytes

    @classmethod
    def of(cls, key: Ed25519PrivateKey, *, name: str) -> Self:
        """The public half of a key. Raises `MalformedSignature` for a name that is none."""
        if _NAME.fullmatch(name) is None:
            raise MalformedSignature(f"expected a key name without blanks and `+`, got `{name:.40}`")
        return cls(name, key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a vkey. Raises `MalformedSignature`."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        blob = _decoded(encoded)
        if _NAME.fullmatch(name) is None or len(blob) != 33 or blob[:1] != _ED25519:
            raise MalformedSignature("expected a key as `NAME+KEYID+BASE64` of an Ed25519 public key")
        made = cls(name, blob[1:])
        if made.key_id.hex() != key_id:
            raise MalformedSignature(f"expected the key id of the key named, got `{key_id:.8}`")
        return made

    @property
    def key_id(self) -> bytes:
        """Four bytes: the beginning of SHA-256 of name, newline, type byte and public key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encoded(_ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"— {self.name} {_encoded(self.key_id + self.value)}"


def signed_text(pack: Pack) -> str:
    """What is signed: three lines that name the pack and its content."""
    return f"{FORMAT}\n{pack.name}\nsha256 {pack.hash}\n"


def sign(pack: Pack, key: Ed25519PrivateKey, *, name: str, beside: str = "") -> str:
    """The signature file of a pack, with this key's line last.

    `beside`   the file so far: other signers' lines are kept, this key's own is made anew
    Raises `MalformedSignature`, and `OtherContent` where `beside` is for other content.
    """
    public = PublicKey.of(key, name=name)
    kept = _lines(pack, beside) if beside else []
    lines = [line for line in kept if (line.name, line.key_id) != (name, public.key_id)]
    lines.append(_Line(name, public.key_id, key.sign(signed_text(pack).encode())))
    return "\n".join((signed_text(pack), *map(str, lines), ""))


def signers(pack: Pack, text: str, trusted: Iterable[PublicKey]) -> tuple[PublicKey, ...]:
    """The trusted keys that signed the pack, one or more, in the order of their lines.

    Lines of keys that are not trusted are passed over.
    Raises `MalformedSignature`, `OtherContent`, `WrongSignature`, `NotTrusted`.
    """
    known = {(key.name, key.key_id): key for key in trusted}
    found = []
    for line in _lines(pack, text):
        key = known.get((line.name, line.key_id))
        if key is not None:
            _verify(pack, key, line)
            found.append(key)
    if not found:
        raise NotTrusted(f"expected a signature of `{pack.name}` by a trusted key, got none")
    return tuple(found)


def named_signers(pack: Pack, text: str) -> tuple[str, ...]:
    """Who is said to have signed the pack, `NAME+KEYID` each. Nothing is proven: no key is held against it.

    Raises `MalformedSignature`, `OtherContent`.
    """
    return tuple(f"{line.name}+{line.key_id.hex()}" for line in _lines(pack, text))


def load_signed_pack(path: Path, trusted: Iterable[PublicKey]) -> tuple[Pack, tuple[PublicKey, ...]]:
    """A policy pack by the path of its file, and the trusted keys that signed it.

    Raises what `load_pack` and `signers` raise, and `NoSignature`.
    """
    pack = load_pack(path)
    return pack, signers(pack, read_signature(signature_path(path)), trusted)


def signature_path(path: Path) -> Path:
    """Where the signature of a pack's file stands: `NAME.sig` beside it."""
    return path.with_suffix(".sig")


def read_signature(path: Path) -> str:
    """The text of a signature file. Raises `NoSignature`, `MalformedSignature`."""
    try:
        data = path.read_bytes()
    except OSError:
        raise NoSignature(f"expected a signature in `{path.name}`, got no readable file") from None
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedSignature(f"expected UTF-8 in `{path.name}`") from None


def _lines(pack: Pack, text: str) -> list[_Line]:
    """The signature lines, after the text above them has been found to be this pack's."""
    if len(text.encode()) > _BYTES_MAX:
        raise MalformedSignature(f"expected at most {_BYTES_MAX} bytes, got more")
    above, blank, below = text.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise MalformedSignature("expected a text, an empty line and signature lines, each with its newline")
    if not above.startswith(f"{FORMAT}\n"):
        raise MalformedSignature(f"expected `{FORMAT}` on the first line")
    if above + "\n" != signed_text(pack):
        raise OtherContent(f"expected a signature of `{pack.name}` as it stands, got one of other content")
    lines = [_line(each) for each in below[:-1].split("\n")]
    keys = {(line.name, line.key_id) for line in lines}
    if len(lines) > _LINES_MAX or len(keys) < len(lines):
        raise MalformedSignature(f"expected at most {_LINES_MAX} signature lines, one a key")
    return lines


def _line(text: str) -> _Line:
    mark, _, rest = text.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = _decoded(encoded)
    if mark != "—" or _NAME.fullmatch(name) is None or len(blob) < 5:
        raise MalformedSignature("expected a signature line `— NAME BASE64`")
    return _Line(name, blob[:4], blob[4:])


def _verify(pack: Pack, key: PublicKey, line: _Line) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(line.value, signed_text(pack).encode())
    except InvalidSignature:
        raise WrongSignature(f"expected the signature by `{key.name}` to verify, it does not") from None


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    """Standard base64 whose padding is canonical. Raises `MalformedSignature`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or _encoded(data) != text:
        raise MalformedSignature("expected canonical base64")
    return data
