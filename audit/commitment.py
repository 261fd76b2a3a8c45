"""How is a value committed to in the log, and opened later without opening its neighbours?

Each entry has one secret key of 32 bytes, kept in the vault. SHAKE-256 of it gives each committed
field a key of its own, used once; a field's commitment is SHA-256(field key, canonical value).
Whoever is given a field key can check that one field and learns nothing about the others;
when the entry key is destroyed, no value can be tested against the commitment any more.
Standard library only: the offline verifier uses this module.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from audit.errors import MalformedDisclosure, NotCanonical, WrongDisclosure

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

LARGEST_INT = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly. Source: RFC 8785, section 3.2.2.3."""

KEY_BYTES = 32
DEEPEST_COMMITTED = 24
"""Levels of lists and objects in a value that is committed to: what carries it opened (a vault's object, a file of
disclosures, a statement) is deeper by up to five, and must be read again."""
_DEEPEST = 32
_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_FIELDS = b"hedui-fields/v1\n"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One field of one entry, opened.

    `index`      of the entry in the log, 0 or more
    `name`       of the committed field
    `field_key`  the field's own key, 32 bytes
    `value`      what was committed to
    """

    index: int
    name: str
    field_key: bytes
    value: Json

    def check(self, committed: Mapping[str, str]) -> None:
        """Raise `WrongDisclosure` unless the entry's commitments hold exactly this value under this name.

        `committed`   the entry's `committed` object: name → 64 hex digits
        """
        expected = committed.get(self.name)
        if expected is None:
            raise WrongDisclosure(f"entry `{self.index}` has no committed field of that name")
        if not hmac.compare_digest(commitment(field_key=self.field_key, value=self.value).hex(), expected):
            raise WrongDisclosure(
                f"the value given for a field of entry `{self.index}` is not the committed one"
            )

    def as_json(self) -> Json:
        """What a file of disclosures holds for this field."""
        return {"index": self.index, "key": self.field_key.hex(), "name": self.name, "value": self.value}

    @classmethod
    def from_json(cls, given: Json) -> Disclosure:
        """Read back `as_json`; anything else raises `MalformedDisclosure`."""
        if not isinstance(given, dict) or given.keys() != {"index", "key", "name", "value"}:
            raise MalformedDisclosure("expected an object of index, key, name and value")
        index, key, name = given["index"], given["key"], given["name"]
        if type(index) is not int or not 0 <= index <= LARGEST_INT:
            raise MalformedDisclosure("expected an index of 0 or more")
        if not isinstance(name, str) or not isinstance(key, str):
            raise MalformedDisclosure("expected a name and a key as text")
        return cls(index, name, _key_from_hex(key), given["value"])


def canonical(value: Json, *, deepest: int = _DEEPEST) -> bytes:
    """The one byte string of a value: RFC 8785 for texts, whole numbers, booleans, null, lists and objects.

    Object keys are ASCII and whole numbers lie within ±(2**53 - 1), so that sorting by code point and
    printing in decimal are all that RFC 8785 asks. A float, anything else, or more levels of lists and
    objects than `deepest` raises `NotCanonical`.

    >>> canonical({"b": 1, "a": "复核"}).decode()
    '{"a":"复核","b":1}'
    """
    if type(value) is not str:
        _refuse_inexact(value, left=deepest)
    try:
        return print_canonical(value)
    except UnicodeEncodeError as error:
        raise NotCanonical("expected text without lone surrogates") from error


def print_canonical(value: Json) -> bytes:
    """The canonical bytes of a value that is known to have some; `canonical` looks first."""
    return _encode(value).encode()


def parse_canonical(data: bytes) -> Json:
    """The value whose one byte string this is; any other spelling of it raises `NotCanonical`."""
    try:
        value: Json = json.loads(data)
        same = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise NotCanonical("expected one JSON value in canonical form") from error
    if not same:
        raise NotCanonical("expected canonical JSON: sorted keys, no spaces, no repeated key")
    return value


def field_keys(entry_key: bytes, names: Iterable[str]) -> dict[str, bytes]:
    """The key of each committed field of an entry, by name: 32 bytes each.

    They are the output of SHAKE-256 over the entry's key, cut in the order of the names: one hash for all.
    None tells anything about another, nor about the entry's key.

    `names`  all fields that the entry commits to
    """
    ordered = sorted(names)
    material = _shake256(_FIELDS + entry_key).digest(KEY_BYTES * len(ordered))
    return {
        name: material[at : at + KEY_BYTES] for name, at in zip(ordered, count(0, KEY_BYTES), strict=False)
    }


def commitments(entry_key: bytes, values: Mapping[str, bytes]) -> dict[str, str]:
    """What an entry holds for its committed fields: name → commitment, 64 hex digits, by ascending name.

    `values`  name → canonical bytes
    """
    # As with `field_keys`, in one pass: this is a third of what an entry costs.
    ordered = sorted(values)
    material = _shake256(_FIELDS + entry_key).digest(KEY_BYTES * len(ordered))
    return {
        name: _sha256(material[at : at + KEY_BYTES] + values[name]).hexdigest()
        for name, at in zip(ordered, count(0, KEY_BYTES), strict=False)
    }


class Keyed:
    """HMAC-SHA256 under one key of 32 bytes, for many messages.

    The padded key is hashed once: copying a hash state costs less than starting an HMAC anew.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner, self._outer = _sha256(block.translate(_INNER)), _sha256(block.translate(_OUTER))

    def hex(self, message: bytes) -> str:
        """HMAC(key, message), 64 hex digits."""
        return self.digest(message).hex()

    def digest(self, message: bytes) -> bytes:
        """HMAC(key, message), 32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


def commitment(*, field_key: bytes, value: Json) -> bytes:
    """The 32 bytes that bind a value and hide it from whoever lacks the field key."""
    # A key is used for one value and is of fixed length, so that a plain hash binds and hides; see decision 16.
    return _sha256(field_key + canonical(value)).digest()


_sha256, _shake256 = hashlib.sha256, hashlib.shake_256
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _refuse_inexact(value: object, *, left: int) -> None:
    """Return when a value has canonical bytes, with at most so many levels of lists and objects."""
    if left < 0:
        raise NotCanonical("expected fewer levels of lists and objects")
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST_INT:
            raise NotCanonical("expected a whole number within ±(2**53 - 1)")
    elif isinstance(value, list):
        for item in value:
            _refuse_inexact(item, left=left - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical("expected object keys of ASCII text")
            _refuse_inexact(item, left=left - 1)
    else:
        raise NotCanonical(
            f"expected text, whole number, truth value, null, list or object, got `{type(value).__name__}`"
        )


def _key_from_hex(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise MalformedDisclosure("expected a key of 64 hex digits") from error
    if len(key) != KEY_BYTES or key.hex() != text:
        raise MalformedDisclosure("expected a key of 64 lower-case hex digits")
    return key
