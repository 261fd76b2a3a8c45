"""What does a department say that keeps its records in an SQL database?

Asks are `SELECT` of the fields asked for, by an indexed `IN`, in read-only connections of
the connector's own few threads, so that one slow database never takes the threads of
another. A question that is given up is cancelled in the database too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Event, Lock
from typing import Any

import msgspec
import sqlalchemy as sa

from connectors.arrow import BATCH_ROWS, Chunk
from connectors.ask import Ask, Clock
from connectors.bulk import bulk_batches, bulk_query
from connectors.decode import Decoder, Row
from connectors.failure import Failed
from connectors.guard import Guard, Patience
from connectors.mapping import Table, Tables
from connectors.register import Register
from connectors.search import Find
from connectors.sql_engine import CONNECTIONS, failures_named, reading, stop
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind

IDS_PER_STATEMENT = 500
"""Subjects in one `IN`: each may stand in two spellings, and Oracle's list ends at 1,000."""


LAST_BELOW = "9" * 12
"""Behind the digits of a region: no code of its subtree stands higher."""


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
        self._engine = reading(url)
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix=f"sql-{department.value}")

    def version(self) -> str:
        """See `Register.version`."""
        with failures_named(), self._engine.connect():
            dialect = self._engine.dialect
            return f"{dialect.name} {'.'.join(map(str, dialect.server_version_info or ()))}"

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        self._engine.dispose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> list[Row]:
        """See `Register._look_up`."""
        subjects = ask.subjects.askable
        if not subjects:
            return []
        statement = _looking_up(table, decode, ask.by, self._engine.dialect.name)
        given = (subjects[at : at + IDS_PER_STATEMENT] for at in range(0, len(subjects), IDS_PER_STATEMENT))
        return await self._run(statement, [{_GIVEN.key: _spellings(some)} for some in given])

    async def _search(self, wanted: Find, table: Table, decode: Decoder) -> list[Row]:
        """See `Register._search`. A subtree is a range of digits, a page what lies behind a key: indexes serve both."""
        statement = _select(table, decode, self._engine.dialect.name)
        column = {one.column: statement.selected_columns[one.physical] for one in decode.fields}
        fits: list[sa.ColumnElement[bool]] = []
        if wanted.equals is not None:
            name, value = wanted.equals
            fits.append(column[name] == value)
        if wanted.within is not None:
            name, region = wanted.within
            fits += [column[name] >= str(region), column[name] <= f"{region}{LAST_BELOW}"]
        key = column[wanted.by]
        behind = [key > wanted.after] if wanted.after else []
        # A subject with several rows is one of those wanted, and has them all.
        keys = sa.select(key).where(*fits, *behind).distinct().order_by(key).limit(wanted.most).subquery()
        found = statement.join(keys, key == keys.c[0]).where(*fits).order_by(key)
        return await self._run(found, [{}])

    async def _run(self, statement: sa.Select[Any], given: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Run a statement with each of these in a thread; when the asker gives up, cancel what the database is doing."""
        query = _Query(self._engine)
        running = asyncio.get_running_loop().run_in_executor(self._threads, query.run, statement, given)
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
        with failures_named(), self._engine.connect() as connection:
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
        self._turn = Lock()
        self._driver: Any = None

    def run(self, statement: sa.Select[Any], given: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Give the rows of the statement with each of these. Raises `Failed`."""
        rows: list[Row] = []
        if self._cancelled.is_set():
            return rows
        with failures_named(), self._engine.connect() as connection:
            self._driver = connection.connection.driver_connection
            try:
                for one in given:
                    if self._cancelled.is_set():
                        break
                    rows += connection.execute(statement, one).fetchall()
            finally:
                # Who is being stopped gives the connection on afterwards: the next asks by it.
                with self._turn:
                    self._driver = None
        return rows

    def cancel(self) -> None:
        """Stop what runs in the database."""
        self._cancelled.set()
        with self._turn:
            stop(self._engine, self._driver)


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


@lru_cache(maxsize=512)
def _looking_up(table: Table, decode: Decoder, by: str, dialect: str) -> sa.Select[Any]:
    """Select those that are given. Made once, so that SQLAlchemy finds its text without working it out again."""
    statement = _select(table, decode, dialect)
    return statement.where(statement.selected_columns[table.of[by].physical].in_(_GIVEN))


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


def _spellings(subjects: Sequence[str]) -> list[str]:
    """How a register may have written these subjects: an X at the end stands in either case.

    Both stand in one statement: a database to which they are one would give the row twice.
    """
    return [*subjects, *(one[:-1] + "x" for one in subjects if one.endswith("X"))]


_GIVEN: sa.BindParameter[Any] = sa.bindparam("given", expanding=True)
