"""What does the log hold? Heads, entries, tiles and what lies beside them, read from its database from any thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from audit import tables
from audit.alongside import Sealed, SubjectKey, unpack_sealed
from audit.errors import NoSuchEntry, StoreDamaged
from audit.merkle import Frontier
from audit.note import SIZE_MAX, Checkpoint, Note
from audit.store import Head
from audit.tiles import WIDTH


class Reader:
    """The reading side: heads, entries, tiles, and what lies beside the log. Safe from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._dbapi: Any = engine.dialect.dbapi

    def head(self) -> Head:
        """The head of the log now. Raises `StoreDamaged` when the note is of another size than the row."""
        [(size, peaks, note)] = self._rows(
            sa.select(tables.head.c.size, tables.head.c.peaks, tables.head.c.note)
        )
        frontier = Frontier.from_bytes(size, bytes(peaks))
        signed = Checkpoint.parse(Note.parse(bytes(note)).text)
        if (signed.size, signed.root) != (size, frontier.root()):
            raise StoreDamaged(f"expected the note over `{size}` entries to state their root")
        return Head(frontier, bytes(note))

    def entries(self, first: int, end: int) -> list[bytes]:
        """The entries from `first` up to `end`, without it. Raises `NoSuchEntry` when some are not there."""
        if not 0 <= first <= end <= SIZE_MAX:
            raise NoSuchEntry("expected entries that a log can hold")
        return tables.cut(self._rows(tables.batches(), first=first, end=end), first, end)

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile. Raises `NoSuchEntry` when it has fewer."""
        if level == 0:
            found = self._rows(
                sa.select(tables.tile.c.hashes).where(tables.tile.c.level == 0, tables.tile.c.at == index)
            )
            if found:
                return bytes(found[0][0])[: 32 * width]
            entries = self.entries(index * WIDTH, index * WIDTH + width)
            return b"".join(sha256(b"\x00" + entry).digest() for entry in entries)
        first = index * WIDTH
        wanted = tables.tile.c.at.between(first, first + width - 1)
        rows = self._rows(
            sa.select(tables.tile.c.hashes)
            .where(tables.tile.c.level == level, wanted)
            .order_by(tables.tile.c.at)
        )
        if len(rows) != width:
            raise NoSuchEntry(f"expected `{width}` hashes in tile `{level}/{index}`, got `{len(rows)}`")
        return b"".join(bytes(row[0]) for row in rows)

    def cosigned(self, *, at_least: int = 0) -> bytes | None:
        """The largest checkpoint that was kept with cosignatures, or None when none reaches `at_least` entries."""
        query = sa.select(tables.cosigned.c.note).where(tables.cosigned.c.size >= min(at_least, SIZE_MAX))
        rows = self._rows(query.order_by(tables.cosigned.c.size.desc()).limit(1))
        return bytes(rows[0][0]) if rows else None

    def sealed_beside(self, entries: Sequence[int]) -> dict[int, Sealed]:
        """What was sealed beside each of these entries."""
        wanted, found = sorted(set(entries)), {}
        for run in _near_each_other(wanted):
            query = tables.batches(tables.batch.c.sealed)
            for first, data in self._rows(query, first=run[0], end=run[-1] + 1):
                beside = {first + at: sealed for at, sealed in unpack_sealed(bytes(data or b""))}
                found.update({index: beside[index] for index in run if index in beside})
        return found

    def keys_of(self, subjects: Sequence[bytes]) -> list[SubjectKey]:
        """The wrapped secrets of these subjects; those that were shredded are not among them."""
        found: list[SubjectKey] = []
        for at in range(0, len(subjects), _AT_ONCE):
            some = tables.subject_key.c.subject.in_(subjects[at : at + _AT_ONCE])
            rows = self._rows(sa.select(tables.subject_key).where(some))
            found += [SubjectKey(*map(bytes, row)) for row in rows]
        return found

    def _rows(self, query: sa.Select[Any], **values: int) -> Sequence[Any]:
        try:
            with self.engine.connect() as connection:
                return connection.execute(query, values).fetchall()
        except sa.exc.DBAPIError as error:
            raise tables.ours(error.orig, self._dbapi) from error


_AT_ONCE = 5000


def _near_each_other(indexes: Sequence[int]) -> Iterator[list[int]]:
    """Ascending indexes in runs without a large gap: what lies between two is read as well."""
    run: list[int] = []
    for index in indexes:
        if run and index - run[-1] > WIDTH:
            yield run
            run = []
        run.append(index)
    if run:
        yield run
