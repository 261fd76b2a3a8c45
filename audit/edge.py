"""What does a fresh receipt need of the tree? The hashes at its growing end, from memory.

A receipt is asked for as soon as its entry is written, by all who shared the commit: their paths
share all but the first hashes. What is computed for one is kept for the others, and for the
commits that follow until the end has moved on by a tile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from audit.merkle import TILE_HEIGHT, Frontier, inclusion_path, largest_power_below, node_hash


class Edge:
    """The tree of `size` entries, of which it knows the leaves from `start`, and the subtrees before them.

    Make the next with `grown`. Paths are made in one thread, the next edge in any.
    """

    __slots__ = ("_known", "_leaves", "_peaks", "size", "start")

    def __init__(self, start: int, leaves: Sequence[bytes], peaks: Mapping[tuple[int, int], bytes]) -> None:
        self.start, self.size = start, start + len(leaves)
        self._leaves, self._peaks = leaves, peaks
        # By first entry and end: what a hash is over tells it, so that a larger tree's are the same.
        self._known = dict(peaks)

    @classmethod
    def of(cls, frontier: Frontier, leaves: Sequence[bytes]) -> Self:
        """The edge of a tree that grew out of `frontier`.

        `leaves`   leaf hashes from the last multiple of 256 at or below the frontier's size
        """
        start = frontier.size >> TILE_HEIGHT << TILE_HEIGHT
        peaks, end = {}, frontier.size
        for peak in frontier.peaks:  # smallest first
            first = end & end - 1
            if end <= start:
                peaks[first, end] = peak
            end = first
        return cls(start, leaves, peaks)

    def grown(self, frontier: Frontier, leaves: Sequence[bytes]) -> Edge:
        """As `of`, with what is known already where the end is still near, and the history the same."""
        fresh = Edge.of(frontier, leaves)
        if (fresh.start, fresh._peaks) == (self.start, self._peaks) and self._begins(leaves):
            fresh._known = self._known
        return fresh

    def _begins(self, leaves: Sequence[bytes]) -> bool:
        return leaves[: len(self._leaves)] == self._leaves

    def inclusion(self, index: int) -> list[bytes] | None:
        """The proof that entry `index` is in the tree; None when that lies too far back."""
        return inclusion_path(index, self.size, self._hash) if self.start <= index < self.size else None

    def _hash(self, first: int, end: int) -> bytes:
        """The hash over the entries [first, end), which is asked for beside a path from `start` or later."""
        if end - first == 1 and first >= self.start:
            return self._leaves[first - self.start]
        found = self._known.get((first, end))
        if found is None:
            middle = first + largest_power_below(end - first)
            found = self._known[first, end] = node_hash(self._hash(first, middle), self._hash(middle, end))
        return found
