"""What do the rules say of every household of the district? One run, kept as a job, noted whenever it begins and ends.

A run lies in the database of runs from its beginning, and its snapshot in a folder of the owner's
until it is done or cancelled: whatever kills it, it is taken up with the inputs that it began with.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from string import ascii_lowercase

from casework.authorized import Authorized
from connectors.ask import Connector
from gateway.days import require_in_force
from gateway.errors import CannotRun
from gateway.run_home import RunHome
from gateway.run_results import RuleCount, counted
from gateway.snapshot import Taken, take_snapshot
from gateway.trace import Trace
from verification.catalogue import CATALOGUE
from verification.pack import Pack
from verification.runs.ageing import aged
from verification.runs.district import Progress
from verification.runs.job import Job, NoSuchRun, OtherRun, RunEnded
from verification.runs.ledger import KeptRun, RunState
from verification.runs.stored import NoSnapshot, discard, store, stored
from verification.runs.tables import Snapshot
from vocabulary.codes import Category, Department

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to.

    `run`          under which name it is kept
    `judged`       how many of the households; all of them, unless another process is still at some
    `taken_over`   of these, how many from an earlier run, as nothing about them had changed
    `categories`   households by verified category; those that could not be told stand under None
    `failed`       departments whose snapshot failed, and how
    """

    run: str
    households: int
    judged: int
    taken_over: int
    persons: int
    took_s: float
    categories: Mapping[Category | None, int]
    rules: tuple[RuleCount, ...]
    failed: Mapping[Department, str]


async def run_district(
    connectors: Mapping[Department, Connector],
    *,
    home: RunHome,
    pack: Pack,
    on: date,
    today: date,
    trace: Trace,
    caller: str,
    progress: Tell,
    authorized: Authorized | None,
    after: str | None = None,
    touched: Collection[str] | None = None,
) -> RunResult:
    """Judge every household that is on file on a day.

    `today`      the day of asking, on which authorizations must hold, whatever day is asked about
    `caller`     account of who started it
    `connectors` one for each department
    `authorized` our own register of authorizations, beside civil affairs'; None where there is none
    `progress`   is told households done and in all; the work is done in a thread, and so is this call
    `after`      an earlier run whose judgements are taken over where nothing changed since
    `touched`    whose records changed since then, as the departments say; without it all are compared
    Raises `NotInForce`, `CannotRun`, `NotLogged`, and `NoSuchRun` for `after`.
    """
    require_in_force(pack, on=on)
    if after is not None and home.ledger.run(after) is None:
        raise NoSuchRun(f"expected a run that is kept, got `{after}`")
    run, began = new_run(), time.perf_counter()
    started = await trace.run_started(
        by=caller, run=run, pack=pack.hash, rules=CATALOGUE.hash, households=0, day=on
    )

    def begin() -> tuple[Taken, Snapshot]:
        home.sweep()
        taken = take_snapshot(connectors, CATALOGUE.reads(), on=on, today=today, authorized=authorized)
        home.count(started, taken.answered)
        snapshot = aged(taken.snapshot, pack)
        files = store(snapshot, home.folder(run))
        _job(home, run, snapshot, pack).begin(after=after, touched=touched, entry=started, files=files)
        return taken, snapshot

    async with _Noted(trace, home, run, started) as noted:
        taken, snapshot = await asyncio.to_thread(begin)
        noted.taken = taken
        return await noted.worked(_job(home, run, snapshot, pack), began, progress)


async def resume_run(
    run: str, *, home: RunHome, pack: Pack, trace: Trace, caller: str, progress: Tell
) -> RunResult:
    """Take up a run that was stopped, or help one that is under way.

    Raises `NoSuchRun`, `RunEnded`, `OtherRun`, `CannotRun` where its snapshot is gone, `ChangedSnapshot` where
    a file of it is not what was written, `NotLogged`.
    """
    kept, began = _under_way(home, run), time.perf_counter()
    if kept.terms.rules != CATALOGUE.hash:
        raise OtherRun(
            f"expected the rules that run `{run}` began with, `{kept.terms.rules[:12]}`, and this version of the "
            f"program has `{CATALOGUE.hash[:12]}`: finish it with the earlier one, or cancel it and begin another"
        )
    if kept.terms.pack != pack.hash:
        raise OtherRun(
            f"expected the policy pack that run `{run}` began with, `{kept.terms.pack[:12]}`, got `{pack.hash[:12]}`"
        )
    started = await trace.run_started(
        by=caller,
        run=run,
        pack=pack.hash,
        rules=CATALOGUE.hash,
        households=kept.households,
        day=kept.terms.day,
    )

    def begin() -> Snapshot:
        home.ledger.release(run, gone(home.ledger.workers(run)))
        home.ledger.note(run, started)
        try:
            return stored(home.folder(run), home.ledger.files(run))
        except NoSnapshot as error:
            raise CannotRun(f"expected the snapshot of run `{run}`: {error}") from None

    async with _Noted(trace, home, run, started) as noted:
        snapshot = await asyncio.to_thread(begin)
        return await noted.worked(_job(home, run, snapshot, pack), began, progress)


