"""Where does the log live? In a SQL database, SQLite or PostgreSQL, which alone holds the truth.

One transaction takes a batch: it reads the head, adds entries, finished tiles and what lies beside them,
signs, and moves the head. Where nothing but the batch is to be added, on SQLite, one statement is that transaction
(`audit.at_once`). A signature leaves this module only if the rows are there; after a crash the head row *is* the
recovery. Any number of processes may append: the head row is locked, and on SQLite they write in turn, so that none starves.

SQL is written with SQLAlchemy Core, compiled once, and run on the driver: this path is the
bottleneck of the gateway. Not thread-safe; `Reader` is.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple

import sqlalchemy as sa

from audit import tables
from audit.alongside import Alongside, Sealed, Shred, SubjectKey, make_changes, pack_sealed, unpack_sealed
from audit.at_once import AtOnce, Batch
from audit.edge import Edge
from audit.errors import LogEnded, LogForked, LogRolledBack, NoSuchEntry, StoreDamaged, WrongOrigin
from audit.merkle import Completed, Frontier
from audit.note import SIZE_MAX, Checkpoint, Note
from audit.subject_keys import SubjectKeys
from audit.tiles import WIDTH, pack_entries
from audit.write_ahead import WriteAhead

Sign = Callable[[Checkpoint], bytes]
Step = Callable[[str], None]


class Head(NamedTuple):
    """The frontier of the whole log, the note that was signed over it, and what fresh receipts need, where known."""

    frontier: Frontier
    note: bytes
    edge: Edge | None = None


class Store:
    """The writing side. Every method may raise `StoreBusy`, which passes, or `StoreBroken`, which does not.

    `on_step` is told the name of each step of an append before it is taken; tests stop the process there.
    """

    def __init__(self, url: str, *, origin: str, on_step: Step = lambda _: None) -> None:
        self.engine = tables.engine_of(url)
        self.origin = origin
        self._dbapi: Any = self.engine.dialect.dbapi
        self._lite = self.engine.dialect.name == "sqlite"
        self._turns = tables.turns_of(self.engine) if self._lite else None
        self._own_turn = Lock()  # the file's lock is that of the process, whichever thread has taken it
        self._sql = tables.Statements(self.engine)
        self._keys = SubjectKeys(self.engine)
        self._step = on_step
        self._connection: Any = None
        # Leaf hashes that no full tile holds yet; replaced, never changed, so that any thread may look.
        self.tail: tuple[Frontier, list[bytes]] = (Frontier(), [])
        self._edge = Edge.of(Frontier(), [])
        self._ahead = WriteAhead(self.engine, self._turn)
        self._at_once: AtOnce | None = None
        # Whether the head was as this process left it when it was read last.
        self._unmoved = False

    def create(self, sign: Sign) -> None:
        """Make the tables and the empty head, unless they are there. Raises `WrongOrigin`, `OtherSchema`."""
        with tables.translated(self._dbapi), self.engine.begin() as connection:
            if not self._lite:  # two processes may come first at once
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(0x6865647569)))
            tables.metadata.create_all(connection)
            found = connection.execute(sa.select(tables.head.c.origin)).scalar()
            tables.require_version(connection, new=found is None)
            if found is None:
                empty = Frontier()
                note = sign(Checkpoint(self.origin, 0, empty.root()))
                connection.execute(
                    tables.head.insert().values(id=1, origin=self.origin, size=0, peaks=b"", note=note)
                )
            elif found != self.origin:
                raise WrongOrigin(f"expected the database of `{self.origin}`, got that of `{found}`")
        if self._lite:
            self._connect()  # SQLite removes its log with its last connection: keep one
            self._ahead.prewrite()

    def append(
        self, entries: Sequence[bytes], alongside: Sequence[tuple[int, Alongside]], sign: Sign
    ) -> Head:
        """The head after these entries. They are durable, integrated and signed, or none of them is there.

        `entries`    one or more, each at most 65,535 bytes
        `alongside`  rows by position in `entries`

        Raises `OneRefused`, which names the one entry that stands in the way of the others.
        """
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        data = pack_entries(entries)
        head = self._added_at_once(leaves, data, alongside, sign)
        if head is None:
            head = self._added(leaves, data, alongside, sign)
        self._step("committed")
        return head

    def _added_at_once(
        self, leaves: list[bytes], data: bytes, alongside: Sequence[tuple[int, Alongside]], sign: Sign
    ) -> Head | None:
        """The head after a batch that one statement could write; None where it takes a transaction of several."""
        frontier, tail = self.tail
        if not self._unmoved or self._at_once is None or len(tail) + len(leaves) >= WIDTH:
            return None
        with self._alone():
            sealing = self._keys.seal(self._connection.dbapi_connection.cursor(), alongside)
            if sealing is None:
                return None
            grown, _ = frontier.extend(leaves)
            self._step("sign")
            note = sign(Checkpoint(self.origin, grown.size, grown.root()))
            self._step("write at once")
            batch = Batch(data, pack_sealed(sealing[0]), grown, note, sealing[1])
            self._unmoved = self._at_once.add(batch, to=frontier, shreddings=self._keys.shreddings)
            if not self._unmoved:  # what was signed is thrown away: nobody but this process has seen it
                self._keys.take_back()
                return None
        edge = self._edge.grown(frontier, tail + leaves)
        written = len(data) + len(batch.sealed or b"")
        return self._kept(Head(grown, note, edge), edge, tail + leaves, written)

    def _added(
        self, leaves: list[bytes], data: bytes, alongside: Sequence[tuple[int, Alongside]], sign: Sign
    ) -> Head:
        with self._transaction() as cursor:
            self._step("read the head")
            frontier = self._read_head(cursor)
            tail = self._read_tail(cursor, frontier)
            grown, completed = frontier.extend(leaves)
            self._step("change what lies alongside")
            make_changes(cursor, alongside, self._dbapi)
            sealed = pack_sealed(self._keys.write(cursor, alongside))
            self._step("insert the entries")
            self._sql.add_batch.run(cursor, {"first": frontier.size, "data": data, "sealed": sealed})
            self._step("insert the tiles")
            edge = self._edge.grown(frontier, tail + leaves)
            tail = self._add_tiles(cursor, frontier.size, tail + leaves, completed)
            self._step("sign")
            note = sign(Checkpoint(self.origin, grown.size, grown.root()))
            self._step("move the head")
            self._move_head(cursor, frontier, Head(grown, note))
            self._step("commit")
        if any(isinstance(row, Shred) for _, rows in alongside for row in rows):
            self._ahead.shredded()
        return self._kept(Head(grown, note, edge), edge, tail, len(data) + len(sealed or b""))

    def resign(self, sign: Sign) -> Head:
        """The head as it stands, signed anew: for a key that has been added or taken away."""
        with self._transaction() as cursor:
            frontier = self._read_head(cursor)
            note = sign(Checkpoint(self.origin, frontier.size, frontier.root()))
            self._move_head(cursor, frontier, Head(frontier, note))
        return Head(frontier, note)

    def end(self, successor: str) -> None:
        """Add nothing from now on, in any process: `successor` is the origin of the log that continues this one.

        Raises `LogEnded` when it was ended already.
        """
        with self._transaction() as cursor:
            self._read_head(cursor)
            self._sql.end.run(cursor, {"by": successor})

    def keep_cosigned(self, size: int, note: bytes) -> None:
        """Keep a checkpoint with its cosignatures; one of the same size is replaced."""
        row = tables.insert_for(self.engine)(tables.cosigned).values(size=size, note=note)
        with tables.translated(self._dbapi), self.engine.begin() as connection:
            connection.execute(
                row.on_conflict_do_update(index_elements=["size"], set_={"note": row.excluded.note})
            )

    def tidy(self) -> None:
        """See `WriteAhead.tidy`."""
        if self._lite:
            self._ahead.tidy()

    def close(self) -> None:
        """Give the connections back."""
        self._drop_connection()
        self.engine.dispose()
        if self._turns is not None:
            os.close(self._turns)
            self._turns = None

    def _read_head(self, cursor: Any) -> Frontier:
        rows = self._sql.head.run(cursor, {}).fetchall()
        if not rows:
            raise StoreDamaged("expected a head, got none")
        [row] = rows
        if row[2] is not None:
            raise LogEnded(f"expected a log that goes on, got one continued by `{row[2]}`")
        frontier, seen = Frontier.from_bytes(row[0], bytes(row[1])), self.tail[0]
        if frontier.size < seen.size:
            raise LogRolledBack(f"expected `{seen.size}` entries or more, got `{frontier.size}`")
        if frontier.size == seen.size and frontier != seen:
            raise LogForked(f"expected the tree of `{seen.size}` entries that was signed")
        self._keys.begin(row[3])
        self._unmoved = frontier == seen
        return frontier

    def _read_tail(self, cursor: Any, frontier: Frontier) -> list[bytes]:
        """The leaf hashes that no full tile holds yet: kept from the last append, unless another process wrote."""
        if self.tail[0] == frontier:
            return self.tail[1]
        first = frontier.size - frontier.size % WIDTH
        rows = self._sql.batches.run(cursor, {"first": first, "end": frontier.size}).fetchall()
        return [sha256(b"\x00" + entry).digest() for entry in tables.cut(rows, first, frontier.size)]

    def _add_tiles(
        self, cursor: Any, size: int, tail: list[bytes], completed: list[Completed]
    ) -> list[bytes]:
        """Insert what became complete; return the leaf hashes that are left over."""
        rows = [
            {"level": level, "at": at, "hashes": hash_}
            for level, first, hashes in completed
            for at, hash_ in enumerate(hashes, first)
        ]
        full = len(tail) - len(tail) % WIDTH
        for at in range(0, full, WIDTH):
            rows.append({"level": 0, "at": (size + at) // WIDTH, "hashes": b"".join(tail[at : at + WIDTH])})
        if rows:
            self._sql.add_tile.run_many(cursor, rows)
        return tail[full:]

    def _move_head(self, cursor: Any, old: Frontier, new: Head) -> None:
        values = {"new_size": new.frontier.size, "new_peaks": new.frontier.to_bytes(), "new_note": new.note}
        self._sql.move_head.run(cursor, {**values, "old_size": old.size})
        if cursor.rowcount != 1:  # INVARIANT: the head is locked since it was read
            raise LogForked("expected the head to stay while it was locked")

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._alone():
            cursor = self._begin()
            yield cursor
            self._commit(cursor)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """With no other writer of this machine, and a connection that is dropped where anything goes wrong."""
        with tables.translated(self._dbapi), self._turn():
            try:
                self._connect()
                yield
            except BaseException:
                self._keys.take_back()
                self._drop_connection()
                raise

    def _kept(self, head: Head, edge: Edge, tail: list[bytes], written: int) -> Head:
        """The head that was just committed, remembered."""
        self.tail, self._edge = (head.frontier, tail), edge
        self._ahead.grew(written)
        return head

    def _connect(self) -> None:
        if self._connection is None:
            self._connection = self.engine.raw_connection()
            self._at_once = AtOnce(self._connection.dbapi_connection) if self._lite else None

    def _begin(self) -> Any:
        cursor = self._connection.dbapi_connection.cursor()
        self._step("begin")
        if self._lite:
            cursor.execute("begin immediate")
        return cursor

    def _commit(self, cursor: Any) -> None:
        if self._lite:
            cursor.execute("commit")
        else:
            self._connection.dbapi_connection.commit()

    def _drop_connection(self) -> None:
        """Roll back, and start afresh next time: the connection may have been lost."""
        if self._connection is not None:
            connection, self._connection, self._at_once = self._connection, None, None
            raw = connection.dbapi_connection
            with suppress(self._dbapi.Error):  # SQLite would keep the lock as long as a cursor lives
                if self._lite and raw.in_transaction:
                    raw.execute("rollback")
            with suppress(self._dbapi.Error):
                connection.invalidate()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._turns is None:
            yield
            return
        with self._own_turn:
            fcntl.flock(self._turns, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._turns, fcntl.LOCK_UN)


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
