"""What did the departments give when the whole district was asked once? Counted with them, and noted with the entries.

A report, or the trial of a policy pack, asks every department once; what each gave stands in the
lists of what was served, under the index of the first entry that began it, and in the entry that
ends it, also where nothing came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from casework.authorized import Authorized
from connectors.ask import Connector
from connectors.served import ServedBook
from gateway.office import Office
from gateway.snapshot import Columns, Taken, count_answered, take_snapshot
from gateway.trace import Trace
from vocabulary.codes import Department


@dataclass(frozen=True)
class District:
    """Whom to ask, about which day, and where it is noted.

    `today`       the day of asking, on which authorizations must hold
    `authorized`  our own register of authorizations, beside civil affairs'; None where there is none
    `served`      where it is counted what departments answered; None where that is not kept
    """

    connectors: Mapping[Department, Connector]
    on: date
    today: date
    trace: Trace
    caller: str
    authorized: Authorized | None
    served: ServedBook | None


def district_of(office: Office, *, on: date | None, caller: str) -> District:
    """All that an office may ask about a day, or about today."""
    today = office.today()
    return District(
        office.connectors, on or today, today, office.trace, caller, office.authorized, office.served
    )


class Asked:
    """One asking of all departments, between entries of the log that stand at `started`."""

    def __init__(self, district: District, *started: int) -> None:
        self._district, self._started = district, started
        self._taken: Taken | None = None

    def take(self, reads: Columns) -> Taken:
        """Ask every department for its whole district, and count what it gave. Raises `CannotRun`, `OSError`."""
        of = self._district
        self._taken = take_snapshot(of.connectors, reads, on=of.on, today=of.today, authorized=of.authorized)
        count_answered(of.served, self._started[0], self._taken.answered)
        return self._taken

    async def ended(self, state: str, *, households: int) -> None:
        """Note what came of it; the first entry says what the departments gave. Raises `NotLogged`."""
        sources, persons = self._taken.noted() if self._taken is not None else (None, None)
        for started in self._started:
            await self._district.trace.run_finished(
                started, state=state, households=households, found={}, sources=sources, persons=persons
            )
            sources, persons = None, None  # they were asked once
