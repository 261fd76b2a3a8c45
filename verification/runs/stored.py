"""Where does a snapshot lie, so that a run can be taken up, or given to many machines? In a folder of Parquet files.

One file a record type, named after it, and `cases` and `persons`. Files come under their names
when they are whole, `cases` last of all: a folder without it is no snapshot. The sha256 of each is
kept by who wrote them, elsewhere: a run goes on over the very bytes that it began with, or not at all.

    ValueError
    ├── NoSnapshot        the folder holds no whole snapshot
    └── ChangedSnapshot   a file of it is not the one that was written
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from verification.runs.tables import InFile, Snapshot
from vocabulary.register import RECORD_TYPES


class NoSnapshot(ValueError):
    """This folder holds no whole snapshot."""


class ChangedSnapshot(ValueError):
    """A file of this snapshot was changed, removed or added since. Put back what was there, or begin a new run."""


def store(snapshot: Snapshot, folder: Path) -> dict[str, str]:
    """Write a snapshot into a folder, made for the owner alone: it holds what departments said of people.

    Gives the sha256 in hex of each file, by its name: with them `stored` knows the files again.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for record, table in snapshot.tables.items():
        _write(table, folder / f"{record.__name__}.parquet")
    _write(snapshot.persons, folder / "persons.parquet")
    _write(snapshot.cases, folder / "cases.parquet")
    return _digests(folder)


def stored(folder: Path, written: Mapping[str, str]) -> Snapshot:
    """The snapshot of a folder. Raises `NoSnapshot`, `ChangedSnapshot`.

    `written`   what `store` gave
    """
    if not (folder / "cases.parquet").exists():
        raise NoSnapshot("expected a folder with a whole snapshot")
    _require_same(written, _digests(folder))
    try:
        cases, persons = pq.read_table(folder / "cases.parquet"), pq.read_table(folder / "persons.parquet")
        tables = {
            record: pq.read_table(path)
            for record in RECORD_TYPES
            if (path := folder / f"{record.__name__}.parquet").exists()
        }
    except (OSError, pa.ArrowException):
        raise NoSnapshot("expected a folder with a whole snapshot") from None
    return Snapshot(tables, cases, persons)


def lying(folder: Path) -> Snapshot:
    """What lies in a folder, read when it is needed; of cases and persons only their columns. Raises `NoSnapshot`."""
    try:
        cases, persons = (
            pq.read_schema(folder / f"{name}.parquet").empty_table() for name in ("cases", "persons")
        )
    except (OSError, pa.ArrowException):
        raise NoSnapshot("expected a folder with a whole snapshot") from None
    tables = {
        record: InFile(path)
        for record in RECORD_TYPES
        if (path := folder / f"{record.__name__}.parquet").exists()
    }
    return Snapshot(tables, cases, persons)


def discard(folder: Path) -> None:
    """Remove a snapshot's files, `cases` first: what is left of it is no snapshot any more."""
    for path in (folder / "cases.parquet", *sorted(folder.glob("*.parquet")), *sorted(folder.glob("*.part"))):
        path.unlink(missing_ok=True)
    if folder.exists():
        folder.rmdir()


def _require_same(written: Mapping[str, str], found: Mapping[str, str]) -> None:
    for name in sorted({*written, *found}):
        expected, got = (f"`{each[name][:12]}…`" if name in each else "none" for each in (written, found))
        if written.get(name) != found.get(name):
            raise ChangedSnapshot(f"expected `{name}` of the snapshot with sha256 {expected}, got {got}")


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for path in folder.glob("*.parquet"):
        with path.open("rb") as file:
            digests[path.name] = file_digest(file, "sha256").hexdigest()
    return digests


def _write(table: pa.Table, path: Path) -> None:
    part = path.with_suffix(".part")
    pq.write_table(table, part, compression="zstd")
    part.replace(path)