async def cancel_run(run: str, *, home: RunHome, trace: Trace) -> KeptRun:
    """End a run that is under way; whoever works at it stops at the next step. Raises `NoSuchRun`, `RunEnded`."""
    kept = _under_way(home, run)
    if not home.ledger.close_run(run, RunState.CANCELLED):
        raise RunEnded(f"expected a run that is under way, got `{run}`, which has ended")
    discard(home.folder(run))
    if kept.entry is not None:
        await trace.run_finished(kept.entry, state=RunState.CANCELLED, households=kept.judged, found={})
    return kept


def new_run() -> str:
    """A name for a run, of letters: the log takes no long numbers."""
    return "run-" + "".join(secrets.choice(ascii_lowercase) for _ in range(8))


def worker_name() -> str:
    """This process, as it stands at the shards that it has claimed."""
    return f"{socket.gethostname()}/{os.getpid()}"


def gone(workers: Iterable[str]) -> list[str]:
    """Those of this machine whose process is no more."""
    host = socket.gethostname()
    found = ((worker, *worker.rpartition("/")[::2]) for worker in workers)
    return [worker for worker, at, pid in found if at == host and not _lives(int(pid))]


@dataclass
class _Noted:
    """Work at a run between two entries of the log: none of it happens unnoted."""

    trace: Trace
    home: RunHome
    run: str
    started: int
    taken: Taken | None = None

    async def worked(self, job: Job, began: float, progress: Tell) -> RunResult:
        """Work until nothing is left to claim; what it came to."""

        def tell(now: Progress) -> None:
            progress(now.households * now.done // max(now.of, 1), now.households)

        def work() -> tuple[KeptRun, Mapping[Category | None, int], tuple[RuleCount, ...]]:
            if job.work(worker_name(), progress=tell):
                discard(self.home.folder(self.run))
            kept = _kept(self.home, self.run)
            return kept, *_counted(self.home, kept, job)

        kept, categories, rules = await asyncio.to_thread(work)
        await self._finished(kept.state, kept.judged, {each.rule: each.found for each in rules if each.found})
        return RunResult(
            self.run,
            kept.households,
            kept.judged,
            self.home.ledger.taken_over(self.run),
            self.taken.persons if self.taken else len(job.snapshot.persons),
            time.perf_counter() - began,
            categories,
            rules,
            self.taken.failed if self.taken else {},
        )

    async def __aenter__(self) -> _Noted:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        # Who cancels a run notes it himself.
        if kind is not None and not issubclass(kind, RunEnded):
            await self._finished("FAILED", 0, {})

    async def _finished(self, state: str, households: int, found: Mapping[str, int]) -> None:
        sources, persons = self.taken.noted() if self.taken is not None else (None, None)
        await self.trace.run_finished(
            self.started, state=state, households=households, found=found, sources=sources, persons=persons
        )


def _counted(
    home: RunHome, kept: KeptRun, job: Job
) -> tuple[Mapping[Category | None, int], tuple[RuleCount, ...]]:
    """What a run came to; of one that is done it is kept for whoever looks at its page."""
    if kept.state is RunState.DONE and home.index is not None:
        counts = home.index.counts(kept.id, job.results())
        return counts.by_category, counts.rules
    return counted(judged for _, judged in job.results())


def _job(home: RunHome, run: str, snapshot: Snapshot, pack: Pack) -> Job:
    judging = home.judging(run, CATALOGUE, pack)
    return Job(home.ledger, run, snapshot, CATALOGUE, pack, home.now, home.pace, judging)


def _under_way(home: RunHome, run: str) -> KeptRun:
    kept = _kept(home, run)
    if kept.state is not RunState.RUNNING:
        raise RunEnded(f"expected a run that is under way, got `{run}`, which is {kept.state.lower()}")
    return kept


def _kept(home: RunHome, run: str) -> KeptRun:
    kept = home.ledger.run(run)
    if kept is None:
        raise NoSuchRun(f"expected a run that is kept, got `{run}`")
    return kept


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
