"""What is kept of runs? In an SQL database: their shards, whose turn each is, and every judgement.

A shard's judgements and its being done are one transaction, so a process killed at any moment
leaves either all of a shard or nothing. Works on SQLite and on PostgreSQL, and for several
processes at once; a row of a claimed shard that is written twice is written once. What a run
takes over from an earlier one stays where it lies: the run knows which one holds it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from verification.runs.changes import KNOWN
from verification.runs.ledger_tables import FILES, HELD, JUDGEMENT, KNOWN_PARTS, META, PART, RUN, SHARD
from verification.runs.tables import packed, unpacked

_AT_ONCE = 10_000
_KNOWN_AT_ONCE = 250_000


class RunState(StrEnum):
    """Where a run is."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run is of.

    `rules`, `pack`, `inputs`   64 hex digits each: hash of the rules, of the policy pack, digest of the snapshot
    """

    day: date
    rules: str
    pack: str
    inputs: str


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as the database knows it. `judged` of `households`; `begun_at` UTC.

    `entry`   index of the entry of the log that notes its last beginning
    """

    id: str
    begun_at: datetime
    state: RunState
    terms: Terms
    households: int
    judged: int
    shards: int
    shards_done: int
    entry: int | None


class Ledger:
    """The database of runs. Safe for several processes; one object is for one thread."""

    def __init__(self, url: str) -> None:
        """Open the database `url` (SQLAlchemy's form), and make its tables where they are not there."""
        self._engine = sa.create_engine(url, pool_pre_ping=True)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        self._reader = self._engine.execution_options(reading=True)
        with self._engine.begin() as on:
            META.create_all(on)
            # Of an earlier version, which kept a row a household here: no run would ever clear it away.
            on.execute(sa.text("DROP TABLE IF EXISTS run_household"))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    # ------------------------------------------------------------------ one run

    def plan(
        self,
        run: str,
        terms: Terms,
        known: pa.Table,
        *,
        shards: Sequence[Sequence[str]],
        at: datetime,
        entry: int | None = None,
        files: Mapping[str, str] | None = None,
    ) -> bool:
        """Write a new run whole: what is known of its households, and those to be judged in shards.

        `known`   see `changes.KNOWN`
        `files`   sha256 in hex of each file of its snapshot, by name
        False, and nothing written, where a run that holds what is taken over is no longer kept.
        """
        row: dict[str, object] = {"id": run, "begun_at": at.isoformat(), "day": terms.day.isoformat()}
        row |= {"state": RunState.RUNNING if shards else RunState.DONE, "households": len(known)}
        row |= {"rules": terms.rules, "pack": terms.pack, "inputs": terms.inputs, "entry": entry}
        held = known["held_by"].drop_null().value_counts().to_pylist()
        with self._engine.begin() as on:
            holders = sa.select(RUN.c.id).where(RUN.c.id.in_([each["values"] for each in held]))
            if len(on.execute(holders.with_for_update(read=True)).all()) < len(held):
                return False
            on.execute(sa.insert(RUN), [row])
            numbers = range(len(shards))
            _write(on, SHARD, ({"run": run, "number": number, "state": "OPEN"} for number in numbers))
            _write(
                on,
                PART,
                ({"run": run, "shard": n, "households": _packed(shards[n])} for n in numbers),
            )
            _write_known(on, run, known)
            _write(on, FILES, ({"run": run, "name": n, "sha256": d} for n, d in (files or {}).items()))
            _write(
                on,
                HELD,
                ({"run": run, "holder": each["values"], "households": each["counts"]} for each in held),
            )
        return True

    def claim(self, run: str, worker: str, *, now: datetime, until: datetime) -> int | None:
        """A shard that nobody works at, now `worker`'s; None where there is none."""
        with self._engine.begin() as on:
            free = sa.or_(SHARD.c.state == "OPEN", SHARD.c.claimed_until < now.isoformat())
            mine = sa.select(SHARD.c.number).where(SHARD.c.run == run, SHARD.c.state != "DONE", free)
            number = on.execute(
                mine.order_by(SHARD.c.number).limit(1).with_for_update(skip_locked=True)
            ).scalar()
            if number is not None:
                claimed = {"state": "CLAIMED", "worker": worker, "claimed_until": until.isoformat()}
                on.execute(_of_shard(run, number).values(claimed))
        return number

    def renew(self, run: str, shard: int, worker: str, *, until: datetime) -> bool:
        """Keep a claim for longer; False where the run was cancelled meanwhile."""
        with self._engine.begin() as on:
            on.execute(
                _of_shard(run, shard)
                .where(SHARD.c.worker == worker, SHARD.c.state == "CLAIMED")
                .values(claimed_until=until.isoformat())
            )
            return on.execute(sa.select(RUN.c.state).where(RUN.c.id == run)).scalar() == RunState.RUNNING

    def release(self, run: str, workers: Iterable[str]) -> None:
        """Give back what these workers had claimed: they are gone."""
        with self._engine.begin() as on:
            on.execute(
                sa.update(SHARD)
                .where(SHARD.c.run == run, SHARD.c.state == "CLAIMED", SHARD.c.worker.in_(list(workers)))
                .values(state="OPEN", worker=None, claimed_until=None)
            )

    def households(self, run: str, shard: int) -> list[str]:
        """The households of a shard, in order."""
        of_shard = sa.select(PART.c.households).where(PART.c.run == run, PART.c.shard == shard)
        with self._reader.connect() as on:
            found: list[str] = unpacked(on.execute(of_shard).scalar_one())["household"].to_pylist()
        return found

    def finish(self, run: str, shard: int, judged: Iterable[tuple[str, bytes]]) -> bool:
        """Write a shard's judgements and that it is done, in one transaction; False where the run was cancelled.

        A shard of a claim that had run out may be written twice; the second time changes nothing.
        """
        with self._engine.begin() as on:
            # Locked for us alone: of two who finish the last shards at once, the later must see the earlier.
            state = on.execute(sa.select(RUN.c.state).where(RUN.c.id == run).with_for_update())
            if state.scalar() != RunState.RUNNING:
                return False
            _write(on, JUDGEMENT, _rows(run, judged), insert=self._insert_new)
            on.execute(_of_shard(run, shard).values(state="DONE"))
            left = sa.select(sa.func.count()).where(SHARD.c.run == run, SHARD.c.state != "DONE")
            if on.execute(left).scalar() == 0:
                on.execute(sa.update(RUN).where(RUN.c.id == run).values(state=RunState.DONE))
        return True

    def close_run(self, run: str, state: RunState) -> bool:
        """End a run that is under way; False where it had ended."""
        with self._engine.begin() as on:
            ended = on.execute(
                sa.update(RUN)
                .where(RUN.c.id == run, RUN.c.state == RunState.RUNNING)
                .values(state=state)
                .returning(RUN.c.id)
            )
            return ended.scalar() is not None

    def note(self, run: str, entry: int) -> None:
        """Say which entry of the log notes the run's last beginning."""
        with self._engine.begin() as on:
            on.execute(sa.update(RUN).where(RUN.c.id == run).values(entry=entry))

    def forget(self, run: str) -> None:
        """Remove a run and every judgement of it; a run that took some over gets them for its own."""
        with self._engine.begin() as on:
            on.execute(sa.select(RUN.c.id).where(RUN.c.id == run).with_for_update())
            for (heir,) in on.execute(sa.select(HELD.c.run).where(HELD.c.holder == run)).all():
                self._hand_down(on, run, heir)
            on.execute(sa.delete(HELD).where(sa.or_(HELD.c.run == run, HELD.c.holder == run)))
            for table in (JUDGEMENT, KNOWN_PARTS, PART, SHARD, FILES):
                on.execute(sa.delete(table).where(table.c.run == run))
            on.execute(sa.delete(RUN).where(RUN.c.id == run))

    def _hand_down(self, on: sa.Connection, run: str, heir: str) -> None:
        known = _known(on, heir)
        theirs = pc.equal(known["held_by"], run)
        wanted = set(known.filter(theirs)["household"].to_pylist())
        rows = ((household, canonical) for household, canonical in self._own(run) if household in wanted)
        _write(on, JUDGEMENT, _rows(heir, rows))
        on.execute(sa.delete(KNOWN_PARTS).where(KNOWN_PARTS.c.run == heir))
        own = pc.if_else(pc.fill_null(theirs, False), pa.scalar(heir), known["held_by"])
        _write_known(on, heir, known.set_column(known.schema.get_field_index("held_by"), "held_by", own))

    # ------------------------------------------------------------------ what is there

    def run(self, run: str) -> KeptRun | None:
        """One run, or None."""
        return next(iter(self._runs(RUN.c.id == run)), None)

    def runs(self) -> list[KeptRun]:
        """Every run, the newest first."""
        return self._runs(sa.true())

    def workers(self, run: str) -> set[str]:
        """Who has claimed a shard that is not done."""
        claimed = sa.select(SHARD.c.worker).where(SHARD.c.run == run, SHARD.c.state == "CLAIMED")
        with self._reader.connect() as on:
            return {str(worker) for worker in on.execute(claimed).scalars()}

    def files(self, run: str) -> dict[str, str]:
        """sha256 in hex of each file of its snapshot, by name, as it was when the run began."""
        with self._reader.connect() as on:
            rows = on.execute(sa.select(FILES.c.name, FILES.c.sha256).where(FILES.c.run == run)).all()
        return {row.name: row.sha256 for row in rows}

    def taken_over(self, run: str) -> int:
        """How many households' judgements were taken over from an earlier run."""
        known = self.known(run)
        return len(known) - int(known["held_by"].null_count)

    def known(self, run: str) -> pa.Table:
        """What each household's judgement rests on, and who holds it; see `changes.KNOWN`."""
        with self._reader.connect() as on:
            return _known(on, run)

    def results(self, run: str) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of what is judged so far, in the order of numbers."""
        holders = sa.select(HELD.c.holder).where(HELD.c.run == run)
        with self._reader.connect() as on:
            names = [holder for (holder,) in on.execute(holders)]
        if not names:
            yield from self._own(run)
            return
        known = self.known(run)
        held = (self._held(name, known.filter(pc.equal(known["held_by"], name))) for name in names)
        yield from heapq.merge(self._own(run), *held, key=itemgetter(0))

    def _held(self, holder: str, known: pa.Table) -> Iterator[tuple[str, bytes]]:
        """What an earlier run holds of these households."""
        wanted = set(known["household"].to_pylist())
        return ((household, canonical) for household, canonical in self._own(holder) if household in wanted)

    def _own(self, run: str) -> Iterator[tuple[str, bytes]]:
        # By bytes: what databases hold to be the order of texts differs.
        by = JUDGEMENT.c.household if self._engine.dialect.name == "sqlite" else _by_bytes()
        rows = sa.select(JUDGEMENT.c.household, JUDGEMENT.c.canonical).where(JUDGEMENT.c.run == run)
        with self._reader.connect() as on:
            streamed = on.execution_options(stream_results=True, yield_per=1_000).execute(rows.order_by(by))
            for household, canonical in streamed:
                yield household, bytes(canonical)

    def _runs(self, which: sa.ColumnElement[bool]) -> list[KeptRun]:
        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
            return sa.select(sa.func.count()).where(table.c.run == RUN.c.id, *where).scalar_subquery()

        held = sa.select(sa.func.coalesce(sa.func.sum(HELD.c.households), 0)).where(HELD.c.run == RUN.c.id)
        judged = count(JUDGEMENT) + sa.cast(held.scalar_subquery(), sa.BigInteger)
        counts = (judged, count(SHARD), count(SHARD, SHARD.c.state == "DONE"))
        query = sa.select(RUN, *counts).where(which).order_by(RUN.c.begun_at.desc(), RUN.c.id)
        with self._reader.connect() as on:
            return [_kept(row, *row[-3:]) for row in on.execute(query)]

    def _insert_new(self, table: sa.Table) -> sa.Insert:
        if self._engine.dialect.name == "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()


def _kept(row: sa.Row[Any], judged: int, shards: int, done: int) -> KeptRun:
    terms = Terms(date.fromisoformat(row.day), row.rules, row.pack, row.inputs)
    begun = datetime.fromisoformat(row.begun_at)
    return KeptRun(row.id, begun, RunState(row.state), terms, row.households, judged, shards, done, row.entry)


def _by_bytes() -> sa.ColumnElement[str]:
    return sa.collate(JUDGEMENT.c.household, "C")


def _of_shard(run: str, number: int) -> sa.Update:
    return sa.update(SHARD).where(SHARD.c.run == run, SHARD.c.number == number)


def _rows(run: str, judged: Iterable[tuple[str, bytes]]) -> Iterator[dict[str, object]]:
    return ({"run": run, "household": household, "canonical": canonical} for household, canonical in judged)


def _packed(households: Sequence[str]) -> bytes:
    return packed(pa.table({"household": pa.array(households, pa.string())}))


def _known(on: sa.Connection, run: str) -> pa.Table:
    parts = sa.select(KNOWN_PARTS.c.known).where(KNOWN_PARTS.c.run == run).order_by(KNOWN_PARTS.c.number)
    return pa.concat_tables([KNOWN.empty_table(), *(unpacked(each) for each in on.execute(parts).scalars())])


def _write_known(on: sa.Connection, run: str, known: pa.Table) -> None:
    starts = range(0, len(known), _KNOWN_AT_ONCE)
    parts = ((number, known.slice(start, _KNOWN_AT_ONCE)) for number, start in enumerate(starts))
    _write(on, KNOWN_PARTS, ({"run": run, "number": number, "known": packed(part)} for number, part in parts))


def _write(
    on: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]], *, insert: Any = sa.insert
) -> None:
    """Rows, so many at a time."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            on.execute(insert(table), batch)
            batch = []
    if batch:
        on.execute(insert(table), batch)


def _begin_sqlite(connection: sa.Connection) -> None:
    # Who means to write says so at once: a reader that turns writer may find that it is too late.
    reads = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 60000")
