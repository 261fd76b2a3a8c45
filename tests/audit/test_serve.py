"""The read-only tile server, and a client that knows nothing of us but its URL."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from audit.errors import NoSuchEntry
from audit.merkle import leaf_hash, root_of, verify_inclusion
from audit.note import Note
from audit.serve import tile_server
from audit.tiles import TileName, Tree, tile_names, unpack_entries
from tests.audit.conftest import POLICY, OpenLog


def test_a_client_rebuilds_and_checks_the_whole_log_from_its_tiles(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*(log.append(b"entry %d" % at) for at in range(700)))
            app = tile_server(checkpoint=log.checkpoint, tile=log.tile)
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app), base_url="http://log/"
            ) as client:
                head = POLICY.open(Note.parse((await client.get("checkpoint")).content))
                files = {str(name): (await client.get(str(name))).content for name in tile_names(head.size)}
        bundles = [data for path, data in sorted(files.items()) if path.startswith("tile/entries")]
        entries = [entry for data in bundles for entry in unpack_entries(data)]
        assert entries == [b"entry %d" % at for at in range(700)]
        assert root_of(map(leaf_hash, entries)) == head.root
        tree = Tree(lambda level, index, width: files[str(TileName(level, index, width))])
        assert tree.root(700) == head.root
        path = tree.inclusion(699, 700)
        verify_inclusion(index=699, size=700, leaf=leaf_hash(entries[699]), path=path, root=head.root)

    asyncio.run(story())


def test_what_can_never_change_may_be_kept_for_ever(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(*(log.append(b"entry") for _ in range(300)))
            app = tile_server(checkpoint=log.checkpoint, tile=log.tile)
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app), base_url="http://log/"
            ) as client:
                full, partial = await client.get("tile/0/000"), await client.get("tile/0/001.p/44")
                assert "immutable" in full.headers["cache-control"]
                assert "immutable" not in partial.headers["cache-control"]
                assert (await client.get("checkpoint")).headers["cache-control"] == "no-cache"
                head = await client.head("tile/0/000")
                assert (head.headers["content-length"], head.content) == ("8192", b"")

    asyncio.run(story())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/2",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/9/000",
        "tile/entries/001",
    ],
)
def test_what_is_not_there_is_not_found_and_nothing_is_written(path: str) -> None:
    async def checkpoint() -> None:
        return None

    async def tile(name: TileName) -> bytes:
        raise NoSuchEntry(f"expected less than `{name}`")

    async def story() -> None:
        app = tile_server(checkpoint=checkpoint, tile=tile)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://log/"
        ) as client:
            assert (await client.get(path)).status_code == 404
            assert (await client.get("checkpoint")).status_code == 404
            assert (await client.post("checkpoint")).status_code == 405

    asyncio.run(story())
