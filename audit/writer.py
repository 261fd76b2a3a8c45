"""How do entries that wait become one commit? Two threads: one writes batches, one keeps the guard.

A commit costs as much as the making of many entries. So the loop wakes the writer when it has done
what it is busy with: whoever is ready to append by then is in the batch. Where the loop has nothing
else to do, and where one caller alone comes again and again, it is woken at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import NamedTuple

import msgspec

from audit.alongside import Alongside
from audit.errors import AuditError, LogClosed, OneRefused, SigningFailed, StoreBusy
from audit.guard import Guard
from audit.note import Checkpoint, Signer
from audit.opening import advance
from audit.store import Head, Store

BATCH_MAX = 4096
"""Entries in one transaction. Larger batches gain nothing and make the last caller wait."""

BATCH_BYTES_MAX = 16 << 20
GUARD_EVERY_S = 0.1

PROMPT = 32
"""Waiting entries that are written at once; with fewer, the loop first does what it is busy with."""

LINGER_S = 0.004
"""How long a busy loop may let entries wait."""

IDLE_S = 0.0001
"""A turn of the loop that took no longer had nothing else to do."""

_PASSING = (StoreBusy, SigningFailed)


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Entry `index`, from 0, is in the log, whose signed head covers `size` entries."""

    index: int
    size: int


class Limits(NamedTuple):
    """How many callers may wait, how far the guard may trail in seconds, and what time it is."""

    queue: int
    guard_every_s: float
    clock: Callable[[], float]


class _Waiting(NamedTuple):
    entry: bytes
    alongside: Alongside
    future: asyncio.Future[Receipt]


