"""Which agreements decide at this moment? Those of the folder with what was put in force since, in every process.

Each process looks for itself, every `EVERY_S`, and where somebody has just signed at once: then the next
question is decided by the new set, without a restart. A question keeps the set that it began with, and
its entries of the log name that one. A set that does not compile is not taken; the one before stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from casework.agreement import Agreement, load_agreements, load_texts
from casework.agreement_register import Unreadable, in_force, mark_of
from casework.cedar import AgreementSet, DoesNotCompile
from casework.kept import Kept
from casework.written import BadAgreement
from gateway.office import Office

EVERY_S = 1.0
"""How long after it was signed a revision may be unknown to another process, about."""

_log = structlog.get_logger("hedui.gateway")


@dataclass(frozen=True)
class Folder:
    """The agreements as files say, beneath what was put in force since. `texts`: the files themselves, by number."""

    agreements: tuple[Agreement, ...]
    texts: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Folder:
        """The folder as it is now. Raises `BadAgreement`."""
        return cls(load_agreements(folder), load_texts(folder))


@dataclass
class Offices:
    """The office of the moment."""

    now: Office
    kept: Kept
    folder: Folder
    _mark: tuple[str, ...] = field(default=())

    def moment(self) -> Office:
        """The office as it is now; a question keeps the one that it began with."""
        return self.now

    async def look(self) -> None:
        """Take what was put in force since the last look.

        Raises `BadAgreement`, `DoesNotCompile`, `Unreadable`; then nothing is taken.
        """
        found = await asyncio.to_thread(self._found)
        if found is not None:
            self._mark, agreements = found
            self.now = replace(self.now, agreements=agreements)

    def _found(self) -> tuple[tuple[str, ...], AgreementSet] | None:
        mark = mark_of(self.kept)
        if mark == self._mark:
            return None
        return mark, AgreementSet(in_force(self.kept, self.folder.agreements))


@asynccontextmanager
async def looking(offices: Offices) -> AsyncIterator[None]:
    """Look again and again while the context lasts."""
    task = asyncio.create_task(_look(offices))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _look(offices: Offices) -> None:
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await offices.look()
        except (BadAgreement, DoesNotCompile, Unreadable) as error:
            _log.error("agreements", kind=type(error).__name__)
