"""How far is something that takes long? The log hashed again, and a run over the district."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime

from audit.log import Log
from audit.merkle import Frontier, leaf_hash
from audit.note import Checkpoint, Note
from gateway.acts import NotDone
from verification.runs.ledger import Ledger
from vocabulary.codes import Code

LOOKS_EVERY_S = 1.0
"""How often it is looked how far a run is."""

SILENT_S = 600.0
"""A run that is no farther after so long has nobody left who works on it: twice as long as a claim holds (`Pace.lease`)."""

ENTRIES_AT_ONCE = 4_096


class VerificationState(Code):
    """核验状态: where hashing the log again stands."""

    CHECKING = "CHECKING", "核验中"
    SOUND = "SOUND", "相符: the entries lead to the signed root"
    BROKEN = "BROKEN", "不符: they do not"


class RunState(Code):
    """批次状态: where a run over the district stands."""

    RUNNING = "RUNNING", "进行中"
    DONE = "DONE", "已完成"
    CANCELLED = "CANCELLED", "已取消"
    STALLED = "STALLED", "中断: nobody works on it any more; `hedui runs resume` takes it up again"


@dataclass(frozen=True, slots=True)
class LogVerification:
    """How many entries have been hashed again, of how many, and what came of it."""

    state: VerificationState
    checked: int
    entries: int

    @property
    def is_over(self) -> bool:
        """Tell whether nothing follows."""
        return self.state is not VerificationState.CHECKING


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How many households of a run are judged, of how many, at an instant (UTC)."""

    run: str
    state: RunState
    judged: int
    households: int
    told_at: datetime

    @property
    def is_over(self) -> bool:
        """Tell whether nothing follows."""
        return self.state is not RunState.RUNNING


async def verify_log(log: Log) -> AsyncIterator[LogVerification]:
    """Hash every entry under the newest head again, in bounded memory, and hold the root against it.

    Raises what the log raises when it cannot be read.
    """
    head = Checkpoint.parse(Note.parse(await log.checkpoint()).text)
    frontier = Frontier()
    for first in range(0, head.size, ENTRIES_AT_ONCE):
        yield LogVerification(VerificationState.CHECKING, first, head.size)
        entries = await log.entries(first, min(first + ENTRIES_AT_ONCE, head.size))
        frontier, _ = frontier.extend([leaf_hash(entry) for entry in entries])
    sound = frontier.root() == head.root
    yield LogVerification(
        VerificationState.SOUND if sound else VerificationState.BROKEN, head.size, head.size
    )


async def follow_run(
    ledger: Ledger,
    run: str,
    *,
    clock: Callable[[], datetime],
    every_s: float = LOOKS_EVERY_S,
    silent_s: float = SILENT_S,
) -> AsyncIterator[RunProgress]:
    """How far a run is, whenever it is farther, until it is over or stalled. The ledger is closed at the end.

    The run may be another process's: what it has done is read where it keeps it. Whoever is killed does not
    say so; that nothing came for `silent_s` does.
    Raises `NotDone` when there is no such run.
    """
    before: tuple[RunState, int] | None = None
    farther_at = time.monotonic()
    try:
        while True:
            kept = await asyncio.to_thread(ledger.run, run)
            if kept is None:
                raise NotDone("expected the number of a run that is kept, got another")
            now = (RunState(kept.state.value), kept.judged)
            if now != before:
                farther_at = time.monotonic()
            elif time.monotonic() - farther_at >= silent_s:
                now = (RunState.STALLED, kept.judged)
            if now != before:
                told = RunProgress(run, now[0], kept.judged, kept.households, clock())
                yield told
                if told.is_over:
                    return
            before = now
            await asyncio.sleep(every_s)
    finally:
        ledger.close()
