"""A department's register on PostgreSQL, for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from connectors.forms import Form
from connectors.mapping import Table, Tables
from demo.registers.writing import written
from vocabulary.record import Record


def put_on_postgres(url: str, tables: Tables, rows: Mapping[type[Record], Sequence[Record]]) -> None:
    """Make the tables of a department, with indexes by subject, and put its rows in."""
    made = sa.MetaData()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for record, table in tables.items():
            of_theirs = sa.Table(table.physical, made, *_columns(record, table))
            of_theirs.create(connection)
            names = [one.physical for one in table.fields]
            cells = [dict(zip(names, row, strict=True)) for row in written(table, rows.get(record, ()))]
            if cells:
                connection.execute(sa.insert(of_theirs), cells)
    engine.dispose()


def _columns(record: type[Record], table: Table) -> list[sa.Column[object]]:
    return [
        sa.Column(
            one.physical,
            sa.BigInteger if one.form in (Form.INTEGER, Form.FEN) else sa.Text,
            primary_key=one.column == "record_id",
            index=one.column in record.subjects,
        )
        for one in table.fields
    ]
