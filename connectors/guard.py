"""How patient are we with one source? A time limit, a quota, a few repeats, and a breaker that spares a dead one.

Only what may pass by itself is repeated, and only because every question of ours is a
read: asked twice, it is the same question. A source that answers nonsense is up; it is
neither repeated nor counted against.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import stamina
from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import CLOSED, OpenedState

from connectors.failure import Failed
from connectors.quota import Meter, Quota
from vocabulary.evidence import FailureKind

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one source and how often to ask again.

    `timeout_s`     for one question with its repeats; keep it, with `quota.queue_s`, below the time that an
                    inquiry gives all sources, since an asker who goes away first says nothing of the source
    `attempts`      at most, the first included; 1 or more
    `pause_s`       before the first repeat; doubles, with up to as much jitter
    `trips_after`   failures in a row until the source is left alone; 1 or more
    `rest_s`        how long it is left alone before one more question is let through
    `quota`         how much may be asked of it
    """

    timeout_s: float = 2.5
    attempts: int = 3
    pause_s: float = 0.05
    trips_after: int = 5
    rest_s: float = 5.0
    quota: Quota = field(default_factory=Quota)


class Guard:
    """Keeps one source's patience; one per connector, used by one event loop at a time."""

    def __init__(self, name: str, patience: Patience) -> None:
        self._patience = patience
        self._meter = Meter(patience.quota)
        self._breaker = SyncCircuitBreakerFactory(
            default_threshold=patience.trips_after,
            default_ttl=patience.rest_s,
            # A caller who goes away says nothing of the source; nor does an answer, however wrong.
            exclude=[(Failed, _was_reached), asyncio.CancelledError],
        ).get_breaker(name)
        self._is_well = True
        self.limit_s = patience.timeout_s
        """How long an answer may take."""
        self.leave = self._meter.leave
        """Ends a question that went at once."""

    def at_once(self) -> bool:
        """Tell whether a question may go now, with nothing to wait for and nothing to mend; then `leave` ends it.

        Where it comes to nothing, `ask` goes on from there.
        """
        return self._is_well and self._meter.at_once()

    async def ask(self, question: Callable[[], Awaitable[T]], *, failed: Failed | None = None) -> T:
        """Give the answer. Raises `Failed`, `UNREACHABLE` at once while the breaker is open.

        `failed`   what the first attempt has come to already
        """
        try:
            async with self._meter.place():
                try:
                    with self._breaker:
                        return await self._within_time(question, failed)
                finally:  # nothing else moves the breaker
                    state = self._breaker.context
                    self._is_well = state.state == CLOSED and not state.failure_count
        except OpenedState:
            rest = f"left alone for {self._patience.rest_s:g} s after {self._patience.trips_after} failures"
            raise Failed(FailureKind.UNREACHABLE, rest) from None

    async def _within_time(self, question: Callable[[], Awaitable[T]], failed: Failed | None) -> T:
        limit = self._patience.timeout_s
        try:
            async with asyncio.timeout(limit):
                return await self._repeated(question, failed)
        except TimeoutError:
            raise late(limit) from None

    async def _repeated(self, question: Callable[[], Awaitable[T]], failed: Failed | None) -> T:
        """Ask once; what may pass is asked again, after a pause. Most questions never come to that."""
        if failed is None:
            try:
                self._meter.spend()
                return await question()
            except Failed as why:
                failed = why
        if self._patience.attempts == 1 or not may_pass(failed):
            raise failed
        first: Failed | None = failed
        async for attempt in self._attempts():
            with attempt:
                if first is not None:  # the first attempt has been made: what is left is to wait and repeat
                    again, first = first, None
                    raise again
                self._meter.spend()
                return await question()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempts(self) -> AsyncIterator[stamina.Attempt]:
        patience = self._patience
        return stamina.retry_context(
            on=lambda why: may_pass(why) and self._meter.may_repeat(),
            attempts=patience.attempts,
            timeout=patience.timeout_s,
            wait_initial=patience.pause_s,
            wait_jitter=patience.pause_s,
        )


def late(limit_s: float) -> Failed:
    """Give the failure of a source that did not answer in time."""
    return Failed(FailureKind.TIMED_OUT, f"expected an answer within {limit_s:g} s, got none")


def may_pass(why: Exception) -> bool:
    """Tell whether asking again may help."""
    return isinstance(why, Failed) and why.kind is FailureKind.UNREACHABLE


def _was_reached(why: BaseException) -> bool:
    return isinstance(why, Failed) and why.kind not in (FailureKind.UNREACHABLE, FailureKind.TIMED_OUT)
