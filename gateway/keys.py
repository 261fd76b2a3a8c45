"""With which keys does the log work, and where are they? Files that settings name; a development machine makes its own."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.entry import EntryBook
from audit.note import Signer
from gateway.errors import CannotOpen
from gateway.settings import Settings


def log_signers(settings: Settings) -> list[Signer]:
    """Who signs the log's heads: its Ed25519 key first; the next one while keys change; ML-DSA-44 where it is set.

    Raises `CannotOpen`.
    """
    signers = [Signer.ed25519(settings.origin, log_key(settings))]
    if settings.log_next_key is not None:
        pem = _secret(settings.log_next_key, settings, "", "log_next_key", _new_ed25519)
        signers.append(Signer.ed25519(settings.origin, _ed25519(pem, "log_next_key")))
    if settings.log_ml_dsa_44:
        pem = _secret(
            settings.log_ml_dsa_44_key, settings, "log.ml-dsa-44.pem", "log_ml_dsa_44_key", _new_ml_dsa_44
        )
        signers.append(Signer.ml_dsa_44(settings.origin, _ml_dsa_44(pem, "log_ml_dsa_44_key")))
    return signers


def log_key(settings: Settings) -> Ed25519PrivateKey:
    """The Ed25519 key that signs the log's heads (PEM, PKCS #8). Raises `CannotOpen`."""
    return _ed25519(_secret(settings.log_key, settings, "log.key.pem", "log_key", _new_ed25519), "log_key")


def entry_book(settings: Settings) -> EntryBook:
    """The book that makes entries, with its two keys (64 hex digits each). Raises `CannotOpen`."""
    key = _secret(settings.pseudonym_key, settings, "pseudonym.key", "pseudonym_key", _new_hex)
    return _book(key, settings, epoch=settings.pseudonym_epoch, setting="pseudonym_key")


def earlier_books(settings: Settings) -> tuple[EntryBook, ...]:
    """Books of the epochs gone by whose keys are kept: they know the pseudonyms of that time. Raises `CannotOpen`."""
    return tuple(
        _book(
            _secret(path, settings, "", f"pseudonym_keys_before.{epoch}", _new_hex),
            settings,
            epoch=epoch,
            setting=f"pseudonym_keys_before.{epoch}",
        )
        for epoch, path in sorted(settings.pseudonym_keys_before.items())
        if epoch != settings.pseudonym_epoch
    )


def vault_key(settings: Settings) -> bytes:
    """The key that wraps the secrets of the vault, 32 bytes. Raises `CannotOpen`."""
    given = _secret(settings.vault_key, settings, "vault.key", "vault_key", _new_hex)
    try:
        key = bytes.fromhex(given.decode())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise CannotOpen("expected the file of `vault_key` to hold 64 hex digits")
    return key


def made_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a file that is its owner's alone; made where it is missing or empty, by one process of several.

    Whoever comes while it is being made waits, and never reads half of it; one that is there need not be writable.
    Raises `OSError`.
    """
    with suppress(FileNotFoundError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        if found := file.read():
            return found
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        found = file.read()
        if not found:
            found = make()
            file.write(found)
    return found


def _book(key: bytes, settings: Settings, *, epoch: str, setting: str) -> EntryBook:
    vault = vault_key(settings)
    try:
        return EntryBook(pseudonym_key=bytes.fromhex(key.decode()), vault_key=vault, epoch=epoch)
    except ValueError:
        raise CannotOpen(
            f"expected an epoch that is a code, and the file of `{setting}` to hold 64 hex digits"
        ) from None


def _ed25519(pem: bytes, setting: str) -> Ed25519PrivateKey:
    key = _private(pem, setting)
    if not isinstance(key, Ed25519PrivateKey):
        raise CannotOpen(f"expected the key of `{setting}` to be Ed25519")
    return key


def _ml_dsa_44(pem: bytes, setting: str) -> MLDSA44PrivateKey:
    key = _private(pem, setting)
    if not isinstance(key, MLDSA44PrivateKey):
        raise CannotOpen(f"expected the key of `{setting}` to be ML-DSA-44")
    return key


def _private(pem: bytes, setting: str) -> object:
    try:
        return load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CannotOpen(f"expected the file of `{setting}` to hold a private key in PEM") from None


def _secret(
    given: Path | None, settings: Settings, name: str, setting: str, make: Callable[[], bytes]
) -> bytes:
    """The content of a key file; on a development machine it is made the first time it is needed."""
    path = given or settings.run_folder / name
    try:
        made = given is None and settings.env == "dev"
        return (made_once(path, make) if made else path.read_bytes()).strip()
    except OSError:
        raise CannotOpen(f"expected `{setting}` to name a readable file") from None


def _new_hex() -> bytes:
    return secrets.token_hex(32).encode()


def _new_ed25519() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _new_ml_dsa_44() -> bytes:
    return MLDSA44PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
