"""How does an entry become something nobody can take back? `await log.append(entry)`.

When it returns, the entry is durable, integrated into the tree, and the head over it is
signed. Whatever queued while one commit ran is the next batch, so callers share the price of
a commit. A full queue refuses, and never drops; a fault of the store reaches every caller
that waits for the batch; a fault that does not pass latches the log shut.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, Self

import msgspec

from audit.alongside import Alongside
from audit.errors import (
    AuditError,
    EntryTooLong,
    LogClosed,
    LogEnded,
    NoSuchEntry,
    OneRefused,
    QueueFull,
    SigningFailed,
    StoreBusy,
)
from audit.guard import Guard
from audit.note import Checkpoint, Note, Signer, VerifierKey
from audit.opening import Continued, advance, checked_head
from audit.proof import Proof
from audit.store import Head, Reader, Step, Store
from audit.tiles import ENTRY_BYTES_MAX, WIDTH, TileName, Tree, pack_entries

BATCH_MAX = 4096
"""Entries in one transaction. Larger batches gain nothing and make the last caller wait."""

BATCH_BYTES_MAX = 16 << 20
QUEUE_LIMIT = 16_384
GUARD_EVERY_S = 0.1
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


class Log:
    """A log open for appending. Use it from the event loop that opened it; end with `aclose`.

    `reader`   what is stored, synchronously, from any thread
    `tree`     roots and proofs, synchronously, from any thread
    `held`     set to an error, makes every append raise it: witnesses that stay away are one reason
    `began_with`  ids of the keys that had signed the head it was opened with: note it when they have changed
    """

    held: AuditError | None = None

    def __init__(
        self, store: Store, continued: Continued, *, signers: Sequence[Signer], guard: Guard, limits: Limits
    ) -> None:
        """Use `Log.open`, which checks what it opens."""
        self.origin = store.origin
        self.reader = Reader(store.engine)
        self.tree = Tree(self._tile, near=self._growing_tile)
        self._store = store
        self.began_with = continued.signed_by
        self._head = continued.head
        self._signers = tuple(signers)
        self._guard = guard
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._queue: list[_Waiting] = []
        self._in_flight: list[_Waiting] = []
        self._asleep = False
        self._closing = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._stopped = threading.Event()
        self._latched: AuditError | None = None
        self._unkept: AuditError | None = None
        self._threads = [
            threading.Thread(target=self._write, name="audit-writer", daemon=True),
            threading.Thread(target=self._keep, name="audit-keeper", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        origin: str,
        signers: Sequence[Signer],
        guard: Path,
        queue_limit: int = QUEUE_LIMIT,
        guard_every_s: float = GUARD_EVERY_S,
        clock: Callable[[], float] = time.time,
        earlier_keys: Iterable[VerifierKey] = (),
        on_step: Step = lambda _: None,
    ) -> Self:
        """A log that continues what it last signed, created when it is not there yet.

        `url`             `sqlite:///<path>` or `postgresql+psycopg://…`
        `origin`          the log's name on every checkpoint; each signer carries the same name
        `guard`           file of the last signed head, kept outside the database
        `queue_limit`     callers that may wait; over it `append` raises `QueueFull`
        `guard_every_s`   how far the guard may trail; 0 writes it before every receipt
        `earlier_keys`    keys that may have signed the stored head and sign no more

        Raises `CannotOpen` in its kinds, `WrongOrigin`, `StoreBusy`, `StoreBroken`.
        """
        limits = Limits(queue_limit, guard_every_s, clock)
        store = Store(url, origin=origin, on_step=on_step)
        keeper = Guard(guard, origin=origin)
        try:
            continued = await asyncio.to_thread(
                checked_head, store, keeper, tuple(signers), tuple(earlier_keys), clock
            )
        except BaseException:
            store.close()
            raise
        return cls(store, continued, signers=signers, guard=keeper, limits=limits)

    def append(self, entry: bytes, alongside: Alongside = ()) -> asyncio.Future[Receipt]:
        """The receipt for `entry`, once it is durable, integrated and signed; `alongside` is as durable.

        Entries of one caller keep their order. Whoever stops waiting has not taken the entry back.
        Raises `EntryTooLong`, `ChangeRefused`, `KeyUnusable`, `QueueFull`, `Unwitnessed`, `SigningFailed`,
        `StoreBusy`, `StoreBroken`, `LogClosed`.
        """
        if len(entry) > ENTRY_BYTES_MAX:
            raise EntryTooLong(f"expected an entry of at most {ENTRY_BYTES_MAX} bytes, got {len(entry)}")
        if self._latched or self.held or self._unkept or self._closing:
            raise self._refusal()
        if len(self._queue) >= self._limits.queue:
            raise QueueFull(f"expected at most {self._limits.queue} callers to wait")
        future: asyncio.Future[Receipt] = self._loop.create_future()
        self._queue.append(_Waiting(entry, alongside, future))
        if self._asleep:
            self._asleep = False
            self._wake.put(None)
        return future

    @property
    def waiting(self) -> int:
        """How many callers wait for a commit to begin; `queue_limit` at most."""
        return len(self._queue)

    @property
    def fault(self) -> AuditError | None:
        """Why nothing can be appended now; None while the log takes entries."""
        return self._latched or self.held or self._unkept or (LogClosed("closed") if self._closing else None)

    async def checkpoint(self) -> bytes:
        """The newest signed checkpoint, other processes' entries included, without cosignatures."""
        return (await self._newest()).note

    async def cosigned(self) -> bytes | None:
        """The newest checkpoint that a quorum of witnesses cosigned; None before the first."""
        return await asyncio.to_thread(self.reader.cosigned)

    def keep_cosigned(self, size: int, note: bytes) -> None:
        """Keep a checkpoint with its cosignatures, durably. From any thread."""
        self._store.keep_cosigned(size, note)

    async def proof(self, index: int) -> str:
        """The tlog-proof of entry `index` under the newest checkpoint, as text. Raises `NoSuchEntry`."""
        head = await self._newest(beyond=index)
        path = self.tree.near_inclusion(index, head.frontier.size)
        if path is not None:
            return bytes(Proof(index, tuple(path), head.note)).decode()
        return await asyncio.to_thread(self._proof, index, head.note)

    async def witnessed_proof(self, index: int) -> str:
        """The tlog-proof of entry `index` under the newest cosigned checkpoint; `NoSuchEntry` until one covers it."""
        note = await asyncio.to_thread(self.reader.cosigned, at_least=index + 1)
        if note is None:
            raise NoSuchEntry(f"expected a cosigned checkpoint that covers entry `{index}`")
        return await asyncio.to_thread(self._proof, index, note)

    async def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The hashes from the head of `old` entries to that of `new`, by default the newest. Raises `NoSuchEntry`."""
        size = (await self._newest()).frontier.size if new is None else new
        return await asyncio.to_thread(self.tree.consistency, old, size)

    async def entry(self, index: int) -> bytes:
        """One entry's bytes. Raises `NoSuchEntry`."""
        return (await self.entries(index, index + 1))[0]

    async def entries(self, first: int, end: int) -> list[bytes]:
        """The entries from `first` up to `end`, without it. Raises `NoSuchEntry` when some are not there."""
        return await asyncio.to_thread(self.reader.entries, first, end)

    async def tile(self, name: TileName) -> bytes:
        """The bytes of a tile or of an entry bundle, as tlog-tiles publishes them. Raises `NoSuchEntry`."""
        return await asyncio.to_thread(read_tile, self.reader, name)

    async def aclose(self) -> None:
        """Take no more entries, write those that wait, keep the last head in the guard, and let go."""
        try:
            await self._stop()
        finally:
            self._store.close()

    async def _stop(self) -> None:
        if not self._closing:
            self._closing = True
            self._wake.put(None)
            await asyncio.to_thread(self._join)

    async def rotate(self, signers: Sequence[Signer], *, announcement: bytes) -> Receipt:
        """Change the keys: the announcement is signed by the old ones, all that follows by `signers`.

        Name old and new keys together first, and the new one alone when every reader knows it: that is the overlap.
        """
        receipt = await self.append(announcement)
        self._signers = tuple(signers)
        return receipt

    async def end(self, successor: str) -> bytes:
        """Write what waits, then add nothing any more, in any process; the last checkpoint.

        `successor` is the origin of the log that continues this one. Ending it again changes nothing.
        """
        await self._stop()
        with suppress(LogEnded):
            await asyncio.to_thread(self._store.end, successor)
        return (await self._newest()).note

    def _refusal(self) -> AuditError:
        if self._latched is not None or self._closing:
            refusal = LogClosed("expected an open log")
            refusal.__cause__ = self._latched
            return refusal
        return self.held or self._unkept or LogClosed("expected an open log")

    async def _newest(self, *, beyond: int | None = None) -> Head:
        """The head as stored; the last one of this process when that already reaches `beyond`."""
        if beyond is not None and beyond < self._head.frontier.size:
            return self._head
        return await asyncio.to_thread(self.reader.head)

    def _tile(self, level: int, index: int, width: int) -> bytes:
        growing = self._growing_tile(level, index, width)
        return self.reader.tile(level, index, width) if growing is None else growing

    def _growing_tile(self, level: int, index: int, width: int) -> bytes | None:
        """The tile that still grows, which every fresh receipt needs, from the writer's memory; None for another."""
        frontier, tail = self._store.tail
        if level == 0 and index == frontier.size // WIDTH and width <= len(tail):
            return b"".join(tail[:width])
        return None

    def _proof(self, index: int, note: bytes) -> str:
        size = Checkpoint.parse(Note.parse(note).text).size
        return bytes(Proof(index, tuple(self.tree.inclusion(index, size)), note)).decode()

    def _write(self) -> None:
        """The writer's thread: one batch after the other until the log closes and nobody waits."""
        try:
            while self._latched is None and (batch := self._next_batch()):
                self._in_flight = batch
                self._commit(batch)
        finally:  # whatever ends this thread, nobody is left waiting
            self._latched = self._latched or LogClosed("expected an open log")
            with suppress(RuntimeError):  # the loop may be gone
                self._loop.call_soon_threadsafe(self._fail_all)

    def _fail_all(self) -> None:
        """Runs in the loop, as `append` does, so that no entry slips in behind it."""
        left, self._queue, self._in_flight = self._in_flight + self._queue, [], []
        _fail(left, self._latched or LogClosed("expected an open log"))

    def _next_batch(self) -> list[_Waiting]:
        """What waits, oldest first; empty when the log closes."""
        while not self._queue:
            if self._closing:
                return []
            self._asleep = True
            if not self._queue and not self._closing:  # an append may have come before it saw us asleep
                self._wake.get()
            self._asleep = False
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
                    self._latched = error
                self._loop.call_soon_threadsafe(_fail, batch, error)
            break
        self._in_flight = []

    def _append(self, batch: list[_Waiting]) -> None:
        beside = [(at, waiting.alongside) for at, waiting in enumerate(batch) if waiting.alongside]
        head = self._store.append([waiting.entry for waiting in batch], beside, self._sign)
        if self._limits.guard_every_s == 0:
            advance(self._guard, head.note)
        self._head = head
        self._loop.call_soon_threadsafe(_settle, batch, head.frontier.size)

    def _sign(self, head: Checkpoint) -> bytes:
        return bytes(head.sign(self._signers, time=int(self._limits.clock())))

    def _keep(self) -> None:
        """The keeper's thread: carries the guard after the log, and SQLite's log into its database."""
        kept = self._head
        while not self._stopped.wait(self._limits.guard_every_s or GUARD_EVERY_S):
            head = self._head
            if head is kept:
                continue
            try:
                advance(self._guard, head.note)
                self._store.tidy()
            except AuditError as error:
                self._unkept = error  # nothing is signed any further than the guard can follow
            else:
                self._unkept, kept = None, head

    def _join(self) -> None:
        self._threads[0].join()
        self._stopped.set()
        self._threads[1].join()
        advance(self._guard, self._head.note)


def read_tile(reader: Reader, name: TileName) -> bytes:
    """The bytes of a tile or of an entry bundle, as tlog-tiles publishes them. Raises `NoSuchEntry`."""
    if name.level is not None:
        return reader.tile(name.level, name.index, name.width)
    first = name.index * WIDTH
    return pack_entries(reader.entries(first, first + name.width))


def _within(batch: list[_Waiting]) -> list[_Waiting]:
    """The first of a batch that together stay below `BATCH_BYTES_MAX`, one at least."""
    total = 0
    for at, waiting in enumerate(batch):
        total += len(waiting.entry)
        if total > BATCH_BYTES_MAX and at:
            return batch[:at]
    return batch


def _settle(batch: list[_Waiting], size: int) -> None:
    for index, waiting in enumerate(batch, size - len(batch)):
        if not waiting.future.done():
            waiting.future.set_result(Receipt(index, size))


def _fail(batch: list[_Waiting], error: AuditError) -> None:
    for waiting in batch:
        if not waiting.future.done():
            waiting.future.set_exception(error)
