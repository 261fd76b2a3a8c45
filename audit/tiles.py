"""Which files show the log to the world, and what do they hold?

Format: C2SP tlog-tiles v0.1.0 as of commit 5ba5ee8. A tile holds 256 hashes of one level, an
entry bundle 256 entries; the last of each may be partial, and is then a byte prefix of the
full one. Files are a projection of the log: the same log gives the same bytes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Self

from audit.errors import EntryTooLong, MalformedTile, NoSuchEntry
from audit.merkle import (
    EMPTY_ROOT,
    TILE_HEIGHT,
    consistency_path,
    inclusion_path,
    largest_power_below,
    node_hash,
    split_hashes,
)

WIDTH = 256
ENTRY_BYTES_MAX = 65_535
LEVEL_MAX = 63 // TILE_HEIGHT

TILES_KEPT = 512
"""By one tree: about 20 MB, once 131,072 entries came."""

_NAME = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class TileName:
    """A tile at `level` 0 to 7, or with level None a bundle of entries; `width` 1 to 256 says how full.

    >>> str(TileName(0, 1234067)), str(TileName(None, 5, width=17))
    ('tile/0/x001/x234/067', 'tile/entries/005.p/17')
    """

    level: int | None
    index: int
    width: int = WIDTH

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path. Raises `MalformedTile` for any other spelling, `x000/001` for 1 among them."""
        found = _NAME.fullmatch(path)
        if found is None:
            raise MalformedTile("expected a tile path such as `tile/0/x001/067` or `tile/entries/003.p/9`")
        name = cls(
            None if found[1] == "entries" else int(found[1]),
            int(found[2].replace("/", "").replace("x", "")),
            int(found[3]) if found[3] else WIDTH,
        )
        if str(name) != path or (name.level or 0) > LEVEL_MAX or name.index >= 2**54:
            raise MalformedTile("expected a tile path in its one spelling")
        return name

    def __str__(self) -> str:
        kind = "entries" if self.level is None else self.level
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        return f"tile/{kind}/{path}" + (f".p/{self.width}" if self.width < WIDTH else "")


def tile_names(size: int) -> Iterator[TileName]:
    """The names of every file that a log of `size` entries consists of, beside its checkpoint, bundles first."""
    for level in (None, *range(LEVEL_MAX + 1)):
        count = size >> TILE_HEIGHT * (level or 0)
        if not count:
            return
        yield from (TileName(level, index) for index in range(count // WIDTH))
        if count % WIDTH:
            yield TileName(level, count // WIDTH, count % WIDTH)


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each behind its length in two bytes. Raises `EntryTooLong`."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > ENTRY_BYTES_MAX:
            raise EntryTooLong(f"expected an entry of at most {ENTRY_BYTES_MAX} bytes, got {len(entry)}")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def unpack_entries(data: bytes) -> list[bytes]:
    """The entries that `pack_entries` wrote. Raises `MalformedTile` when the last one is cut off.

    >>> unpack_entries(pack_entries([b"", b"ab"]))
    [b'', b'ab']
    """
    entries, at, end = [], 0, len(data)
    try:
        while at < end:
            start = at + 2
            at = start + (data[at] << 8 | data[start - 1])
            entries.append(data[start:at])
    except IndexError:
        raise MalformedTile("expected a length of two bytes before each entry") from None
    if at != end:
        raise MalformedTile("expected whole entries, got a part of one at the end")
    return entries


ReadTile = Callable[[int, int, int], bytes]
"""Gives the hashes of a tile by level, index and width, `32 * width` bytes."""


class Tree:
    """The hashes and proofs of a log, read from its tiles; `read` may fetch them from anywhere.

    What was computed from a tile is kept, `TILES_KEPT` at most, and grows with it.
    Safe to use from several threads. Raises `NoSuchEntry` beyond the size asked for,
    `MalformedTile` for a tile of the wrong length, and whatever `read` raises.
    """

    def __init__(self, read: ReadTile) -> None:
        self._read = read
        self._kept: OrderedDict[tuple[int, int], Rows] = OrderedDict()
        self._one_at_a_time = Lock()

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries, 0 or more."""
        return self._subtree(size)(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that entry `index` is in the tree of `size` entries."""
        if not 0 <= index < size:
            raise NoSuchEntry(f"expected an index below `{size}`, got `{index}`")
        return inclusion_path(index, size, self._subtree(size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `old` entries is the start of that of `new`."""
        if not 0 <= old <= new:
            raise NoSuchEntry(f"expected a size of at most `{new}`, got `{old}`")
        return consistency_path(old, new, self._subtree(new))

    def _subtree(self, size: int) -> Callable[[int, int], bytes]:
        def subtree(first: int, end: int) -> bytes:
            count = end - first
            if count & (count - 1) == 0:
                return self._perfect(count.bit_length() - 1, first, size)
            middle = first + largest_power_below(count)
            return node_hash(subtree(first, middle), subtree(middle, end))

        return subtree

    def _perfect(self, height: int, first: int, size: int) -> bytes:
        """The hash over 2**height entries from `first`, which is a multiple of that."""
        level, row = divmod(height, TILE_HEIGHT)
        at = first >> height
        index = at >> TILE_HEIGHT - row
        width = min(WIDTH, (size >> TILE_HEIGHT * level) - index * WIDTH)
        rows = self._kept.get((level, index))
        if rows is None or len(rows[0]) < width:
            rows = self._grown(level, index, width)
        return rows[row][at & (1 << TILE_HEIGHT - row) - 1]

    def _grown(self, level: int, index: int, width: int) -> Rows:
        """The rows of a tile, those of a narrower one taken over: nodes that are complete never change."""
        hashes = split_hashes(self._read(level, index, width))
        if len(hashes) != width:
            raise MalformedTile(f"expected a tile of `{width}` hashes, got `{len(hashes)}`")
        with self._one_at_a_time:
            known = self._kept.get((level, index))
            rows = _rows_over(hashes, [] if known is None else known)
            self._kept[level, index] = rows
            self._kept.move_to_end((level, index))
            if len(self._kept) > TILES_KEPT:
                self._kept.popitem(last=False)
        return rows


Rows = list[list[bytes]]
"""Every complete node inside a tile: row 0 is its hashes, row 7 the last two halves."""


def _rows_over(hashes: list[bytes], known: Rows) -> Rows:
    """The rows above the hashes of a tile. `known` are those of the same tile, perhaps when it was narrower."""
    taken = known if known and known[0] == hashes[: len(known[0])] else []
    rows = [hashes]
    while len(rows[-1]) > 1 and len(rows) < TILE_HEIGHT:
        row = [*taken[len(rows)]] if len(rows) < len(taken) else []
        pair = iter(rows[-1][2 * len(row) :])
        row += [sha256(b"\x01" + left + right).digest() for left, right in zip(pair, pair, strict=False)]
        rows.append(row)
    return rows
