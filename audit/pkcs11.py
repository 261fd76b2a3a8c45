"""What if the log's key must never be in memory? It signs inside a device, reached over PKCS#11.

An optional module: it needs `python-pkcs11`, and whoever does not import it does not. Any
device with Ed25519 (CKM_EDDSA) will do; SoftHSM is what it is tested with. For who opens a log in a
program of their own: the settings of the gateway name files of keys, so no command uses it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.types import SignMixin

from audit.errors import MalformedKey, SigningFailed
from audit.note import Kind, Signer, VerifierKey

_OCTETS_32 = b"\x04\x20"
"""DER: an octet string of 32 bytes, in which a device wraps a public point."""


@contextmanager
def signer_in_device(
    library: Path, *, token: str, pin: str, label: str, name: str, kind: Kind = Kind.ED25519
) -> Iterator[Signer]:
    """A signer whose Ed25519 key `label` stays in a device; the session ends with the block.

    `library`   the device's PKCS#11 module
    `token`     the token's label
    `name`      the key name in signatures: the log's origin, or the witness's name
    `kind`      `ED25519` or `COSIGNATURE_ED25519`
    Raises `SigningFailed` when the device or the key cannot be reached, `MalformedKey` for a key of another kind.
    """
    try:
        session = pkcs11.lib(str(library)).get_token(token_label=token).open(user_pin=pin)
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise SigningFailed(f"expected a device, got `{type(error).__name__}`") from error
    with session:
        yield _signer(session, label=label, name=name, kind=kind)


def _signer(session: pkcs11.Session, *, label: str, name: str, kind: Kind) -> Signer:
    try:
        private = session.get_key(
            object_class=ObjectClass.PRIVATE_KEY, key_type=KeyType.EC_EDWARDS, label=label
        )
        public = session.get_key(
            object_class=ObjectClass.PUBLIC_KEY, key_type=KeyType.EC_EDWARDS, label=label
        )
        point = bytes(public[Attribute.EC_POINT])
    except pkcs11.PKCS11Error as error:
        raise SigningFailed(f"expected the key in the device, got `{type(error).__name__}`") from error
    if not isinstance(private, SignMixin) or not point.startswith(_OCTETS_32) or len(point) != 34:
        raise MalformedKey("expected an Ed25519 key in the device")
    one_at_a_time = threading.Lock()  # a session is one thread's at a time

    def sign(message: bytes) -> bytes:
        try:
            with one_at_a_time:
                return bytes(private.sign(message, mechanism=Mechanism.EDDSA))
        except pkcs11.PKCS11Error as error:
            raise SigningFailed(f"expected a signature, got `{type(error).__name__}`") from error

    return Signer(VerifierKey(name, kind, point[2:]), sign)
