"""What does a department say that keeps its records in an SQL database?

Asks are `SELECT` of the fields asked for, by an indexed `IN`, in read-only connections of
the connector's own few threads, so that one slow database never takes the threads of
another. A question that is given up is cancelled in the database too.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from threading import Event
from typing import Any
from urllib.parse import quote

import msgspec
import sqlalchemy as sa

from connectors.arrow import BATCH_ROWS, Chunk
from connectors.ask import Ask, Clock
from connectors.bulk import bulk_batches, bulk_query
from connectors.decode import Decoder, Row, askable
from connectors.failure import Failed
from connectors.guard import Guard, Patience
from connectors.mapping import Table, Tables
from connectors.register import Register
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind

IDS_PER_STATEMENT = 1_000
"""Subjects in one `IN`: each may stand in two spellings, and Oracle's list ends at 1,000, so halve it there."""

CONNECTIONS = 4
"""Of one gateway to one register at a time."""


class SqlRegister(Register):
    """A connector to one SQL database; `url` is SQLAlchemy's. A file of SQLite must exist: none is made."""

    def __init__(
        self,
        department: Department,
        url: str,
        tables: Tables,
        *,
        clock: Clock,
        patience: Patience | None = None,
    ) -> None:
        guard = Guard(department.value, patience or Patience())
        super().__init__(department, tables, guard=guard, clock=clock)
        self._engine = _engine(url)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix=f"sql-{department.value}")

    def version(self) -> str:
        """See `Register.version`."""
        with _failures_named(), self._engine.connect():
            dialect = self._engine.dialect
            return f"{dialect.name} {'.'.join(map(str, dialect.server_version_info or ()))}"

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        self._engine.dispose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        """Run the statements in a thread; when the asker gives up, cancel what the database is doing."""
        spellings = _spellings(ask.ids)
        if not spellings:
            return []
        query = _Query(self._engine)
        statement = _select(table, decode, self._engine.dialect.name)
        statement = statement.where(statement.selected_columns[table.of[ask.by].physical].in_(_GIVEN))
        running = asyncio.get_running_loop().run_in_executor(self._threads, query.run, statement, spellings)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # Telling PostgreSQL takes a connection of its own, hence a thread, which must not be one of the busy ones.
            telling = asyncio.get_running_loop().run_in_executor(None, query.cancel)
            for unheard in (running, telling):
                # Nobody waits for what they still say, and asyncio complains of errors nobody looked at.
                unheard.add_done_callback(lambda given_up: given_up.cancelled() or given_up.exception())
            raise

    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """A cursor is the register's own key of the row that was given last: rows come in the order of keys."""
        statement, at = _behind(table, decode, since, self._engine.dialect.name), decode.position("record_id")
        with _failures_named(), self._engine.connect() as connection:
            query = bulk_query(connection, statement, decode.fields)
            if query is not None:
                for batch in filter(len, bulk_batches(self._engine.url, query)):
                    yield batch, _cursor(batch.column(at)[-1].as_py())
                return
            streaming = connection.execution_options(stream_results=True, yield_per=BATCH_ROWS)
            for part in streaming.execute(statement).partitions(BATCH_ROWS):
                yield part, _cursor(part[-1][at])


