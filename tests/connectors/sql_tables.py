"""A department's register in a real database, for the tests: written as text, or in the database's own types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.forms import Form
from connectors.mapping import Field, Table, Tables
from demo.registers.writing import heading, written
from vocabulary.record import Record


def put_on(
    url: str, tables: Tables, rows: Mapping[type[Record], Sequence[Record]], *, native: bool = False
) -> None:
    """Make the tables of a department, with indexes by subject, and put its rows in.

    `native`   dates, times, decimals and flags in the database's own types instead of text
    """
    made = sa.MetaData()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for record, table in tables.items():
            of_theirs = sa.Table(table.physical, made, *_columns(record, table, native=native))
            of_theirs.create(connection)
            readers = [_reader(one) if native else _as_it_is for one in _written(table)]
            cells = [
                {name: read(cell) for name, read, cell in zip(heading(table), readers, row, strict=True)}
                for row in written(table, rows.get(record, ()))
            ]
            if cells:
                connection.execute(sa.insert(of_theirs), cells)
    engine.dispose()


def _columns(record: type[Record], table: Table, *, native: bool) -> list[sa.Column[Any]]:
    return [
        sa.Column(
            one.inputs[0],
            _type(one, native=native),
            primary_key=one.column == "record_id",
            index=one.column in record.subjects,
        )
        for one in _written(table)
    ]


def _written(table: Table) -> list[Field]:
    return [one for one in table.fields if one.inputs]


def _type(one: Field, *, native: bool) -> Any:
    if one.form in (Form.INTEGER, Form.FEN):
        return sa.BigInteger
    # MySQL gives an index to texts of a limited length only.
    return _TYPES.get(one.form, sa.String(200)) if native and one.expression is None else sa.String(200)


def _reader(one: Field) -> Callable[[Any], Any]:
    return _as_it_is if one.expression is not None else _NATIVE.get(one.form, _as_it_is)


def _as_it_is(cell: Any) -> Any:
    return cell


def _unless_empty(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda cell: None if cell is None else read(cell)


_TYPES: dict[Form, Any] = {
    Form.ISO_DATE: sa.Date,
    Form.DATE_AND_TIME: sa.DateTime,
    Form.YUAN: sa.Numeric(14, 2),
    Form.SQUARE_METRES: sa.Numeric(10, 2),
    Form.ONE_ZERO: sa.Boolean,
}

_NATIVE = {
    Form.ISO_DATE: _unless_empty(date.fromisoformat),
    Form.DATE_AND_TIME: _unless_empty(datetime.fromisoformat),
    Form.YUAN: _unless_empty(Decimal),
    Form.SQUARE_METRES: _unless_empty(Decimal),
    Form.ONE_ZERO: _unless_empty(lambda cell: cell == "1"),
}
