"""Which households stand behind each number of a run's results, and what moved between two? An index over what is kept.

Everything here follows from the judgements in the ledger, which are read once, when the run is done
and somebody asks for the first time; dropping it all loses nothing. It lies in the ledger's database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import msgspec
import sqlalchemy as sa

from gateway.run_results import Judged, RuleCount, read_judged, tallied
from verification.language.rule import Severity
from verification.transitions import Move, Transition
from vocabulary.codes import Category
from vocabulary.evidence import Answer

_metadata = sa.MetaData()
_SUMMARY = sa.Table(
    "run_summary",
    _metadata,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("told", sa.Text, nullable=False),  # `Counts` as JSON
)
_ROW = sa.Table(
    "run_row",
    _metadata,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("row", sa.String(80), primary_key=True),
    sa.Column("household", sa.String(64), primary_key=True),
)
_MOVES = sa.Table(
    "run_moves",
    _metadata,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("before", sa.String(64), primary_key=True),
    sa.Column("begun", sa.BigInteger, nullable=False),  # seconds since 1970
    sa.Column("told", sa.Text),  # sizes as JSON; none while they are compared
)
_AT_ONCE = 10_000
UNTOLD = "-"
GIVEN_UP = timedelta(minutes=15)
"""A comparison that has not ended by then was killed."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Households by category, under `-` those that could not be told; and answers by rule."""

    categories: Mapping[str, int]
    rules: tuple[RuleCount, ...]

    def of(self, category: Category | None) -> int:
        """How many households are in a category; None asks for those that could not be told."""
        return self.categories.get(category.value if category else UNTOLD, 0)

    @property
    def by_category(self) -> dict[Category | None, int]:
        """The households by category; under None those that could not be told."""
        return {None if each == UNTOLD else Category(each): many for each, many in self.categories.items()}

    @property
    def by_weight(self) -> list[RuleCount]:
        """The rules, what weighs most first: conflicts before what is to be looked at, and what was determined last."""
        return sorted(self.rules, key=lambda each: -list(Severity).index(Severity(each.severity)))

    def found_of(self, rule: str) -> int:
        """How often a rule found something."""
        return next((each.found for each in self.rules if each.rule == rule), 0)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Households and persons by move, and by reason; the keys are codes."""

    moves: Mapping[str, tuple[int, int]]
    reasons: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Two runs are being compared."""


def of_rule(rule: str) -> str:
    """The row of the households in which a rule found something."""
    return f"rule {rule}"


def of_category(category: Category | None) -> str:
    """The row of the households of a category; None for those that could not be told."""
    return f"category {category.value if category else UNTOLD}"


def of_move(before: str, move: Move) -> str:
    """The row of the households that moved so since an earlier run."""
    return f"{move.value} {before}"


