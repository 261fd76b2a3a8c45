"""Tiles and bundles: their names, their bytes, and the tree they hold."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import EntryTooLong, MalformedTile, NoSuchEntry
from audit.tiles import TileName, Tree, pack_entries, tile_names, unpack_entries


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 1234067), "tile/0/x001/x234/067"),  # the specification's own example
        (TileName(7, 999), "tile/7/999"),
        (TileName(0, 1000), "tile/0/x001/000"),
        (TileName(0, 1000, width=255), "tile/0/x001/000.p/255"),
        (TileName(None, 5, width=1), "tile/entries/005.p/1"),
    ],
)
def test_a_name_has_one_spelling(name: TileName, path: str) -> None:
    assert str(name) == path
    assert TileName.parse(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/8/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/entries/../0/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/data/000",
        "tile/0/" + "x999/" * 12 + "000",
    ],
)
def test_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(MalformedTile):
        TileName.parse(path)


@given(st.integers(0, 2**54 - 1), st.sampled_from([None, *range(8)]), st.integers(1, 256))
def test_every_name_is_read_as_it_was_written(index: int, level: int | None, width: int) -> None:
    name = TileName(level, index, width)
    assert TileName.parse(str(name)) == name


@pytest.mark.parametrize(
    ("size", "paths"),
    [
        (0, []),
        (1, ["tile/entries/000.p/1", "tile/0/000.p/1"]),
        (256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]),
        (257, ["tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]),
    ],
)
def test_a_size_says_which_files_there_are(size: int, paths: list[str]) -> None:
    assert [str(name) for name in tile_names(size)] == paths


def test_a_third_level_begins_at_256_squared_entries() -> None:
    assert "tile/2/000.p/1" in map(str, tile_names(65_536))
    assert "tile/2/000.p/1" not in map(str, tile_names(65_535))


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_are_read_as_they_were_packed(entries: list[bytes]) -> None:
    packed = pack_entries(entries)
    assert unpack_entries(packed) == entries
    for cut in range(1, min(len(packed), 4)):
        with pytest.raises(MalformedTile):
            unpack_entries(pack_entries([*entries, b"last"])[:-cut])


def test_a_partial_bundle_is_the_beginning_of_the_full_one() -> None:
    entries = [b"%d" % at for at in range(256)]
    assert pack_entries(entries).startswith(pack_entries(entries[:100]))


def test_an_entry_that_a_length_of_two_bytes_cannot_tell_is_refused() -> None:
    assert len(pack_entries([bytes(65_535)])) == 65_537
    with pytest.raises(EntryTooLong):
        pack_entries([bytes(65_536)])


def test_a_tile_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(MalformedTile):
        Tree(lambda level, index, width: bytes(32) * (width + 1)).root(5)


def test_what_the_tree_does_not_hold_is_refused() -> None:
    tree = Tree(lambda level, index, width: bytes(32) * width)
    for ask in (lambda: tree.inclusion(5, 5), lambda: tree.inclusion(-1, 5), lambda: tree.consistency(6, 5)):
        with pytest.raises(NoSuchEntry):
            ask()


def test_full_tiles_are_read_once() -> None:
    reads: list[tuple[int, int, int]] = []

    def read(level: int, index: int, width: int) -> bytes:
        reads.append((level, index, width))
        return bytes(32) * width

    tree = Tree(read)
    for index in range(0, 256, 17):
        tree.inclusion(index, 512)
    assert sorted(reads) == [(0, 0, 256), (1, 0, 2)]


def test_a_tile_that_grows_gives_the_proofs_of_one_that_is_read_whole() -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(256)]

    def read(level: int, index: int, width: int) -> bytes:
        assert (level, index) == (0, 0)
        return b"".join(leaves[:width])

    growing = Tree(read)
    for size in (1, 2, 3, 7, 8, 100, 101, 255, 128):
        for index in {0, size // 2, size - 1}:
            assert growing.inclusion(index, size) == Tree(read).inclusion(index, size)
        assert growing.root(size) == Tree(read).root(size)


def test_another_history_of_a_tile_is_not_mixed_with_the_first() -> None:
    one, other = [[bytes([seed]) * 32 for _ in range(200)] for seed in (1, 2)]
    told = [one]
    tree = Tree(lambda level, index, width: b"".join(told[0][:width]))
    tree.root(100)
    told[0] = other
    assert tree.root(200) == Tree(lambda level, index, width: b"".join(other[:width])).root(200)
