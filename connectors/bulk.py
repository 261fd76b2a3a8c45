"""How does a whole table come out of PostgreSQL fast? By its binary COPY, decoded to Arrow outside Python (ConnectorX).

Only columns of types that come through unchanged go this way; a query with any other goes the
way of rows, as every other database does. So does one that the database has to work out: what
ConnectorX prints of a fault on standard error would hold the value that it failed on. An amount
is sent as the text that PostgreSQL prints of it: ConnectorX itself would keep ten places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import connectorx
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from connectors.arrow import BATCH_ROWS
from connectors.failure import Failed
from connectors.forms import Form
from connectors.mapping import Field
from vocabulary.evidence import FailureKind


def bulk_query(connection: sa.Connection, statement: sa.Select[Any], fields: Sequence[Field]) -> str | None:
    """Give the statement as text that ConnectorX can run; None where it is to be read row by row.

    `fields`   what the statement selects, in its order

    Also tries the statement without fetching anything, so that what is wrong with it is said by
    SQLAlchemy and its driver, as for every other question.
    """
    engine = connection.engine
    if engine.dialect.name != "postgresql" or set(engine.url.query) - {"sslmode"}:
        return None
    described = connection.execute(statement.limit(0)).cursor
    columns = [] if described is None or described.description is None else described.description
    connection.rollback()
    kinds = [_kind(field, column) for field, column in zip(fields, columns, strict=True)]
    if None in kinds:
        return None
    sent = [
        sa.cast(column, sa.Text).label(column.name) if kind == _AMOUNT else column
        for column, kind in zip(statement.selected_columns, kinds, strict=True)
    ]
    # Of a dialect that does not double percent signs, since nothing is put into the text afterwards.
    plain = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    return str(
        statement.with_only_columns(*sent).compile(dialect=plain, compile_kwargs={"literal_binds": True})
    )


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
    except BaseException as why:
        # A fault in the middle of a stream comes as a panic of its own, which is no `Exception`.
        if not isinstance(why, RuntimeError) and type(why).__name__ != "PanicException":
            raise
        raise Failed(FailureKind.UNREACHABLE, "connection lost in the middle of a table") from None


def _kind(field: Field, column: Sequence[Any]) -> int | None:
    """Give the type (OID) in which a column is sent; None where it would not come unchanged."""
    _, kind, _, _, _, scale, _ = column
    plain = field.expression is None
    if plain and kind == _AMOUNT and field.form is Form.YUAN and scale is not None and scale <= 2:
        return _AMOUNT
    return kind if plain and kind in _UNCHANGED else None


_AMOUNT = 1700
"""numeric (pg_type.dat), here of two places at most."""

_UNCHANGED = frozenset({16, 20, 21, 23, 25, 1042, 1043, 1082})
"""bool, int8, int2, int4, text, bpchar, varchar, date."""
