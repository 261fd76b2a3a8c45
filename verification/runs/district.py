"""What do the rules say of every household of a district? The same judgements as one at a time, by DuckDB, in shards.

A shard is a range of household numbers with all records of its people. Judgements come in
the order of household numbers, shard by shard, and only one shard is held at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.language.to_python import Judgement
from verification.language.to_sql import Sql
from verification.runs.abreast import abreast
from verification.runs.assembling import assembled
from verification.runs.desk import Desk
from verification.runs.loading import looked_at
from verification.runs.numbered import NAMES, keys_of
from verification.runs.readable import blamed, require_readable
from verification.runs.sealed import Tables, joined, sealed
from verification.runs.spill import Spill
from verification.runs.tables import Snapshot, listing_of


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: steps done of all steps, and households judged of all households."""

    done: int
    of: int
    judged: int
    households: int


Told = Callable[[Progress], None]


def judge_district(
    snapshot: Snapshot,
    catalogue: Catalogue,
    pack: Pack,
    *,
    shard_households: int = 40_000,
    memory_mib: int = 1024,
    threads: int = 2,
    progress: Told | None = None,
) -> Iterator[Judgement]:
    """One judgement a household of `snapshot.cases`, in the order of household numbers.

    `shard_households`  so many at a time; `progress` is called after each step of each shard
    Raises `PackGap` for a pack that lacks a parameter, `BadSnapshot` for tables that are not what the rules
    read; nothing else that records hold makes it fail.
    """
    shards = cut(snapshot.cases, shard_households)
    many = len(shards) > 1
    with Engine(snapshot, catalogue, pack, memory_mib=memory_mib, threads=threads, many=many) as engine:
        steps, done, judged = len(shards) * engine.steps, 0, 0
        for cases in shards:
            for _ in engine.load(cases):
                done += 1
                _tell(progress, Progress(done, steps, judged, snapshot.cases.num_rows))
            yield from engine.judgements()
            judged, done = judged + cases.num_rows, done + 1
            _tell(progress, Progress(done, steps, judged, snapshot.cases.num_rows))


class Engine:
    """A catalogue over one snapshot, at as many desks as there are threads: load a shard, then take its judgements.

    `memory_mib`   what the databases may hold in memory together
    `many`         many shards are to come, so that it pays to number the snapshot first; else it is
                   numbered when a second one comes
    `worth_a_desk` so many households at least have a desk to themselves: each desk plans every statement anew
    """

    def __init__(
        self,
        snapshot: Snapshot,
        catalogue: Catalogue,
        pack: Pack,
        *,
        memory_mib: int = 1024,
        threads: int = 2,
        many: bool = False,
        worth_a_desk: int = 15_000,
    ) -> None:
        """Raises `BadSnapshot` for one that lacks a column or has one of another type, `PackGap`."""
        require_readable(snapshot, catalogue.reads())
        self._snapshot, self._many, self._begun, self._numbered = snapshot, many, False, False
        self._threads, self._memory_mib, self._worth_a_desk = threads, memory_mib, worth_a_desk
        self._sql = Sql(catalogue, pack, on=_only_day(snapshot.cases), names=NAMES)
        # What does not fit in memory: only we may read it, and it goes when we go, or with the next run.
        self._spilled = Spill()
        self._desks: list[Desk] = []
        self._busy: list[Desk] = []
        self.steps = len(self._sql.statements) + 1
        """Steps a shard: one a statement, and one for taking the judgements."""

    def load(self, cases: pa.Table) -> Iterator[str]:
        """Tell every fact of some cases of the snapshot, naming each step when it is done. Raises `BadSnapshot`."""
        numbered, self._begun = self._many or self._begun, True
        if numbered and not self._numbered:
            self._number_whole()
        count = max(1, min(self._threads, len(cases) // self._worth_a_desk))
        parts = cut(cases, -(-len(cases) // count)) if count > 1 else [cases]
        pa.default_memory_pool().release_unused()  # what reading the cases took is the databases' from here on
        self._busy = self._open(len(parts))
        loads = [desk.load_part if numbered else desk.load for desk in self._busy]
        works = [load(part) for load, part in zip(loads, parts, strict=True)]
        with blamed(self._snapshot, self._sql.catalogue.reads()):
            yield from abreast(works, interrupt=self._interrupt)

    def judgements(self) -> Iterator[Judgement]:
        """The judgements of the cases loaded last, in the order of household numbers."""
        return chain.from_iterable(assembled(self._sql, desk.tables()) for desk in self._busy)

    def sealed(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of the cases loaded last: the bytes, without the objects."""
        return sealed(self.tables(), self._sql)

    def tables(self) -> Tables:
        """The same as columns, which take the least to make."""
        with ThreadPoolExecutor(len(self._busy)) as pool:
            return joined(list(pool.map(Desk.tables, self._busy)))

    def _interrupt(self) -> None:
        for desk in self._busy:
            desk.interrupt()

    def _number_whole(self) -> None:
        file = Path(self._spilled.name, "whole.db")
        desks = self._open(self._threads)
        with blamed(self._snapshot, self._sql.catalogue.reads()):
            desks[0].number_whole(file, memory_mib=self._memory_mib, threads=self._threads)
        for desk in desks:
            desk.look_at_whole(file)
        file.unlink()  # nothing is written to it any more, and what is open can be read
        self._numbered = True

    def _open(self, count: int) -> list[Desk]:
        """So many desks, each with its share of memory."""
        for nth in range(len(self._desks), count):
            spill = Path(self._spilled.name, str(nth))
            spill.mkdir()
            share = self._memory_mib // self._threads
            self._desks.append(Desk(self._snapshot, self._sql, memory_mib=share, spill=spill))
        return self._desks[:count]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for desk in self._desks:
            desk.close()
        self._spilled.cleanup()


def cut(cases: pa.Table, households: int) -> list[pa.Table]:
    """Cases in the order of household numbers, so many at a time."""
    ordered = cases.sort_by("household")
    return [ordered.slice(start, households) for start in range(0, ordered.num_rows, households)]


def restricted(snapshot: Snapshot, cases: pa.Table) -> Snapshot:
    """What a snapshot holds about some of its cases and the people listed with them, in memory."""
    with duckdb.connect() as connection:
        connection.register("shard", cases)
        listed = looked_at(connection, listing_of(snapshot), "listed")
        connection.execute(
            f'CREATE TEMP TABLE shard_people AS SELECT DISTINCT l."person" FROM {listed} AS l'
            ' SEMI JOIN shard AS s ON s."household" = l."household"'
        )
        tables = {}
        for record, table in snapshot.tables.items():
            rows = looked_at(connection, table, "all_rows")
            tests = [_is_ours(name) for name in keys_of(record, table.schema.names)]
            query = f"SELECT * FROM {rows} AS r WHERE {' OR '.join(tests)}"
            tables[record] = connection.sql(query).to_arrow_table()
        connection.register("all_masks", snapshot.persons)
        masks = 'SELECT * FROM all_masks AS m SEMI JOIN shard_people AS p ON p."person" = m."person"'
        return Snapshot(tables, cases, connection.sql(masks).to_arrow_table())


def _only_day(cases: pa.Table) -> date | None:
    """The day of all cases, where it is one: then far less has to be worked out for each of them."""
    days = cases["on"].unique().to_pylist()
    return days[0] if len(days) == 1 else None


def _tell(progress: Told | None, now: Progress) -> None:
    if progress is not None:
        progress(now)


def _is_ours(name: str) -> str:
    if name == "household":
        return 'r."household" IN (SELECT "household" FROM shard)'
    return f'r."{name}" IN (SELECT "person" FROM shard_people)'
