"""What did each department serve us, and on whose reference? A line an answer, kept beside the log and not by it.

    2026-11-22 17 3

day, reference, persons: on this day the department answered about three persons or households
that it had not answered about before under reference 17. The file of a department only ever
grows. It is what the department's signed list is made from where it keeps no count of its own,
and a second account of every access either way: what is missing here or there is found.

    ValueError
    └── BadCount     a line of the file was changed; says which
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta, timezone
from pathlib import Path

from connectors.ask import Clock
from vocabulary.codes import Department
from vocabulary.evidence import Found, NoRecord, Outcome

_CHINA = timezone(timedelta(hours=8))
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2}) ([0-9a-z.-]{1,64}) ([1-9][0-9]{0,9})").fullmatch


class BadCount(ValueError):
    """A line is no day, reference and count of one or more."""


class ServedBook:
    """The counts of all departments, in a folder: `<department>.counts`. Safe from several processes.

    `clock`   tells on which day, China's, an answer counts
    """

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._clock = folder, clock

    def tally(self, reference: str) -> Tally:
        """Counts the answers to one inquiry. `reference` is opaque: the index of its intent in the log."""
        return Tally(self, reference)

    def add(self, department: Department, reference: str, persons: int) -> None:
        """Count `persons`, 1 or more. On return the operating system has the line. Raises `OSError`."""
        line = f"{self._clock().astimezone(_CHINA).date()} {reference} {persons}\n".encode()
        # One write of one short line to a file opened for appending: two processes do not cut each other's in two.
        handle = os.open(self._path(department), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.write(handle, line) != len(line):
                raise OSError("expected the whole line to be written")
        finally:
            os.close(handle)

    def of_day(self, department: Department, day: date) -> Mapping[str, int]:
        """Persons answered about, by reference, of the inquiries that began to be answered on a day.

        An inquiry that crosses midnight stands whole under its first day. Raises `BadCount`, naming the line.
        """
        began: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for on, reference, persons in self._lines(department):
            began.setdefault(reference, on)
            counts[reference] += persons
        return {reference: counts[reference] for reference, on in began.items() if on == day.isoformat()}

    def _lines(self, department: Department) -> Iterator[tuple[str, str, int]]:
        path = self._path(department)
        lines = path.read_text("ascii", "replace").splitlines() if path.exists() else []
        for number, line in enumerate(lines, 1):
            found = _LINE(line)
            if found is None:
                raise BadCount(f"{path.name}:{number}: expected a day, a reference and a count")
            yield found[1], found[2], int(found[3])

    def _path(self, department: Department) -> Path:
        return self._folder / f"{department.value}.counts"


class Tally:
    """The count of one inquiry: whoever is answered about twice counts once, per department."""

    def __init__(self, book: ServedBook, reference: str) -> None:
        self._book, self._reference = book, reference
        self._known: dict[Department, set[str]] = {}

    def count(self, department: Department, answer: Mapping[str, Outcome]) -> None:
        """Count the subjects of one answer. Raises `OSError`: an access that cannot be counted is not passed on."""
        known = self._known.setdefault(department, set())
        new = answered(answer) - known
        if new:
            self._book.add(department, self._reference, len(new))
            known |= new


def answered(answer: Mapping[str, Outcome]) -> set[str]:
    """The subjects that were answered about: that there is no record is an answer, that a source failed is none."""
    if set(map(type, answer.values())) <= {Found, NoRecord}:
        return set(answer)
    return {subject for subject, outcome in answer.items() if isinstance(outcome, Found | NoRecord)}
