"""How far is something that takes long? The log hashed again, and a run over the district."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from audit.log import Log
from audit.merkle import Frontier, leaf_hash
from audit.note import Checkpoint, Note
from vocabulary.codes import Code

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
    FAILED = "FAILED", "失败"


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
