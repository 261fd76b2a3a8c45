"""How is a long run stopped, killed and taken up again? As a job in a file: shards claimed, judged and written whole.

A shard's judgements and its being done are written in one transaction, so a process killed at
any moment leaves either all of a shard or nothing. Several processes may work at one job: each
claims a shard for so long, and a claim that has run out is anybody's. A job that follows an
earlier one takes over the judgements of households whose inputs did not change.

    Exception
    └── OtherRun    the file holds a run of other rules, another pack or other inputs
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.runs.changes import changed, household_digests
from verification.runs.district import Engine, Progress
from verification.runs.inputs import digest_of
from verification.runs.tables import Snapshot


class OtherRun(Exception):
    """The file holds a run of other rules, another policy pack or other inputs: take another file."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a job works. `lease` is how long a claimed shard is its claimer's."""

    shard_households: int = 20_000
    lease: timedelta = timedelta(minutes=30)
    memory_mib: int = 1024
    threads: int = 2


@dataclass(frozen=True)
class Job:
    """A run over a snapshot, kept in `path`. `now` gives the time, UTC; rules never see it."""

    path: Path
    snapshot: Snapshot
    catalogue: Catalogue
    pack: Pack
    now: Callable[[], datetime]
    terms: Terms = Terms()

    def begin(self, *, after: Path | None = None) -> int:
        """Make the file, or find the job in it; the number of households taken over from the job `after`.

        Raises `OtherRun`. An earlier job by other rules or another pack gives nothing over.
        """
        with self._open() as file:
            file.executescript(_SCHEMA)
            mine = {"rules": self.catalogue.hash, "pack": self.pack.hash, "inputs": digest_of(self.snapshot)}
            found = dict(file.execute("SELECT name, value FROM run"))
            if found and found != mine:
                raise OtherRun(f"expected the run of rules {mine['rules'][:12]} in the file, got another")
            if found:
                return int(file.execute("SELECT COUNT(*) FROM judgement WHERE taken_over").fetchone()[0])
            with _transaction(file):
                taken = self._take_over(file, after, mine)
                self._plan(file)
                file.executemany("INSERT INTO run VALUES (?, ?)", mine.items())
            return taken

    def work(
        self,
        worker: str,
        *,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Judge shards until none is left, or `stop` says so between two; whether the job is done."""
        with (
            self._open() as file,
            Engine(
                self.snapshot,
                self.catalogue,
                self.pack,
                memory_mib=self.terms.memory_mib,
                threads=self.terms.threads,
            ) as engine,
        ):
            while not stop():
                shard = self._claim(file, worker)
                if shard is None:
                    break
                self._judge(file, engine, shard)
                if progress is not None:
                    progress(self._progress(file))
            return self._progress(file).judged == len(self.snapshot.cases)

    def results(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of what is judged so far, in the order of numbers."""
        with self._open() as file:
            yield from file.execute("SELECT household, canonical FROM judgement ORDER BY household")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=60)) as file:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = FULL")
            yield file

    def _take_over(self, file: sqlite3.Connection, after: Path | None, mine: dict[str, str]) -> int:
        now = household_digests(self.snapshot)
        file.executemany("INSERT INTO household VALUES (?, ?)", now.items())
        if after is None:
            return 0
        with closing(sqlite3.connect(after)) as earlier:
            run = dict(earlier.execute("SELECT name, value FROM run"))
            if (run.get("rules"), run.get("pack")) != (mine["rules"], mine["pack"]):
                return 0
            before = dict(earlier.execute("SELECT household, digest FROM household"))
            same = now.keys() - changed(before, now)
            rows = earlier.execute("SELECT household, canonical FROM judgement")
            kept = [(household, judged, True) for household, judged in rows if household in same]
        file.executemany("INSERT INTO judgement VALUES (?, ?, ?)", kept)
        return len(kept)

    def _plan(self, file: sqlite3.Connection) -> None:
        """Shards of the households that are still to be judged, by their numbers."""
        done = {household for (household,) in file.execute("SELECT household FROM judgement")}
        left = sorted(set(self.snapshot.cases["household"].to_pylist()) - done)
        size = self.terms.shard_households
        cuts = [left[start : start + size] for start in range(0, len(left), size)]
        file.executemany(
            "INSERT INTO shard VALUES (?, 'open', NULL, NULL)", [(number,) for number in range(len(cuts))]
        )
        file.executemany(
            "INSERT INTO part VALUES (?, ?)",
            ((number, household) for number, part in enumerate(cuts) for household in part),
        )

    def _claim(self, file: sqlite3.Connection, worker: str) -> int | None:
        at = self.now()
        with _transaction(file):
            free = "SELECT MIN(number) FROM shard WHERE state = 'open' OR (state = 'claimed' AND claimed_until < ?)"
            (number,) = file.execute(free, (at.isoformat(),)).fetchone()
            if number is not None:
                file.execute(
                    "UPDATE shard SET state = 'claimed', worker = ?, claimed_until = ? WHERE number = ?",
                    (worker, (at + self.terms.lease).isoformat(), number),
                )
        return None if number is None else int(number)

    def _judge(self, file: sqlite3.Connection, engine: Engine, shard: int) -> None:
        ours = [row[0] for row in file.execute("SELECT household FROM part WHERE shard = ?", (shard,))]
        cases = self.snapshot.cases
        for _ in engine.load(cases.filter(pc.is_in(cases["household"], pa.array(ours, pa.string())))):
            pass
        judged = [(each.household, canonical(each), False) for each in engine.judgements()]
        with _transaction(file):
            # Another may have taken the shard over when our claim ran out: what it wrote is the same.
            file.executemany("INSERT OR REPLACE INTO judgement VALUES (?, ?, ?)", judged)
            file.execute("UPDATE shard SET state = 'done' WHERE number = ?", (shard,))

    def _progress(self, file: sqlite3.Connection) -> Progress:
        (shards,) = file.execute("SELECT COUNT(*) FROM shard").fetchone()
        (done,) = file.execute("SELECT COUNT(*) FROM shard WHERE state = 'done'").fetchone()
        (judged,) = file.execute("SELECT COUNT(*) FROM judgement").fetchone()
        return Progress(done, shards, judged, self.snapshot.cases.num_rows)


@contextmanager
def _transaction(file: sqlite3.Connection) -> Iterator[None]:
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS shard (number INTEGER PRIMARY KEY, state TEXT NOT NULL, worker TEXT, claimed_until TEXT) STRICT;
CREATE TABLE IF NOT EXISTS part (shard INTEGER NOT NULL, household TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS household (household TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS judgement (
    household TEXT PRIMARY KEY, canonical BLOB NOT NULL, taken_over INTEGER NOT NULL
) STRICT;
"""
