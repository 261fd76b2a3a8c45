"""How do a catalogue's statements run on DuckDB? In process, over Arrow tables, a shard at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType

from verification.language.kinds import Kind
from verification.language.level import MEMBER
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
            "block_allocator_memory": f"{memory_mib // 3}MiB",
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


def taken(connection: duckdb.DuckDBPyConnection, sql: Sql, what: str, level: str) -> pa.Table:
    """A table that comes out, see `assembling.tables_of`.

    `what`   `told` or `answers`
    """
    shown = (
        sql.told[level] if what == "told" else [one for each in sql.answers[level] for one in each.evidence]
    )
    keys = ["household", "person"] if level == MEMBER else ["household"]
    named = dict.fromkeys(keys) | dict.fromkeys(
        each.value for each in shown if each.expr.kind in (Kind.PERSON, Kind.HOUSEHOLD)
    )
    texts = {each.value: f't."{each.value}"::VARCHAR' for each in shown if each.expr.kind is Kind.CODE}
    joins = ""
    if sql.names is not None:
        texts |= {column: f"n{at}.text" for at, column in enumerate(named)}
        joins = "".join(
            f' LEFT JOIN "{sql.names}" AS n{at} ON n{at}.id = t."{column}"' for at, column in enumerate(named)
        )
    replaced = ", ".join(f'{text} AS "{column}"' for column, text in texts.items())
    columns = f"t.* REPLACE ({replaced})" if replaced else "t.*"
    order = ", ".join(f't."{key}"' for key in keys)
    query = f'SELECT {columns} FROM "{what}_{level}" AS t{joins} ORDER BY {order}'
    return connection.sql(query).to_arrow_table()


def _make(connection: duckdb.DuckDBPyConnection, table: str, select: str) -> None:
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS {select}')


def _tidy(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim(pc.utf8_normalize(names, form="NFKC"), characters=" ")
