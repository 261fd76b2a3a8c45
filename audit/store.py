"""Where does the log live? In a SQL database, SQLite or PostgreSQL, which alone holds the truth.

One transaction takes a batch: it reads the head, adds entries, finished tiles and what lies
beside them, signs, and moves the head. The signature exists only if the rows do; after a
crash the head row *is* the recovery. Any number of processes may append: the head row is
locked, and on SQLite an advisory file lock keeps the writers in line, so that none starves.

SQL is written with SQLAlchemy Core, compiled once, and run on the driver: this path is the
bottleneck of the gateway. Not thread-safe; `Reader` is.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from audit.alongside import Alongside, Sealed, Shred, SubjectKey
from audit.errors import (
    AuditError,
    LogForked,
    LogRolledBack,
    NoSuchEntry,
    StoreBroken,
    StoreBusy,
    StoreDamaged,
    WrongOrigin,
)
from audit.merkle import Completed, Frontier
from audit.note import Checkpoint, Note
from audit.tiles import WIDTH, pack_entries, unpack_entries

_Whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is SQLite's own row id
_metadata = sa.MetaData()

_head = sa.Table(
    "audit_head",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("size", _Whole, nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)
_batch = sa.Table(
    "audit_batch",
    _metadata,
    sa.Column("first", _Whole, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)
_tile = sa.Table(
    "audit_tile",
    _metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", _Whole, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)
_sealed = sa.Table(
    "audit_sealed",
    _metadata,
    sa.Column("entry", _Whole, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.LargeBinary, primary_key=True),
    sa.Column("key_id", sa.LargeBinary, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
)
_subject_key = sa.Table(
    "audit_subject_key",
    _metadata,
    sa.Column("subject", sa.LargeBinary, primary_key=True),
    sa.Column("key_id", sa.LargeBinary, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
_cosigned = sa.Table(
    "audit_cosigned",
    _metadata,
    sa.Column("size", _Whole, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

for _column in (_batch.c.data, _tile.c.hashes):
    # PostgreSQL would try to compress every value; hashes do not shrink, and the writer waits meanwhile.
    _external = sa.DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this one without annotations
        f"alter table {_column.table} alter column {_column.name} set storage external"
    )
    sa.event.listen(_column.table, "after_create", _external.execute_if(dialect="postgresql"))

WAL_BYTES = 6 << 20
BUSY_MS = 10_000
_PAGES_TOUCHED = 3 * 4096
_SQLITE_PASSES = frozenset(
    {5, 6, 8, 13, 14}
)  # busy, locked, read-only, full, cannot open; a disk's fault does not pass
_READ_ONLY_SERVER = "25006"

Sign = Callable[[Checkpoint], bytes]
Step = Callable[[str], None]


class Head(NamedTuple):
    """The frontier of the whole log, and the note that was signed over it."""

    frontier: Frontier
    note: bytes


class Store:
    """The writing side. Every method may raise `StoreBusy`, which passes, or `StoreBroken`, which does not.

    `on_step` is told the name of each step of an append before it is taken; tests stop the process there.
    """

    def __init__(self, url: str, *, origin: str, on_step: Step = lambda _: None) -> None:
        self.engine = _engine(url)
        self.origin = origin
        self._dbapi: Any = self.engine.dialect.dbapi
        self._lite = self.engine.dialect.name == "sqlite"
        self._turns = _turns_of(self.engine) if self._lite else None
        self._sql = _Statements(self.engine)
        self._step = on_step
        self._connection: Any = None
        self._tail: tuple[Frontier, list[bytes]] = (Frontier(), [])
        self._wal_bytes = 0
        self._shredded = False

    def create(self, sign: Sign) -> None:
        """Make the tables and the empty head, unless they are there. Raises `WrongOrigin` for another log's."""
        with self._translated(), self.engine.begin() as connection:
            if not self._lite:  # two processes may come first at once
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(0x6865647569)))
            _metadata.create_all(connection)
            found = connection.execute(sa.select(_head.c.origin)).scalar()
            if found is None:
                empty = Frontier()
                note = sign(Checkpoint(self.origin, 0, empty.root()))
                connection.execute(
                    _head.insert().values(id=1, origin=self.origin, size=0, peaks=b"", note=note)
                )
            elif found != self.origin:
                raise WrongOrigin(f"expected the database of `{self.origin}`, got that of `{found}`")
        if self._lite:
            self._connect()  # SQLite removes its log with its last connection: keep one
            self._prewrite_wal()

    def append(
        self, entries: Sequence[bytes], alongside: Sequence[tuple[int, Alongside]], sign: Sign
    ) -> Head:
        """The head after these entries. They are durable, integrated and signed, or none of them is there.

        `entries`    one or more, each at most 65,535 bytes
        `alongside`  rows by position in `entries`
        """
        leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
        data = pack_entries(entries)
        with self._transaction() as cursor:
            self._step("read the head")
            frontier = self._read_head(cursor)
            tail = self._read_tail(cursor, frontier)
            grown, completed = frontier.extend(leaves)
            self._step("insert the entries")
            self._sql.add_batch.run(cursor, {"first": frontier.size, "data": data})
            self._step("insert the tiles")
            tail = self._add_tiles(cursor, frontier.size, tail + leaves, completed)
            self._step("insert what lies alongside")
            self._add_alongside(cursor, frontier.size, alongside)
            self._step("sign")
            note = sign(Checkpoint(self.origin, grown.size, grown.root()))
            self._step("move the head")
            self._move_head(cursor, frontier, Head(grown, note))
            self._step("commit")
        self._step("committed")
        self._tail = (grown, tail)
        self._wal_bytes += len(data) + _PAGES_TOUCHED
        self._shredded |= any(isinstance(row, Shred) for _, rows in alongside for row in rows)
        return Head(grown, note)

    def resign(self, sign: Sign) -> Head:
        """The head as it stands, signed anew: for a key that has been added or taken away."""
        with self._transaction() as cursor:
            frontier = self._read_head(cursor)
            note = sign(Checkpoint(self.origin, frontier.size, frontier.root()))
            self._move_head(cursor, frontier, Head(frontier, note))
        return Head(frontier, note)

    def keep_cosigned(self, size: int, note: bytes) -> None:
        """Keep a checkpoint with its cosignatures; one of the same size is replaced."""
        insert = sqlite.insert if self._lite else postgresql.insert
        row = insert(_cosigned).values(size=size, note=note)
        with self._translated(), self.engine.begin() as connection:
            connection.execute(
                row.on_conflict_do_update(index_elements=["size"], set_={"note": row.excluded.note})
            )

    def tidy(self) -> None:
        """Move SQLite's write-ahead log into the database once it has grown, and start it anew.

        Run it from a thread of its own: an append that did this itself would stall.
        """
        if self._turns is None or (self._wal_bytes < WAL_BYTES and not self._shredded):
            return
        # A write-ahead log keeps old pages until they are written over; after a shredding it is cut to nothing.
        how = "truncate" if self._shredded else "restart"
        self._wal_bytes, self._shredded = 0, False
        with self._translated(), self.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("pragma wal_checkpoint(passive)")
            with (
                self._turn()
            ):  # what is left since the line above is short; a reader in the way is not waited for
                raw.execute("pragma busy_timeout=0")
                [(in_the_way, *_)] = raw.execute(f"pragma wal_checkpoint({how})")
                self._shredded |= how == "truncate" and bool(in_the_way)
                raw.execute(f"pragma busy_timeout={BUSY_MS}")

    def _prewrite_wal(self) -> None:
        """Give SQLite's write-ahead log its size at once.

        A commit that lengthens the file waits for the file system's journal as well: 0.31 ms against 0.15 ms.
        SQLite reads the log up to the first frame with a wrong checksum, so that zeros behind the end are nothing.
        """
        with self._translated(), self._turn():
            file = os.open(f"{self.engine.url.database}-wal", os.O_RDWR)
            try:
                end = os.fstat(file).st_size
                if end < 2 * WAL_BYTES:
                    os.pwrite(file, bytes(2 * WAL_BYTES - end), end)
                    os.fsync(file)
            finally:
                os.close(file)

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
        frontier, seen = Frontier.from_bytes(row[0], bytes(row[1])), self._tail[0]
        if frontier.size < seen.size:
            raise LogRolledBack(f"expected `{seen.size}` entries or more, got `{frontier.size}`")
        if frontier.size == seen.size and frontier != seen:
            raise LogForked(f"expected the tree of `{seen.size}` entries that was signed")
        return frontier

    def _read_tail(self, cursor: Any, frontier: Frontier) -> list[bytes]:
        """The leaf hashes that no full tile holds yet: kept from the last append, unless another process wrote."""
        if self._tail[0] == frontier:
            return self._tail[1]
        first = frontier.size - frontier.size % WIDTH
        rows = self._sql.batches.run(cursor, {"first": first, "end": frontier.size}).fetchall()
        entries = _cut(rows, first, frontier.size)
        return [sha256(b"\x00" + entry).digest() for entry in entries]

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

    def _add_alongside(self, cursor: Any, first: int, alongside: Sequence[tuple[int, Alongside]]) -> None:
        rows = [(first + at, row) for at, several in alongside for row in several]
        # In order where it matters: what was sealed before a shredding goes, a key made after it stays.
        for _, group in groupby(rows, key=lambda row: isinstance(row[1], Shred)):
            some = list(group)
            for statement, values in (
                (self._sql.shred, [row._asdict() for _, row in some if isinstance(row, Shred)]),
                (self._sql.add_key, [row._asdict() for _, row in some if isinstance(row, SubjectKey)]),
                (
                    self._sql.add_sealed,
                    [{"entry": at, **row._asdict()} for at, row in some if isinstance(row, Sealed)],
                ),
            ):
                if values:
                    statement.run_many(cursor, values)

    def _move_head(self, cursor: Any, old: Frontier, new: Head) -> None:
        values = {"new_size": new.frontier.size, "new_peaks": new.frontier.to_bytes(), "new_note": new.note}
        self._sql.move_head.run(cursor, {**values, "old_size": old.size})
        if cursor.rowcount != 1:  # INVARIANT: the head is locked since it was read
            raise LogForked("expected the head to stay while it was locked")

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._translated(), self._turn():
            try:
                cursor = self._begin()
                yield cursor
                self._commit(cursor)
            except BaseException:
                self._drop_connection()
                raise

    def _connect(self) -> None:
        if self._connection is None:
            self._connection = self.engine.raw_connection()

    def _begin(self) -> Any:
        self._connect()
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
            connection, self._connection = self._connection, None
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
        fcntl.flock(self._turns, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turns, fcntl.LOCK_UN)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise _ours(error.orig, self._dbapi) from error
        except self._dbapi.Error as error:
            raise _ours(error, self._dbapi) from error
        except OSError as error:
            raise StoreBusy(f"expected the writers' lock, got `{error.strerror}`") from error


