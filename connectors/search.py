"""Which persons or households are there, with this value or in this region? Asked of the one department that keeps them.

Where an `Ask` names its subjects, a `Find` is answered with them: in the order of their keys, so many at
a time, and after the last of them the next. A source that cannot be searched says so plainly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connectors.ask import Clock, Connector
from connectors.failure import Failed, broken
from connectors.served import Tally
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Outcome, SourceFailed
from vocabulary.record import Record, columns_of
from vocabulary.region import RegionCode

Finds = Mapping[str, Outcome] | SourceFailed
"""Who was found, in the order of their keys, each `Found` with the columns that one is found by; or how it failed."""


@dataclass(frozen=True, slots=True)
class Find:
    """One search in one record type.

    `by`       whose keys are wanted, one of `record.subjects`
    `equals`   column of text and the value that it must have, if any
    `within`   column of a region and the subtree in which it must lie, if any
    `after`    the key behind which to begin; empty begins
    `most`     keys at a time, 1 or more

    Raises `KeyError` naming a column that the type does not have or cannot be looked up by.
    """

    record: type[Record]
    by: str
    most: int
    equals: tuple[str, str] | None = None
    within: tuple[str, RegionCode] | None = None
    after: str = ""

    def __post_init__(self) -> None:
        if self.by not in self.record.subjects:
            raise KeyError(f"{self.record.__name__} is not looked up by {self.by}")
        for name in sorted(self.columns - columns_of(self.record).keys()):
            raise KeyError(f"{self.record.__name__} has no column {name}")

    @property
    def columns(self) -> frozenset[str]:
        """The columns that an answer carries, besides the subjects: those that are compared."""
        return frozenset(one[0] for one in (self.equals, self.within) if one is not None)


@runtime_checkable
class Searched(Protocol):
    """A connector that can be searched, or says why not."""

    async def find(self, wanted: Find) -> Finds:
        """Give who is found. Never raises for a failing source: that is `SourceFailed`."""
        ...


async def find(
    connectors: Mapping[Department, Connector],
    wanted: Find,
    *,
    timeout_s: float,
    clock: Clock,
    tally: Tally | None = None,
) -> Finds:
    """Give who is found within `timeout_s`.

    `tally`   counts who was answered about; whoever asks keeps the count (`Tally.write`) before anything leaves
    """
    department = wanted.record.department
    connector = connectors.get(department)
    if connector is None:
        why = Failed(FailureKind.UNREACHABLE, "expected an address of this department, got none")
        return why.value(department, at=clock())
    if not isinstance(connector, Searched):
        return unsearchable().value(department, at=clock())
    try:
        async with asyncio.timeout(timeout_s):
            found = await connector.find(wanted)
    except TimeoutError:
        why = Failed(FailureKind.TIMED_OUT, f"expected an answer within {timeout_s:g} s, got none")
        return why.value(department, at=clock())
    if tally is not None and not isinstance(found, SourceFailed):
        tally.count(department, found)
    return found


def unsearchable() -> Failed:
    """The failure of a source that answers about given subjects only."""
    return broken("expected a source that can be searched, got one that is asked by number only")
