"""How is a long run stopped, killed and taken up again? As a job: shards claimed, judged and written whole.

The snapshot is the same for everybody who works at it; who claims a shard has it for so long,
and says at every step that it is still at work. A job that follows an earlier one takes over
the judgements of households whose inputs did not change: by digests of all inputs, or by what
the departments say has changed.

    Exception
    ├── NoSuchRun    no run of that name is kept
    ├── OtherRun     the run is of other rules, another pack or other inputs
    └── RunEnded     the run is done or cancelled: there is nothing left to do
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.runs.changes import households_of, known_of, taken_over, to_judge
from verification.runs.district import Engine, Progress
from verification.runs.few import FewEngine, part_of
from verification.runs.inputs import digest_of
from verification.runs.ledger import KeptRun, Ledger, RunState, Terms
from verification.runs.own_ages import Judges, Judging, by_own_limits
from verification.runs.readable import require_readable
from verification.runs.tables import Snapshot


class NoSuchRun(Exception):
    """No run of this name is kept."""


class OtherRun(Exception):
    """The run is of other rules, another policy pack or other inputs."""


class RunEnded(Exception):
    """The run is done or cancelled."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a job is worked at.

    `lease`            how long a claimed shard is its claimer's without a sign of life
    `few_households`   where an earlier run leaves no more than these, they are judged in Python, whatever the engine
    """

    shard_households: int = 100_000
    few_households: int = 2_000
    lease: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Job:
    """A run over a snapshot, kept in a ledger under `id`. `now` gives the time, UTC; rules never see it.

    `judging`   makes the engine over the snapshot; DuckDB's, in this process, unless given
    """

    ledger: Ledger
    id: str
    snapshot: Snapshot
    catalogue: Catalogue
    pack: Pack
    now: Callable[[], datetime]
    pace: Pace = Pace()
    judging: Judging | None = None

    def begin(
        self,
        *,
        after: str | None = None,
        touched: Collection[str] | None = None,
        entry: int | None = None,
        files: Mapping[str, str] | None = None,
    ) -> int:
        """Write the run, or find it kept already; the number of households taken over from the run `after`.

        `touched`   numbers of households and of persons any record of whom came, went or changed since
                    that run, as the departments say: without it every household's inputs are compared
        `entry`     index of the entry of the log that notes this
        `files`     digests of the files of the snapshot, where it is stored: see `stored.store`
        An earlier run by other rules or another pack gives nothing over.
        Raises `OtherRun`, `NoSuchRun` for `after`, and `BadSnapshot`.
        """
        require_readable(self.snapshot, self.catalogue.reads())
        earlier = self._earlier(after) if after is not None else None
        told = touched if earlier is not None else None
        known = known_of(self.snapshot, compared=told is None)
        if earlier is not None:
            known = self._taken_over(earlier, known, told)
        left = to_judge(known)
        inputs = digest_of(self.snapshot) if earlier is None or told is None else self._inputs(earlier, left)
        terms = Terms(self._day(), self.catalogue.hash, self.pack.hash, inputs)
        found = self.ledger.run(self.id)
        if found is not None:
            if found.terms != terms:
                raise OtherRun(f"expected a run of rules `{terms.rules[:12]}` over these inputs, got another")
            return self.ledger.taken_over(self.id)
        size = self.pace.shard_households
        shards = [left[start : start + size] for start in range(0, len(left), size)]
        planned = self.ledger.plan(
            self.id, terms, known, shards=shards, at=self.now(), entry=entry, files=files
        )
        if not planned:
            raise NoSuchRun(f"expected a run that is kept, got `{after}`, which was forgotten meanwhile")
        return len(known) - len(left)

    def work(
        self,
        worker: str,
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Judge shards until none is free, or `stop` says so between two; whether the run is done.

        Raises `RunEnded` where somebody cancels it meanwhile: what is not written then is dropped.
        """
        with self._engine() as engine:
            while not stop():
                at = self.now()
                shard = self.ledger.claim(self.id, worker, now=at, until=at + self.pace.lease)
                if shard is None:
                    break
                try:
                    self._judge(engine, shard, worker, progress)
                except BaseException:
                    self.ledger.release(self.id, [worker])  # who is killed cannot: his claim runs out
                    raise
        return self._kept().state is RunState.DONE

    def results(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of what is judged so far, in the order of numbers."""
        return self.ledger.results(self.id)

    # ------------------------------------------------------------------ before the work

    def _day(self) -> date:
        """The day of the cases; a run is of one day, or of the last of its cases'."""
        days = self.snapshot.cases["on"]
        return date.min if len(days) == 0 else pc.max(days).as_py()

    def _earlier(self, after: str) -> KeptRun | None:
        """The earlier run, if it is of the same rules and the same pack."""
        earlier = self.ledger.run(after)
        if earlier is None:
            raise NoSuchRun(f"expected a run that is kept, got `{after}`")
        same = (earlier.terms.rules, earlier.terms.pack) == (self.catalogue.hash, self.pack.hash)
        return earlier if same else None

    def _taken_over(self, earlier: KeptRun, known: pa.Table, touched: Collection[str] | None) -> pa.Table:
        before = self.ledger.known(earlier.id)
        if earlier.state is not RunState.DONE:
            judged = pa.array([household for household, _ in self.ledger.results(earlier.id)], pa.string())
            before = before.filter(pc.is_in(before["household"], judged))
        whose = None if touched is None else households_of(self.snapshot, touched)
        return taken_over(known, before, run=earlier.id, touched=whose)

    def _inputs(self, earlier: KeptRun, left: list[str]) -> str:
        """The digest of inputs of which departments say what changed: those of before, and what came anew."""
        asked = Snapshot({}, self.snapshot.cases, self.snapshot.persons)
        anew = part_of(replace(self.snapshot, cases=self._cases(left)), self.catalogue.reads())
        text = f"after {earlier.terms.inputs}\nasked {digest_of(asked)}\nanew {digest_of(anew)}\n"
        return hashlib.sha256(text.encode()).hexdigest()

    def _cases(self, households: list[str]) -> pa.Table:
        cases = self.snapshot.cases
        return cases.filter(pc.is_in(cases["household"], pa.array(households, pa.string())))

    # ------------------------------------------------------------------ the work

    def _engine(self) -> AbstractContextManager[Judges]:
        kept = self._kept()
        left = kept.households - kept.judged
        few = left <= self.pace.few_households and self.ledger.taken_over(self.id) > 0

        def ours(snapshot: Snapshot, _: int) -> AbstractContextManager[Judges]:
            if few:
                return FewEngine(snapshot, self.catalogue, self.pack)
            return Engine(snapshot, self.catalogue, self.pack, many=kept.shards - kept.shards_done > 1)

        return by_own_limits(self.snapshot, self.pack, ours if few or self.judging is None else self.judging)

    def _judge(
        self, engine: Judges, shard: int, worker: str, progress: Callable[[Progress], None] | None
    ) -> None:
        kept, ours = self._kept(), self.ledger.households(self.id, shard)
        told = self.now()
        for step, _ in enumerate(engine.load(self._cases(ours)), 1):
            if self.now() - told > self.pace.lease / 10:
                told = self.now()
                self._go_on(self.ledger.renew(self.id, shard, worker, until=told + self.pace.lease))
            _tell(progress, kept, done=kept.shards_done * engine.steps + step, steps=engine.steps)
        self._go_on(self.ledger.finish(self.id, shard, engine.sealed()))
        kept = self._kept()
        _tell(progress, kept, done=kept.shards_done * engine.steps, steps=engine.steps)

    def _go_on(self, under_way: bool) -> None:
        if not under_way:
            raise RunEnded("expected a run that is under way, got one that was ended meanwhile")

    def _kept(self) -> KeptRun:
        found = self.ledger.run(self.id)
        if found is None:
            raise NoSuchRun(f"expected a run that is kept, got `{self.id}`")
        return found


def _tell(progress: Callable[[Progress], None] | None, kept: KeptRun, *, done: int, steps: int) -> None:
    if progress is not None:
        progress(Progress(done, kept.shards * steps, kept.judged, kept.households))
