"""A bundle's log over HTTP: the tiles, to any client; nothing else of the bundle."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.archive import open_files
from audit.merkle import leaf_hash, verify_inclusion
from audit.note import Note
from audit.serve_bundle import bundle_server
from audit.tiles import TileName, Tree, unpack_entries
from tests.audit.bundles import POLICY, Made, files_of, make_bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_bundle(tmp_path_factory.mktemp("served"), inquiries=130)


@pytest.fixture
def url(made: Made) -> Iterator[str]:
    with bundle_server(open_files(made.bundle), port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        data: bytes = answer.read()
    return data


def test_a_client_that_knows_only_the_address_proves_an_entry(url: str) -> None:
    head = POLICY.open(Note.parse(fetch(f"{url}/checkpoint")))

    def read(level: int, index: int, width: int) -> bytes:
        return fetch(f"{url}/{TileName(level, index, width)}")

    path = Tree(read).inclusion(3, head.size)
    entry = unpack_entries(fetch(f"{url}/tile/entries/000"))[3]
    verify_inclusion(index=3, size=head.size, leaf=leaf_hash(entry), path=path, root=head.root)


def test_everything_else_in_the_bundle_is_not_there(url: str, made: Made) -> None:
    hidden = [name for name in files_of(made.bundle) if name != "checkpoint" and not name.startswith("tile/")]
    assert "disclosures.json" in hidden
    for name in (*hidden, "", "tile/", "../policy", "tile/../policy", "tile/0/999"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(f"{url}/{name}")


def test_a_damaged_tile_is_not_served(made: Made, tmp_path: Path) -> None:
    data = bytearray(made.bundle.read_bytes())
    data[data.index(files_of(made.bundle)["tile/0/000"])] ^= 1
    (tmp_path / "bad.zip").write_bytes(data)
    with bundle_server(open_files(tmp_path / "bad.zip"), port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(urllib.error.HTTPError, match="500"):
                fetch(f"http://127.0.0.1:{server.server_port}/tile/0/000")
        finally:
            server.shutdown()
            thread.join()