class _Query:
    """One look-up in a thread, which another thread may cancel."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._cancelled = Event()
        self._driver: Any = None

    def run(self, statement: sa.Select[Any], spellings: Sequence[str]) -> list[Row]:
        """Give the rows of all chunks. Raises `Failed`."""
        rows: list[Row] = []
        if self._cancelled.is_set():
            return rows
        with _failures_named(), self._engine.connect() as connection:
            self._driver = connection.connection.driver_connection
            for at in range(0, len(spellings), IDS_PER_STATEMENT):
                given = {_GIVEN.key: spellings[at : at + IDS_PER_STATEMENT]}
                rows.extend(tuple(row) for row in connection.execute(statement, given))
            self._driver = None
        return rows

    def cancel(self) -> None:
        """Stop what runs: `interrupt` is SQLite's word for it, `cancel` PostgreSQL's; both are safe to call."""
        self._cancelled.set()
        stop = getattr(self._driver, "interrupt", None) or getattr(self._driver, "cancel", None)
        if stop is not None:
            stop()


def _engine(url: str) -> sa.Engine:
    """Make an engine that only reads and never waits for a connection longer than a question may take."""
    parsed = sa.make_url(url)
    limits: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 2, "pool_timeout": 5}
    if parsed.get_backend_name() == "sqlite":
        file = f"file:{quote(str(parsed.database))}?mode=ro"
        return sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(file, uri=True, check_same_thread=False),
            poolclass=sa.QueuePool,
            **limits,
        )
    options = {"options": "-c default_transaction_read_only=on", "connect_timeout": 3}
    arguments = options if parsed.get_backend_name() == "postgresql" else {}
    return sa.create_engine(
        parsed, connect_args=arguments, pool_pre_ping=True, hide_parameters=True, **limits
    )


@lru_cache(maxsize=512)
def _select(table: Table, decode: Decoder, dialect: str) -> sa.Select[Any]:
    """Select the fields asked for and no other, each by its full name; the database works out what follows from them.

    SQLite takes a quoted name that it does not know for a text, and would answer "JE" for an
    amount; with the table's name before it, it complains.
    """
    schema, _, name = table.physical.rpartition(".")
    source = sa.table(name, *map(sa.column, _names(table)), schema=schema or None)
    return sa.select(
        *(
            source.c[one.physical]
            if one.expression is None
            # A fragment of ours, from an allowed tree; `text` would take a colon in it for a parameter.
            else sa.literal_column(one.expression.sql(dialect, table=name, schema=schema)).label(one.physical)
            for one in decode.fields
        )
    )


def _behind(table: Table, decode: Decoder, cursor: str, dialect: str) -> sa.Select[Any]:
    """Select everything behind a cursor, in the order of the register's own keys. Raises `Failed`."""
    statement = _select(table, decode, dialect)
    key = statement.selected_columns[table.of["record_id"].physical]
    if cursor:
        try:
            statement = statement.where(key > msgspec.json.decode(cursor, type=str | int))
        except msgspec.DecodeError:
            raise Failed(
                FailureKind.STALE, "expected the cursor of a snapshot from SQL, got another"
            ) from None
    return statement.order_by(key)


def _cursor(key: object) -> str:
    # A number may come as a decimal, which JSON would write as a text.
    return msgspec.json.encode(key if isinstance(key, str) else int(str(key))).decode()


def _names(table: Table) -> list[str]:
    return [one.physical for one in table.fields if one.expression is None]


def _spellings(ids: Sequence[str]) -> list[str]:
    """How a register may have written these subjects: an X at the end stands in either case."""
    tidied = askable(ids)
    lowered = (one[:-1] + "x" for one in tidied if one.endswith("X"))
    return [*tidied, *lowered]


@contextmanager
def _failures_named() -> Iterator[None]:
    """Turn what SQLAlchemy and drivers raise into our own failures; their texts may hold values, so none is kept."""
    try:
        yield
    except sa.exc.TimeoutError:
        raise Failed(
            FailureKind.QUOTA_EXCEEDED, f"expected one of {CONNECTIONS} connections, got none"
        ) from None
    except sa.exc.DBAPIError as why:
        kind, detail = _classified(why)
        raise Failed(kind, detail) from None


def _classified(why: sa.exc.DBAPIError) -> tuple[FailureKind, str]:
    if isinstance(why.orig, sqlite3.Error):
        # A thread that is closed while it runs has no code.
        code = getattr(why.orig, "sqlite_errorcode", sqlite3.SQLITE_INTERRUPT) & 0xFF
        return _SQLITE.get(code, FailureKind.CONTRACT_BROKEN), f"database error {code}"
    state = getattr(why.orig, "sqlstate", None) or ""
    if why.connection_invalidated or not state:
        return FailureKind.UNREACHABLE, "connection refused or lost"
    if state in _STATES:
        return _STATES[state], f"SQLSTATE {state}"
    return _STATES.get(state[:2], FailureKind.CONTRACT_BROKEN), f"SQLSTATE {state}"


_GIVEN: sa.BindParameter[Any] = sa.bindparam("given", expanding=True)

_SQLITE = {
    sqlite3.SQLITE_CANTOPEN: FailureKind.UNREACHABLE,
    sqlite3.SQLITE_IOERR: FailureKind.UNREACHABLE,
    sqlite3.SQLITE_BUSY: FailureKind.TIMED_OUT,
    sqlite3.SQLITE_INTERRUPT: FailureKind.TIMED_OUT,
    sqlite3.SQLITE_AUTH: FailureKind.REFUSED,
    sqlite3.SQLITE_PERM: FailureKind.REFUSED,
}

_STATES = {
    "08": FailureKind.UNREACHABLE,
    "57": FailureKind.UNREACHABLE,
    "57014": FailureKind.TIMED_OUT,
    "28": FailureKind.REFUSED,
    "42501": FailureKind.REFUSED,
    "53": FailureKind.QUOTA_EXCEEDED,
}
"""SQLSTATE or its class (ISO 9075, PostgreSQL appendix A); class 42 is another schema than agreed."""
