"""Where in the log does a person, an answer, a day or a list stand? An index that follows from the entries.

The log itself is written without it: it is brought up to date when it is asked, in pieces, by any
process, so that appends do not pay. It only says where to look: whoever uses it reads the entry
and judges by that, and a statement is held against the whole log by `audit.statement`. An index
that was lost is made again from the entries; dropping its three tables' rows loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from audit import tables
from audit.reader import Reader

AT_ONCE = 8192
SEGMENT = 32_768
"""Entries whose keys lie together. Keys are spread evenly, so that a piece of the log would touch every page of one
large tree; of a segment's small tree it touches few. Looking for a key is one search a segment."""

_KEYS_AT_ONCE = 500


class Span(NamedTuple):
    """The first entry of a kind, and one behind the last; others may stand between. Empty when `first == end`."""

    first: int
    end: int


class Lookup:
    """The index over the first `size` entries. Synchronous: from an event loop, run it in a thread.

    Making it takes in what is new since it was last asked. Raises `StoreBusy`, `StoreBroken`, `NoSuchEntry`.
    """

    def __init__(self, reader: Reader, *, size: int) -> None:
        self._reader, self._engine = reader, reader.engine
        self._size = size
        self._add = tables.Statement(tables.lookup.insert(), self._engine.dialect)
        self._follow()

    def naming(self, pseudonyms: Iterable[str]) -> list[int]:
        """Where one of these pseudonyms may stand as subject or shredded, ascending: read the entry to be sure."""
        return self._entries(map(_of_pseudonym, pseudonyms))

    def answering(self, intents: Iterable[int]) -> list[int]:
        """Where an answer to one of these intents may stand, ascending."""
        return self._entries(map(_of_intent, intents))

    def served(self, source: str, day: str) -> list[int]:
        """Where the list of a department and a day (YYYY-MM-DD) may have been noted, ascending."""
        return self._entries([_of_list(source, day)])

    def days(self, since: date | None, until: date | None) -> Span:
        """The entries of these days, both included, UTC, by the operator's clock; None is open."""
        name = tables.span.c.name
        query = sa.select(sa.func.min(tables.span.c.first), sa.func.max(tables.span.c.last))
        since_name, until_name = f"day {since or '0000'}", f"day {until or '9999-99'}"
        [(first, last)] = self._rows(query.where(name >= since_name, name <= until_name))
        return Span(0, 0) if first is None else Span(min(first, self._size), min(last + 1, self._size))

    def epochs(self) -> list[str]:
        """Every pseudonym epoch of which there are entries, sorted."""
        rows = self._rows(sa.select(tables.span.c.name).where(tables.span.c.name.like("epoch %")))
        return sorted(row[0].removeprefix("epoch ") for row in rows)

    def _entries(self, keys: Iterable[int]) -> list[int]:
        found: set[int] = set()
        wanted, segments = sorted(set(keys)), list(range(-(-self._size // SEGMENT)))
        for at in range(0, len(wanted), _KEYS_AT_ONCE):
            query = sa.select(tables.lookup.c.entry).where(
                tables.lookup.c.segment.in_(segments),
                tables.lookup.c.key.in_(wanted[at : at + _KEYS_AT_ONCE]),
            )
            found.update(row[0] for row in self._rows(query))
        return sorted(index for index in found if index < self._size)

    def _follow(self) -> None:
        """Take in what is not yet in the index, piece by piece; another process may do the same."""
        while (done := self._followed()) < self._size:
            end = min(done + AT_ONCE, self._size)
            self._take_in(done, end, _glanced(self._reader.entries(done, end), done))

    def _followed(self) -> int:
        rows = self._rows(sa.select(tables.followed.c.size))
        return rows[0][0] if rows else 0

    def _take_in(self, done: int, end: int, found: _Found) -> None:
        insert = tables.insert_for(self._engine)
        start = insert(tables.followed).values(id=1, size=0).on_conflict_do_nothing()
        step = tables.followed.update().where(tables.followed.c.size == done).values(size=end)
        row = insert(tables.span)
        spans = row.on_conflict_do_update(
            index_elements=["name"], set_={"last": row.excluded.last}
        )  # a piece comes after all that were taken in: the first stays
        with self._translated(), self._engine.begin() as connection:
            connection.execute(start)
            if connection.execute(step).rowcount != 1:
                return  # somebody else took this piece in
            connection.execute(spans, found.spans)
            if found.rows:  # on the driver: SQLAlchemy would take longer over each row than the database
                raw: Any = connection.connection.dbapi_connection
                self._add.run_many(raw.cursor(), found.rows)
        self._tidy()

    def _tidy(self) -> None:
        """Carry SQLite's write-ahead log into the database: nobody else does before the next append."""
        if self._engine.dialect.name == "sqlite":
            with self._translated(), self._engine.connect() as connection:
                raw: Any = connection.connection.dbapi_connection
                raw.execute("pragma wal_checkpoint(passive)")

    def _rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self._translated(), self._engine.connect() as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise tables.ours(error.orig, self._engine.dialect.dbapi) from error


class _Found(NamedTuple):
    rows: list[dict[str, int]]
    spans: list[dict[str, str | int]]


class _Fields(msgspec.Struct, gc=False):
    intent: int | None = None
    shredded: list[str] = []
    source: str = ""
    day: str = ""


class _Glance(msgspec.Struct, gc=False):
    """What the index needs of an entry. It was looked at closely when it was made."""

    at: int
    epoch: str
    event: str
    fields: _Fields
    subjects: list[str]


_glance = msgspec.json.Decoder(_Glance).decode
_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


def _glanced(entries: Sequence[bytes], first: int) -> _Found:
    """What a piece of the log adds; bytes that are no entry of ours have nothing to be found by."""
    keys: set[tuple[int, int]] = set()
    spans: dict[str, tuple[int, int]] = {}
    for index, data in enumerate(entries, first):
        try:
            entry = _glance(data)
            found = {(key, index) for key in _keys(entry)}
            names = f"day {date.fromordinal(_EPOCH + entry.at // _DAY_MS)}", f"epoch {entry.epoch}"
        except (msgspec.MsgspecError, ValueError, OverflowError):
            continue
        keys |= found
        for name in names:
            spans[name] = (spans.get(name, (index, 0))[0], index)
    return _Found(
        [{"segment": index // SEGMENT, "key": key, "entry": index} for key, index in sorted(keys)],
        [{"name": name, "first": at, "last": last} for name, (at, last) in spans.items()],
    )


def _keys(entry: _Glance) -> Iterator[int]:
    yield from map(_of_pseudonym, entry.subjects)
    yield from map(_of_pseudonym, entry.fields.shredded)
    if entry.fields.intent is not None:
        yield _of_intent(entry.fields.intent)
    if entry.event == "source.served":
        yield _of_list(entry.fields.source, entry.fields.day)


def _of_pseudonym(tag: str) -> int:
    """Half of a pseudonym is enough to find it by; it is compared whole in the entry."""
    return int.from_bytes(bytes.fromhex(tag[:16]), signed=True)


def _of_intent(index: int) -> int:
    return _of_words(f"intent {index}")


def _of_list(source: str, day: str) -> int:
    return _of_words(f"list {source} {day}")


def _of_words(words: str) -> int:
    return int.from_bytes(sha256(words.encode()).digest()[:8], signed=True)
