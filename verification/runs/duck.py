"""How do a catalogue's statements run on DuckDB? In process, over Arrow tables, a shard at a time."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType

from verification.language.kinds import Kind
from verification.language.level import MEMBER
from verification.language.to_sql import Answered, Shown, Sql
from verification.language.values import Missing, Result, result

Answer = tuple[str, str | None, int, int, int, bool | None, bool, dict[str, Result]]
"""Household, person, the person's, household's and members' masks, the answer, is it the milder one, evidence."""

Told = tuple[str, str | None, dict[str, Result]]
"""Household, person or None on the household's own level, the facts told."""


HEAD = ("household", "person", "person_mask", "household_mask", "members_mask", "answer", "milder")
"""The columns of a table of answers before the evidence."""


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


def run(connection: duckdb.DuckDBPyConnection, sql: Sql) -> Iterator[str]:
    """Make every table of the catalogue, in order, naming each when it is made; earlier ones are replaced."""
    for statement in sql.statements:
        _make(connection, statement.table, statement.select)
        for done in statement.done:
            connection.execute(f'DROP TABLE "{done}"')
        yield statement.table


def answers(
    connection: duckdb.DuckDBPyConnection, level: str, answered: Answered, names: str | None = None
) -> Iterator[Answer]:
    """A rule's answers that are not NO, in the order of household and person."""
    for row in connection.execute(_answers_query(level, answered, names)).fetchall():
        yield (*row[:7], shown_values(answered.evidence, row[7:]))


def answers_table(
    connection: duckdb.DuckDBPyConnection, level: str, answered: Answered, names: str | None = None
) -> pa.Table:
    """The same as Arrow: household, person, masks, `answer` (null: cannot tell), `milder`, and the evidence."""
    table = connection.sql(_answers_query(level, answered, names)).to_arrow_table()
    return table.rename_columns([*HEAD, *names_shown(answered.evidence)])


def told(
    connection: duckdb.DuckDBPyConnection, level: str, shown: list[Shown], names: str | None = None
) -> Iterator[Told]:
    """The facts told of each household or member, in the order of household and person."""
    for row in connection.execute(_told_query(level, shown, names)).fetchall():
        yield row[0], row[1], shown_values(tuple(shown), row[2:])


def told_table(
    connection: duckdb.DuckDBPyConnection, level: str, shown: list[Shown], names: str | None = None
) -> pa.Table:
    """The same as Arrow, a column a fact; of one that may be absent and unknown `…:known` says which it is."""
    table = connection.sql(_told_query(level, shown, names)).to_arrow_table()
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


def _answers_query(level: str, answered: Answered, names: str | None) -> str:
    milder = f'"{answered.milder}"' if answered.milder else "FALSE"
    answer = f'("{answered.answer}" OR {milder})'
    pmask = '"pmask"' if level == MEMBER else "0"
    is_milder = f'(COALESCE({milder}, FALSE) AND "{answered.answer}" IS DISTINCT FROM TRUE)'
    columns = [pmask, '"hmask"', '"amask"', answer, is_milder]
    where = f" WHERE {answer} IS DISTINCT FROM FALSE"
    return _written_out(f"answers_{level}", level, columns, answered.evidence, where, names)


def _told_query(level: str, shown: list[Shown], names: str | None) -> str:
    return _written_out(f"told_{level}", level, [], tuple(shown), "", names)


def _written_out(
    table: str, level: str, columns: list[str], shown: tuple[Shown, ...], where: str, names: str | None
) -> str:
    """SELECT of a table's rows in order, with the text of persons and households that stand there as numbers."""
    keys = ["household", "person"] if level == MEMBER else ["household"]
    order = ", ".join(f't."{key}"' for key in keys)
    named = dict.fromkeys(keys)
    if names is not None:
        named |= dict.fromkeys(
            each.value for each in shown if each.expr.kind in (Kind.PERSON, Kind.HOUSEHOLD)
        )
    joins, texts = "", {}
    for at, column in enumerate(named):
        texts[column] = f't."{column}"'
        if names is not None:
            joins += f' LEFT JOIN "{names}" AS n{at} ON n{at}.id = t."{column}"'
            texts[column] = f"n{at}.text"
    cells = [texts["household"], texts.get("person", "NULL"), *columns]
    for each in shown:
        cell = texts.get(each.value, f't."{each.value}"')
        cells.append(f"CAST({cell} AS VARCHAR)" if each.expr.kind is Kind.CODE else cell)
        cells += [f't."{each.known}"'] if each.known else []
    return f'SELECT {", ".join(cells)} FROM "{table}" AS t{joins}{where} ORDER BY {order}'


def _make(connection: duckdb.DuckDBPyConnection, table: str, select: str) -> None:
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS {select}')


def _tidy(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim(pc.utf8_normalize(names, form="NFKC"), characters=" ")