class Reader:
    """The reading side: heads, entries, tiles, and what lies beside the log. Safe from several threads."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._dbapi: Any = engine.dialect.dbapi

    def head(self) -> Head:
        """The head of the log now. Raises `StoreDamaged` when the note is of another size than the row."""
        [(size, peaks, note)] = self._rows(sa.select(_head.c.size, _head.c.peaks, _head.c.note))
        frontier = Frontier.from_bytes(size, bytes(peaks))
        signed = Checkpoint.parse(Note.parse(bytes(note)).text)
        if (signed.size, signed.root) != (size, frontier.root()):
            raise StoreDamaged(f"expected the note over `{size}` entries to state their root")
        return Head(frontier, bytes(note))

    def entries(self, first: int, end: int) -> list[bytes]:
        """The entries from `first` up to `end`, without it. Raises `NoSuchEntry` when some are not there."""
        return _cut(self._rows(_batches(), first=first, end=end), first, end)

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile. Raises `NoSuchEntry` when it has fewer."""
        if level == 0:
            found = self._rows(sa.select(_tile.c.hashes).where(_tile.c.level == 0, _tile.c.at == index))
            if found:
                return bytes(found[0][0])[: 32 * width]
            entries = self.entries(index * WIDTH, index * WIDTH + width)
            return b"".join(sha256(b"\x00" + entry).digest() for entry in entries)
        first = index * WIDTH
        wanted = _tile.c.at.between(first, first + width - 1)
        rows = self._rows(
            sa.select(_tile.c.hashes).where(_tile.c.level == level, wanted).order_by(_tile.c.at)
        )
        if len(rows) != width:
            raise NoSuchEntry(f"expected `{width}` hashes in tile `{level}/{index}`, got `{len(rows)}`")
        return b"".join(bytes(row[0]) for row in rows)

    def cosigned(self, *, at_least: int = 0) -> bytes | None:
        """The largest checkpoint that was kept with cosignatures, or None when none reaches `at_least` entries."""
        query = sa.select(_cosigned.c.note).where(_cosigned.c.size >= at_least)
        rows = self._rows(query.order_by(_cosigned.c.size.desc()).limit(1))
        return bytes(rows[0][0]) if rows else None

    def sealed(self, entry: int) -> list[Sealed]:
        """What was sealed beside an entry, by subject."""
        query = sa.select(_sealed.c.subject, _sealed.c.key_id, _sealed.c.payload).where(
            _sealed.c.entry == entry
        )
        return [Sealed(*map(bytes, row)) for row in self._rows(query.order_by(_sealed.c.subject))]

    def sealed_of(self, subject: bytes) -> list[tuple[int, Sealed]]:
        """What was sealed for a subject, with the index of its entry, oldest first."""
        query = sa.select(_sealed.c.entry, _sealed.c.subject, _sealed.c.key_id, _sealed.c.payload)
        rows = self._rows(query.where(_sealed.c.subject == subject).order_by(_sealed.c.entry))
        return [(row[0], Sealed(*map(bytes, row[1:]))) for row in rows]

    def subject_keys(self, subject: bytes) -> list[SubjectKey]:
        """The keys of a subject; empty after shredding."""
        query = (
            sa.select(_subject_key).where(_subject_key.c.subject == subject).order_by(_subject_key.c.key_id)
        )
        return [SubjectKey(*map(bytes, row)) for row in self._rows(query)]

    def _rows(self, query: sa.Select[Any], **values: int) -> Sequence[Any]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query, values).fetchall()
        except sa.exc.DBAPIError as error:
            raise _ours(error.orig, self._dbapi) from error


