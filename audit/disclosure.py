"""How do opened fields reach an evaluator, and nobody else?

A list of opened fields is either a plain file (`disclosures.json`) or sealed to the evaluator's
public key with HPKE (RFC 9180; `disclosures.hpke`): X25519, or ML-KEM-768 with X25519 against
quantum computers. The first line of a sealed file says which. The origin of the log is bound
in, so that a file cannot be passed off as another log's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from audit.commitment import Disclosure, canonical, parse_canonical
from audit.errors import MalformedDisclosure, MalformedKey, NotCanonical, WrongDisclosure
from audit.note import decode_base64, encode_base64

_INFO = "hedui-disclosures/v1\n"
_ML_KEM_PUBLIC_BYTES = 1184
_ML_KEM_SEED_BYTES = 64


class Exchange(StrEnum):
    """How a key is agreed on."""

    X25519 = "x25519"
    ML_KEM_768_X25519 = "ml-kem-768-x25519"


@dataclass(frozen=True, slots=True)
class EvaluatorKey:
    """The public key to which disclosures are sealed. As text: `<exchange>:<base64>`."""

    exchange: Exchange
    public: bytes

    def __str__(self) -> str:
        return f"{self.exchange}:{encode_base64(self.public)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text back. Raises `MalformedKey`."""
        exchange, public = _split(text)
        key = cls(exchange, public)
        key._hpke()
        return key

    def seal(self, disclosures: Iterable[Disclosure], *, origin: str) -> bytes:
        """The file `disclosures.hpke`: only the holder of the private key reads it. Two sealings differ."""
        info = (_INFO + origin).encode()
        sealed = _suite(self.exchange).encrypt(pack_disclosures(disclosures), self._hpke(), info=info)
        return _header(self.exchange) + sealed

    def _hpke(self) -> X25519PublicKey | MLKEM768X25519PublicKey:
        try:
            if self.exchange is Exchange.X25519:
                return X25519PublicKey.from_public_bytes(self.public)
            kem, curve = self.public[:_ML_KEM_PUBLIC_BYTES], self.public[_ML_KEM_PUBLIC_BYTES:]
            return MLKEM768X25519PublicKey(
                MLKEM768PublicKey.from_public_bytes(kem), X25519PublicKey.from_public_bytes(curve)
            )
        except ValueError as error:
            raise MalformedKey("expected a public key of that exchange") from error


class EvaluatorSecret:
    """The evaluator's private key, which stays with the evaluator. As text: `<exchange>:<base64>` of its seeds."""

    def __init__(self, exchange: Exchange, private: bytes) -> None:
        self.exchange = exchange
        self._private = private
        curve = private if exchange is Exchange.X25519 else private[_ML_KEM_SEED_BYTES:]
        try:
            self._curve = X25519PrivateKey.from_private_bytes(curve)
            if exchange is not Exchange.X25519:
                self._kem = MLKEM768PrivateKey.from_seed_bytes(private[:_ML_KEM_SEED_BYTES])
        except ValueError as error:
            raise MalformedKey("expected a private key of that exchange") from error

    @classmethod
    def generate(cls, exchange: Exchange = Exchange.X25519) -> Self:
        """A new key."""
        curve = X25519PrivateKey.generate().private_bytes_raw()
        if exchange is Exchange.X25519:
            return cls(exchange, curve)
        return cls(exchange, MLKEM768PrivateKey.generate().private_bytes_raw() + curve)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `export` back. Raises `MalformedKey`."""
        return cls(*_split(text))

    def export(self) -> str:
        """The key as text, for a file that only its owner can read."""
        return f"{self.exchange}:{encode_base64(self._private)}"

    def public_key(self) -> EvaluatorKey:
        """What the provider of disclosures is given."""
        curve = self._curve.public_key().public_bytes_raw()
        if self.exchange is Exchange.X25519:
            return EvaluatorKey(self.exchange, curve)
        return EvaluatorKey(self.exchange, self._kem.public_key().public_bytes_raw() + curve)

    def open(self, sealed: bytes, *, origin: str) -> list[Disclosure]:
        """The opened fields of a sealed file.

        Raises `MalformedDisclosure` for a file of another form, `WrongDisclosure` when it was sealed to another
        key, for another log, or was changed.
        """
        header = _header(self.exchange)
        if not sealed.startswith(header):
            raise MalformedDisclosure(f"expected a file sealed by `{self.exchange}`")
        key = (
            self._curve
            if self.exchange is Exchange.X25519
            else MLKEM768X25519PrivateKey(self._kem, self._curve)
        )
        try:
            data = _suite(self.exchange).decrypt(sealed[len(header) :], key, info=(_INFO + origin).encode())
        except (InvalidTag, ValueError) as error:
            raise WrongDisclosure("expected a file sealed to this key for this log, unchanged") from error
        return unpack_disclosures(data)


def pack_disclosures(disclosures: Iterable[Disclosure]) -> bytes:
    """The file `disclosures.json`: canonical, in order of index and name."""
    ordered = sorted(disclosures, key=lambda one: (one.index, one.name))
    return canonical([one.as_json() for one in ordered])


def unpack_disclosures(data: bytes) -> list[Disclosure]:
    """The opened fields of `disclosures.json`. Raises `MalformedDisclosure`."""
    try:
        given = parse_canonical(data)
    except NotCanonical as error:
        raise MalformedDisclosure("expected canonical JSON") from error
    if not isinstance(given, list):
        raise MalformedDisclosure("expected a list of opened fields")
    found = [Disclosure.from_json(one) for one in given]
    if pack_disclosures(found) != data:
        raise MalformedDisclosure("expected opened fields in order of index and name")
    return found


def _header(exchange: Exchange) -> bytes:
    return f"{_INFO}{exchange}\n".encode()


def _split(text: str) -> tuple[Exchange, bytes]:
    exchange, _, encoded = text.strip().partition(":")
    if exchange not in set(Exchange):
        raise MalformedKey("expected `<exchange>:<base64>` of a known exchange")
    return Exchange(exchange), decode_base64(encoded, MalformedKey)


def _suite(exchange: Exchange) -> Suite:
    kem = KEM.X25519 if exchange is Exchange.X25519 else KEM.MLKEM768_X25519
    return Suite(kem, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
