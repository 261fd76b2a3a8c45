"""What became of each household from one kept run to another, and for which of the five reasons? Noted like a run.

The standings come from the runs as they are kept; the reasons need the register's category
history, which is asked for now, of civil affairs alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.ask import Connector, SnapshotFailed
from gateway.errors import CannotRun
from gateway.run_home import RunHome
from gateway.snapshot import rows_of, table_of
from gateway.trace import Trace
from verification.runs.job import NoSuchRun
from verification.runs.ledger import KeptRun, RunState
from verification.standing import Standing, standing_in
from verification.transitions import Tally, Transition, tally, transitions
from vocabulary.codes import Department
from vocabulary.records.civil_affairs import CategoryHistory

_HISTORY = frozenset({"record_id", "as_of", "household", "category", "since", "until", "reason"})


@dataclass(frozen=True)
class Moves:
    """Two runs side by side: every household's transition, in the order of numbers, and how many moved how."""

    before: KeptRun
    after: KeptRun
    transitions: tuple[Transition, ...]
    tally: Tally


async def moves_between(
    before: str,
    after: str,
    *,
    home: RunHome,
    connectors: Mapping[Department, Connector],
    trace: Trace,
    caller: str,
) -> Moves:
    """Compare two runs that are done. Raises `NoSuchRun`, `CannotRun` and `NotLogged`."""
    runs = _done(home, before), _done(home, after)
    terms = runs[1].terms
    started = await trace.run_started(
        by=caller,
        run="moves",
        pack=terms.pack,
        rules=terms.rules,
        households=runs[1].households,
        day=terms.day,
    )
    try:
        found, subjects = await asyncio.to_thread(_compared, home, runs, connectors)
        home.count(started, {Department.CIVIL_AFFAIRS: subjects})
    except BaseException:
        await trace.run_finished(started, state="FAILED", households=0, found={})
        raise
    name = Department.CIVIL_AFFAIRS.value
    await trace.run_finished(
        started,
        state="DONE",
        households=len(found.transitions),
        found={},
        sources={name: "ANSWERED"},
        persons={name: subjects} if subjects else {},
    )
    return found


def _compared(
    home: RunHome, runs: tuple[KeptRun, KeptRun], connectors: Mapping[Department, Connector]
) -> tuple[Moves, int]:
    before, after = runs
    history = _history(connectors)
    found = transitions(
        _standings(home, before),
        _standings(home, after),
        first=before.terms.day,
        second=after.terms.day,
        history=history,
    )
    return Moves(before, after, found, tally(found)), len(history)


def _history(connectors: Mapping[Department, Connector]) -> dict[str, Sequence[CategoryHistory]]:
    try:
        table = table_of(connectors, CategoryHistory, _HISTORY)
    except SnapshotFailed as failure:
        raise CannotRun(str(failure)) from None
    spells: dict[str, list[CategoryHistory]] = {}
    for row in rows_of(CategoryHistory, table):
        spells.setdefault(row.household, []).append(row)
    return dict(spells)


def _standings(home: RunHome, run: KeptRun) -> dict[str, Standing]:
    return {household: standing_in(canonical) for household, canonical in home.ledger.results(run.id)}


def _done(home: RunHome, run: str) -> KeptRun:
    kept = home.ledger.run(run)
    if kept is None:
        raise NoSuchRun(f"expected a run that is kept, got `{run}`")
    if kept.state is not RunState.DONE:
        raise CannotRun(f"expected a run that is done, got `{run}`, which is {kept.state.lower()}")
    return kept
