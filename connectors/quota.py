"""How much may we ask of one source? So many questions at a time, so many a second, and few repeats.

A department's register serves its own people first. What would go beyond is not sent: the
answer is `QUOTA_EXCEEDED`, at once or after a short wait for a place, and says nothing of the
source. Repeats have a budget, so that a source that fails often is not asked three times as much.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from connectors.failure import Failed
from vocabulary.evidence import FailureKind

REPEATS_SAVED = 10.0
"""Repeats that a quiet source may be asked in a row; what it starts with."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What one gateway process may ask of one source.

    `concurrent`   questions at a time, 1 or more; who comes later waits for a place
    `queue_s`      how long one waits for a place
    `per_second`   questions a second, repeats included, with a second's worth at once; None is without limit
    `repeats`      how many repeats each question earns, 0 to 1: 0.2 is one for every five questions
    """

    concurrent: int = 32
    queue_s: float = 0.5
    per_second: float | None = None
    repeats: float = 0.2


class Meter:
    """Keeps one source's quota; used by one event loop at a time. `now` gives seconds that never go back."""

    def __init__(self, quota: Quota, *, now: Callable[[], float] = time.monotonic) -> None:
        self._quota, self._now = quota, now
        self._left, self._seen = _burst(quota), now()
        self._saved = REPEATS_SAVED
        self._places: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place among the questions at a time. Raises `Failed`, `QUOTA_EXCEEDED`."""
        places = self._own_places()
        try:
            async with asyncio.timeout(self._quota.queue_s):
                await places.acquire()
        except TimeoutError:
            raise _exceeded(f"at most {self._quota.concurrent} questions at a time") from None
        self._saved = min(self._saved + self._quota.repeats, REPEATS_SAVED)
        try:
            yield
        finally:
            places.release()

    def spend(self) -> None:
        """Take one of this second's questions. Raises `Failed`, `QUOTA_EXCEEDED`."""
        rate = self._quota.per_second
        if rate is None:
            return
        now = self._now()
        self._left = min(self._left + (now - self._seen) * rate, _burst(self._quota))
        self._seen = now
        if self._left < 1:
            raise _exceeded(f"at most {rate:g} questions a second")
        self._left -= 1

    def may_repeat(self) -> bool:
        """Take one repeat from the budget, where there is one."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    def _own_places(self) -> asyncio.Semaphore:
        """A semaphore belongs to an event loop; a command that runs several gets one for each."""
        loop = asyncio.get_running_loop()
        if self._places is None or self._places[0] is not loop:
            self._places = loop, asyncio.Semaphore(self._quota.concurrent)
        return self._places[1]


def _burst(quota: Quota) -> float:
    return max(1.0, quota.per_second or 0.0)


def _exceeded(expected: str) -> Failed:
    return Failed(FailureKind.QUOTA_EXCEEDED, f"expected {expected}, got more")
