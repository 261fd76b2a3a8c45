"""What does the database look like, and how is it spoken to: tables, statements, connections, faults.

Only this module, `audit.store`, `audit.reader`, `audit.lookup`, `audit.subject_keys`, `audit.write_ahead` and the
migrations know SQLAlchemy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from audit.errors import AuditError, NoSuchEntry, OtherSchema, StoreBroken, StoreBusy, StoreDamaged
from audit.tiles import unpack_entries

Whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # only INTEGER is SQLite's own row id
metadata = sa.MetaData()

head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("size", Whole, nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    sa.Column("successor", sa.Text),  # the log that continues this one; then nothing is added any more
    # Of subjects, so far: a process that sees it changed forgets the secrets that it has in memory.
    sa.Column("shreddings", Whole, nullable=False, server_default="0"),
)
batch = sa.Table(
    "audit_batch",
    metadata,
    sa.Column("first", Whole, primary_key=True, autoincrement=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary),  # beside all these entries, in one piece; last, since read least
)
tile = sa.Table(
    "audit_tile",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Whole, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)
subject_key = sa.Table(
    "audit_subject_key",
    metadata,
    sa.Column("subject", sa.LargeBinary, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
cosigned = sa.Table(
    "audit_cosigned",
    metadata,
    sa.Column("size", Whole, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)

lookup = sa.Table(
    "audit_lookup",
    metadata,
    sa.Column("segment", Whole, primary_key=True, autoincrement=False),
    sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("entry", Whole, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
span = sa.Table(
    "audit_span",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("first", Whole, nullable=False),
    sa.Column("last", Whole, nullable=False),
)
followed = sa.Table(
    "audit_followed",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", Whole, nullable=False),
)

VERSIONS = "audit_schema"
REVISION = "0003"
"""The newest step in `audit/migrations`: what these tables are."""

version = sa.Table(
    VERSIONS,
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),  # in the form that Alembic keeps
    sa.PrimaryKeyConstraint("version_num", name=f"{VERSIONS}_pkc"),
)

for _column in (batch.c.data, batch.c.sealed, tile.c.hashes):
    # PostgreSQL would try to compress every value; hashes and what is sealed do not shrink, and the writer waits.
    _external = sa.DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this one without annotations
        f"alter table {_column.table} alter column {_column.name} set storage external"
    )
    sa.event.listen(_column.table, "after_create", _external.execute_if(dialect="postgresql"))

WAL_BYTES = 6 << 20
"""How much may be written before SQLite's write-ahead log is moved into the database."""

PAGES_TOUCHED = 3 * 4096
"""What an append writes beside its entries, about."""

BUSY_MS = 10_000
# Busy, locked, read-only, full, cannot open: these pass. A disk's fault does not.
_SQLITE_PASSES = frozenset({5, 6, 8, 13, 14})
_READ_ONLY_SERVER = "25006"