class Writer:
    """Writes what is put to it, until `stop`. Use it from the event loop that made it.

    `head`      the last one that was written
    `signers`   sign the heads
    `latched`   the fault, or the closing, after which nothing is written any more
    `unkept`    why the guard cannot follow just now
    """

    def __init__(
        self, store: Store, head: Head, *, signers: Sequence[Signer], guard: Guard, limits: Limits
    ) -> None:
        self.head, self.signers = head, tuple(signers)
        self.latched: AuditError | None = None
        self.unkept: AuditError | None = None
        self.closing = False
        self._store, self._guard, self._limits = store, guard, limits
        self._loop = asyncio.get_running_loop()
        self._queue: list[_Waiting] = []
        self._in_flight: list[_Waiting] = []
        self._trials: deque[asyncio.Future[None]] = deque()
        # Touched in the loop alone: whether the writer has been woken; since when, and when last, it was thought of;
        # and whether its last batch was one entry that nobody came after.
        self._writing = False
        self._rousing: tuple[float, float] | None = None
        self._alone = True
        self._told_rest = False  # touched in the writer's thread alone
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, name="audit-writer", daemon=True),
            threading.Thread(target=self._keep, name="audit-keeper", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many entries wait for a commit to begin."""
        return len(self._queue)

    def put(self, entry: bytes, alongside: Alongside) -> asyncio.Future[Receipt]:
        """The receipt, once the entry is written, or the error that stood against it."""
        future: asyncio.Future[Receipt] = self._loop.create_future()
        self._queue.append(_Waiting(entry, alongside, future))
        if self._rousing is None and not self._writing:
            (self._wake_writer if self._alone else self._rouse)()
        return future

    def try_out(self) -> asyncio.Future[None]:
        """Done once it is sure that an entry would be taken, or the error that stands against it."""
        trial: asyncio.Future[None] = self._loop.create_future()
        self._trials.append(trial)
        self._wake.put(None)
        return trial

    async def stop(self) -> None:
        """Write what waits, carry the guard after it, and end. Raises what writing the guard raises."""
        if not self.closing:
            self.closing = True
            self._wake.put(None)
            await asyncio.to_thread(self._join)

    def _rouse(self) -> None:
        """Wake the writer at the end of the loop's first idle turn, or after `LINGER_S`."""
        now = self._loop.time()
        since, last = self._rousing or (now, -1.0)
        is_idle = now - last < IDLE_S
        if is_idle or now - since > LINGER_S or len(self._queue) >= PROMPT:
            self._wake_writer()
        else:
            self._rousing = since, now
            self._loop.call_soon(self._rouse)

    def _wake_writer(self) -> None:
        self._rousing, self._writing = None, True
        self._wake.put(None)

    def _rested(self, written: int) -> None:
        """The writer waits to be woken. Its last batch held so many entries."""
        self._writing = False
        self._alone = written == 1 and not self._queue
        if self._queue and self._rousing is None:
            self._rouse()

    def _write(self) -> None:
        """The writer's thread: what waits whenever it is woken, until the log closes and nobody waits."""
        try:
            while self.latched is None and not (self.closing and not self._queue):
                self._wake.get()
                self._write_prompt()
        finally:  # whatever ends this thread, nobody is left waiting
            self.latched = self.latched or LogClosed("expected an open log")
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._fail_all)

    def _write_prompt(self) -> None:
        """Write what waits, and again while many wait; the loop is told when that is over."""
        self._told_rest = False
        while self._trials and self.latched is None:
            self._try(self._trials[0])
            self._trials.popleft()
        while self.latched is None and not self._told_rest and (batch := self._next_batch()):
            self._in_flight = batch
            self._commit(batch)
        if not self._told_rest:
            with suppress(RuntimeError):  # the loop may be gone
                self._loop.call_soon_threadsafe(self._rested, 0)

    def _try(self, trial: asyncio.Future[None]) -> None:
        try:
            self._store.try_out(self._sign)
        except AuditError as error:
            if not isinstance(error, _PASSING):
                self.latched = error
            self._loop.call_soon_threadsafe(_end, trial, error)
        else:
            self._loop.call_soon_threadsafe(_end, trial, None)

    def _fail_all(self) -> None:
        """Runs in the loop, as `put` does, so that no entry slips in behind it."""
        left, self._queue, self._in_flight = self._in_flight + self._queue, [], []
        error = self.latched or LogClosed("expected an open log")
        _fail(left, error)
        while self._trials:
            _end(self._trials.popleft(), error)

    def _next_batch(self) -> list[_Waiting]:
        """What waits, oldest first, as much as one commit may take."""
        batch = _within(self._queue[:BATCH_MAX])
        del self._queue[: len(batch)]
        return batch

    def _commit(self, batch: list[_Waiting]) -> None:
        while batch:
            try:
                self._append(batch)
            except OneRefused as error:  # it stands in the way of the others: they go on without it
                self._loop.call_soon_threadsafe(_fail, [batch.pop(error.at)], error)
                continue
            except AuditError as error:
                if not isinstance(error, _PASSING):
                    self.latched = error
                self._loop.call_soon_threadsafe(_fail, batch, error)
            break
        self._in_flight = []

    def _append(self, batch: list[_Waiting]) -> None:
        beside = [(at, waiting.alongside) for at, waiting in enumerate(batch) if waiting.alongside]
        head = self._store.append([waiting.entry for waiting in batch], beside, self._sign)
        if self._limits.guard_every_s == 0:
            advance(self._guard, head.note)
        self.head = head
        self._told_rest = len(self._queue) < PROMPT and not self.closing
        self._loop.call_soon_threadsafe(self._settle, batch, head.frontier.size, self._told_rest)

    def _settle(self, batch: list[_Waiting], size: int, rests: bool) -> None:
        """Runs in the loop: who waited has a receipt, and the writer may have come to rest."""
        for index, waiting in enumerate(batch, size - len(batch)):
            if not waiting.future.done():
                waiting.future.set_result(Receipt(index, size))
        if rests:
            self._rested(len(batch))

    def _sign(self, head: Checkpoint) -> bytes:
        return bytes(head.sign(self.signers, time=int(self._limits.clock())))

    def _keep(self) -> None:
        """The keeper's thread: carries the guard after the log, and SQLite's log into its database."""
        kept = self.head
        while not self._stopped.wait(self._limits.guard_every_s or GUARD_EVERY_S):
            head = self.head
            if head is kept:
                continue
            try:
                advance(self._guard, head.note)
                self._store.tidy()
            except AuditError as error:
                self.unkept = error  # nothing is signed any further than the guard can follow
            else:
                self.unkept, kept = None, head

    def _join(self) -> None:
        self._threads[0].join()
        self._stopped.set()
        self._threads[1].join()
        advance(self._guard, self.head.note)


def _within(batch: list[_Waiting]) -> list[_Waiting]:
    """The first of a batch that together stay below `BATCH_BYTES_MAX`, one at least."""
    total = 0
    for at, waiting in enumerate(batch):
        total += len(waiting.entry)
        if total > BATCH_BYTES_MAX and at:
            return batch[:at]
    return batch


def _end(trial: asyncio.Future[None], error: AuditError | None) -> None:
    if trial.done():
        return
    if error is None:
        trial.set_result(None)
    else:
        trial.set_exception(error)


def _fail(batch: list[_Waiting], error: AuditError) -> None:
    for waiting in batch:
        if not waiting.future.done():
            waiting.future.set_exception(error)
