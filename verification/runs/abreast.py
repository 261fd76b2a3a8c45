"""How do several pieces of work go on at the same time, and are heard of as if they were one? A thread each, in step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from threading import Event

import duckdb


def abreast(works: Sequence[Iterator[str]], *, interrupt: Callable[[], None]) -> Iterator[str]:
    """The steps of the first of some works of equally many steps, each when all of them have done theirs.

    `interrupt`   ends what the works are at: called, until none goes on, where one fails or nobody wants to hear more

    Raises what a work raises, once none goes on.
    """
    if len(works) == 1:
        yield from works[0]
        return
    told: SimpleQueue[tuple[int, str | None]] = SimpleQueue()
    ended, running = Event(), len(works)
    not_by_all: list[deque[str]] = [deque() for _ in works]
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(_work, nth, steps, told, ended) for nth, steps in enumerate(works)]
        try:
            while running:
                nth, step = told.get()
                if step is None:
                    futures[nth].result()
                    running -= 1
                    continue
                not_by_all[nth].append(step)
                if all(not_by_all):
                    step, *_ = [each.popleft() for each in not_by_all]
                    yield step
        finally:
            if running:
                ended.set()
                interrupt()
                while wait(futures, timeout=0.1).not_done:
                    interrupt()  # once more: it had not begun yet


def _work(nth: int, steps: Iterator[str], told: SimpleQueue[tuple[int, str | None]], ended: Event) -> None:
    """Go through the steps, telling of each and of the end, until all have ended."""
    try:
        for step in steps:
            told.put((nth, step))
            if ended.is_set():
                return
    except duckdb.InterruptException:
        if not ended.is_set():
            raise
    finally:
        told.put((nth, None))
