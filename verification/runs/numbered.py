"""Which number stands for whom? Persons and households as small whole numbers, for as long as a run lasts.

Joins and groups of numbers cost a fraction of those of id numbers. Only rows of the people and
households that are judged are brought in. Numbers of theirs are in the order of the texts, so
that results come in the same order; others named in their rows have numbers beyond those.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from vocabulary.record import ColumnKind, Record, columns_of

NAMES = "names"
"""The table of `id` and `text`."""

SHARD = "temp"
"""The database of what is there for one shard alone."""

PLACE = "place"
"""The column of a view `given …` that says the how manieth of its rows each is, from 0."""


def number_everybody(connection: duckdb.DuckDBPyConnection, *, home: str) -> None:
    """Give numbers to the households of the view `given cases` and to all who are listed with them.

    `home`   the database in which the table is made: `SHARD`, or an attached one
    """
    listed = 'SELECT l."person" FROM "given Membership" AS l SEMI JOIN "given cases" AS c USING ("household")'
    texts = f'SELECT DISTINCT "household" AS text FROM "given cases" UNION ({listed})'
    connection.execute(
        f"{_make(home)} {home}.{NAMES} AS"
        f" SELECT CAST(ROW_NUMBER() OVER (ORDER BY text) AS INTEGER) AS id, text FROM ({texts})"
    )


def bring_in(
    connection: duckdb.DuckDBPyConnection,
    record: type[Record],
    columns: Iterable[str],
    *,
    home: str,
    apart: bool = False,
) -> None:
    """Make the table of a record type from its view `given …`, with numbers for persons and households.

    `apart`   each row has its place for its id, which stays behind
    """
    columns = sorted(columns)
    table, names = f'{home}."{record.__name__}"', f'{home}."{NAMES}"'
    keys = keys_of(record, columns)
    others = [f'r."{name}"' for name in columns if name not in keys and not (apart and name == "record_id")]
    others += [f'CAST(r."{PLACE}" AS INTEGER) AS "record_id"'] if apart else []
    if len(keys) == 1:
        (key,) = keys
        number = f'n.id AS "{key}"'
        query = (
            f'SELECT {", ".join([number, *others])} FROM "given {record.__name__}" AS r'
            f' JOIN {names} AS n ON n.text = r."{key}"'
        )
        connection.execute(f"{_make(home)} {table} AS {query}")
        return
    numbers = [f'n{at}.id AS "{key}"' for at, key in enumerate(keys)]
    unnumbered = [
        f'CASE WHEN n{at}.id IS NULL THEN r."{key}" END AS "{key}:text"' for at, key in enumerate(keys)
    ]
    joins = "".join(f' LEFT JOIN {names} AS n{at} ON n{at}.text = r."{key}"' for at, key in enumerate(keys))
    ours = " OR ".join(f"n{at}.id IS NOT NULL" for at in range(len(keys)))
    connection.execute(
        f"{_make(home)} {table} AS SELECT {', '.join([*numbers, *unnumbered, *others])}"
        f' FROM "given {record.__name__}" AS r{joins} WHERE {ours}'
    )
    for key in keys:
        _number_strangers(connection, table=table, names=names, key=key)


def keys_of(record: type[Record], columns: Iterable[str]) -> list[str]:
    """Those of a record type's columns that name a person or a household."""
    known = columns_of(record)
    return [name for name in columns if name == "household" or known[name].kind is ColumnKind.ID_NUMBER]


def _make(home: str) -> str:
    return f"CREATE OR REPLACE {'TEMP ' if home == SHARD else ''}TABLE"


def _number_strangers(connection: duckdb.DuckDBPyConnection, *, table: str, names: str, key: str) -> None:
    """Numbers for those whom a kept row names although they are not judged: rows are compared by them."""
    strangers = f'SELECT DISTINCT "{key}:text" AS text FROM {table} AS r WHERE "{key}:text" IS NOT NULL'
    found = connection.execute(f"SELECT COUNT(*) FROM ({strangers})").fetchone()
    if found is not None and found[0]:
        connection.execute(
            f"INSERT INTO {names} SELECT CAST(m.most + ROW_NUMBER() OVER () AS INTEGER), s.text"
            f" FROM ({strangers}) AS s ANTI JOIN {names} AS n ON n.text = s.text"
            f" CROSS JOIN (SELECT MAX(id) AS most FROM {names}) AS m"
        )
        connection.execute(
            f'UPDATE {table} AS r SET "{key}" = n.id FROM {names} AS n WHERE n.text = r."{key}:text"'
        )
    connection.execute(f'ALTER TABLE {table} DROP COLUMN "{key}:text"')
