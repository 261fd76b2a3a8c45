"""How do a snapshot's rows come to stand where the statements look for them? As tables of DuckDB, a shard at a time.

A shard alone is taken from the snapshot itself. Of many shards each would have to look through
all of it: the snapshot is then numbered once, into a database in a file, and each shard is
taken from there by numbers.

A record type's rows come when a statement first looks at them, and go with the last: all of them at once
are more than the memory of a run often holds, and what does not fit is written to disk and read again.

A row's id is a text that is often as long as all the rest of it, and wanted of few rows. Where the
statements say so (`Sql.apart`), it stays where the rows come from, and a table holds its place there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from verification.language.sql_rows import ids_of
from verification.language.to_sql import Sql
from verification.runs.numbered import NAMES, PLACE, SHARD, bring_in, keys_of, number_everybody
from verification.runs.tables import InFile, Rows, Snapshot, no_rows, schema_of
from vocabulary.codes import Code
from vocabulary.record import Column, ColumnKind, Record, columns_of
from vocabulary.records.civil_affairs import Membership

Bring = Callable[[type[Record]], None]
"""Brings in the rows of a record type: called before the first statement that looks at them."""

_Reads = Mapping[type[Record], frozenset[str]]
_WHOLE = "whole"
"""The database of the snapshot once it is numbered."""


def load(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, sql: Sql) -> Bring:
    """Get ready for the statements. What is returned makes the table of a record type; what has none has no rows.

    With `sql.names` persons and households become numbers, and only rows of the people of the
    cases are brought in.
    The view of the ids that are left behind looks at the snapshot for as long as the statements run.
    """
    reads = sql.catalogue.reads()
    _look_at_all(connection, snapshot, reads)
    if sql.names is None:
        for name in ("cases", "person_masks"):
            _make(connection, name, f'SELECT * FROM "given {name}"')
        return lambda record: _make(
            connection, record.__name__, f"SELECT {_listed(reads[record])} FROM {_given(record)}"
        )
    number_everybody(connection, home=SHARD)
    _number_cases(connection)

    def bring(record: type[Record]) -> None:
        bring_in(connection, record, reads[record], home=SHARD, apart=record in sql.apart)
        if record in sql.apart:
            _leave_ids(connection, record, _given(record), place=PLACE)

    return bring


def number_whole(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, reads: _Reads, *, file: Path
) -> None:
    """Number everybody and everything of a snapshot, into a new file."""
    connection.execute(f"ATTACH {_quoted(str(file))} AS {_WHOLE}")
    _look_at_all(connection, snapshot, reads)
    number_everybody(connection, home=_WHOLE)
    for record, columns in reads.items():
        bring_in(connection, record, columns, home=_WHOLE)
    connection.execute(f"CHECKPOINT {_WHOLE}")
    connection.execute(f"DETACH {_WHOLE}")


def look_at_whole(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Take the rows of shards from a file that `number_whole` wrote; it needs no name once everybody looks at it.

    So nothing of it is left, whatever kills us.
    """
    connection.execute(f"ATTACH {_quoted(str(file))} AS {_WHOLE} (READ_ONLY)")
    connection.execute(f'DROP TABLE IF EXISTS {SHARD}."{NAMES}"')
    connection.execute(f'CREATE TEMP VIEW "{NAMES}" AS SELECT * FROM {_WHOLE}."{NAMES}"')


def load_part(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, sql: Sql) -> Bring:
    """As `load`, where `look_at_whole` was called of a file in which the cases are numbered."""
    connection.register("given cases", snapshot.cases)
    connection.register("given person_masks", snapshot.persons)
    _number_cases(connection)
    people = f'SELECT DISTINCT m."person" FROM {_WHOLE}."{Membership.__name__}" AS m SEMI JOIN "cases" USING ("household")'
    _make(connection, "people of cases", people)
    reads = sql.catalogue.reads()
    return lambda record: _bring_part(connection, record, reads[record], apart=record in sql.apart)


def looked_at(connection: duckdb.DuckDBPyConnection, rows: Rows, name: str) -> str:
    """From what a statement selects some rows, wherever they are: under a name, where they are in memory."""
    if isinstance(rows, InFile):
        return f"READ_PARQUET({_quoted(str(rows.path))})"
    connection.register(name, rows)
    return f'"{name}"'


