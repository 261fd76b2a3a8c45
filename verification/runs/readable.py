"""Can a run read this snapshot? Every column that the rules ask for, of its type, with codes of its list and no others.

Columns and types are looked at before anything runs; they cost nothing to look at. Codes are what
an engine looks at anyway when it reads them: only where it stumbles (`blamed`), and where no engine
would (`require_whole`), are they looked through here, to say which column it is.

    ValueError
    └── BadSnapshot   a table is not what the rules read
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from verification.runs.tables import CASES, PERSONS, Rows, Snapshot, schema_of
from vocabulary.record import Column, Record, columns_of

Reads = Mapping[type[Record], frozenset[str]]


class BadSnapshot(ValueError):
    """This snapshot cannot be judged: a table of it lacks something or holds what it may not. Have it written anew.

    Names the record type and the column, what was expected and what came; never a value.
    """


def require_readable(snapshot: Snapshot, reads: Reads) -> None:
    """Every table has the columns of `reads`, each of its type. Raises `BadSnapshot`."""
    for name, table, wanted in (("cases", snapshot.cases, CASES), ("persons", snapshot.persons, PERSONS)):
        _require_columns(name, table.schema, wanted)
    for record, columns in reads.items():
        if record in snapshot.tables:
            _require_columns(record.__name__, snapshot.tables[record].schema, schema_of(record, columns))


def require_whole(snapshot: Snapshot, reads: Reads) -> None:
    """As `require_readable`; nothing that must be there is left out, and codes are of their lists. Raises `BadSnapshot`."""
    require_readable(snapshot, reads)
    for record, columns in reads.items():
        if record in snapshot.tables:
            for column in (columns_of(record)[name] for name in sorted(columns)):
                _require_values(record, column, _values(snapshot.tables[record], column.name))


@contextmanager
def blamed(
    snapshot: Snapshot, reads: Reads, *, stumbles: type[Exception] = duckdb.ConversionException
) -> Iterator[None]:
    """Says which column it is that an engine could not read meanwhile. Raises `BadSnapshot`.

    `stumbles`   what the engine raises then; DuckDB's, unless given
    """
    try:
        yield
    except stumbles:
        require_whole(snapshot, reads)
        raise


def _require_columns(name: str, given: pa.Schema, wanted: pa.Schema) -> None:
    for each in wanted:
        if each.name not in given.names:
            raise BadSnapshot(f"expected the column `{each.name}` of `{name}`, got a table without it")
        found = given.field(each.name).type
        holds = found.value_type if pa.types.is_dictionary(found) else found
        nothing = each.nullable and pa.types.is_null(holds)
        if not (nothing or _ALIKE[each.type](holds)):
            raise BadSnapshot(f"expected `{each.name}` of `{name}` as {each.type}, got {found}")


def _require_values(record: type[Record], column: Column, values: pa.ChunkedArray) -> None:
    what = f"`{column.name}` of `{record.__name__}`"
    if not column.optional and values.null_count:
        raise BadSnapshot(f"expected {what} in every row, got {values.null_count} rows without it")
    if column.codes is None:
        return
    known = pa.array([code.value for code in column.codes], pa.string())
    given = pc.drop_null(values)
    outside = len(given) - (pc.sum(pc.is_in(given.cast(pa.string()), known)).as_py() or 0)
    if outside:
        raise BadSnapshot(
            f"expected codes of the list `{column.codes.__name__}` in {what}, got others in {outside} rows"
        )


def _values(rows: Rows, name: str) -> pa.ChunkedArray:
    return rows[name] if isinstance(rows, pa.Table) else rows.to_table(columns=[name])[name]


_ALIKE: Mapping[pa.DataType, Callable[[pa.DataType], object]] = {
    pa.string(): lambda found: pa.types.is_string(found) or pa.types.is_large_string(found),
    pa.int64(): pa.types.is_integer,
    pa.date32(): pa.types.is_date32,
    pa.bool_(): pa.types.is_boolean,
}
"""What may stand in a file for a type of ours: a run takes it for the same values."""
