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
from connectors.places import Places
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
        self._places = Places(quota.concurrent)
        self.leave = self._places.give_back
        """Gives a place back."""

    def at_once(self) -> bool:
        """Take a place and one of this second's questions, if both are there; then `leave` gives the place back."""
        if not self._places.take():
            return False
        if self._quota.per_second is not None and not self._spent(self._quota.per_second):
            self.leave()  # whoever asks in the ordinary way is told
            return False
        self._earn()
        return True

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place among the questions at a time. Raises `Failed`, `QUOTA_EXCEEDED`."""
        if not self._places.take():
            try:
                async with asyncio.timeout(self._quota.queue_s):
                    await self._places.wait()
            except TimeoutError:
                raise _exceeded(f"at most {self._quota.concurrent} questions at a time") from None
        self._earn()
        try:
            yield
        finally:
            self._places.give_back()

    def spend(self) -> None:
        """Take one of this second's questions. Raises `Failed`, `QUOTA_EXCEEDED`."""
        rate = self._quota.per_second
        if rate is not None and not self._spent(rate):
            raise _exceeded(f"at most {rate:g} questions a second")

    def may_repeat(self) -> bool:
        """Take one repeat from the budget, where there is one."""
        if self._saved < 1:
            return False
        self._saved -= 1
        return True

    def _spent(self, rate: float) -> bool:
        now = self._now()
        self._left = min(self._left + (now - self._seen) * rate, _burst(self._quota))
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def _earn(self) -> None:
        if self._saved < REPEATS_SAVED:
            self._saved = min(self._saved + self._quota.repeats, REPEATS_SAVED)


def _burst(quota: Quota) -> float:
    return max(1.0, quota.per_second or 0.0)


def _exceeded(expected: str) -> Failed:
    return Failed(FailureKind.QUOTA_EXCEEDED, f"expected {expected}, got more")
