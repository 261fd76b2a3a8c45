"""Which of several processes are up, and what is done about one that is not? Another is begun, later each time.

A worker tells again and again that its loop turns. One that ended, that tells nothing while others do, or that does
not come up is replaced, while the others go on; who fails in a row is waited for longer and longer. Only where
nobody is left is it given up: whoever started all of them hears of it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import structlog

from gateway.errors import NotListening

TELLS_EVERY_S = 5.0
"""How often a worker tells."""

_ENDS_WITHIN_S = 1.0
"""Beyond the moment at which it let go of its pipe."""

_log = structlog.get_logger("hedui.workers")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one waits for a worker.

    `comes_up_s`   until it tells first
    `silent_s`     for the next time: who told nothing for so long answers nobody, and may hold the log's lock
    `steady_s`     until it has come up well, so that whatever ends it is no reason to wait
    `waits_s`      before another one is begun, after so many in a row that were not steady
    """

    comes_up_s: float = 120.0
    silent_s: float = 60.0
    steady_s: float = 60.0
    waits_s: tuple[float, ...] = (0.0, 1.0, 2.0, 5.0, 15.0, 30.0, 60.0)


@dataclass(slots=True)
class Worker:
    """One process, which has been started, and the pipe through which it tells.

    `silent_s`   how long it told nothing, while others did
    """

    process: BaseProcess
    pipe: Connection
    up_at: float | None = None
    silent_s: float = 0.0

    def hear(self, passed_s: float) -> None:
        """Note what it has told by now, or that it was silent for so much longer."""
        self.silent_s += passed_s
        try:
            while self.pipe.poll(0):
                self.pipe.recv_bytes()
                self.silent_s = 0.0
                self.up_at = self.up_at or time.monotonic()
        except (EOFError, OSError):  # it has ended, or is about to
            self.process.join(_ENDS_WITHIN_S)
            self.silent_s = inf

    def end(self) -> None:
        """End it where it still is there, and let go of it."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.pipe.close()


class Staff:
    """So many workers. `begin` starts one, and raises `OSError` where there can be no other process."""

    def __init__(
        self,
        begin: Callable[[], Worker],
        *,
        size: int,
        buried: Callable[[int], None] = lambda _: None,
        patience: Patience | None = None,
    ) -> None:
        self._begin, self._size, self._buried = begin, size, buried
        self._patience = patience or Patience()
        self._there: list[Worker] = []
        self._due: list[float] = []  # when others are begun, by the monotonic clock
        self._in_a_row = 0
        self._looked_at = time.monotonic()

    def bring_up(self, *, every_s: float) -> None:
        """Begin all of them, side by side, until all are up. Raises `NotListening`, `OSError`."""
        for _ in range(self._size):
            self._there.append(self._begin())
        while self.left < self._size:
            self._look(every_s)
            if any(map(self._is_over, self._there)):
                raise NotListening("expected every worker process to come up, got one that did not")

    def watch(self, stop: Callable[[], bool], *, every_s: float) -> None:
        """Replace whoever ended, until `stop` says so. Raises `NotListening` when nobody is left."""
        while not stop():
            self._look(every_s)
            if stop():  # whoever told us may have told them as well
                return
            for worker in [worker for worker in self._there if self._is_over(worker)]:
                self._bury(worker)
            if not self._there and self._in_a_row > self._size:
                raise NotListening("expected a worker process to come up again, got none that did")
            self._begin_due()

    def dismiss(self, *, within_s: float) -> None:
        """Tell all of them to stop (SIGTERM), wait no longer than so for what they have begun, and end them."""
        _tell(self._there, signal.SIGTERM)
        until = time.monotonic() + within_s
        for worker in self._there:
            worker.process.join(max(0.0, until - time.monotonic()))
        for worker in self._there:
            worker.end()
        self._there.clear()

    @property
    def left(self) -> int:
        """How many are up."""
        return sum(worker.up_at is not None and not self._is_over(worker) for worker in self._there)

    def _look(self, within_s: float) -> None:
        """Wait until somebody ended or told something, no longer than so; hear what was told.

        That we ourselves stood still is no silence of theirs: a look counts no longer than about as it was meant to take.
        """
        wait([each for one in self._there for each in (one.process.sentinel, one.pipe)], timeout=within_s)
        now = time.monotonic()
        passed_s, self._looked_at = min(now - self._looked_at, 2 * within_s), now
        # Where all are silent they wait for something else, mostly a database, and go on when it does.
        together_s = passed_s if self._somebody_tells() else 0.0
        for worker in self._there:
            worker.hear(passed_s if worker.up_at is None else together_s)

    def _somebody_tells(self) -> bool:
        lately = self._patience.silent_s / 4
        return any(worker.up_at is not None and worker.silent_s < lately for worker in self._there)

    def _is_over(self, worker: Worker) -> bool:
        """Tell whether a worker has ended, or must be."""
        patience = self._patience.comes_up_s if worker.up_at is None else self._patience.silent_s
        return not worker.process.is_alive() or worker.silent_s > patience

    def _bury(self, worker: Worker) -> None:
        """Let go of a worker that is over, and say when another one is begun in its place."""
        pid, code, event = worker.process.pid or 0, worker.process.exitcode, _what_became_of(worker)
        self._there.remove(worker)
        worker.end()
        self._buried(pid)
        self._put_off(event, steady=self._was_steady(worker), pid=pid, code=code)

    def _was_steady(self, worker: Worker) -> bool:
        return worker.up_at is not None and time.monotonic() - worker.up_at >= self._patience.steady_s

    def _put_off(self, event: str, *, steady: bool = False, **told: object) -> None:
        """Have another worker begun, later the more have failed in a row."""
        self._in_a_row = 1 if steady else self._in_a_row + 1
        waits_s = self._patience.waits_s[: self._in_a_row][-1]
        self._due.append(time.monotonic() + waits_s)
        _log.error(event, **told, again_in_s=waits_s, left=self.left)

    def _begin_due(self) -> None:
        """Begin those whose time has come."""
        now = time.monotonic()
        for at in [at for at in self._due if at <= now]:
            self._due.remove(at)
            try:
                self._there.append(self._begin())
            except OSError as error:  # no memory, no file descriptor, no other process
                self._put_off("worker cannot be begun", why=error.strerror)


def _what_became_of(worker: Worker) -> str:
    if worker.up_at is None:
        return "worker does not come up"
    return "worker hangs" if worker.process.is_alive() else "worker died"


def _tell(workers: Iterable[Worker], what: signal.Signals) -> None:
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker.process.pid or 0, what)