class Statement:
    """A statement in the database's own dialect, run on the driver's cursor."""

    def __init__(self, statement: Any, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._order: list[str] | None = compiled.positiontup

    def run(self, cursor: Any, values: Mapping[str, Any]) -> Any:
        """Run it once; the cursor, to fetch from."""
        cursor.execute(self._text, self._arguments(values))
        return cursor

    def run_many(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it for every row."""
        cursor.executemany(self._text, [self._arguments(row) for row in rows])

    def _arguments(self, values: Mapping[str, Any]) -> Any:
        return values if self._order is None else [values[name] for name in self._order]


class Statements:
    """Everything an append says to the database."""

    def __init__(self, engine: sa.Engine) -> None:
        def compiled(statement: Any) -> Statement:
            return Statement(statement, engine.dialect)

        self.head = compiled(
            sa.select(head.c.size, head.c.peaks, head.c.successor, head.c.shreddings).with_for_update()
        )
        self.end = compiled(head.update().values(successor=sa.bindparam("by")))
        self.batches = compiled(batches())
        self.add_trial = compiled(cosigned.insert())
        self.take_trial_away = compiled(cosigned.delete().where(cosigned.c.size == sa.bindparam("trial")))
        self.add_batch = compiled(batch.insert())
        self.add_tile = compiled(tile.insert())
        self.move_head = compiled(
            head.update()
            .where(head.c.size == sa.bindparam("old_size"))
            .values(
                size=sa.bindparam("new_size"), peaks=sa.bindparam("new_peaks"), note=sa.bindparam("new_note")
            )
        )


def insert_for(engine: sa.Engine) -> Any:
    """The kind of `insert` that knows what to do on conflict."""
    return sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert


def batches(column: sa.Column[Any] = batch.c.data) -> sa.Select[tuple[int, Any]]:
    """The batches that hold the entries from `first` up to `end`, or what is sealed beside them."""
    holder = sa.select(sa.func.max(batch.c.first)).where(batch.c.first <= sa.bindparam("first", type_=Whole))
    return (
        sa.select(batch.c.first, column)
        .where(batch.c.first >= holder.scalar_subquery(), batch.c.first < sa.bindparam("end", type_=Whole))
        .order_by(batch.c.first)
    )


def cut(held: Sequence[Any], first: int, end: int) -> list[bytes]:
    """The entries [first, end) out of the batches around them."""
    if first >= end:
        return []
    entries: list[bytes] = []
    start = held[0][0] if held else first
    for at, data in held:
        if at != start + len(entries):
            raise StoreDamaged(f"expected a batch at entry `{start + len(entries)}`, got one at `{at}`")
        entries += unpack_entries(bytes(data))
    wanted = entries[first - start : end - start]
    if len(wanted) != end - first:
        raise NoSuchEntry(f"expected entries up to `{end}`, got `{start + len(entries)}`")
    return wanted


def require_version(connection: sa.Connection, *, new: bool) -> None:
    """Return when the database is of this version; mark it so when it is `new`. Raises `OtherSchema`."""
    found = connection.execute(sa.select(version.c.version_num)).scalars().all()
    if new and not found:  # nobody has migrated it either
        connection.execute(version.insert().values(version_num=REVISION))
        return
    if found != [REVISION]:
        raise OtherSchema(
            f"expected a database of version `{REVISION}`, got `{', '.join(found)}`: migrate it first"
        )


def engine_of(url: str, *, looks: bool = False) -> sa.Engine:
    """Connections to the database; those to SQLite are durable and begin transactions when told.

    `looks`   whether a connection is tried before it is used: one to a server may have ended since
    """
    engine = sa.create_engine(url, pool_pre_ping=looks)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_up_sqlite)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("begin"))
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us, at once for writing
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("pragma wal_autocheckpoint=0")  # `WriteAhead.tidy` does it, off the path of an append
    connection.execute("pragma secure_delete=on")  # what is shredded is overwritten, not only unlinked
    connection.execute("pragma foreign_keys=on")  # of the tables that lie beside the log; its own have none
    connection.execute(f"pragma busy_timeout={BUSY_MS}")


def turns_of(engine: sa.Engine) -> int:
    """The file whose lock writers of several processes take in turn. Raises `StoreBusy`."""
    if not engine.url.database or engine.url.database == ":memory:":
        raise StoreBusy("expected a database in a file, which outlives the process")
    try:
        return os.open(f"{engine.url.database}-writers", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreBusy(f"expected the writers' lock, got `{error.strerror}`") from error


@contextmanager
def translated(dbapi: Any) -> Iterator[None]:
    """What the driver and the file system raise within, as `StoreBusy` or `StoreBroken`."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise ours(error.orig, dbapi) from error
    except dbapi.Error as error:
        raise ours(error, dbapi) from error
    except OSError as error:
        raise StoreBusy(f"expected the writers' lock, got `{error.strerror}`") from error


def ours(error: BaseException | None, dbapi: Any) -> AuditError:
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
