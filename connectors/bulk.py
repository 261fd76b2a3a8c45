"""How does a whole table come out of PostgreSQL fast? By its binary COPY, decoded to Arrow outside Python (ConnectorX).

Only columns of types that come through unchanged go this way; a query with any other goes the
way of rows, as every other database does. A decimal is sent as the text that PostgreSQL prints
of it, with all its digits: ConnectorX itself would keep ten places.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import connectorx
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connectors.arrow import BATCH_ROWS
from connectors.failure import Failed
from vocabulary.evidence import FailureKind


def bulk_query(connection: sa.Connection, statement: sa.Select[Any]) -> str | None:
    """Give the statement as text that ConnectorX can run; None where it is to be read row by row.

    Also tries the statement without fetching anything, so that what is wrong with it is said by
    SQLAlchemy and its driver, as for every other question.
    """
    engine = connection.engine
    if engine.dialect.name != "postgresql" or set(engine.url.query) - {"sslmode"}:
        return None
    described = connection.execute(statement.limit(0)).cursor
    types = [one[1] for one in described.description or ()] if described is not None else []
    connection.rollback()
    if not set(types) <= _UNCHANGED | {_NUMERIC}:
        return None
    columns = [
        sa.cast(column, sa.Text).label(column.name) if kind == _NUMERIC else column
        for column, kind in zip(statement.selected_columns, types, strict=True)
    ]
    # Of a dialect that does not double percent signs, since nothing is put into the text afterwards.
    plain = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    compiled = statement.with_only_columns(*columns).compile(
        dialect=plain, compile_kwargs={"literal_binds": True}
    )
    return str(compiled)


def bulk_batches(url: sa.URL, query: str) -> Iterator[pa.RecordBatch]:
    """Give the rows of a query of `bulk_query` in batches of at most `BATCH_ROWS`, as the database has them.

    Raises `Failed`, `UNREACHABLE`: the query itself was tried before.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        yield from connectorx.read_sql(
            address,
            query,
            return_type="arrow_stream",
            batch_size=BATCH_ROWS,
            pre_execution_query="SET default_transaction_read_only = on",
        )
    except (RuntimeError, pa.ArrowInvalid):
        # Its texts may hold values, so none is kept.
        raise Failed(FailureKind.UNREACHABLE, "connection lost in the middle of a table") from None


_NUMERIC = 1700
_UNCHANGED = frozenset({16, 20, 21, 23, 25, 1042, 1043, 1082})
"""OIDs (pg_type.dat): bool, int8, int2, int4, text, bpchar, varchar, date. Not timestamp, whose form is text here."""
