"""Where is what people decided kept? In the audit log's database, SQLite or PostgreSQL.

Reading is plain SQL. Nothing is written here: a change is handed to the log beside its entry
(`audit.alongside.Change`), so that neither comes about without the other. That goes for two
people who change the same row as well: the second one's `version` no longer fits, and their
entry is refused with it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from audit.alongside import Change
from audit.tables import engine_of, turns_of
from casework import tables
from casework.finding import BadRequest

T = TypeVar("T")

SCRIPTS = Path(__file__).with_name("migrations")
"""Alembic's steps from one version of the tables to the next: `hedui log migrate` takes them."""


class OtherCaseworkSchema(Exception):
    """The tables of casework are of another version: run `hedui log migrate`."""


class Kept:
    """The tables of casework in one database. Safe from several threads; end with `close`."""

    def __init__(self, url: str) -> None:
        """Open, and make the tables when there are none. Raises `OtherCaseworkSchema`."""
        self._engine = engine_of(url)
        self._inserts: dict[tuple[str, tuple[str, ...]], tuple[str, list[str] | None]] = {}
        with _alone(self._engine):
            found = self._made()
        if found != [tables.REVISION]:
            self.close()
            raise OtherCaseworkSchema(
                f"expected casework's tables of version `{tables.REVISION}`, got `{', '.join(found)}`: "
                "run `hedui log migrate`"
            )

    def _made(self) -> list[str]:
        """The version of the tables, which are made when there are none."""
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":  # two processes may come first at once
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            if not sa.inspect(connection).has_table(tables.VERSIONS):
                tables.metadata.create_all(connection)
                connection.execute(tables.version.insert().values(version_num=tables.REVISION))
            return list(connection.execute(sa.select(tables.version.c.version_num)).scalars())

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        """What a query finds."""
        return self._read(lambda connection: connection.execute(query).mappings().all())

    def one(self, query: sa.Select[Any]) -> sa.RowMapping | None:
        """The first row that a query finds."""
        return self._read(lambda connection: connection.execute(query).mappings().first())

    def count(self, query: sa.Select[Any]) -> int:
        """How many rows a query finds."""
        counting = sa.select(sa.func.count()).select_from(query.order_by(None).subquery())
        return self._read(lambda connection: int(connection.execute(counting).scalar_one()))

    def _read(self, reading: Callable[[sa.Connection], T]) -> T:
        """What is read; once more where the connection is of a time before the database was started again."""
        try:
            with self._engine.connect() as connection:
                return reading(connection)
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # Meeting the first such connection, the pool has let go of them all.
        with self._engine.connect() as connection:
            return reading(connection)

    def added(self, table: sa.Table, **values: object) -> Change:
        """A row to be added, as the log takes it. Raises `BadRequest`, as all that makes a change does."""
        _require_fitting(table, values)
        key = table.name, tuple(values)
        written = self._inserts.get(key)
        if written is None:  # a run registers tens of thousands of rows of few shapes
            compiled = table.insert().compile(dialect=self._engine.dialect, column_keys=list(values))
            written = self._inserts[key] = str(compiled), compiled.positiontup
        text, order = written
        return Change(text, values if order is None else tuple(values[name] for name in order))

    def changed(self, table: sa.Table, *, id: str, version: int, **values: object) -> Change:  # noqa: A002
        """A row to be changed that is still in this version; it is in the next one then."""
        _require_fitting(table, values)
        same = (table.c.id == id, table.c.version == version)
        return self._change(table.update().where(*same).values(**values, version=version + 1))

    def set(self, table: sa.Table, *same: sa.ColumnElement[bool], **values: object) -> Change:
        """Exactly one row to be changed, found by its columns."""
        _require_fitting(table, values)
        return self._change(table.update().where(*same).values(**values))

    def _change(self, statement: sa.Insert | sa.Update) -> Change:
        compiled = statement.compile(dialect=self._engine.dialect)
        values = compiled.params
        if compiled.positiontup is None:
            return Change(str(compiled), values)
        return Change(str(compiled), tuple(values[name] for name in compiled.positiontup))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _require_fitting(table: sa.Table, values: Mapping[str, object]) -> None:
    """Return when every text has a place: PostgreSQL would refuse the whole batch, with others' entries in it."""
    for name, value in values.items():
        if isinstance(value, str):
            longest = getattr(table.c[name].type, "length", None)
            if longest is not None and len(value) > longest:
                raise BadRequest(f"expected `{name}` of at most {longest} characters, got {len(value)}")
            if _UNWRITABLE.search(value):
                raise BadRequest(f"expected `{name}` as text that can be kept, got other characters")


_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""Zero bytes, and halves of characters, which no UTF-8 holds."""


def within(column: sa.ColumnElement[str], region: str) -> sa.ColumnElement[bool]:
    """Whether a column of region codes lies in the subtree of one.

    Below a county it is a range, which an index follows. A whole county and more is nearly every row of a
    district's tables: a range would lead SQLite there first, to sort them all, and past the order that is asked for.
    """
    if len(region) <= _COUNTY:
        return sa.func.substr(column, 1, len(region)) == region
    return column.between(region, region.ljust(_LONGEST, "9"))


_COUNTY, _LONGEST = 6, 12
"""Digits of a county's code, and of the longest."""

_LOCK = 0x6361736577
"""Of PostgreSQL's advisory locks, the one under which the tables are made."""


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[None]:
    """Among the writers of an SQLite database, the only one; PostgreSQL has locks of its own."""
    if engine.dialect.name != "sqlite":
        yield
        return
    turns = turns_of(engine)
    try:
        fcntl.flock(turns, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turns)
