"""Where are runs kept, and which engine judges them? As the settings say; opened once, handed down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from connectors.served import ServedBook
from gateway.run_index import RunIndex
from gateway.settings import Settings
from gateway.snapshot import count_answered
from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.runs.district import Engine
from verification.runs.job import Pace
from verification.runs.ledger import Ledger
from verification.runs.own_ages import Judges, Judging
from verification.runs.spark import SparkEngine, spark_session
from verification.runs.stored import discard, store
from verification.runs.tables import Snapshot
from vocabulary.codes import Department

_LEFT_BEHIND = timedelta(hours=1)

_SPARK_PACE = Pace(shard_households=2_000_000, lease=timedelta(hours=1))
"""Spark divides its work itself: a shard is what its driver can take the results of."""


@dataclass(frozen=True)
class RunHome:
    """The ledger of runs, the folder of the snapshots of those under way, and the engine.

    `served`   where it is counted what departments answered; None where that is not kept
    `index`    what is kept for the pages of a run, written when it is done; None where nobody looks at them
    """

    ledger: Ledger
    snapshots: Path
    now: Callable[[], datetime]
    engine: Literal["duckdb", "spark"] = "duckdb"
    memory_mib: int = 1024
    spark_master: str = "local[*]"
    spark_parts: int = 16
    served: ServedBook | None = None
    index: RunIndex | None = None

    @property
    def pace(self) -> Pace:
        """How a job is cut for the engine."""
        return _SPARK_PACE if self.engine == "spark" else Pace()

    def folder(self, run: str) -> Path:
        """Where the snapshot of a run lies while it is under way."""
        return self.snapshots / run

    def judging(self, run: str, catalogue: Catalogue, pack: Pack) -> Judging:
        """What makes the engine over a run's snapshot. Raises `NoSpark` when it is called."""
        if self.engine == "spark":
            return lambda snapshot, nth: self._on_spark(run, snapshot, nth, catalogue, pack)
        return lambda snapshot, _: Engine(
            snapshot, catalogue, pack, memory_mib=self.memory_mib, many=self._has_many_shards(run)
        )

    def _has_many_shards(self, run: str) -> bool:
        kept = self.ledger.run(run)
        return kept is not None and kept.shards - kept.shards_done > 1

    def count(self, started: int, answered: Mapping[Department, int]) -> None:
        """Count what departments answered, under the index of the entry. Raises `OSError`."""
        count_answered(self.served, started, answered)

    def sweep(self) -> None:
        """Remove snapshots of no run: of one that was killed before the ledger knew it."""
        known = {each.id for each in self.ledger.runs()}
        for folder in self.snapshots.glob("run-*"):
            age = self.now() - datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            if folder.name not in known and age > _LEFT_BEHIND:
                discard(folder)

    @contextmanager
    def _on_spark(
        self, run: str, snapshot: Snapshot, nth: int, catalogue: Catalogue, pack: Pack
    ) -> Iterator[Judges]:
        """An engine over the snapshot as it is stored, or over one made of it, which all machines have to read too."""
        scratch = self.snapshots.parent / "spark"
        folder = self.folder(f"{run}-{nth}-{os.getpid()}" if nth else run)
        with ExitStack() as stack:
            if nth:
                stack.callback(discard, folder)
                store(snapshot, folder)
            session = stack.enter_context(
                spark_session(scratch=scratch, master=self.spark_master, memory_mib=self.memory_mib)
            )
            yield stack.enter_context(SparkEngine(session, folder, catalogue, pack, parts=self.spark_parts))


@contextmanager
def run_home(settings: Settings, *, clock: Callable[[], datetime]) -> Iterator[RunHome]:
    """The home of runs, closed again when the context ends."""
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(settings.runs_database)
    index = RunIndex(settings.runs_database)
    try:
        yield RunHome(
            ledger,
            settings.run_folder / "runs",
            clock,
            engine=settings.run_engine,
            memory_mib=settings.run_memory_mib,
            spark_master=settings.spark_master,
            spark_parts=settings.spark_parts,
            served=ServedBook(settings.run_folder / "served", clock=clock),
            index=index,
        )
    finally:
        index.close()
        ledger.close()
