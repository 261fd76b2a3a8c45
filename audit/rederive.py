"""Is every file of a published log what follows from its entries, and do they lead to the signed root?

Each entry is hashed again, each tile compared with what lies below it, byte for byte, and the
root computed from the entries alone. Nothing is believed because it fits its neighbour: where
two files contradict each other, a third, or the signed root, says which of them was changed.
The offline verifier uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import NamedTuple, TypeVar

from audit.archive import Files
from audit.errors import AuditError, FileChanged, FileMissing, MalformedTile, WrongProof
from audit.merkle import HASH_BYTES, Frontier, split_hashes
from audit.tiles import WIDTH, TileName, unpack_entries

_BUNDLES_PER_JOB = 64
_LOST = b""
"""Stands for a hash that cannot be known, because the files below it are missing or broken."""

T = TypeVar("T")
Look = Callable[[int, bytes], T | None]
"""What else is to be done with each entry, by its index; a result that is not None is kept, an `AuditError` noted."""


class Fault(NamedTuple):
    """What is wrong with which file."""

    file: str
    error: AuditError


@dataclass
class Rederived:
    """What the entries gave: faults, what the looks found (index and result), and the entries that were hashed."""

    faults: list[Fault] = field(default_factory=list)
    found: list[tuple[int, object]] = field(default_factory=list)
    entries: int = 0


def rederive_log(
    files: Files, *, size: int, root: bytes, look: Look[object] | None = None, jobs: int = 1
) -> Rederived:
    """Check the tiles and entry bundles of a log of `size` entries.

    `files`  with several `jobs` it must be picklable
    `root`   of the signed head
    `look`   called once per entry; with several `jobs` it must be picklable
    `jobs`   processes, 1 or more
    Faults come in the order of the files; a file that is not one of the log's is none of this function's business.
    """
    result = Rederived()
    tiles: list[_Tile] = []
    for part, faults, found, hashed in _parts(files, size=size, look=look, jobs=jobs):
        tiles += part
        result.faults += faults
        result.found += found
        result.entries += hashed
    below = [_settled(files, tile, tiles, size=size, root=root, faults=result.faults) for tile in tiles]
    _check_upper(files, [hash_ for hash_, _ in below if hash_ is not None], size=size, faults=result.faults)
    _check_root(below, size=size, root=root, faults=result.faults)
    return result


class _Tile(NamedTuple):
    """One bundle of entries and the tile over it: their hashes differ, or only one is needed.

    For a full tile the hashes are folded into one; for the partial one at the end they are kept.
    """

    name: TileName
    from_entries: tuple[bytes, ...] | None
    from_tile: tuple[bytes, ...] | None


_Part = tuple[list[_Tile], list[Fault], list[tuple[int, object]], int]


def _parts(files: Files, *, size: int, look: Look[object] | None, jobs: int) -> Iterator[_Part]:
    count = -(-size // WIDTH)
    starts = range(0, count, _BUNDLES_PER_JOB)
    ranges = [range(start, min(start + _BUNDLES_PER_JOB, count)) for start in starts]
    work = partial(_read_part, files, size, look)
    if jobs == 1 or len(ranges) == 1:
        yield from map(work, ranges)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, ranges)


def _read_part(files: Files, size: int, look: Look[object] | None, indexes: range) -> _Part:
    present = set(files.names)
    tiles: list[_Tile] = []
    faults: list[Fault] = []
    found: list[tuple[int, object]] = []
    hashed = 0
    for index in indexes:
        width = min(WIDTH, size - index * WIDTH)
        bundle, tile = TileName(None, index, width), TileName(0, index, width)
        entries = _attempt(partial(_entries, files, present, bundle), str(bundle), faults)
        stored = _attempt(partial(_hashes, files, present, tile), str(tile), faults)
        derived = None
        if entries is not None:
            derived = [sha256(b"\x00" + entry).digest() for entry in entries]
            hashed += len(entries)
            if look is not None:
                found += _looked(look, entries, first=index * WIDTH, file=str(bundle), faults=faults)
        folded = _folded(derived, width)
        same = derived is not None and b"".join(derived) == stored
        tiles.append(_Tile(tile, folded, folded if same else _folded(_split(stored), width)))
    return tiles, faults, found, hashed


def _looked(
    look: Look[object], entries: Sequence[bytes], *, first: int, file: str, faults: list[Fault]
) -> Iterator[tuple[int, object]]:
    for index, entry in enumerate(entries, first):
        try:
            result = look(index, entry)
        except AuditError as error:
            faults.append(Fault(file, type(error)(f"entry `{index}`: {error}")))
        else:
            if result is not None:
                yield index, result


def _settled(
    files: Files, tile: _Tile, tiles: Sequence[_Tile], *, size: int, root: bytes, faults: list[Fault]
) -> tuple[bytes | None, tuple[bytes, ...]]:
    """The hash of a full tile, or None and the hashes of the partial one; what contradicts it is a fault."""
    derived, stored = tile.from_entries, tile.from_tile
    chosen = derived or stored or ()
    if derived and stored and derived != stored:
        fits = partial(_fits_above, files, tile, tiles, size=size, root=root)
        bundle = TileName(None, tile.name.index, tile.name.width)
        if fits(derived):
            faults.append(Fault(str(tile.name), FileChanged("expected the hashes of the entries below it")))
        elif fits(stored):
            faults.append(
                Fault(str(bundle), FileChanged("expected the entries that the tile and its parent hash"))
            )
            chosen = stored
        else:
            faults += [
                Fault(str(name), FileChanged("expected entries and hashes that belong together"))
                for name in (bundle, tile.name)
            ]
    if tile.name.width < WIDTH:
        return None, chosen
    return (chosen[0] if chosen else _LOST), ()


def _fits_above(
    files: Files, tile: _Tile, tiles: Sequence[_Tile], hashes: tuple[bytes, ...], *, size: int, root: bytes
) -> bool:
    """Tell whether what lies above agrees with these hashes: the parent's tile, or the signed root."""
    if tile.name.width < WIDTH:
        whole = [other.from_entries or other.from_tile or () for other in tiles[:-1]]
        return _root([hash_ for hashes_ in whole for hash_ in hashes_], hashes) == root
    index = tile.name.index
    width = min(WIDTH, size // WIDTH - index // WIDTH * WIDTH)
    name = TileName(1, index // WIDTH, width)
    parent = _attempt(partial(_hashes, files, set(files.names), name), str(name), [])
    return parent is not None and split_hashes(parent)[index % WIDTH] == hashes[0]


def _check_upper(files: Files, below: list[bytes], *, size: int, faults: list[Fault]) -> None:
    """Compare the tiles of level 1 and above with what lies below them."""
    present = set(files.names)
    level = 1
    while below:
        above: list[bytes] = []
        for index, first in enumerate(range(0, len(below), WIDTH)):
            derived = below[first : first + WIDTH]
            name = TileName(level, index, len(derived))
            stored = _attempt(partial(_hashes, files, present, name), str(name), faults)
            if not all(derived):  # what lies below is lost; what lies here is the best that is known
                derived = split_hashes(stored or b"") or [_LOST]
            elif stored is not None and stored != b"".join(derived):
                faults.append(Fault(str(name), FileChanged("expected the hashes of the tiles below it")))
            if name.width == WIDTH:
                above += (_folded(derived, WIDTH) or ()) if all(derived) else (_LOST,)
        below, level = above, level + 1


def _check_root(
    below: Sequence[tuple[bytes | None, tuple[bytes, ...]]], *, size: int, root: bytes, faults: list[Fault]
) -> None:
    full = [hash_ for hash_, _ in below if hash_ is not None]
    tail = below[-1][1] if size % WIDTH else ()
    if not all(full) or len(tail) != size % WIDTH:
        error = WrongProof("expected the root to follow from the entries, of which some are missing")
        faults.append(Fault("checkpoint", error))
    elif _root(full, tail) != root:
        faults.append(Fault("checkpoint", WrongProof("expected the entries to lead to the signed root")))


def _root(full: Sequence[bytes], tail: Iterable[bytes]) -> bytes:
    """The root over full tiles and the hashes left over."""
    peaks = Frontier().extend(full)[0].peaks
    return Frontier(len(full) * WIDTH, peaks).extend(tail)[0].root()


def _folded(hashes: Sequence[bytes] | None, width: int) -> tuple[bytes, ...] | None:
    """The one hash over a full tile; a partial tile's hashes as they are."""
    if hashes is None or width < WIDTH:
        return None if hashes is None else tuple(hashes)
    row = hashes
    while len(row) > 1:
        pair = iter(row)
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pair, pair, strict=True)]
    return (row[0],)


def _entries(files: Files, present: set[str], name: TileName) -> list[bytes]:
    entries = unpack_entries(_read(files, present, str(name)))
    if len(entries) != name.width:
        raise MalformedTile(f"expected `{name.width}` entries, got `{len(entries)}`")
    return entries


def _hashes(files: Files, present: set[str], name: TileName) -> bytes:
    data = _read(files, present, str(name))
    if len(data) != HASH_BYTES * name.width:
        raise MalformedTile(f"expected `{name.width}` hashes of 32 bytes, got `{len(data)}` bytes")
    return data


def _split(hashes: bytes | None) -> list[bytes] | None:
    return None if hashes is None else split_hashes(hashes)


def _read(files: Files, present: set[str], name: str) -> bytes:
    if name not in present:
        raise FileMissing("expected this file of the log")
    return files.read(name)


def _attempt(read: Callable[[], T], file: str, faults: list[Fault]) -> T | None:
    try:
        return read()
    except AuditError as error:
        faults.append(Fault(file, error))
        return None
