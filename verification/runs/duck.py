"""How do a catalogue's statements run on DuckDB? In process, over Arrow tables, a shard at a time."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType

from verification.language.to_sql import Answered, Shown, Sql
from verification.language.values import Missing, Result, result
from verification.runs.tables import Snapshot, schema_of
from vocabulary.record import Record

Answer = tuple[str, str | None, int, int, int, bool | None, bool, dict[str, Result]]
"""Household, person, the person's, household's and members' masks, the answer, is it the milder one, evidence."""

Told = tuple[str, str | None, dict[str, Result]]
"""Household, person or None on the household's own level, the facts told."""


HEAD = ("household", "person", "person_mask", "household_mask", "members_mask", "answer", "milder")
"""The columns of a table of answers before the evidence."""


def connect(*, memory_mib: int = 1024, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A database of its own in memory, bounded, that knows how names are tidied."""
    connection = duckdb.connect(config={"memory_limit": f"{memory_mib}MiB", "threads": threads})
    connection.create_function(
        "nfkc_tidy", _tidy, [duckdb.type("VARCHAR")], duckdb.type("VARCHAR"), type=PythonUDFType.ARROW
    )
    return connection


def load(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, sql: Sql) -> None:
    """Put the snapshot's tables where the statements expect them; what has no table has no rows."""
    for record, columns in sql.catalogue.reads().items():
        given = snapshot.tables.get(record)
        _register(connection, record.__name__, _chosen(record, columns, given))
    _register(connection, "cases", snapshot.cases)
    _register(connection, "person_masks", snapshot.persons)


def run(connection: duckdb.DuckDBPyConnection, sql: Sql) -> Iterator[str]:
    """Make every table of the catalogue, in order, naming each when it is made; earlier ones are replaced."""
    for statement in sql.statements:
        connection.execute(f'CREATE OR REPLACE TEMP TABLE "{statement.table}" AS {statement.select}')
        yield statement.table


def answers(connection: duckdb.DuckDBPyConnection, level: str, answered: Answered) -> Iterator[Answer]:
    """A rule's answers that are not NO, in the order of household and person."""
    for row in connection.execute(_answers_query(level, answered)).fetchall():
        yield (*row[:7], shown_values(answered.evidence, row[7:]))


def answers_table(connection: duckdb.DuckDBPyConnection, level: str, answered: Answered) -> pa.Table:
    """The same as Arrow: household, person, masks, `answer` (null: cannot tell), `milder`, and the evidence."""
    table = connection.sql(_answers_query(level, answered)).to_arrow_table()
    return table.rename_columns([*HEAD, *names_shown(answered.evidence)])


def told(connection: duckdb.DuckDBPyConnection, level: str, shown: list[Shown]) -> Iterator[Told]:
    """The facts told of each household or member, in the order of household and person."""
    for row in connection.execute(_told_query(level, shown)).fetchall():
        yield row[0], row[1], shown_values(tuple(shown), row[2:])


def told_table(connection: duckdb.DuckDBPyConnection, level: str, shown: list[Shown]) -> pa.Table:
    """The same as Arrow, a column a fact; of one that may be absent and unknown `…:known` says which it is."""
    table = connection.sql(_told_query(level, shown)).to_arrow_table()
    return table.rename_columns(["household", "person", *names_shown(tuple(shown))])


def names_shown(shown: tuple[Shown, ...]) -> list[str]:
    """The columns of values: one each, and `…:known` beside one that may be absent and unknown."""
    names = ((each.name, f"{each.name}:known") if each.known else (each.name,) for each in shown)
    return [name for both in names for name in both]


def shown_values(shown: tuple[Shown, ...], cells: tuple[object, ...]) -> dict[str, Result]:
    """Values by name from the cells of a row; of one that may be absent and unknown the next cell says which it is."""
    found: dict[str, Result] = {}
    left = iter(cells)
    for each in shown:
        value = next(left)
        known = next(left) if each.known else True
        if value is None:
            absent = each.expr.optional and known
            found[each.name] = Missing.ABSENT if absent else Missing.UNKNOWN
        else:
            found[each.name] = result(value, each.expr.kind, each.expr.codes)  # type: ignore[arg-type] # as typed
    return found


def _answers_query(level: str, answered: Answered) -> str:
    milder = f'"{answered.milder}"' if answered.milder else "FALSE"
    answer = f'("{answered.answer}" OR {milder})'
    person, pmask = ('"person"', '"pmask"') if level == "member" else ("NULL", "0")
    is_milder = f'(COALESCE({milder}, FALSE) AND "{answered.answer}" IS DISTINCT FROM TRUE)'
    return (
        f'SELECT "household", {person}, {pmask}, "hmask", "amask", {answer}, {is_milder}'
        f'{_columns(answered.evidence)} FROM "answers_{level}" WHERE {answer} IS DISTINCT FROM FALSE ORDER BY 1, 2'
    )


def _told_query(level: str, shown: list[Shown]) -> str:
    person = '"person"' if level == "member" else "NULL"
    return f'SELECT "household", {person}{_columns(tuple(shown))} FROM "told_{level}" ORDER BY 1, 2'


def _columns(shown: tuple[Shown, ...]) -> str:
    return "".join(f', "{each.value}"' + (f', "{each.known}"' if each.known else "") for each in shown)


def _chosen(record: type[Record], columns: frozenset[str], given: pa.Table | None) -> pa.Table:
    schema = schema_of(record, columns)
    return schema.empty_table() if given is None else given.select(schema.names).cast(schema)


def _register(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("given", table)
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM given')
    connection.unregister("given")


def _tidy(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim(pc.utf8_normalize(names, form="NFKC"), characters=" ")
