"""How does a whole district come to rest in files, even if the process is killed on the way? Part by part, with its cursor.

    <folder>/<Record>/part-000000.parquet …     each with the cursor behind it in its metadata
    <folder>/<Record>/complete                  written last: how many rows there are

A part is written beside its name and renamed, so that batch and cursor come about in one act. Who
is killed goes on behind the last part that is there; what lies half written is written again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.arrow import schema_of
from connectors.ask import Connector
from vocabulary.record import Record

COMPLETE = "complete"

_CURSOR, _COLUMNS = b"hedui.cursor", b"hedui.columns"


class OtherLanding(Exception):
    """The folder holds parts with other columns than are asked for: take an empty one."""


def land(connector: Connector, record: type[Record], columns: frozenset[str], folder: Path) -> int:
    """Bring every row of a record type to rest below `folder`, going on where an earlier call ended; how many rows.

    Raises `SnapshotFailed` (what has come stays, and the next call goes on), `OtherLanding`, `OSError`.
    """
    place = folder / record.__name__
    place.mkdir(parents=True, exist_ok=True)
    done = place / COMPLETE
    if done.exists():
        return int(done.read_text("ascii"))
    asked = ",".join(schema_of(record, columns).names).encode()
    parts, rows = _parts(place), 0
    for part in parts:
        kept = pq.read_metadata(part)
        if kept.metadata[_COLUMNS] != asked:
            raise OtherLanding(
                f"expected parts of `{record.__name__}` with the columns asked for, got others"
            )
        rows, cursor = rows + kept.num_rows, kept.metadata[_CURSOR].decode()
    snapshot = connector.snapshot(record, columns, cursor if parts else "")
    for number, batch in enumerate(snapshot, len(parts)):
        told = batch.schema.with_metadata({_CURSOR: snapshot.cursor, _COLUMNS: asked})
        _write(pa.Table.from_batches([batch]).cast(told), place / f"part-{number:06d}.parquet")
        rows += batch.num_rows
    _renamed(place / f".{COMPLETE}", str(rows).encode(), done)
    return rows


def landed(record: type[Record], folder: Path) -> Iterator[pa.RecordBatch]:
    """Give what has come to rest, part by part."""
    for part in _parts(folder / record.__name__):
        yield from pq.ParquetFile(part).iter_batches()


def _parts(place: Path) -> list[Path]:
    return sorted(place.glob("part-*.parquet"))


def _write(table: pa.Table, path: Path) -> None:
    under_way = path.with_name(f".{path.name}")
    pq.write_table(table, under_way)
    with under_way.open("rb") as file:
        os.fsync(file.fileno())
    under_way.replace(path)


def _renamed(under_way: Path, data: bytes, path: Path) -> None:
    under_way.write_bytes(data)
    under_way.replace(path)
