"""What did each department serve us, and on whose reference? A line an answer, kept beside the log and not by it.

    2026-11-22 health 17 3

day, department, reference, persons: on this day the department answered about three persons or households
that it had not answered about before under reference 17. The file only ever
grows. It is what a department's signed list is made from where it keeps no count of its own,
and a second account of every access either way: what is missing here or there is found.

    ValueError
    └── BadCount     a line of the file was changed; says which
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple
from weakref import finalize

from connectors.ask import Clock
from vocabulary.codes import Department
from vocabulary.evidence import Found, NoRecord, Outcome

_CHINA = timezone(timedelta(hours=8))
_LINE = re.compile(r"(\d{4}-\d{2}-\d{2}) ([a-z_]{1,32}) ([0-9a-z.-]{1,64}) ([1-9][0-9]{0,9})").fullmatch

FILE = "answers.counts"


class BadCount(ValueError):
    """A line is no day, department, reference and count of one or more."""


class ServedBook:
    """The counts of all departments, in a file of a folder, `answers.counts`. Safe from several processes.

    `clock`   tells on which day, China's, an answer counts
    """

    def __init__(self, folder: Path, *, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file, self._clock = folder / FILE, clock
        self._day = _Day("", _LONG_AGO, _LONG_AGO)
        self._open: int | None = None
        self._let_go: finalize[..., ServedBook] | None = None

    def add(self, reference: str, persons: Mapping[Department, int]) -> None:
        """Count persons, 1 or more of each of one or more departments. Raises `OSError`.

        On return the operating system has the lines.
        """
        day = self._today()
        lines = "".join([f"{day} {one} {reference} {many}\n" for one, many in persons.items()]).encode()
        # One write of short lines to a file opened for appending: two processes do not cut each other's in two.
        if os.write(self._handle(), lines) != len(lines):
            raise OSError("expected the whole lines to be written")

    def close(self) -> None:
        """Let go of the file, as happens by itself when the book is no more; whoever adds opens it again."""
        if self._let_go is not None:
            self._let_go()
        self._open = self._let_go = None

    def of_day(self, department: Department, day: date) -> Mapping[str, int]:
        """Persons answered about, by reference, of the inquiries that began to be answered on a day.

        An inquiry that crosses midnight stands whole under its first day. Raises `BadCount`, naming the line.
        """
        began: dict[str, str] = {}
        counts: Counter[str] = Counter()
        for on, whose, reference, persons in self._lines():
            if whose != department.value:
                continue
            began.setdefault(reference, on)
            counts[reference] += persons
        return {reference: counts[reference] for reference, on in began.items() if on == day.isoformat()}

    def _today(self) -> str:
        """China's day, looked up when another one begins."""
        now = self._clock()
        if not self._day.begins <= now < self._day.ends:
            day = now.astimezone(_CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
            self._day = _Day(
                day.date().isoformat(), day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC)
            )
        return self._day.name

    def _lines(self) -> Iterator[tuple[str, str, str, int]]:
        path = self._file
        lines = path.read_text("ascii", "replace").splitlines() if path.exists() else []
        for number, line in enumerate(lines, 1):
            found = _LINE(line)
            if found is None:
                raise BadCount(f"{path.name}:{number}: expected a day, a department, a reference and a count")
            yield found[1], found[2], found[3], int(found[4])

    def _handle(self) -> int:
        """The file, opened once, and anew when somebody took it away. A process that was forked appends by the same."""
        if self._open is not None and os.fstat(self._open).st_nlink:
            return self._open
        self.close()
        self._open = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._let_go = finalize(self, os.close, self._open)
        return self._open


class _Day(NamedTuple):
    name: str
    begins: datetime
    ends: datetime


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Tally:
    """The count of one inquiry: whoever is answered about twice counts once, per department.

    `book`        where `write` keeps the count; None where nobody keeps one
    `reference`   opaque: the index of the inquiry's intent in the log
    """

    def __init__(self, book: ServedBook | None, reference: str) -> None:
        self._book, self._reference = book, reference
        self._answers: list[tuple[Department, Mapping[str, Outcome]]] = []
        self._persons: dict[Department, int] | None = None
        self._written: Mapping[Department, int] = {}

    def count(self, department: Department, answer: Mapping[str, Outcome]) -> None:
        """Count the subjects of one answer; `write` keeps the count."""
        self._answers.append((department, answer))
        self._persons = None

    def persons(self) -> Mapping[Department, int]:
        """How many persons and households each department answered about, 1 or more."""
        if self._persons is None:
            subjects: dict[Department, Collection[str]] = {}
            for department, answer in self._answers:
                known, more = subjects.get(department), _answered(answer)
                subjects[department] = more if known is None else {*known, *more}
            self._persons = {department: len(each) for department, each in subjects.items() if each}
        return self._persons

    def write(self) -> None:
        """Keep what was counted. Raises `OSError`: an access that cannot be counted is not passed on."""
        if self._book is None:
            return
        counts, written = self.persons(), self._written
        new = counts
        if written:
            more = {department: many - written.get(department, 0) for department, many in counts.items()}
            new = {department: many for department, many in more.items() if many}
        if new:
            self._book.add(self._reference, new)
            self._written = counts


_ANSWERS = frozenset((Found, NoRecord))


def _answered(answer: Mapping[str, Outcome]) -> Collection[str]:
    """The subjects that were answered about: that there is no record is an answer, that a source failed is none."""
    if _ANSWERS.issuperset(map(type, answer.values())):
        return answer
    return [subject for subject, outcome in answer.items() if isinstance(outcome, Found | NoRecord)]
