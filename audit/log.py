"""How does an entry become something nobody can take back? `await log.append(entry)`.

When it returns, the entry is durable, integrated into the tree, and the head over it is
signed. Whatever queued while one commit ran is the next batch, so callers share the price of
a commit. A full queue refuses, and never drops; a fault of the store reaches every caller
that waits for the batch; a fault that does not pass latches the log shut.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from audit.alongside import Alongside
from audit.errors import AuditError, EntryTooLong, LogClosed, LogEnded, NoSuchEntry, QueueFull
from audit.guard import Guard
from audit.note import Checkpoint, Note, Signer, VerifierKey
from audit.opening import Continued, checked_head
from audit.proof import Proof, format_proof
from audit.reader import Reader
from audit.store import Head, Step, Store
from audit.tiles import ENTRY_BYTES_MAX, WIDTH, TileName, Tree, pack_entries
from audit.writer import GUARD_EVERY_S, Limits, Writer
from audit.writer import Receipt as Receipt  # what `append` gives: callers name it

QUEUE_LIMIT = 16_384


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
        self.tree = Tree(self._tile)
        self._store = store
        self.began_with = continued.signed_by
        self._queue_limit = limits.queue
        self._writer = Writer(store, continued.head, signers=signers, guard=guard, limits=limits)

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
        writer = self._writer
        if writer.latched or self.held or writer.unkept or writer.closing:
            raise self._refusal()
        if writer.waiting >= self._queue_limit:
            raise QueueFull(f"expected at most {self._queue_limit} callers to wait")
        return writer.put(entry, alongside)

    async def try_out(self) -> None:
        """Return when an entry would be taken now: all is done that it takes, and undone. Raises what `append` raises."""
        writer = self._writer
        if writer.latched or self.held or writer.unkept or writer.closing:
            raise self._refusal()
        await writer.try_out()

    @property
    def waiting(self) -> int:
        """How many callers wait for a commit to begin; `queue_limit` at most."""
        return self._writer.waiting

    @property
    def fault(self) -> AuditError | None:
        """Why nothing can be appended now; None while the log takes entries."""
        writer = self._writer
        closed = LogClosed("closed") if writer.closing else None
        return writer.latched or self.held or writer.unkept or closed

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
        path = None if head.edge is None else head.edge.inclusion(index)
        if path is not None:
            return format_proof(index, path, head.note).decode()
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
            await self._writer.stop()
        finally:
            self._store.close()

    async def end(self, successor: str) -> bytes:
        """Write what waits, then add nothing any more, in any process; the last checkpoint.

        `successor` is the origin of the log that continues this one. Ending it again changes nothing.
        """
        await self._writer.stop()
        with suppress(LogEnded):
            await asyncio.to_thread(self._store.end, successor)
        return (await self._newest()).note

    def _refusal(self) -> AuditError:
        if self._writer.latched is not None or self._writer.closing:
            refusal = LogClosed("expected an open log")
            refusal.__cause__ = self._writer.latched
            return refusal
        return self.held or self._writer.unkept or LogClosed("expected an open log")

    async def _newest(self, *, beyond: int | None = None) -> Head:
        """The head as stored; the last one of this process when that already reaches `beyond`."""
        if beyond is not None and beyond < self._writer.head.frontier.size:
            return self._writer.head
        return await asyncio.to_thread(self.reader.head)

    def _tile(self, level: int, index: int, width: int) -> bytes:
        frontier, tail = self._store.tail
        if level == 0 and index == frontier.size // WIDTH and width <= len(tail):  # it is still growing
            return b"".join(tail[:width])
        return self.reader.tile(level, index, width)

    def _proof(self, index: int, note: bytes) -> str:
        size = Checkpoint.parse(Note.parse(note).text).size
        return bytes(Proof(index, tuple(self.tree.inclusion(index, size)), note)).decode()


def read_tile(reader: Reader, name: TileName) -> bytes:
    """The bytes of a tile or of an entry bundle, as tlog-tiles publishes them. Raises `NoSuchEntry`."""
    if name.level is not None:
        return reader.tile(name.level, name.index, name.width)
    first = name.index * WIDTH
    return pack_entries(reader.entries(first, first + name.width))
