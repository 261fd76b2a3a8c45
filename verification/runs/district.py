"""What do the rules say of every household of a district? The same judgements as one at a time, by DuckDB, in shards.

A shard is a range of household numbers with all records of its people. Judgements come in
the order of household numbers, shard by shard, and only one shard is held at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa

from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.parameter import Pack
from verification.language.rule import Catalogue, Rule
from verification.language.to_python import Found, Judgement, because_of
from verification.language.to_sql import Answered, Sql
from verification.language.values import Result
from verification.runs import duck
from verification.runs.loading import load, load_part, number_whole
from verification.runs.numbered import NAMES, keys_of
from verification.runs.readable import blamed, require_readable
from verification.runs.sealed import Tables, sealed
from verification.runs.spill import Spill
from verification.runs.tables import Snapshot, listing_of
from vocabulary.evidence import Answer


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
    """A catalogue on a database of its own, over one snapshot: load a shard, then take its judgements.

    `many`   many shards are to come, so that it pays to number the snapshot first; else it is
             numbered when a second one comes
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
    ) -> None:
        """Raises `BadSnapshot` for one that lacks a column or has one of another type, `PackGap`."""
        require_readable(snapshot, catalogue.reads())
        self._snapshot = snapshot
        self._many, self._begun, self._numbered = many, False, False
        self._sql = Sql(catalogue, pack, on=_only_day(snapshot.cases), names=NAMES)
        # What does not fit in memory: only we may read it, and it goes when we go, or with the next run.
        self._spilled = Spill()
        self._connection = duck.connect(memory_mib=memory_mib, threads=threads, spill=self._spilled.name)
        self.steps = len(self._sql.statements) + 1
        """Steps a shard: one a statement, and one for taking the judgements."""

    def load(self, cases: pa.Table) -> Iterator[str]:
        """Tell every fact of some cases of the snapshot, naming each step when it is done. Raises `BadSnapshot`."""
        with blamed(self._snapshot, self._sql.catalogue.reads()):
            if self._many or self._begun:
                self._load_part(cases)
            else:
                load(self._connection, replace(self._snapshot, cases=cases), self._sql)
        self._begun = True
        yield from duck.run(self._connection, self._sql)

    def _load_part(self, cases: pa.Table) -> None:
        reads = self._sql.catalogue.reads()
        if not self._numbered:
            whole = Path(self._spilled.name, "whole.db")
            number_whole(self._connection, self._snapshot, reads, file=whole)
            self._numbered = True
        load_part(self._connection, cases, reads)

    def judgements(self) -> Iterator[Judgement]:
        """The judgements of the cases loaded last, in the order of household numbers."""
        return assembled(
            self._sql,
            lambda level: duck.told(self._connection, level, self._sql.told[level], NAMES),
            lambda level, answered: duck.answers(self._connection, level, answered, NAMES),
        )

    def sealed(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of the cases loaded last: the bytes, without the objects."""
        return sealed(self.tables(), self._sql)

    def tables(self) -> Tables:
        """The same as columns, which take the least to make."""
        told = {
            level: duck.told_table(self._connection, level, self._sql.told[level], NAMES)
            for level in (HOUSEHOLD, MEMBER)
        }
        answers = {
            each.rule.number: duck.answers_table(self._connection, level, each, NAMES)
            for level in (HOUSEHOLD, MEMBER)
            for each in self._sql.answers[level]
        }
        return Tables(told, answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._spilled.cleanup()


def cut(cases: pa.Table, households: int) -> list[pa.Table]:
    """Cases in the order of household numbers, so many at a time."""
    ordered = cases.sort_by("household")
    return [ordered.slice(start, households) for start in range(0, ordered.num_rows, households)]


def restricted(snapshot: Snapshot, cases: pa.Table) -> Snapshot:
    """What a snapshot holds about some of its cases and the people listed with them, in memory."""
    with duckdb.connect() as connection:
        connection.register("shard", cases)
        connection.register("listed", listing_of(snapshot))
        connection.execute(
            'CREATE TEMP TABLE shard_people AS SELECT DISTINCT l."person" FROM listed AS l'
            ' SEMI JOIN shard AS s ON s."household" = l."household"'
        )
        tables = {}
        for record, table in snapshot.tables.items():
            connection.register("all_rows", table)
            tests = [_is_ours(name) for name in keys_of(record, table.schema.names)]
            query = f"SELECT * FROM all_rows AS r WHERE {' OR '.join(tests)}"
            tables[record] = connection.sql(query).to_arrow_table()
            connection.unregister("all_rows")
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


def assembled(
    sql: Sql,
    told: Callable[[str], Iterable[duck.Told]],
    answers: Callable[[str, Answered], Iterable[duck.Answer]],
) -> Iterator[Judgement]:
    """The judgements that an engine's rows make up, in the order of household numbers.

    `told`      the facts told on a level, `answers` what a rule answers that is not NO; households in order
    """
    members: dict[str, dict[str, dict[str, Result]]] = {}
    for household, person, facts in told(MEMBER):
        members.setdefault(household, {})[person or ""] = facts
    found: dict[str, list[Found]] = {}
    for level in (HOUSEHOLD, MEMBER):
        for answered in sql.answers[level]:
            for household, each in _found(answered.rule, answers(level, answered)):
                found.setdefault(household, []).append(each)
    for household, _, facts in told(HOUSEHOLD):
        ours = sorted(found.get(household, ()), key=lambda each: (each.rule.number, each.person or ""))
        yield Judgement(household, facts, members.get(household, {}), tuple(ours))


def _found(rule: Rule, rows: Iterable[duck.Answer]) -> Iterator[tuple[str, Found]]:
    for household, person, own, mask, among, answer, milder, evidence in rows:
        because = because_of(rule.doubts, own=own, household=mask, among=among) if answer is None else ()
        severity = rule.milder[0] if milder and rule.milder is not None else rule.severity
        yield household, Found(rule, person, Answer.of(answer), severity, evidence, because)
