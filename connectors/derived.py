"""What does a row say in a column that is worked out from its fields? DuckDB computes it where no database does.

A contract's expression means the same over a page of JSON, a SOAP answer and a spreadsheet as
in a database: every field is text there, a whole number as its digits, true as `true`. What
is no text and no whole number, such as a float of a spreadsheet, is handed on as it is, so
that the column's form refuses it in its own row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from threading import Lock

import duckdb

from connectors.decode import Decoder, Row
from connectors.expression import Expression
from connectors.mapping import Field

ROWS_AT_ONCE = 4_096
"""Rows in one computation: what it costs to begin one is spread over many, and memory stays bounded."""


def derived(decode: Decoder, rows: Iterable[Row]) -> Iterable[Row]:
    """Give rows of `decode.inputs` as rows of `decode.fields`; the same rows where nothing is worked out."""
    return rows if not any(one.expression for one in decode.fields) else _computed(decode, rows)


def worked_out(one: Field) -> list[tuple[str, object]]:
    """Give each example of a field that is worked out from one other, and what it comes to."""
    assert one.expression is not None
    return [*zip(one.examples, _column(one.expression, [one.examples]), strict=True)]


def _computed(decode: Decoder, rows: Iterable[Row]) -> Iterator[Row]:
    places = {name: at for at, name in enumerate(decode.inputs)}
    source = iter(rows)
    while chunk := list(islice(source, ROWS_AT_ONCE)):
        cells = [*zip(*chunk, strict=True)]
        columns: list[Sequence[object]] = []
        for one in decode.fields:
            taken = [cells[places[name]] for name in one.inputs]
            if one.expression is None:
                columns += taken
            elif taken:
                columns.append(_column(one.expression, taken))
            else:
                columns.append([None] * len(chunk))
        yield from zip(*columns, strict=True)


def _column(expression: Expression, cells: Sequence[Sequence[object]]) -> list[object]:
    """Work out one column from the cells of its inputs."""
    texts = [[_text(value) for value in values] for values in cells]
    with _ONE_AT_A_TIME:
        told = _engine().execute(_statement(expression.for_rows, expression.inputs), texts).fetchall()
    values = [value for (value,) in told]
    for at, row in enumerate(zip(*cells, strict=True)):
        for value in row:
            if not (value is None or isinstance(value, str | int)):
                values[at] = value
    return values


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None


@lru_cache(maxsize=256)
def _statement(sql: str, names: tuple[str, ...]) -> str:
    """A row for each place in the lists, in their order."""
    fields = ", ".join(
        f"unnest(${at}::VARCHAR[]) AS {_quoted(name)}" for at, name in enumerate(names, start=1)
    )
    return f"SELECT {sql} FROM (SELECT {fields})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    """One engine of one thread that opens no file and loads nothing; a page of rows takes it a millisecond."""
    return duckdb.connect(
        ":memory:", config={"threads": 1, "enable_external_access": False, "lock_configuration": True}
    )


_ONE_AT_A_TIME = Lock()
