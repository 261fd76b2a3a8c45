"""Runs killed with -9, every other one at a random moment, the rest at a write: `python -m tests.verification.runs.kill`.

Each run is begun, its worker killed, ended by another, and compared byte for byte with a run that
nobody killed. The workers are forks of a process that has loaded everything and opened no engine,
so that a run takes a fraction of a second.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa

from tests.verification.language.both import a_world
from tests.verification.runs.test_job import NOON, job, whole
from tests.verification.runs.test_job import snapshot as snapshot_of
from verification.runs.ledger import Ledger, RunState

T = TypeVar("T")
WRITES = 7
"""Transactions of a run of two shards: tables, plan, three claims (the last in vain), two shards done."""
GIVEN = snapshot_of(a_world(41, households=16))


def main() -> None:
    """So many workers killed, each in a run of its own, and how it went."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--url", help="a database for all runs; a new SQLite file by default")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hedui-kill-") as folder:
        url = given.url or f"sqlite:///{folder}/runs.db"
        expected = told_by_a_fork(lambda: whole(GIVEN))
        took = told_by_a_fork(lambda: seconds(lambda: worked(url, "unkilled", "w", 0)))
        chance, runs, killed = random.Random(given.seed), 0, 0
        while killed < given.kills:
            runs += 1
            killed += a_run(url, f"run-{runs}", chance, took, expected, at_write=runs % 2 == 0)
    print(f"{killed} workers killed in {runs} runs, all findings as without")


def a_run(
    url: str, name: str, chance: random.Random, took: float, expected: object, *, at_write: bool
) -> bool:
    """One run whose worker is killed and another ends it; whether it was killed before it was done.

    What a killed one leaves is whole shards and nothing else.
    """
    write = chance.randint(1, WRITES) if at_write else 0
    after = None if at_write else chance.uniform(0.0, took)
    killed = killed_worker(lambda: worked(url, name, "first", 0, write), after)
    require_whole_shards(url, name)
    assert told_by_a_fork(lambda: worked(url, name, "last", 1)) is True, name
    with opened(url) as ledger:
        assert list(ledger.results(name)) == expected, name
    return killed


def worked(url: str, name: str, worker: str, hours: int, at_write: int = 0) -> bool:
    """Begin the run or find it, and work at it; each attempt an hour later, when claims have run out."""
    with opened(url) as ledger:
        if at_write:
            die_at(ledger, at_write)
        mine = job(ledger, name, GIVEN, now=lambda: NOON + timedelta(hours=hours))
        mine.begin()
        return mine.work(worker)


def die_at(ledger: Ledger, write: int) -> None:
    """Kill this process when it is about to commit for the n-th time."""
    left = iter(range(write - 1))

    def commits(_: sa.Connection) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(ledger._engine, "commit", commits)


def require_whole_shards(url: str, name: str) -> None:
    """What is kept is what the shards that are done hold, no more and no less."""
    with opened(url) as ledger:
        kept = ledger.run(name)
        if kept is None:
            return
        parts = [set(ledger.households(name, number)) for number in range(kept.shards)]
        judged = {household for household, _ in ledger.results(name)}
        whole_parts = [part for part in parts if part <= judged]
        assert sum(map(len, parts)) == kept.households, name
        assert judged == set().union(*whole_parts), name
        assert len(whole_parts) == kept.shards_done, name
        assert (kept.state is RunState.DONE) == (kept.shards_done == kept.shards)


@contextmanager
def opened(url: str) -> Iterator[Ledger]:
    ledger = Ledger(url)
    try:
        yield ledger
    finally:
        ledger.close()


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def killed_worker(work: Callable[[], object], after: float | None) -> bool:
    """Let a fork work, and kill it after so many seconds if it lives; whether it was killed, by us or by itself."""
    worker = os.fork()
    if worker == 0:
        work()
        os._exit(0)
    if after is not None:
        time.sleep(after)  # the moment is the point: it must fall anywhere
        os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the worker failed by itself"
    return False


def told_by_a_fork(work: Callable[[], T]) -> T:
    """What a fork says: this process itself must open no engine, whose threads no fork inherits."""
    reader, writer = os.pipe()
    worker = os.fork()
    if worker == 0:
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(worker, 0)
    assert os.waitstatus_to_exitcode(status) == 0, "a fork failed"
    return pickle.loads(told)


if __name__ == "__main__":
    main()
