"""The write-ahead log of SQLite: nothing that is added while it is got ready is written over."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from audit import tables, write_ahead
from audit.note import Checkpoint
from audit.reader import Reader
from audit.store import Store
from tests.audit.conftest import ORIGIN, SIGNER

ENTRIES = [b"an entry of %d" % at for at in range(40)]


def sign(checkpoint: Checkpoint) -> bytes:
    return bytes(checkpoint.sign([SIGNER], time=1_795_000_000))


def opened(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder}/log.db", origin=ORIGIN)
    store.create(sign)
    return store


def cut(folder: Path) -> None:
    """Cut the write-ahead log to nothing, as after a shredding."""
    own = sqlite3.connect(folder / "log.db")
    [(in_the_way, *_)] = own.execute("pragma wal_checkpoint(truncate)")
    own.close()
    assert not in_the_way
    assert (folder / "log.db-wal").stat().st_size == 0


def by_the_writer(store: Store) -> None:
    store.append(ENTRIES, [], sign)


def by_a_witness(store: Store) -> None:
    store.keep_cosigned(1, b"a cosigned note " * 1000)


@pytest.mark.parametrize("add", [by_the_writer, by_a_witness])
def test_what_is_added_while_the_file_gets_its_size_stays(
    add: Callable[[Store], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    store.append(ENTRIES, [], sign)
    cut(tmp_path)
    adding = Thread(target=add, args=[store])

    def looked_at(file: int) -> os.stat_result:
        end = os.fstat(file)
        adding.start()
        adding.join(timeout=0.3)  # time enough, where nothing holds it off
        return end

    with monkeypatch.context() as patched:
        patched.setattr(write_ahead, "os", _Os(looked_at))
        store._ahead.prewrite()
    adding.join()
    store.close()
    assert intact(tmp_path) == ["ok"]
    again = opened(tmp_path)
    expected = ENTRIES * 2 if add is by_the_writer else ENTRIES
    assert Reader(again.engine).entries(0, len(expected)) == expected
    assert (Reader(again.engine).cosigned() is None) == (add is by_the_writer)
    again.close()


def test_the_file_has_its_size_after_a_cut_and_before_the_next_append(tmp_path: Path) -> None:
    store = opened(tmp_path)
    size = (tmp_path / "log.db-wal").stat().st_size
    store.append(ENTRIES, [], sign)
    cut(tmp_path)
    store._ahead.prewrite()
    assert (tmp_path / "log.db-wal").stat().st_size == size > 0
    store.append(ENTRIES, [], sign)
    assert (tmp_path / "log.db-wal").stat().st_size == size
    store.close()


def test_a_log_to_which_somebody_else_writes_keeps_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BUSY_MS", 20)
    store = opened(tmp_path)
    cut(tmp_path)
    other = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    other.execute("begin immediate")
    store._ahead.prewrite()
    assert (tmp_path / "log.db-wal").stat().st_size == 0
    other.close()
    store.append(ENTRIES, [], sign)
    store.close()


def intact(folder: Path) -> list[str]:
    own = sqlite3.connect(folder / "log.db")
    try:
        return [text for (text,) in own.execute("pragma integrity_check")]
    finally:
        own.close()


class _Os:
    """The module `os` with another `fstat`."""

    def __init__(self, fstat: Callable[[int], os.stat_result]) -> None:
        self.fstat = fstat

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)
