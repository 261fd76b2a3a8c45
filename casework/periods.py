"""Of which period are the facts that a finding rests on: of a month or a day, or of a longer time? For rule INC-08. Pure.

An amount that was paid or billed for a whole school year says nothing of a single month: laid over
twelve it would be a value that nobody recorded (社会救助法 art. 48; 个人信息保护法 art. 24).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.register import record_types

LONGER = frozenset({"academic_year"})
"""Columns that name a period longer than a month."""


@dataclass(frozen=True, slots=True)
class Facts:
    """How many facts are of a month (or of a day in it, or a state that lasts), and how many of a longer period."""

    of_a_month: int = 0
    of_longer: int = 0


def facts_of(records: Iterable[str]) -> Facts:
    """The records that a finding rests on, as `record type/record id`, counted by period.

    >>> facts_of(("Insurance/i-1", "Aid/a-1", "Aid/a-2"))
    Facts(of_a_month=1, of_longer=2)
    """
    known = {record.__name__: record for record in record_types()}
    longer = [_is_longer(known[name]) for name in (each.split("/")[0] for each in records) if name in known]
    return Facts(longer.count(False), longer.count(True))


def _is_longer(record: type[Record]) -> bool:
    columns = columns_of(record)
    amounts = any(column.kind is ColumnKind.FEN for column in columns.values())
    return amounts and not LONGER.isdisjoint(columns)
