"""How does a row of the demo district get its key and its day?

Every record type counts its own rows from 1; a department speaks for the day of its last
delivery before the application, unless the row itself is younger.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any, TypeVar

import msgspec

from demo.households import Family
from demo.means import Means
from vocabulary.codes import Department
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Record, columns_of

R = TypeVar("R", bound=Record)

DELIVERED_DAYS_BEFORE = {
    Department.CIVIL_AFFAIRS: 1,
    Department.SOCIAL_SECURITY: 4,
    Department.HEALTH: 2,
    Department.EDUCATION: 7,
    Department.DISABILITY: 6,
    Department.HOUSING: 3,
    Department.UNION: 5,
}
"""Days before the first of the month of application, to which each department's delivery holds."""

SATURDAY = 5

PAID_MONTHS = 10
"""Benefits are on file for so many months before the application."""


class Calendar:
    """The days that hang on the day of application: the window before its month, the school year, the deliveries.

    `office_days`  days of the month of application, up to the day, on which an office is open
    """

    def __init__(self, on: date) -> None:
        """Take the day of application."""
        self.on = on
        month = Month.of(on)
        self.window = tuple(month.plus(index - 12) for index in range(12))
        self.paid = self.window[-PAID_MONTHS:]
        self.first = self.window[0].first_day
        days = [on.replace(day=day) for day in range(1, on.day + 1)]
        self.office_days = [day for day in days if day.weekday() < SATURDAY] or [on]
        self.school_year = on.year if on.month >= 9 else on.year - 1
        self.delivered = {
            department: month.first_day - timedelta(days)
            for department, days in DELIVERED_DAYS_BEFORE.items()
        }

    def ago(self, days: int) -> date:
        """The day so many days before the day of application."""
        return self.on - timedelta(days)


class Scribe:
    """Writes rows: gives each its number within its record type, and its department's day."""

    def __init__(self, calendar: Calendar) -> None:
        """Start every record type at number 1."""
        self.calendar = calendar
        self._numbers: dict[type[Record], count[int]] = {}

    def write(self, record: type[R], *, as_of: date | None = None, **columns: Any) -> R:
        """One row of a record type."""
        number = next(self._numbers.setdefault(record, count(1)))
        day = as_of or self.calendar.delivered[record.department]
        return record(record_id=f"{record.catalogue_id}-{number:07d}", as_of=day, **columns)


@dataclass(slots=True, eq=False)
class Dossier:
    """一户一档: one household as drawn, what it lives on, and the rows that the departments hold of it.

    `planted`  the rule whose contradiction was planted here, or None
    """

    family: Family
    means: Means
    records: list[Record] = field(default_factory=list)
    planted: str | None = None

    def of(self, record: type[R], person: str | None = None) -> list[R]:
        """The rows of one type, all or those of one person."""
        rows = [row for row in self.records if isinstance(row, record)]
        return rows if person is None else [row for row in rows if getattr(row, "person", None) == person]

    def change(self, row: Record, **columns: Any) -> None:
        """Put other values into a row; its key stays."""
        place = next(place for place, known in enumerate(self.records) if known is row)
        self.records[place] = msgspec.structs.replace(row, **columns)

    def drop(self, rows: Iterable[Record]) -> None:
        """Take rows away."""
        gone = {id(row) for row in rows}
        self.records = [row for row in self.records if id(row) not in gone]

    def rename(self, known: WrittenId, other: WrittenId) -> None:
        """Put another id number in place of one, wherever it stands."""
        for row in list(self.records):
            columns = {name: other for name in columns_of(type(row)) if getattr(row, name) == known}
            if columns:
                self.change(row, **columns)
