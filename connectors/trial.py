"""What does a contract's real source say for itself? Its version, the shape of ten rows a table, and their age.

For whoever writes a contract: nothing is judged and no value is shown, only of what kind and
length it is and whether it reads as agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from connectors.ask import Connector
from connectors.contract import Contract
from connectors.decode import Decoder, Row, decoder
from connectors.failure import BrokenRow, Failed
from connectors.forms import shape
from connectors.register import Register
from vocabulary.record import Record, columns_of

ROWS = 10
"""Rows of a table that are looked at."""


@dataclass(frozen=True, slots=True)
class ColumnTried:
    """One column: where it comes from, and each shape that was met, such as `text of 18 characters`, once."""

    column: str
    comes_from: str
    shapes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableTried:
    """One table: `broken` tells of each row that does not read as agreed, `failed` of the table itself.

    `oldest`, `newest`   the days for which the rows that read are true; None where none does
    `days_old`           of the oldest, on the day of trying
    """

    record: type[Record]
    physical: str
    rows: int = 0
    columns: tuple[ColumnTried, ...] = ()
    broken: tuple[str, ...] = ()
    oldest: date | None = None
    newest: date | None = None
    days_old: int | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What one source said. `version` is its own word, or why there is none."""

    contract: Contract
    version: str
    tables: tuple[TableTried, ...]

    @property
    def holds(self) -> bool:
        """Whether every table answered, every row reads, and none is older than agreed."""
        latency = self.contract.latency_days
        return all(
            one.failed is None and not one.broken and (one.days_old or 0) <= latency for one in self.tables
        )


def attempt(contract: Contract, connector: Connector, *, today: date) -> Trial:
    """Ask the source of a contract. What fails is told in its place; nothing is raised for a failing source.

    Raises `TypeError` for a connector of somebody else's transport that is no `Register`: it hands out no rows.
    """
    if not isinstance(connector, Register):
        raise TypeError(f"expected a connector that is a `Register`, got `{type(connector).__name__}`")
    try:
        version = connector.version()
    except Failed as why:
        version = f"not told: {why}"
    return Trial(
        contract,
        version,
        tuple(_tried(connector, record, contract, today) for record in contract.tables),
    )


def _tried(register: Register, record: type[Record], contract: Contract, today: date) -> TableTried:
    table = contract.tables[record]
    decode = decoder(record, table, frozenset(columns_of(record)))
    try:
        rows = [*islice(register.delivered(record), ROWS)]
    except Failed as why:
        return TableTried(record, table.physical, failed=str(why))
    read, broken = _read(decode, rows)
    days = [one.as_of for one in read]
    return TableTried(
        record,
        table.physical,
        len(rows),
        _columns(decode, rows),
        broken,
        min(days, default=None),
        max(days, default=None),
        (today - min(days)).days if days else None,
    )


def _read(decode: Decoder, rows: Sequence[Row]) -> tuple[list[Record], tuple[str, ...]]:
    read: list[Record] = []
    broken: dict[str, None] = {}
    for row in rows:
        try:
            read.append(decode.decode(row))
        except BrokenRow as why:
            broken[why.detail] = None
    return read, tuple(broken)


def _columns(decode: Decoder, rows: Sequence[Row]) -> tuple[ColumnTried, ...]:
    cells = [*zip(*rows, strict=True)] or [()] * len(decode.fields)
    return tuple(
        ColumnTried(one.column, ", ".join(one.inputs), tuple(sorted({*map(shape, column)})))
        for one, column in zip(decode.fields, cells, strict=True)
    )
