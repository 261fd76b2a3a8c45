"""Is this entry in that tree, and does that tree grow out of this one?

The tree is RFC 6962's: a leaf is SHA-256(0x00 ‖ entry), a node SHA-256(0x01 ‖ left ‖ right),
the empty tree SHA-256 of nothing. Verifiers raise `WrongProof`; they never answer False.
This module stores nothing: who makes a proof gives a function that knows the subtrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Self

from audit.errors import MalformedProof, WrongProof

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
TILE_HEIGHT = 8
"""A tile spans eight levels: 256 hashes at its bottom."""

Subtree = Callable[[int, int], bytes]
"""Gives the hash over the entries [first, end) of a tree; `end - first` is at least 1."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbouring subtrees, left one first."""
    return sha256(b"\x01" + left + right).digest()


class Completed(NamedTuple):
    """Subtrees of 256**level entries that became complete: `hashes[0]` is the one at `first`."""

    level: int
    first: int
    hashes: list[bytes]


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed of a tree to append to it: one hash per set bit of its size, smallest first.

    >>> Frontier().extend([leaf_hash(b"a"), leaf_hash(b"b")])[0].root() == node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    True
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @classmethod
    def from_bytes(cls, size: int, peaks: bytes) -> Self:
        """Read what `to_bytes` wrote. Raises `MalformedProof` unless there is one hash per set bit of `size`."""
        if size < 0 or len(peaks) != HASH_BYTES * size.bit_count():
            raise MalformedProof(f"expected one hash per set bit of `{size}`, got {len(peaks)} bytes")
        return cls(size, tuple(split_hashes(peaks)))

    def to_bytes(self) -> bytes:
        """The peaks one after the other, smallest subtree first; 32 bytes each, at most 63."""
        return b"".join(self.peaks)

    def root(self) -> bytes:
        """The root over all entries."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[0]
        for peak in self.peaks[1:]:
            root = sha256(b"\x01" + peak + root).digest()
        return root

    def extend(self, leaves: Iterable[bytes]) -> tuple[Frontier, list[Completed]]:
        """The frontier after these leaf hashes, and what became complete at the levels that tiles store."""
        row, completed = list(leaves), []
        size = self.size + len(row)
        old = iter(self.peaks)
        peaks: list[bytes] = []
        for height in range(size.bit_length()):
            if height and height % TILE_HEIGHT == 0 and row:
                completed.append(Completed(height // TILE_HEIGHT, self.size >> height, row))
            if self.size >> height & 1:
                row = [next(old), *row]
            if len(row) & 1:
                peaks.append(row[-1])
            pair = iter(row)
            row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pair, pair, strict=False)]
        return Frontier(size, tuple(peaks)), completed


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """The hashes that lead from entry `index` to the root at `size`, its sibling first. 0 ≤ index < size."""
    path, first, end = [], 0, size
    while end - first > 1:
        middle = first + largest_power_below(end - first)
        if index < middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def consistency_path(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """The hashes that show the tree of `old` entries to be the start of that of `new`. 0 ≤ old ≤ new."""
    if old in (0, new):
        return []
    path, first, end, whole = [], 0, new, True
    while old != end:
        middle = first + largest_power_below(end - first)
        if old <= middle:
            path.append(subtree(middle, end))
            end = middle
        else:
            path.append(subtree(first, middle))
            first, whole = middle, False
    if not whole:
        path.append(subtree(first, end))
    return path[::-1]


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Return when `path` leads from `leaf` at `index` to `root` at `size`; raise `WrongProof` otherwise.

    Source: RFC 9162, section 2.1.3.2, whose steps are numbered here.
    """
    if not 0 <= index < size:  # 1
        raise WrongProof(f"expected an index below the size `{size}`, got `{index}`")
    low, high, found = index, size - 1, leaf  # 2, 3
    for hash_ in path:  # 4
        if high == 0:
            raise WrongProof("expected a shorter inclusion proof")
        if low & 1 or low == high:
            found = node_hash(hash_, found)
            while low and not low & 1:
                low, high = low >> 1, high >> 1
        else:
            found = node_hash(found, hash_)
        low, high = low >> 1, high >> 1
    if high or found != root:  # 5
        raise WrongProof(f"expected the inclusion proof of entry `{index}` to lead to the signed root")


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Return when the tree of `old` entries is the start of that of `new`; raise `WrongProof` otherwise.

    Source: RFC 9162, section 2.1.4.2, whose steps are numbered here; sizes 0 and equal as RFC 6962 has them.
    """
    if not 0 <= old <= new:
        raise WrongProof(f"expected a tree that grows, got `{old}` then `{new}`")
    if old in (0, new):
        if path or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise WrongProof(f"expected an empty proof and one root at size `{old}`")
        return
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)  # 1, 2
    if not path:
        raise WrongProof("expected a consistency proof, got none")
    low, high = old - 1, new - 1  # 3
    while low & 1:  # 4
        low, high = low >> 1, high >> 1
    older = newer = hashes[0]  # 5
    for hash_ in hashes[1:]:  # 6
        if high == 0:
            raise WrongProof("expected a shorter consistency proof")
        if low & 1 or low == high:
            older, newer = node_hash(hash_, older), node_hash(hash_, newer)
            while low and not low & 1:
                low, high = low >> 1, high >> 1
        else:
            newer = node_hash(newer, hash_)
        low, high = low >> 1, high >> 1
    if high or older != old_root or newer != new_root:  # 7
        raise WrongProof(f"expected the tree of `{old}` to be the start of the tree of `{new}`")


def largest_power_below(count: int) -> int:
    """The largest power of two smaller than `count`, where a tree of `count` leaves splits. `count` ≥ 2."""
    return 1 << (count - 1).bit_length() - 1


def split_hashes(data: bytes) -> list[bytes]:
    """The 32-byte hashes in `data`. Raises `MalformedProof` when a part is left over."""
    if len(data) % HASH_BYTES:
        raise MalformedProof(f"expected whole hashes of 32 bytes, got {len(data)} bytes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
