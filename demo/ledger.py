"""Which households stand on which line of the published tables, and with how many persons?

Counted from the departments' rows themselves, never from what was meant. The report has
three lines; a household registered as 特困, or in no category yet, stands on that of 低保.
A person listed in two households counts in the one that listed first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from demo.published import Count, Counts
from vocabulary.codes import Category, Cause, MemberKind
from vocabulary.record import Record
from vocabulary.records.civil_affairs import CategoryHistory, HouseholdFile, Membership

R = TypeVar("R", bound=Record)

LINES = (Category.DIBAO, Category.EDGE, Category.UNION)
"""The lines of the report."""

Rows = Mapping[type[Record], Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One household as the tables count it: its line at entry, whether it has left, how many persons, why."""

    household: str
    line: Category
    left: bool
    persons: int
    cause: Cause


def ledger(rows: Rows) -> list[Entry]:
    """One entry for every household with a file, in the order of the files."""
    files = _of(rows, HouseholdFile)
    persons = _persons({file.household for file in files}, _of(rows, Membership))
    histories: dict[str, list[CategoryHistory]] = {}
    for row in _of(rows, CategoryHistory):
        histories.setdefault(row.household, []).append(row)
    return [_entry(file, histories.get(file.household, []), persons[file.household]) for file in files]


def counts(entries: Iterable[Entry]) -> Counts:
    """The tables of these entries."""
    entered = dict.fromkeys(LINES, Count(0, 0))
    causes = dict.fromkeys(Cause, 0)
    relieved = Count(0, 0)
    for entry in entries:
        one = Count(1, entry.persons)
        entered[entry.line] += one
        causes[entry.cause] += 1
        relieved += one if entry.left else Count(0, 0)
    return Counts(entered, causes, relieved)


def _entry(file: HouseholdFile, history: list[CategoryHistory], persons: int) -> Entry:
    first = min(history, key=lambda row: row.since, default=None)
    line = first.category if first is not None and first.category in LINES else Category.DIBAO
    left = bool(history) and all(row.until is not None for row in history)
    return Entry(file.household, line, left, persons, file.primary_cause)


def _persons(households: set[str], memberships: Iterable[Membership]) -> Counter[str]:
    """Persons who live in each household, each counted once, where listed first."""
    first: dict[str, Membership] = {}
    for row in memberships:
        if row.kind is MemberKind.COHABIT and row.household in households:
            known = first.setdefault(row.person, row)
            if (row.joined_on, row.household) < (known.joined_on, known.household):
                first[row.person] = row
    return Counter(row.household for row in first.values())


def _of(rows: Rows, record: type[R]) -> Sequence[R]:
    return cast("Sequence[R]", rows.get(record, ()))
