"""How do a catalogue's statements run on DuckDB? In process, over Arrow tables, a shard at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType

from verification.language.kinds import Kind
from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.to_sql import Sql
from vocabulary.record import Record


def connect(*, memory_mib: int = 1024, threads: int = 2, spill: str = "") -> duckdb.DuckDBPyConnection:
    """A database of its own in memory, that knows how names are tidied.

    `memory_mib`   what it may hold in memory
    `spill`        a folder of the caller's for what does not fit; without one that is an error
    """
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_mib}MiB",
            "threads": threads,
            "preserve_insertion_order": False,
            "temp_directory": spill,
            # Without it whatever is freed while memory is short goes back to the kernel, and is asked for
            # again, page by page, at once; also what another database of the process freed.
            "block_allocator_memory": f"{memory_mib // 4}MiB",
        }
    )
    connection.create_function(
        "nfkc_tidy", _tidy, [duckdb.type("VARCHAR")], duckdb.type("VARCHAR"), type=PythonUDFType.ARROW
    )
    return connection


def limit(connection: duckdb.DuckDBPyConnection, *, memory_mib: int, threads: int) -> None:
    """Let a database hold so much, and work by so many threads, from now on."""
    connection.execute(f"SET memory_limit = '{memory_mib}MiB'")
    connection.execute(f"SET threads = {threads}")


def run(
    connection: duckdb.DuckDBPyConnection, sql: Sql, bring: Callable[[type[Record]], None]
) -> Iterator[str]:
    """Make every table of the catalogue, in order, naming each when it is made; earlier ones are replaced.

    `bring`   makes the table of a record type; it is gone once no more statements look at it
    """
    for statement in sql.statements:
        for record in statement.begun:
            bring(record)
        _make(connection, statement.table, statement.select)
        for done in statement.done:
            connection.execute(f'DROP TABLE "{done}"')
        yield statement.table


def taken(connection: duckdb.DuckDBPyConnection, sql: Sql) -> Callable[[str, str], pa.Table]:
    """What gives the tables that come out, see `assembling.tables_of`.

    They are put in order, and get the texts of persons and households, once they are in Arrow, some households at
    a time. A database writes every row down to put it in order, with its texts, and everybody's for each column
    that names somebody.
    """
    names = None if sql.names is None else connection.sql(_names_of_all(sql)).to_arrow_table().sort_by("id")
    spans = [""] if sql.names is None else _spans(connection)

    def table_of(what: str, level: str) -> pa.Table:
        keys = _keys(level)
        named = {*keys, *_named(sql, what, level)}
        parts = []
        for span in spans if what == "told" else [""]:  # of answers there are few
            rows = connection.sql(f'SELECT * FROM "{what}_{level}" {span}').to_arrow_table()
            order = pc.sort_indices(rows, [(key, "ascending") for key in keys])
            columns = (
                _told(rows[name].take(order), names if name in named else None) for name in rows.column_names
            )
            parts.append(pa.table(list(columns), names=rows.column_names))
        return pa.concat_tables(parts)

    return table_of


def _told(column: pa.ChunkedArray, names: pa.Table | None) -> pa.ChunkedArray:
    """Codes as text, and of persons and households their `names`, where they are numbers."""
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    return column if names is None else names["text"].take(pc.search_sorted(names["id"], column))


def _spans(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Conditions by which the households come apart, in the order of their numbers."""
    query = 'SELECT COUNT(*), MIN("household"), MAX("household") FROM "told_household"'
    count, first, last = connection.sql(query).fetchall()[0]
    if count <= _AT_ONCE:
        return [""]
    width = -(-(last + 1 - first) * _AT_ONCE // count)
    return [f'WHERE "household" BETWEEN {at} AND {at + width - 1}' for at in range(first, last + 1, width)]


def _names_of_all(sql: Sql) -> str:
    """The `id` and `text` of all whom the tables that come out name."""
    columns = [(f"told_{level}", _keys(level)[-1]) for level in (HOUSEHOLD, MEMBER)]  # all who are answered
    columns += [
        (f"{what}_{level}", name)
        for what in ("told", "answers")
        for level in (HOUSEHOLD, MEMBER)
        for name in _named(sql, what, level)
    ]
    ids = " UNION ALL ".join(f'SELECT "{name}" FROM "{table}"' for table, name in columns)
    return f'SELECT id, text FROM "{sql.names}" WHERE id IN ({ids})'


def _keys(level: str) -> list[str]:
    return ["household", "person"] if level == MEMBER else ["household"]


def _named(sql: Sql, what: str, level: str) -> list[str]:
    """The columns of a table that comes out, besides its keys, which name somebody."""
    answers = (each for answered in sql.answers[level] for each in answered.evidence)
    shown = sql.told[level] if what == "told" else answers
    return [each.value for each in shown if each.expr.kind in (Kind.PERSON, Kind.HOUSEHOLD)]


def _make(connection: duckdb.DuckDBPyConnection, table: str, select: str) -> None:
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS {select}')


def _tidy(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim(pc.utf8_normalize(names, form="NFKC"), characters=" ")


_AT_ONCE = 60_000
"""About so many households are taken out at once: their rows lie there twice, as they come and as they are told."""
