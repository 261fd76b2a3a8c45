"""Where are committed values kept, who can open them, and how are they destroyed?

Each subject has one secret, wrapped under the vault key. An entry's key and values are sealed with
AES-256-GCM under a key that takes the vault key and the secrets of *all* its subjects: when one of them
is destroyed, the entry cannot be opened by anybody, and its commitments cannot be tested any more.
The log, its roots and its proofs do not change. This module seals and opens; `audit.subject_keys` tells
which secrets there are, `audit.store` keeps the rows.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import shake_256
from hmac import compare_digest
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.alongside import MARK_BYTES, Seal, Sealed, SubjectKey
from audit.catalogue import Entry, parse_entry
from audit.commitment import KEY_BYTES, Disclosure, Json, field_keys, parse_canonical
from audit.entropy import Entropy
from audit.errors import NoSuchEntry, NotCanonical, Shredded, WrongVaultKey

_IV_BYTES = 12
_SHORT = 2048
# An entry's sealing key seals one text only, so a fixed nonce is as good as a random one.
_ONLY_IV = bytes(_IV_BYTES)
_ROOT = b"hedui-vault/v2 root\n"
_SEALING = b"hedui-vault/v2 entry\n"


class Sealing:
    """Seals and opens under one vault key.

    `vault_key`  32 bytes
    """

    def __init__(self, vault_key: bytes, *, entropy: Callable[[int], bytes] | None = None) -> None:
        if len(vault_key) != KEY_BYTES:
            raise ValueError(f"expected a vault key of `{KEY_BYTES}` bytes")
        self._wrap = AESGCM(vault_key)
        root = shake_256(_ROOT + vault_key).digest(KEY_BYTES + MARK_BYTES)
        self._root = shake_256(_SEALING + root[:KEY_BYTES])
        self.vault = root[KEY_BYTES:]
        self._entropy = entropy or Entropy()

    def new_secret(self, subject: bytes) -> tuple[SubjectKey, bytes]:
        """The row of a subject that has none yet, and the secret in it."""
        random = self._entropy(KEY_BYTES + _IV_BYTES)
        secret, iv = random[:KEY_BYTES], random[KEY_BYTES:]
        return SubjectKey(subject, iv + self._wrap.encrypt(iv, secret, subject)), secret

    def secret_of(self, key: SubjectKey) -> bytes:
        """The secret in a row. Raises `WrongVaultKey`."""
        try:
            return self._wrap.decrypt(key.wrapped[:_IV_BYTES], key.wrapped[_IV_BYTES:], key.subject)
        except (InvalidTag, ValueError) as error:
            raise WrongVaultKey("expected a secret wrapped under this vault key") from error

    def sealed(self, payload: bytes, *, nonce: bytes, secrets: Iterable[bytes]) -> Sealed:
        """A payload sealed under the secrets of all subjects of an entry, in the order of their pseudonyms.

        `nonce`  the entry's own, 16 bytes
        """
        key, mark = self._derived(nonce, secrets)
        return Sealed(mark, AESGCM(key).encrypt(_ONLY_IV, payload, nonce))

    def payload(self, sealed: Sealed, *, nonce: bytes, secrets: Iterable[bytes]) -> bytes | None:
        """What was sealed; None when it was under other secrets than these: one was destroyed since.

        Raises `WrongVaultKey` when the bytes were changed.
        """
        key, mark = self._derived(nonce, secrets)
        if not compare_digest(mark, sealed.mark):
            return None
        try:
            return AESGCM(key).decrypt(_ONLY_IV, sealed.payload, nonce)
        except (InvalidTag, ValueError) as error:
            raise WrongVaultKey("expected a payload sealed under this entry's key") from error

    def _derived(self, nonce: bytes, secrets: Iterable[bytes]) -> tuple[bytes, bytes]:
        """The key that seals an entry, and its mark. Every part before the secrets is of one length."""
        hashed = self._root.copy()
        hashed.update(nonce + b"".join(secrets))
        derived = hashed.digest(KEY_BYTES + MARK_BYTES)
        return derived[:KEY_BYTES], derived[KEY_BYTES:]


def to_seal(
    values: Mapping[str, bytes], *, entry_key: bytes, nonce: bytes, subjects: tuple[str, ...], by: Sealing
) -> Seal:
    """The values of an entry and its key, to be sealed when it is written.

    `values`    field name → canonical bytes
    `subjects`  pseudonyms, ascending
    """
    return Seal(subjects, nonce, entry_key + _packed(_joined(values)), by)


class Rows(Protocol):
    """What the vault reads; `audit.reader.Reader` has it."""

    def entries(self, first: int, end: int) -> list[bytes]:
        """The entries [first, end) of the log."""

    def sealed_beside(self, entries: Sequence[int]) -> dict[int, Sealed]:
        """What was sealed beside each of these entries."""

    def keys_of(self, subjects: Sequence[bytes]) -> list[SubjectKey]:
        """The rows of these subjects; those that were shredded are not among them."""


class Vault:
    """Opens what was sealed. Synchronous: from an event loop, run it in a thread.

    `sealing`  with the vault key that the entries were sealed under
    """

    def __init__(self, rows: Rows, sealing: Sealing) -> None:
        self._rows = rows
        self._sealing = sealing

    def values(self, index: int) -> dict[str, Json]:
        """The committed values of an entry, by name; empty when it has none.

        Raises `Shredded` when the secret of one of its subjects was destroyed, `WrongVaultKey`, `NoSuchEntry`.
        """
        return self._open(index)[1]

    def values_of(self, entries: Sequence[tuple[int, Entry]]) -> dict[int, dict[str, Json] | None]:
        """The committed values of several entries, at most some hundred; None for one that was shredded.

        Raises `WrongVaultKey`.
        """
        found = self._open_all(entries)
        return {index: None if one is None else one[1] for index, one in found.items()}

    def disclose(self, index: int, names: Iterable[str] | None = None) -> list[Disclosure]:
        """Fields of an entry, opened one by one for who may see them; by default all of them.

        Raises what `values` raises, and `NoSuchEntry` for a name that the entry does not commit to.
        """
        key, values = self._open(index)
        wanted = sorted(values) if names is None else list(names)
        if not values.keys() >= set(wanted):
            raise NoSuchEntry(f"expected fields that entry `{index}` commits to")
        keys = field_keys(key, values)
        return [Disclosure(index, name, keys[name], values[name]) for name in wanted]

    def _open(self, index: int) -> _Opened:
        entry = parse_entry(self._rows.entries(index, index + 1)[0])
        found = self._open_all([(index, entry)])[index]
        if found is None:
            raise Shredded(f"the secret of a subject of entry `{index}` was destroyed")
        return found

    def _open_all(self, entries: Sequence[tuple[int, Entry]]) -> dict[int, _Opened | None]:
        committing = {index: entry for index, entry in entries if entry.committed}
        sealed = self._rows.sealed_beside([*committing])
        subjects = {bytes.fromhex(tag) for entry in committing.values() for tag in entry.subjects}
        keys = {key.subject.hex(): key for key in self._rows.keys_of([*subjects])}
        found: dict[int, _Opened | None] = {index: (b"", {}) for index, _ in entries}
        for index, entry in committing.items():
            there = [keys[tag] for tag in entry.subjects if tag in keys]
            whole = len(there) == len(entry.subjects) and index in sealed
            found[index] = self._opened(sealed[index], entry, there) if whole else None
        return found

    def _opened(self, sealed: Sealed, entry: Entry, keys: Sequence[SubjectKey]) -> _Opened | None:
        secrets = [self._sealing.secret_of(key) for key in keys]
        payload = self._sealing.payload(sealed, nonce=bytes.fromhex(entry.nonce), secrets=secrets)
        if payload is None:
            return None
        try:
            values = parse_canonical(_unpacked(payload[KEY_BYTES:]))
        except (NotCanonical, zlib.error) as error:
            raise WrongVaultKey("expected values sealed beside this entry") from error
        assert isinstance(values, dict)
        return payload[:KEY_BYTES], values


_Opened = tuple[bytes, dict[str, Json]]
"""An entry's key and its committed values."""


def _packed(values: bytes) -> bytes:
    """Long values deflated: the inputs of a verification shrink to a tenth. Short ones begin with a brace."""
    return values if len(values) < _SHORT else zlib.compress(values, 1)


def _unpacked(data: bytes) -> bytes:
    return data if data[:1] == b"{" else zlib.decompress(data)


def _joined(values: Mapping[str, bytes]) -> bytes:
    """One canonical object; the values are canonical already."""
    return b"{" + b",".join([b'"%s":%s' % (name.encode(), values[name]) for name in sorted(values)]) + b"}"