class RunIndex:
    """The index in one database. Safe from several threads and processes; end with `close`."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, pool_pre_ping=True)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
        try:
            _metadata.create_all(self._engine)
        except sa.exc.DBAPIError:  # another process made it at the same moment: now it is there
            _metadata.create_all(self._engine)

    def counts(self, run: str, results: Iterable[tuple[str, bytes]]) -> Counts:
        """What a run that is done came to. The first time it is read from `results`, as the ledger gives them."""
        query = sa.select(_SUMMARY.c.told).where(_SUMMARY.c.run == run)
        with self._engine.connect() as connection:
            told = connection.execute(query).scalar()
        if told is None:
            return self._filled(run, results)
        return msgspec.json.decode(told, type=Counts)

    def households(self, run: str, row: str, *, first: int, after: str = "") -> list[str]:
        """The numbers of the households of a row, in order, from behind `after`. Empty before `counts` was asked."""
        query = sa.select(_ROW.c.household).where(_ROW.c.run == run, _ROW.c.row == row)
        ordered = query.where(_ROW.c.household > after).order_by(_ROW.c.household).limit(first)
        with self._engine.connect() as connection:
            return list(connection.execute(ordered).scalars())

    def moves(self, run: str, before: str, *, at: datetime) -> Sizes | UnderWay | None:
        """What moved since an earlier run; None where nobody compared them."""
        query = sa.select(_MOVES.c.begun, _MOVES.c.told).where(_MOVES.c.run == run, _MOVES.c.before == before)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None or (row.told is None and at.timestamp() - row.begun > GIVEN_UP.total_seconds()):
            return None
        return UnderWay() if row.told is None else msgspec.json.decode(row.told, type=Sizes)

    def compared_with(self, run: str) -> set[str]:
        """The earlier runs with which a run was compared."""
        query = sa.select(_MOVES.c.before).where(_MOVES.c.run == run, _MOVES.c.told.is_not(None))
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def comparing(self, run: str, before: str, *, at: datetime) -> bool:
        """Note that two runs are being compared from now on; False where somebody else does."""
        with self._engine.begin() as connection:
            oldest = int((at - GIVEN_UP).timestamp())
            same = (_MOVES.c.run == run, _MOVES.c.before == before)
            connection.execute(_MOVES.delete().where(*same, _MOVES.c.told.is_(None), _MOVES.c.begun < oldest))
            if connection.execute(sa.select(_MOVES.c.run).where(*same)).first() is not None:
                return False
            connection.execute(_MOVES.insert().values(run=run, before=before, begun=int(at.timestamp())))
        return True

    def compared(self, run: str, before: str, sizes: Sizes, found: Iterable[Transition]) -> None:
        """Keep what the comparison came to."""
        same = (_MOVES.c.run == run, _MOVES.c.before == before)
        rows = (
            {"run": run, "row": of_move(before, each.move), "household": each.household}
            for each in found
            if each.move is not Move.UNCHANGED
        )
        with self._engine.begin() as connection:
            connection.execute(_MOVES.update().where(*same).values(told=msgspec.json.encode(sizes).decode()))
            _write(connection, rows)

    def not_compared(self, run: str, before: str) -> None:
        """Forget a comparison that failed."""
        same = (_MOVES.c.run == run, _MOVES.c.before == before, _MOVES.c.told.is_(None))
        with self._engine.begin() as connection:
            connection.execute(_MOVES.delete().where(*same))

    def keep_only(self, runs: Iterable[str]) -> None:
        """Forget what is of runs that are gone."""
        known = list(runs)
        with self._engine.begin() as connection:
            for table in (_SUMMARY, _ROW, _MOVES):
                there = connection.execute(sa.select(table.c.run).distinct()).scalars()
                gone = sorted(set(there).difference(known))
                connection.execute(table.delete().where(table.c.run.in_(gone)))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _filled(self, run: str, results: Iterable[tuple[str, bytes]]) -> Counts:
        judged = [(household, read_judged(canonical)) for household, canonical in results]
        categories, rules = tallied(each for _, each in judged)
        counts = Counts({one.value if one else UNTOLD: many for one, many in categories.items()}, rules)
        try:
            with self._engine.begin() as connection:
                told = msgspec.json.encode(counts).decode()
                connection.execute(_SUMMARY.insert().values(run=run, told=told))
                _write(connection, _rows(run, judged))
        except sa.exc.IntegrityError:  # another process was first, and wrote the same
            pass
        return counts


def _rows(run: str, judged: Sequence[tuple[str, Judged]]) -> Iterator[dict[str, str]]:
    for household, judgement in judged:
        yield {"run": run, "row": of_category(judgement.category), "household": household}
        for rule in sorted({each.rule for each in judgement.found if each.answer is Answer.YES}):
            yield {"run": run, "row": of_rule(rule), "household": household}


def _write(connection: sa.Connection, rows: Iterator[dict[str, str]]) -> None:
    while batch := list(islice(rows, _AT_ONCE)):
        connection.execute(_ROW.insert(), batch)


def _set_up_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # sqlalchemy names no type for it
    cursor.execute("PRAGMA busy_timeout = 60000")
    cursor.close()
