"""Whose inputs changed since the last run? A digest a household of all that its judgement can rest on.

A judgement rests on the day, the rows of the household, the rows of everybody who was ever
listed with it, under whichever column they are looked up, and on what was not answered. The
digests are DuckDB's own hashes, added up so that the order of rows does not matter: they are
for comparing two runs of one installation. Another version of DuckDB may give others, and
then everything is judged again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from verification.runs.tables import Snapshot, schema_of
from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.records.civil_affairs import Membership


def household_digests(snapshot: Snapshot) -> dict[str, str]:
    """A digest a household of the snapshot's cases, by household number."""
    if snapshot.tables.get(Membership) is None:
        return {}
    with duckdb.connect() as connection:
        connection.register("cases", snapshot.cases)
        connection.register("masks", snapshot.persons)
        parts = ['SELECT "person" AS who, HASH(\'mask\', "mask") AS h FROM masks']
        for record, table in snapshot.tables.items():
            connection.register(f"rows {record.__name__}", table)
            parts += _parts(record, table.schema.names)
        added = f"SELECT who, SUM(CAST(h AS HUGEINT)) AS h FROM ({' UNION ALL '.join(parts)}) GROUP BY who"
        connection.execute(f"CREATE TEMP TABLE whose AS {added}")
        return _by_household(connection)


def asked_digests(snapshot: Snapshot) -> dict[str, str]:
    """A digest a household of what was asked and not answered: its day, and the masks of all whom it lists.

    Households and days stand in it, records do not: it is cheap, and enough where departments say
    themselves which records have changed.
    """
    listed = snapshot.table(Membership) if Membership in snapshot.tables else None
    with duckdb.connect() as connection:
        connection.register("cases", snapshot.cases)
        connection.register("masks", snapshot.persons)
        connection.register("listed", _NOBODY if listed is None else listed.select(["household", "person"]))
        people = (
            'SELECT l."household", SUM(CAST(HASH(l."person", m."mask") AS HUGEINT)) AS h'
            ' FROM (SELECT DISTINCT * FROM listed) AS l LEFT JOIN masks AS m ON m."person" = l."person" GROUP BY 1'
        )
        query = (
            'SELECT c."household", HASH(c."on", c."mask", p.h) FROM cases AS c'
            f' LEFT JOIN ({people}) AS p ON p."household" = c."household"'
        )
        return {household: f"{digest:016x}" for household, digest in connection.execute(query).fetchall()}


def households_of(snapshot: Snapshot, touched: Collection[str]) -> frozenset[str]:
    """The households that have one of these numbers, or ever listed a person of one."""
    wanted = pa.array(sorted(touched), pa.string())
    listed = snapshot.table(Membership) if Membership in snapshot.tables else None
    if listed is None:
        return frozenset(touched)
    theirs = listed.filter(pc.is_in(listed["person"], wanted))["household"]
    return frozenset(touched) | frozenset(theirs.to_pylist())


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> frozenset[str]:
    """The households that are new, or whose inputs are not what they were."""
    return frozenset(household for household, digest in now.items() if before.get(household) != digest)


def _parts(record: type[Record], names: list[str]) -> list[str]:
    """A hash a row, under each person or household that the row names."""
    columns = ", ".join(f'"{name}"' for name in sorted(names))
    known = columns_of(record)
    keys = [name for name in names if name == "household" or known[name].kind is ColumnKind.ID_NUMBER]
    return [
        f"SELECT \"{key}\" AS who, HASH('{record.__name__}', '{key}', {columns}) AS h"
        f' FROM "rows {record.__name__}" WHERE "{key}" IS NOT NULL'
        for key in keys
    ]


def _by_household(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    listed = 'SELECT DISTINCT "household", "person" FROM "rows Membership"'
    people = (
        'SELECT l."household", SUM(CAST(HASH(l."person", w.h) AS HUGEINT)) AS h'
        f' FROM ({listed}) AS l JOIN whose AS w ON w.who = l."person" GROUP BY 1'
    )
    query = (
        'SELECT c."household", HASH(c."on", c."mask", w.h, p.h) FROM cases AS c'
        f' LEFT JOIN ({people}) AS p ON p."household" = c."household"'
        ' LEFT JOIN whose AS w ON w.who = c."household"'
    )
    return {household: f"{digest:016x}" for household, digest in connection.execute(query).fetchall()}


_NOBODY = schema_of(Membership, ("household", "person")).empty_table()