class _Statement:
    """A statement in the database's own dialect, run on the driver's cursor."""

    def __init__(self, statement: Any, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order: list[str] | None = compiled.positiontup

    def run(self, cursor: Any, values: Mapping[str, Any]) -> Any:
        cursor.execute(self._text, self._arguments(values))
        return cursor

    def run_many(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        cursor.executemany(self._text, [self._arguments(row) for row in rows])

    def _arguments(self, values: Mapping[str, Any]) -> Any:
        return values if self._order is None else [values[name] for name in self._order]


class _Statements:
    """Everything an append says to the database."""

    def __init__(self, engine: sa.Engine) -> None:
        insert = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert

        def compiled(statement: Any) -> _Statement:
            return _Statement(statement, engine.dialect)

        self.head = compiled(sa.select(_head.c.size, _head.c.peaks).with_for_update())
        self.batches = compiled(_batches())
        self.add_batch = compiled(_batch.insert())
        self.add_tile = compiled(_tile.insert())
        self.add_sealed = compiled(_sealed.insert())
        self.add_key = compiled(insert(_subject_key).on_conflict_do_nothing())
        self.shred = compiled(_subject_key.delete().where(_subject_key.c.subject == sa.bindparam("subject")))
        self.move_head = compiled(
            _head.update()
            .where(_head.c.size == sa.bindparam("old_size"))
            .values(
                size=sa.bindparam("new_size"), peaks=sa.bindparam("new_peaks"), note=sa.bindparam("new_note")
            )
        )


def _batches() -> sa.Select[tuple[int, bytes]]:
    """The batches that hold the entries from `first` up to `end`."""
    holder = sa.select(sa.func.max(_batch.c.first)).where(
        _batch.c.first <= sa.bindparam("first", type_=_Whole)
    )
    return (
        sa.select(_batch.c.first, _batch.c.data)
        .where(_batch.c.first >= holder.scalar_subquery(), _batch.c.first < sa.bindparam("end", type_=_Whole))
        .order_by(_batch.c.first)
    )


def _cut(batches: Sequence[Any], first: int, end: int) -> list[bytes]:
    """The entries [first, end) out of the batches around them."""
    if first >= end:
        return []
    entries: list[bytes] = []
    start = batches[0][0] if batches else first
    for at, data in batches:
        if at != start + len(entries):
            raise StoreDamaged(f"expected a batch at entry `{start + len(entries)}`, got one at `{at}`")
        entries += unpack_entries(bytes(data))
    wanted = entries[first - start : end - start]
    if len(wanted) != end - first:
        raise NoSuchEntry(f"expected entries up to `{end}`, got `{start + len(entries)}`")
    return wanted


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin"))
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us, at once for writing
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("pragma wal_autocheckpoint=0")  # `Store.tidy` does it, off the path of an append
    connection.execute("pragma secure_delete=on")  # what is shredded is overwritten, not only unlinked
    connection.execute(f"pragma busy_timeout={BUSY_MS}")


def _turns_of(engine: sa.Engine) -> int:
    """The file whose lock writers of several processes take in turn."""
    if not engine.url.database or engine.url.database == ":memory:":
        raise StoreBusy("expected a database in a file, which outlives the process")
    return os.open(f"{engine.url.database}-writers", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)


def _ours(error: BaseException | None, dbapi: Any) -> AuditError:
    """What the driver's fault means for the log: it passes, or somebody has to look."""
    code, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    if code is not None:
        passes = code & 0xFF in _SQLITE_PASSES
    else:
        passes = state == _READ_ONLY_SERVER or (
            hasattr(error, "sqlstate") and isinstance(error, dbapi.OperationalError)
        )
    kind = StoreBusy if passes else StoreBroken
    return kind(f"expected the database to write, got `{type(error).__name__}`")
