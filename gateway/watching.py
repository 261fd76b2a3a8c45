"""Has somebody outside seen what we answer from? Asks the witnesses of the evaluator's policy, round after round.

A quorum's cosignatures are kept with the head and noted in the log (`checkpoint.witnessed`). When
it stays away for `max_unwitnessed_s` the log takes no entry, so nobody is asked and nothing is
answered; the first round with a quorum lets it go on. When the asking itself ends, the log is
held as well: silence is no agreement.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog

from audit.catalogue import parse_entry
from audit.entry import EntryBook
from audit.errors import AuditError, Malformed, Unwitnessed
from audit.log import Log
from audit.note import Checkpoint, Note
from audit.policy import Policy
from audit.sample import witnessed_fields
from audit.witnessing import Witnessing
from gateway.errors import CannotOpen

_EVENT = "checkpoint.witnessed"
_log = structlog.get_logger("hedui.witness")


class Watch:
    """Keeps a log witnessed while `run` runs.

    `every_s`             between two rounds, and between two notes in the log
    `max_unwitnessed_s`   without a quorum; longer holds the log
    `wait_s`              that a receipt waits for its cosignatures
    `clock`               POSIX seconds
    """

    def __init__(
        self,
        log: Log,
        book: EntryBook,
        policy: Policy,
        *,
        every_s: float,
        max_unwitnessed_s: float,
        wait_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log, self._book, self._policy = log, book, policy
        self._every_s, self._wait_s, self._clock = every_s, wait_s, clock
        self._witnessing = Witnessing(log, policy, max_unwitnessed_s=max_unwitnessed_s, clock=clock)
        self._seen, self._agrees, self._note_at = 0, True, 0.0
        self._wanted, self._ended = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Go round after round until cancelled; at once when a receipt waits."""
        try:
            while True:
                await self._round()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await self._wanted.wait()
                self._wanted.clear()
        finally:
            self._log.held = Unwitnessed("expected the witnesses to be asked, got nobody who asks")
            await self._witnessing.aclose()

    async def covers(self, size: int) -> bool:
        """Tell whether a quorum has cosigned a head of `size` entries or more; waits a little when it may soon."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                while self._seen < size and self._agrees:
                    self._wanted.set()
                    await self._ended.wait()
        return self._seen >= size

    async def _round(self) -> None:
        agreed = self._agrees
        try:
            cosigned = await self._witnessing.round()
        except AuditError as error:
            self._agrees = False
            if agreed:
                failing = {name: type(each).__name__ for name, each in self._witnessing.failures.items()}
                _log.warning("unwitnessed", kind=type(error).__name__, failing=failing)
        else:
            self._agrees, self._seen = True, Checkpoint.parse(Note.parse(cosigned).text).size
            if not agreed:
                _log.info("witnessed", size=self._seen)
            await self._noted(cosigned)
        ended, self._ended = self._ended, asyncio.Event()
        ended.set()

    async def _noted(self, cosigned: bytes) -> None:
        """Note the head in the log, not more often than `every_s`. The next round tries again what fails."""
        now = asyncio.get_running_loop().time()
        if now < self._note_at:
            return
        with suppress(AuditError):
            await note_witnessed(self._log, self._book, self._policy, cosigned, at=self._clock())
            self._note_at = now + self._every_s


async def note_witnessed(log: Log, book: EntryBook, policy: Policy, cosigned: bytes, *, at: float) -> None:
    """Note a head that a quorum cosigned, unless it covers nothing that an earlier note does not.

    Raises what `Log.append` and `Policy.open` raise.
    """
    fields = witnessed_fields(cosigned, policy=policy)
    size = Checkpoint.parse(Note.parse(cosigned).text).size
    if size and not await _all_noted(log, size):
        made = book.entry(_EVENT, at=datetime.fromtimestamp(at, UTC), fields=fields)
        await log.append(made.bytes, alongside=made.alongside)


async def witnessed_head(
    log: Log, book: EntryBook, policy: Policy | None, *, max_unwitnessed_s: float
) -> bytes:
    """The newest head, with a quorum's cosignatures where they can be had now; for a command, in one round.

    The log is held when no quorum has been seen for too long. Raises `StoreBusy`, `StoreBroken`.
    """
    if policy is None:
        return await log.checkpoint()
    witnessing = Witnessing(log, policy, max_unwitnessed_s=max_unwitnessed_s)
    try:
        return await witnessing.round()
    except AuditError:
        return await log.checkpoint()
    finally:
        await witnessing.aclose()


@asynccontextmanager
async def watched(watch: Watch) -> AsyncIterator[None]:
    """The witnesses are asked while the context lasts."""
    task = asyncio.create_task(watch.run(), name="witnesses")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def read_policy(path: Path | None, *, log: Log) -> Policy | None:
    """The evaluator's policy; None without one, or when it asks for no cosignature. Raises `CannotOpen`."""
    if path is None:
        return None
    try:
        policy = Policy.parse(path.read_bytes())
    except OSError:
        raise CannotOpen("expected `witness_policy` to name a readable file") from None
    except Malformed as error:
        raise CannotOpen(f"expected `witness_policy` to be a tlog-policy: {error}") from None
    if all(known.key.name != log.origin for known in policy.logs):
        raise CannotOpen(f"expected `witness_policy` to name the log `{log.origin}`")
    reached = [known for known in policy.witnesses.values() if known.url]
    if any(not known.url.startswith(("http://", "https://")) for known in reached):
        raise CannotOpen("expected witnesses of `witness_policy` at addresses that begin with http")
    if not policy.satisfied_by(known.key for known in reached):
        raise CannotOpen("expected `witness_policy` to say where a quorum of witnesses is reached")
    return policy if policy.quorum is not None else None


async def _all_noted(log: Log, size: int) -> bool:
    """Tell whether the last of `size` entries is a note, and only notes came since the head that it notes."""
    last = parse_entry(await log.entry(size - 1))
    if last.event != _EVENT:
        return False
    since = await log.entries(last.number("size"), size)
    return all(parse_entry(entry).event == _EVENT for entry in since)
