"""The tree: roots, inclusion and consistency at every size, however the entries came in."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import MalformedProof, WrongProof
from audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from audit.tiles import Tree
from tests.audit.conftest import root_of

# The entries and roots that Certificate Transparency's reference implementation is tested with.
CT_ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

LARGE = 65_538
SMALL = st.integers(0, 1100)


@lru_cache(1)
def leaves() -> list[bytes]:
    return [sha256(at.to_bytes(4, "big")).digest() for at in range(LARGE)]


@lru_cache(1)
def tree() -> Tree:
    """A tree over `leaves`, whose tiles are the subtrees that became complete, and the ragged rest."""
    _, completed = Frontier().extend(leaves())
    rows = {0: leaves(), **{level: hashes for level, _, hashes in completed}}
    return Tree(lambda level, index, width: b"".join(rows[level][index * 256 : index * 256 + width]))


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


def test_the_reference_entries_give_the_reference_roots() -> None:
    for count, root in enumerate(CT_ROOTS, 1):
        assert root_of(map(leaf_hash, CT_ENTRIES[:count])).hex() == root
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(SMALL, max_size=6))
def test_a_root_does_not_depend_on_how_the_entries_were_batched(cuts: list[int]) -> None:
    cuts = sorted({0, *cuts})
    frontier, tiles = Frontier(), dict[tuple[int, int], bytes]()
    for start, end in pairwise(cuts):
        frontier, completed = frontier.extend(leaves()[start:end])
        frontier = Frontier.from_bytes(frontier.size, frontier.to_bytes())
        tiles |= {
            (level, at): hash_ for level, first, hashes in completed for at, hash_ in enumerate(hashes, first)
        }
    assert frontier.root() == naive_root(leaves()[: cuts[-1]])
    assert tiles == {
        (level, at): naive_root(leaves()[at * 256**level : (at + 1) * 256**level])
        for level in (1, 2)
        for at in range(cuts[-1] // 256**level)
    }


@given(st.data())
def test_every_inclusion_proof_verifies_and_no_neighbour_does(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.integers(1, 1100), st.integers(65_535, 65_537)))
    index = data.draw(st.integers(0, size - 1))
    path, root, leaf = tree().inclusion(index, size), tree().root(size), leaves()[index]
    good = {"index": index, "size": size, "leaf": leaf, "path": path, "root": root}
    verify_inclusion(**good)
    for wrong in (
        {"leaf": leaves()[index + 1]},
        {"root": bytes(32)},
        {"path": [*path, bytes(32)]},
        {"index": size},
        {"index": -1},
        *([{"path": path[1:]}, {"path": path[:-1]}, {"path": [bytes(32), *path[1:]]}] if path else []),
        *([{"index": index ^ 1}] if index ^ 1 < size else []),
    ):
        with pytest.raises(WrongProof):
            verify_inclusion(**{**good, **wrong})


@given(st.data())
def test_every_consistency_proof_verifies_and_no_neighbour_does(data: st.DataObject) -> None:
    new = data.draw(st.one_of(SMALL, st.integers(65_535, 65_537)))
    old = data.draw(st.integers(0, new))
    good = {
        "old": old,
        "new": new,
        "old_root": tree().root(old),
        "new_root": tree().root(new),
        "path": tree().consistency(old, new),
    }
    verify_consistency(**good)
    wrongs = [{"path": [*good["path"], bytes(32)]}, {"old_root": bytes(32)}]
    if old == new:
        wrongs.append({"new_root": bytes(32)})
    elif old:  # from the empty tree every tree grows
        wrongs += [
            {"new_root": bytes(32)},
            {"path": good["path"][1:]},
            {"path": good["path"][:-1]},
            {"path": []},
        ]
        wrongs.append({"path": [bytes(32), *good["path"][1:]]})
        wrongs.append({"old": new, "new": old})
    for wrong in wrongs:
        with pytest.raises(WrongProof):
            verify_consistency(**{**good, **wrong})


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_the_tree_read_from_tiles_is_the_tree_of_the_entries(size: int) -> None:
    assert tree().root(size) == Frontier().extend(leaves()[:size])[0].root()


def test_a_path_needs_only_the_subtrees_beside_it() -> None:
    asked: list[tuple[int, int]] = []

    def subtree(first: int, end: int) -> bytes:
        asked.append((first, end))
        return bytes(32)

    inclusion_path(4, 7, subtree)
    assert asked == [(0, 4), (6, 7), (5, 6)]
    asked.clear()
    consistency_path(3, 7, subtree)
    assert asked == [(4, 7), (0, 2), (3, 4), (2, 3)]


def test_peaks_of_another_size_are_refused() -> None:
    for size, peaks in ((3, bytes(32)), (0, bytes(32)), (1, bytes(31)), (-1, b"")):
        with pytest.raises(MalformedProof):
            Frontier.from_bytes(size, peaks)
