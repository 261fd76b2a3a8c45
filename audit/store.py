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
from time import monotonic
from typing import Any, NamedTuple

import sqlalchemy as sa

from audit import tables
from audit.alongside import Alongside, Shred, make_changes, pack_sealed
from audit.at_once import AtOnce, Batch
from audit.edge import Edge
from audit.errors import LogEnded, LogForked, LogRolledBack, StoreDamaged, WrongOrigin
from audit.merkle import Completed, Frontier
from audit.note import Checkpoint
from audit.subject_keys import SubjectKeys
from audit.tiles import WIDTH, pack_entries
from audit.write_ahead import WriteAhead

RESTS_S = 1.0
"""A connection to a server that was not used for so long is looked at: the server may have been started again."""

TRIAL_BYTES = 16_384
"""About as much as a batch of entries."""

_TRIAL = -1
"""No checkpoint is of this size, and nobody else sees the row."""

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
        self.engine = tables.engine_of(url, looks=not url.startswith("sqlite"))
        self.origin = origin
        self._dbapi: Any = self.engine.dialect.dbapi
        self._lite = self.engine.dialect.name == "sqlite"
        self._turns = tables.turns_of(self.engine) if self._lite else None
        self._own_turn = Lock()  # the file's lock is that of the process, whichever thread has taken it
        self._sql = tables.Statements(self.engine)
        self._keys = SubjectKeys(self.engine)
        self._step = on_step
        self._connection: Any = None
        self._used_at = 0.0
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

    def try_out(self, sign: Sign) -> None:
        """Do what an append takes, and take it away again: return when an entry would be taken now.

        A row is written and removed in one transaction, so that a disk must have room for it.
        """
        with self._transaction() as cursor:
            self._step("try out")
            frontier = self._read_head(cursor)
            sign(Checkpoint(self.origin, frontier.size, frontier.root()))
            self._sql.add_trial.run(cursor, {"size": _TRIAL, "note": bytes(TRIAL_BYTES)})
            self._sql.take_trial_away.run(cursor, {"trial": _TRIAL})
        self._ahead.grew(TRIAL_BYTES)

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
        if self._connection is not None and not self._lite and monotonic() - self._used_at > RESTS_S:
            self._connection.close()  # back to the pool, which looks whether it lives
            self._connection = None
        if self._connection is None:
            self._connection = self.engine.raw_connection()
            self._at_once = AtOnce(self._connection.dbapi_connection) if self._lite else None
        self._used_at = monotonic()

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
