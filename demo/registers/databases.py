"""Writes one department's SQL database: its tables, keys and indexes, and the same bytes for the same rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from connectors.forms import Form
from connectors.mapping import Field, Table, Tables
from demo.registers.writing import heading, written
from vocabulary.record import Record


def write_database(path: Path, tables: Tables, rows: Mapping[type[Record], Sequence[Record]]) -> None:
    """Write a new SQLite file with every table of `tables`; one that is there is replaced."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # A file that is written once and read afterwards needs no journal while it is made.
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        for record, table in tables.items():
            _write_table(database, record, table, rows.get(record, ()))
        database.execute("COMMIT")


def _write_table(
    database: sqlite3.Connection, record: type[Record], table: Table, rows: Sequence[Record]
) -> None:
    columns = ", ".join(f'"{name}" {_type(one)}' for one in table.fields for name in one.inputs)
    database.execute(f'CREATE TABLE "{table.physical}" ({columns})')
    places = ", ".join("?" for _ in heading(table))
    database.executemany(f'INSERT INTO "{table.physical}" VALUES ({places})', written(table, rows))
    for subject in record.subjects:
        name = table.of[subject].physical
        database.execute(f'CREATE INDEX "{table.physical}_{name}" ON "{table.physical}" ("{name}")')


def _type(one: Field) -> str:
    if one.column == "record_id":
        return "TEXT PRIMARY KEY"
    return "INTEGER" if one.form in (Form.INTEGER, Form.FEN) else "TEXT"
