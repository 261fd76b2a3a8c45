"""When is a question asked a second time before the first is answered? After a while, where an operator wants it.

Every question is a read, so that asking twice changes nothing but the load. The first answer
counts, the other question is given up. How often that was is counted, since each is an access.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from vocabulary.codes import Department

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hedge:
    """Ask a second time after `after_s`, above 0; `extra` counts second questions by department."""

    after_s: float
    extra: Counter[Department] = field(default_factory=Counter)

    async def ask(
        self, question: Callable[[], Awaitable[T]], department: Department, *, good: Callable[[T], bool]
    ) -> T:
        """Give the first good answer, or the last where none is good. A question that fails at once is not doubled."""
        first = asyncio.ensure_future(question())
        running = {first}
        try:
            done, _ = await asyncio.wait(running, timeout=self.after_s)
            if done:
                return first.result()
            self.extra[department] += 1
            running.add(asyncio.ensure_future(question()))
            while True:
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                running -= done
                answers = [one.result() for one in done]
                found = next(filter(good, answers), None)
                if found is not None or not running:
                    return answers[0] if found is None else found
        finally:
            for one in running:
                one.cancel()
