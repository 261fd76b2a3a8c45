"""What was found in an evidence bundle, good and bad?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from audit.archive import Files
from audit.errors import AuditError, FileMissing


class Problem(NamedTuple):
    """One thing that is wrong: in which file, of what kind (a class of `audit.errors`), and in words."""

    file: str
    name: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}: {self.name}: {self.detail}"


@dataclass
class Report:
    """What was found in a bundle.

    `whole`        it holds the whole log, not single entries
    `trusted`      the evaluator's own policy was used
    `witnesses`    who cosigned the head, by the policy used
    `entries`      how many were hashed and read
    `disclosures`  how many opened fields were compared with their commitments
    `sealed`       there are disclosures that were not opened, for want of the key
    `drawn`        how many entries the sample has, None without a sample
    `unanswered`   intents without outcome or refusal: cut off in between or still running; None unless whole
    """

    problems: list[Problem] = field(default_factory=list)
    origin: str = ""
    size: int = 0
    whole: bool = False
    trusted: bool = False
    witnesses: list[str] = field(default_factory=list)
    entries: int = 0
    disclosures: int = 0
    sealed: bool = False
    drawn: int | None = None
    unanswered: int | None = None

    def __post_init__(self) -> None:
        self._noted = set(self.problems)

    def add(self, file: str, error: AuditError) -> None:
        """Note what is wrong with a file, once."""
        problem = Problem(file, type(error).__name__, str(error))
        if problem not in self._noted:
            self._noted.add(problem)
            self.problems.append(problem)


class Reading:
    """The files of a bundle; what cannot be read is noted in the report."""

    def __init__(self, files: Files, report: Report) -> None:
        self.files = files
        self.report = report
        self.present = frozenset(files.names)

    def read(self, name: str, *, required: bool = True) -> bytes | None:
        """The bytes of a file, or None when it is missing or damaged."""
        if name not in self.present:
            if required:
                self.report.add(name, FileMissing("expected this file in the bundle"))
            return None
        try:
            return self.files.read(name)
        except AuditError as error:
            self.report.add(name, error)
            return None
