"""The edge of the tree, kept in memory: it gives the paths that the tiles give, and forgets what lies behind."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.edge import Edge
from audit.errors import NoSuchEntry
from audit.merkle import Frontier, verify_inclusion
from audit.tiles import Tree
from tests.audit.conftest import OpenLog, root_of

LEAVES = [sha256(b"%d" % number).digest() for number in range(2_000)]


def edge_after(batches: list[int]) -> Edge:
    """What the log keeps after batches of these sizes."""
    frontier, edge, size = Frontier(), Edge.of(Frontier(), []), 0
    for grows in batches:
        start, size = size - size % 256, size + grows
        edge = edge.grown(frontier, LEAVES[start:size])
        frontier, _ = frontier.extend(LEAVES[size - grows : size])
    return edge


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_every_entry_of_the_last_batch_is_proven_whatever_came_before(batches: list[int]) -> None:
    edge, size = edge_after(batches), sum(batches)
    root = root_of(LEAVES[:size])
    for index in {size - batches[-1], size - 1 - batches[-1] // 2, size - 1}:
        path = edge.inclusion(index)
        assert path is not None
        verify_inclusion(index=index, size=size, leaf=LEAVES[index], path=path, root=root)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 768, 1_024])
def test_it_gives_the_paths_that_tiles_give(size: int) -> None:
    edge = edge_after([7] * (size // 7) + [size % 7] * (size % 7 > 0))
    tree = Tree(lambda level, index, width: b"".join(level_of(level)[index * 256 :][:width]))
    for index in range(edge.start, size):
        assert edge.inclusion(index) == tree.inclusion(index, size)


def level_of(level: int) -> list[bytes]:
    row = LEAVES
    return row if level == 0 else [root_of(row[at : at + 256]) for at in range(0, len(row), 256)]


def test_what_lies_a_tile_back_is_not_told_and_what_is_not_there_neither() -> None:
    edge = edge_after([300, 1, 1])
    assert (edge.start, edge.size) == (256, 302)
    assert [index for index in (-1, 0, 255, 256, 301, 302) if edge.inclusion(index) is not None] == [256, 301]


def test_another_history_is_not_mixed_with_the_first() -> None:
    other = [sha256(b"other %d" % number).digest() for number in range(600)]
    # They part before the last end of a tile, or after it.
    for history in (other[:256] + LEAVES[256:320], LEAVES[:290] + other[290:320]):
        edge = edge_after([300, 10])
        edge.inclusion(305)
        edge = edge.grown(Frontier().extend(history[:310])[0], history[256:])
        path = edge.inclusion(305)
        assert path is not None
        verify_inclusion(index=305, size=320, leaf=history[305], path=path, root=root_of(history))


def test_what_is_kept_does_not_grow_beyond_some_tiles() -> None:
    frontier, edge, size, most = Frontier(), Edge.of(Frontier(), []), 0, 0
    for grows in accumulate([1] * 40):
        start, size = size - size % 256, size + grows
        edge = edge.grown(frontier, LEAVES[start:size])
        frontier, _ = frontier.extend(LEAVES[size - grows : size])
        for index in range(max(edge.start, size - grows), size):
            edge.inclusion(index)
        most = max(most, len(edge._known))
    assert size == 820
    assert most < 1_500


def test_fresh_receipts_need_nothing_from_the_database(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with open_log() as log:

            def untouched(level: int, index: int, width: int) -> bytes:
                raise AssertionError("expected a receipt from memory")

            monkeypatch.setattr(log.reader, "tile", untouched)
            for _ in range(30):  # over two ends of tiles
                receipts = await asyncio.gather(*map(log.append, [b"entry"] * 20))
                await asyncio.gather(*(log.proof(receipt.index) for receipt in receipts))
            with pytest.raises(NoSuchEntry):
                await log.proof(600)

    asyncio.run(story())
