"""How would each department write our values? The reverse of `connectors.forms`, for the demo's registers only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from connectors.derived import worked_out
from connectors.forms import Form
from connectors.mapping import Field, Table
from vocabulary.money import Money
from vocabulary.month import Month
from vocabulary.record import Record

Cell = str | int | None


def written(table: Table, rows: Sequence[Record]) -> list[tuple[Cell, ...]]:
    """Give the rows as the department's table holds them, in the order of our `record_id`."""
    ordered = sorted(rows, key=attrgetter("record_id"))
    columns = [_column(one, [*map(attrgetter(one.column), ordered)]) for one in table.fields if one.inputs]
    return [*zip(*columns, strict=True)]


def heading(table: Table) -> list[str]:
    """Give the department's own fields, in the order of `written`; what it does not deliver stands nowhere."""
    return [name for one in table.fields for name in one.inputs]


def _column(one: Field, values: list[Any]) -> list[Cell]:
    """Write one column; equal values are written once, since months, codes and amounts repeat."""
    memo = _Memo(_writer(one))
    return [memo[value] for value in values]


class _Memo(dict[Any, Cell]):
    """What was written for each value so far."""

    def __init__(self, write: Callable[[Any], Cell]) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: Any) -> Cell:
        cell = self[value] = self._write(value)
        return cell


def _writer(one: Field) -> Callable[[Any], Cell]:
    """Writes a value; one that is worked out is written as the example in the contract that comes to it."""
    if one.expression is not None:
        plain = _plain(one)
        come_to = {value: example for example, value in reversed(worked_out(one))}
        return lambda value: come_to[plain(value)]
    return _plain(one)


def _plain(one: Field) -> Callable[[Any], Cell]:
    if one.codes is None:
        write = _WRITERS[one.form]
        return lambda value: None if value is None else write(value)
    theirs = {ours: local for local, ours in one.codes.items()}
    return lambda value: None if value is None else theirs[value.value]


def _slashed(day: date) -> str:
    return f"{day.year}/{day.month}/{day.day}"


def _compact(day: date) -> str:
    return f"{day:%Y%m%d}"


def _compact_month(month: Month) -> str:
    return str(month).replace("-", "")


_WRITERS: dict[Form, Callable[[Any], Cell]] = {
    Form.TEXT: str,
    Form.INTEGER: int,
    Form.FEN: int,
    Form.YUAN: lambda fen: str(Money(fen)),
    Form.SQUARE_METRES: lambda dm2: str(Money(dm2)),
    Form.ISO_DATE: date.isoformat,
    Form.COMPACT_DATE: _compact,
    Form.SLASH_DATE: _slashed,
    Form.DATE_AND_TIME: lambda day: f"{day.isoformat()} 08:00:00",
    Form.COMPACT_MONTH: _compact_month,
    Form.ISO_MONTH: str,
    Form.SCHOOL_YEAR: lambda year: f"{year}-{year + 1}",
    Form.ONE_ZERO: lambda flag: "1" if flag else "0",
    Form.YES_NO: lambda flag: "是" if flag else "否",
    Form.PADDED_REGION: lambda region: region.ljust(12, "0"),
}
