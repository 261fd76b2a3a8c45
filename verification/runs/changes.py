"""Whose inputs changed since an earlier run, and whose judgements can therefore be taken over from it?

A judgement rests on the day, the rows of the household, the rows of everybody who was ever
listed with it, under whichever column they are looked up, and on what was not answered. The
digests are DuckDB's own hashes, added up so that the order of rows does not matter: they are
for comparing two runs of one installation. Another version of DuckDB may give others, and
then everything is judged again.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from verification.runs.loading import looked_at
from verification.runs.tables import Snapshot, in_memory, listing_of
from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.records.civil_affairs import Membership

KNOWN = pa.schema(
    [
        pa.field("household", pa.string(), nullable=False),
        pa.field("asked", pa.uint64(), nullable=False),
        pa.field("digest", pa.uint64()),
        pa.field("held_by", pa.string()),
    ]
)
"""What is known of each household of a run, in the order of their numbers.

`asked`     digest of its day and of what was not answered of whom
`digest`    digest of all that its judgement rests on; null where departments said what had changed
`held_by`   the earlier run that holds its judgement; null where this one judges it
"""


def known_of(snapshot: Snapshot, *, compared: bool) -> pa.Table:
    """What is known of the households of a snapshot before any is judged or taken over, see `KNOWN`.

    `compared`   with a digest of all inputs; without it records are not looked at, only who is listed
    """
    with duckdb.connect() as connection:
        connection.register("cases", snapshot.cases)
        connection.register("masks", snapshot.persons)
        listed = in_memory(listing_of(snapshot))
        connection.register("listed", listed.select(["household", "person"]))
        connection.execute(
            f"CREATE TEMP TABLE whose AS {_by_number(connection, snapshot, compared=compared)}"
        )
        digest = 'HASH(c."on", c."mask", w.h, r.h)' if compared else "NULL"
        query = (
            f'SELECT c."household", HASH(c."on", c."mask", p.h) AS asked, {digest} AS digest, NULL AS held_by'
            f' FROM cases AS c LEFT JOIN ({_PEOPLE_ASKED}) AS p ON p."household" = c."household"'
            f' LEFT JOIN ({_PEOPLES_ROWS}) AS r ON r."household" = c."household"'
            ' LEFT JOIN whose AS w ON w.who = c."household" ORDER BY c."household"'
        )
        return connection.sql(query).to_arrow_table().cast(KNOWN)


def households_of(snapshot: Snapshot, touched: Collection[str]) -> pa.Array:
    """The households that have one of these numbers, or ever listed a person of one."""
    wanted = pa.array(sorted(touched), pa.string())
    if Membership not in snapshot.tables:
        return wanted
    listed = snapshot.table(Membership)
    theirs = listed.filter(pc.is_in(listed["person"], wanted))["household"]
    return pa.concat_arrays([wanted, *theirs.chunks]).unique()


def taken_over(now: pa.Table, before: pa.Table, *, run: str, touched: pa.Array | None = None) -> pa.Table:
    """`now`, with `held_by` wherever the run `run`, of which `before` is known, says what holds still.

    `before`    only households that are judged
    `touched`   households whose inputs changed, as departments say; without it digests are compared
    """
    same = "b.asked = n.asked"
    same += " AND b.digest = n.digest" if touched is None else ' AND n."household" NOT IN (FROM touched)'
    with duckdb.connect() as connection:
        connection.register("now", now)
        connection.register("before", before)
        connection.register(
            "touched", pa.table({"household": pa.array([], pa.string()) if touched is None else touched})
        )
        # A digest that nobody compared holds on for a household that nobody touched.
        query = (
            f'SELECT n."household", n.asked, COALESCE(n.digest, CASE WHEN {same} THEN b.digest END) AS digest,'
            f" CASE WHEN {same} THEN COALESCE(b.held_by, $run) END AS held_by"
            ' FROM now AS n LEFT JOIN before AS b ON b."household" = n."household" ORDER BY n."household"'
        )
        return connection.sql(query, params={"run": run}).to_arrow_table().cast(KNOWN)


def to_judge(known: pa.Table) -> list[str]:
    """The households that are not taken over, in order."""
    left: list[str] = known.filter(pc.is_null(known["held_by"]))["household"].to_pylist()
    return left


def _by_number(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, *, compared: bool) -> str:
    """The sum of the hashes of all rows under each number of a person or household."""
    parts = ['SELECT "person" AS who, HASH(\'mask\', "mask") AS h FROM masks']
    for record, table in snapshot.tables.items() if compared else ():
        rows = looked_at(connection, table, f"rows {record.__name__}")
        parts += _parts(record, rows, table.schema.names)
    return f"SELECT who, SUM(CAST(h AS HUGEINT)) AS h FROM ({' UNION ALL '.join(parts)}) GROUP BY who"


def _parts(record: type[Record], rows: str, names: list[str]) -> list[str]:
    """A hash a row, under each person or household that the row names."""
    columns = ", ".join(f'"{name}"' for name in sorted(names))
    known = columns_of(record)
    keys = [name for name in names if name == "household" or known[name].kind is ColumnKind.ID_NUMBER]
    return [
        f"SELECT \"{key}\" AS who, HASH('{record.__name__}', '{key}', {columns}) AS h"
        f' FROM {rows} WHERE "{key}" IS NOT NULL'
        for key in keys
    ]


_PEOPLE_ASKED = (
    'SELECT l."household", SUM(CAST(HASH(l."person", m."mask") AS HUGEINT)) AS h'
    ' FROM (SELECT DISTINCT * FROM listed) AS l LEFT JOIN masks AS m ON m."person" = l."person" GROUP BY 1'
)
_PEOPLES_ROWS = (
    'SELECT l."household", SUM(CAST(HASH(l."person", w.h) AS HUGEINT)) AS h'
    ' FROM (SELECT DISTINCT * FROM listed) AS l JOIN whose AS w ON w.who = l."person" GROUP BY 1'
)
