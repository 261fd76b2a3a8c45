"""How do so many at a time, and no more, get their turn? Whoever comes later waits in line."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """So many places; used by one event loop at a time.

    Unlike `asyncio.Semaphore` it can be asked for a place without waiting, and belongs to no loop.
    """

    def __init__(self, many: int) -> None:
        self._free = many
        self._line: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take a place if one is free."""
        if self._free < 1:
            return False
        self._free -= 1
        return True

    async def wait(self) -> None:
        """Take a place, once it is one's turn."""
        if self.take():
            return
        turn = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # it was one's turn just when one went away
                self.give_back()
            raise
        finally:
            if turn in self._line:
                self._line.remove(turn)

    def give_back(self) -> None:
        """Leave a place to who waits longest, or free."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
