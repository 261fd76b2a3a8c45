"""Where does a snapshot lie, so that a run can be taken up, or given to many machines? In a folder of Parquet files.

One file a record type, named after it, and `cases` and `persons`. Files come under their names
when they are whole, `cases` last of all: a folder without it is no snapshot.

    ValueError
    └── NoSnapshot   the folder holds no whole snapshot
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from verification.runs.tables import Snapshot
from vocabulary.register import RECORD_TYPES


class NoSnapshot(ValueError):
    """This folder holds no whole snapshot."""


def store(snapshot: Snapshot, folder: Path) -> None:
    """Write a snapshot into a folder, made for the owner alone: it holds what departments said of people."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for record, table in snapshot.tables.items():
        _write(table, folder / f"{record.__name__}.parquet")
    _write(snapshot.persons, folder / "persons.parquet")
    _write(snapshot.cases, folder / "cases.parquet")


def stored(folder: Path) -> Snapshot:
    """The snapshot of a folder. Raises `NoSnapshot`."""
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


def discard(folder: Path) -> None:
    """Remove a snapshot's files, `cases` first: what is left of it is no snapshot any more."""
    for path in (folder / "cases.parquet", *sorted(folder.glob("*.parquet")), *sorted(folder.glob("*.part"))):
        path.unlink(missing_ok=True)
    if folder.exists():
        folder.rmdir()


def _write(table: pa.Table, path: Path) -> None:
    part = path.with_suffix(".part")
    pq.write_table(table, part, compression="zstd")
    part.replace(path)
