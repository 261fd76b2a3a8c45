"""Which statements are left to be run, and for how long is each table looked at?

A table is made by its own statement, or told where it is read; it is there from the first statement that looks
at it until the last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from verification.language.dialect import Dialect
from vocabulary.record import Record


@dataclass(frozen=True)
class Statement:
    """A table to be made from a SELECT, before those that follow it.

    `begun`   record types whose tables no statement before it looks at
    `done`    tables that none after it does
    """

    table: str
    select: str
    begun: tuple[type[Record], ...] = ()
    done: tuple[str, ...] = ()


def lasting(
    statements: list[Statement], dialect: Dialect, *, given: Iterable[type[Record]], keep: list[str]
) -> list[Statement]:
    """The same statements, each with what is looked at for the first time and, but for tables to keep, for the last.

    `given`   record types, whose tables are there before
    """
    looks = [_quoted_in(each.select, dialect) for each in statements]
    last = {name: at for at, names in enumerate(looks) for name in names}
    first = {name: at for at, names in reversed(list(enumerate(looks))) for name in names}
    records = {record.__name__: record for record in given}
    tables = [*records, *(each.table for each in statements)]
    return [
        replace(
            each,
            begun=tuple(record for name, record in records.items() if first.get(name) == at),
            done=tuple(table for table in tables if last.get(table) == at and table not in keep),
        )
        for at, each in enumerate(statements)
    ]


def inlined(
    statements: list[Statement], dialect: Dialect, *, tables: Iterable[str], once: Iterable[str]
) -> list[Statement]:
    """The same statements without some tables: where they were read their SELECTs stand instead.

    `once`   tables of which that holds where they are read in a single place
    """
    reads = Counter(name for each in statements for name in _read_in(each.select, dialect))
    told = {*tables, *(table for table in once if reads[table] == 1)}
    selects: dict[str, str] = {}
    left = []
    for each in statements:
        text = each.select
        for table, select in selects.items() if selects.keys() & _quoted_in(text, dialect) else ():
            for word in ("FROM", "JOIN"):
                text = text.replace(f"{word} {dialect.quoted(table)}", f"{word} ({select})")
        if each.table in told:
            selects[each.table] = text
        else:
            left.append(replace(each, select=text))
    return left


def sooner(
    statements: list[Statement], dialect: Dialect, *, given: Iterable[str], records: Iterable[str]
) -> list[Statement]:
    """The same statements, those that look at the rows of record types alone as soon as another looks at these.

    So rows are grouped in every way that is wanted while they are in memory, not each time brought there again.

    `given`     tables that are there before
    `records`   those of them that are record types
    """
    known = {*given, *(each.table for each in statements)}
    looks = [known & _quoted_in(each.select, dialect) for each in statements]
    alone = set(records)
    for each, names in zip(statements, looks, strict=True):
        alone |= {each.table} if names and names <= alone else set()
    order: dict[int, None] = {}
    there: set[str] = set()
    for at in range(len(statements)):
        order[at] = None
        there |= {*looks[at], statements[at].table}
        for later in range(at + 1, len(statements)):
            table = statements[later].table
            if table in alone and looks[later] <= there:
                order[later] = None
                there.add(table)
    return [statements[at] for at in order]


def identified(statements: list[Statement], dialect: Dialect, *, ids: Mapping[str, str]) -> list[Statement]:
    """The same statements, some tables with the ids of their rows, by the table that says them, in the place of numbers."""
    q = dialect.quoted
    return [
        replace(
            each,
            select=f"SELECT r.* REPLACE (i.{q('text')} AS {q('record_id')}) FROM ({each.select}) AS r"
            f" JOIN {q(ids[each.table])} AS i ON i.{q('id')} = r.{q('record_id')}",
        )
        if each.table in ids
        else each
        for each in statements
    ]


def _read_in(select: str, dialect: Dialect) -> list[str]:
    """The tables from which a text selects, each as often as it does."""
    name = f"{re.escape(dialect.quote)}([^{re.escape(dialect.quote)}]+){re.escape(dialect.quote)}"
    return re.findall(f"(?:FROM|JOIN) {name}", select)


def _quoted_in(select: str, dialect: Dialect) -> set[str]:
    """The names in a text, and some of what stands between them."""
    return set(select.split(dialect.quote))
