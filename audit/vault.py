"""Where are committed values kept, who can open them, and how are they destroyed?

The values of an entry are sealed with AES-256-GCM under a key derived from the entry's key. The entry's
key is split into one share per subject (exclusive or), and each share is wrapped under the vault
key. All shares are needed: when the keys of one subject are destroyed, the entry cannot be opened
by anybody, and its commitments cannot be tested any more. The log, its roots and its proofs do
not change. This module seals and opens; `audit.store` keeps the rows.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.alongside import Row, Sealed, SubjectKey
from audit.catalogue import Entry, parse_entry
from audit.commitment import KEY_BYTES, Disclosure, Json, Keyed, field_keys, parse_canonical
from audit.entropy import Entropy
from audit.errors import NoSuchEntry, NotCanonical, Shredded, WrongVaultKey

NOBODY = b"nobody"
"""With the entry's nonce behind it the tag of an entry that has sealed values and no subject."""

_IV_BYTES = 12
_SHORT = 2048
# A payload key seals one payload only, so a fixed nonce is as good as a random one.
_ONLY_IV = bytes(_IV_BYTES)


class Sealing:
    """Seals and opens the values of entries under one vault key.

    `vault_key`  32 bytes
    """

    def __init__(self, vault_key: bytes, *, entropy: Callable[[int], bytes] | None = None) -> None:
        if len(vault_key) != KEY_BYTES:
            raise ValueError(f"expected a vault key of `{KEY_BYTES}` bytes")
        self._wrap = AESGCM(vault_key)
        self._entropy = entropy or Entropy()

    def seal(
        self, values: Mapping[str, bytes], *, entry_key: bytes, nonce: bytes, tags: Sequence[bytes]
    ) -> tuple[Row, ...]:
        """The rows of one entry: its sealed values, and one wrapped share of its key per subject.

        `values`  field name → canonical bytes
        `nonce`   the entry's own, 16 bytes: names the shares
        `tags`    the subjects' pseudonyms; none means `NOBODY` and the nonce
        """
        tags = tags or (NOBODY + nonce,)
        payload = _sealer(entry_key).encrypt(_ONLY_IV, _packed(_joined(values)), nonce)
        shares = self._shares(entry_key, len(tags))
        random = self._entropy(_IV_BYTES * len(tags))
        keys = []
        for place, (tag, share) in enumerate(zip(tags, shares, strict=True)):
            iv = random[place * _IV_BYTES : (place + 1) * _IV_BYTES]
            keys.append(SubjectKey(tag, nonce, iv + self._wrap.encrypt(iv, share, tag + nonce)))
        return (Sealed(tags[0], nonce, payload), *keys)

    def entry_key(self, wrapped: Mapping[bytes, bytes], *, nonce: bytes) -> bytes:
        """The entry's key from all of its wrapped shares.

        `wrapped`  tag → wrapped share, one for every subject of the entry
        Raises `WrongVaultKey` when one does not open.
        """
        key = bytes(KEY_BYTES)
        for tag, row in wrapped.items():
            try:
                share = self._wrap.decrypt(row[:_IV_BYTES], row[_IV_BYTES:], tag + nonce)
            except (InvalidTag, ValueError) as error:
                raise WrongVaultKey("expected a share wrapped under this vault key") from error
            key = _xor(key, share)
        return key

    def _shares(self, entry_key: bytes, count: int) -> list[bytes]:
        if count == 1:
            return [entry_key]
        random = self._entropy(KEY_BYTES * (count - 1))
        shares = [random[place : place + KEY_BYTES] for place in range(0, len(random), KEY_BYTES)]
        last = entry_key
        for share in shares:
            last = _xor(last, share)
        return [*shares, last]


class Rows(Protocol):
    """What the vault reads; `audit.store.Reader` has it."""

    def entries(self, first: int, end: int) -> list[bytes]:
        """The entries [first, end) of the log."""

    def sealed_beside(self, entries: Sequence[int]) -> dict[int, Sealed]:
        """What was sealed beside each of these entries."""

    def keys_of(self, pairs: Sequence[tuple[bytes, bytes]]) -> list[SubjectKey]:
        """The keys of these subjects under these key ids; those that were shredded are not among them."""


class Vault:
    """Opens what was sealed. Synchronous: from an event loop, run it in a thread.

    `sealing`  with the vault key that the entries were sealed under
    """

    def __init__(self, rows: Rows, sealing: Sealing) -> None:
        self._rows = rows
        self._sealing = sealing

    def values(self, index: int) -> dict[str, Json]:
        """The committed values of an entry, by name; empty when it has none.

        Raises `Shredded` when the keys of one of its subjects were destroyed, `WrongVaultKey`, `NoSuchEntry`.
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
            raise Shredded(f"the keys of a subject of entry `{index}` were destroyed")
        return found

    def _open_all(self, entries: Sequence[tuple[int, Entry]]) -> dict[int, _Opened | None]:
        tags = {index: _tags(entry) for index, entry in entries if entry.committed}
        payloads = self._rows.sealed_beside([*tags])
        pairs = [pair for some in tags.values() for pair in some]
        keys = {(key.subject, key.key_id): key.wrapped for key in self._rows.keys_of(pairs)}
        found: dict[int, _Opened | None] = {index: (b"", {}) for index, _ in entries}
        for index, wanted in tags.items():
            wrapped = {tag: keys[tag, nonce] for tag, nonce in wanted if (tag, nonce) in keys}
            if len(wrapped) != len(wanted) or index not in payloads:
                found[index] = None
                continue
            nonce = wanted[0][1]
            key = self._sealing.entry_key(wrapped, nonce=nonce)
            found[index] = key, opened(payloads[index].payload, entry_key=key, nonce=nonce)
        return found


_Opened = tuple[bytes, dict[str, Json]]
"""An entry's key and its committed values."""


def _tags(entry: Entry) -> list[tuple[bytes, bytes]]:
    """The pairs of subject and key id under which the shares of an entry's key lie."""
    nonce = bytes.fromhex(entry.nonce)
    return [(bytes.fromhex(subject), nonce) for subject in entry.subjects] or [(NOBODY + nonce, nonce)]


def opened(payload: bytes, *, entry_key: bytes, nonce: bytes) -> dict[str, Json]:
    """The values of an entry from its sealed payload.

    Raises `WrongVaultKey` when the key is another or the bytes were changed.
    """
    try:
        values = parse_canonical(_unpacked(_sealer(entry_key).decrypt(_ONLY_IV, payload, nonce)))
    except (InvalidTag, ValueError, NotCanonical, zlib.error) as error:
        raise WrongVaultKey("expected a payload sealed under this entry's key") from error
    assert isinstance(values, dict)
    return values


def _sealer(entry_key: bytes) -> AESGCM:
    # `hmac.digest` lets other threads run meanwhile, and waits for its turn again: longer than all the hashing.
    return AESGCM(Keyed(entry_key).digest(b"\0payload"))


def _packed(values: bytes) -> bytes:
    """Long values deflated: the inputs of a verification shrink to a tenth. Short ones begin with a brace."""
    return values if len(values) < _SHORT else zlib.compress(values, 1)


def _unpacked(data: bytes) -> bytes:
    return data if data[:1] == b"{" else zlib.decompress(data)


def _joined(values: Mapping[str, bytes]) -> bytes:
    """One canonical object; the values are canonical already."""
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), values[name]) for name in sorted(values)) + b"}"


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(KEY_BYTES)