def _bring_part(
    connection: duckdb.DuckDBPyConnection, record: type[Record], columns: frozenset[str], *, apart: bool
) -> None:
    tests = [
        f'r."{key}" IN (SELECT "household" FROM "cases")'
        if key == "household"
        else f'r."{key}" IN (SELECT "person" FROM "people of cases")'
        for key in keys_of(record, columns)
    ]
    whole, taken = f'{_WHOLE}."{record.__name__}"', _listed(columns)
    if apart:
        taken = f'{_listed(columns - {"record_id"})}, CAST(r.rowid AS INTEGER) AS "record_id"'
        _leave_ids(connection, record, whole, place="rowid")
    _make(connection, record.__name__, f"SELECT {taken} FROM {whole} AS r WHERE {' OR '.join(tests)}")


def _leave_ids(connection: duckdb.DuckDBPyConnection, record: type[Record], rows: str, *, place: str) -> None:
    """The view of the ids of rows that lie elsewhere, by their places there."""
    ids = f'SELECT {place} AS "id", "record_id" AS "text" FROM {rows}'
    connection.execute(f'CREATE OR REPLACE TEMP VIEW "{ids_of(record)}" AS {ids}')


def _number_cases(connection: duckdb.DuckDBPyConnection) -> None:
    homes = f'SELECT n.id AS "household", "on", "mask" FROM "given cases" AS c JOIN "{NAMES}" AS n ON n.text = c."household"'
    _make(connection, "cases", homes)
    masks = f'SELECT n.id AS "person", "mask" FROM "given person_masks" AS p JOIN "{NAMES}" AS n ON n.text = p."person"'
    _make(connection, "person_masks", masks)


def _look_at_all(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, reads: _Reads) -> None:
    for name, table in (("cases", snapshot.cases), ("person_masks", snapshot.persons)):
        connection.register(f"given {name}", table)
    for record, columns in reads.items():
        given = snapshot.tables.get(record)
        _look_at(connection, record, no_rows(schema_of(record, columns)) if given is None else given)


def _look_at(connection: duckdb.DuckDBPyConnection, record: type[Record], given: Rows) -> None:
    """The view `given …` of a record type's rows, in the types that the statements expect."""
    if isinstance(given, InFile):
        source, place = f"READ_PARQUET({_quoted(str(given.path))}, file_row_number = TRUE)", "file_row_number"
    else:
        placed = given.append_column(PLACE, pa.arange(0, len(given)))
        source, place = looked_at(connection, placed, f"rows {record.__name__}"), PLACE
    columns = columns_of(record)
    known = [columns[name] for name in given.schema.names if name in columns]
    cast = ", ".join(f'CAST("{each.name}" AS {_type_of(each)}) AS "{each.name}"' for each in known)
    for codes in {each.codes for each in known if each.codes is not None}:
        # In the order of their texts, as which they are compared elsewhere.
        values = ", ".join(_quoted(code) for code in sorted(code.value for code in codes))
        connection.execute(f"CREATE TYPE IF NOT EXISTS {_codes_type(codes)} AS ENUM ({values})")
    rows = f'SELECT {cast}, "{place}" AS "{PLACE}" FROM {source}'
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {_given(record)} AS {rows}")


def _type_of(column: Column) -> str:
    return _TYPES.get(column.kind, "VARCHAR") if column.codes is None else _codes_type(column.codes)


def _codes_type(codes: type[Code]) -> str:
    return f'"codes {codes.__name__}"'


def _given(record: type[Record]) -> str:
    return f'"given {record.__name__}"'


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(columns))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _make(connection: duckdb.DuckDBPyConnection, table: str, select: str) -> None:
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS {select}')


_TYPES = {
    ColumnKind.FEN: "BIGINT",
    ColumnKind.NUMBER: "BIGINT",
    ColumnKind.MONTH: "INTEGER",
    ColumnKind.DATE: "DATE",
    ColumnKind.FLAG: "BOOLEAN",
}
"""As narrow as what the vocabulary holds: a run reads every column many times. Codes have a type a list; else it is text."""
