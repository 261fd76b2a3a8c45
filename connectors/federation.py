"""What do all departments say together? Everybody is asked at once; nobody waits for the sum.

One source down is not an outage: its subjects get `SourceFailed`, the others their answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain

from connectors.ask import Ask, Clock, Connector, Together
from connectors.failure import Failed
from connectors.hedge import Hedge
from connectors.served import Tally
from vocabulary.codes import Department
from vocabulary.evidence import (
    Evidence,
    FailureKind,
    Found,
    NoRecord,
    NotAsked,
    Outcome,
    Quality,
    SourceFailed,
)
from vocabulary.record import Record


async def ask_all(
    connectors: Mapping[Department, Connector],
    asks: Sequence[Ask],
    *,
    timeout_s: float,
    clock: Clock,
    tally: Tally | None = None,
    hedge: Hedge | None = None,
) -> Evidence:
    """Give what everybody answered within `timeout_s`: as long as the slowest healthy source takes.

    `tally`   counts who was answered about, before anything is given; raises `OSError` when it cannot
    `hedge`   asks whoever is slow a second time, and counts it

    A department without a connector is `UNREACHABLE`. A subject asked for twice of one record
    type, as a birth is by the child and by the mother, has the rows of both answers.
    """
    groups = _grouped(connectors, asks)
    answers = await asyncio.gather(
        *(
            _ask(
                connectors.get(group[0].record.department),
                group,
                timeout_s=timeout_s,
                clock=clock,
                hedge=hedge,
            )
            for group in groups
        )
    )
    outcomes: dict[type[Record], dict[str, Outcome]] = {}
    for ask, answer in zip(chain(*groups), chain(*answers), strict=True):
        if tally is not None:
            tally.count(ask.record.department, answer)
        of_record = outcomes.get(ask.record)
        if of_record is None:
            outcomes[ask.record] = dict(answer)
            continue
        for subject, outcome in answer.items():
            earlier = of_record.get(subject)
            of_record[subject] = outcome if earlier is None else _both(earlier, outcome)
    return Evidence(outcomes)


def _grouped(connectors: Mapping[Department, Connector], asks: Sequence[Ask]) -> list[list[Ask]]:
    """Put the questions to one source together where it takes them so; each other stands alone."""
    together: dict[Department, list[Ask]] = {}
    groups: list[list[Ask]] = []
    for ask in asks:
        connector = connectors.get(ask.record.department)
        if not (isinstance(connector, Together) and connector.asks_together):
            groups.append([ask])
        elif ask.record.department in together:
            together[ask.record.department].append(ask)
        else:
            groups.append(together.setdefault(ask.record.department, [ask]))
    return groups


async def _ask(
    connector: Connector | None,
    asks: Sequence[Ask],
    *,
    timeout_s: float,
    clock: Clock,
    hedge: Hedge | None,
) -> Sequence[Mapping[str, Outcome]]:
    """Give the answers to one group of questions, which is of one department."""
    department = asks[0].record.department
    if connector is None:
        why = Failed(FailureKind.UNREACHABLE, "expected an address of this department, got none")
        return [why.for_all(ask.ids, department, at=clock()) for ask in asks]
    try:
        async with asyncio.timeout(timeout_s):
            if hedge is None:
                return await _fetched(connector, asks)
            return await hedge.ask(lambda: _fetched(connector, asks), department, good=_are_answers)
    except TimeoutError:
        why = Failed(FailureKind.TIMED_OUT, f"expected an answer within {timeout_s:g} s, got none")
        return [why.for_all(ask.ids, department, at=clock()) for ask in asks]


async def _fetched(connector: Connector, asks: Sequence[Ask]) -> Sequence[Mapping[str, Outcome]]:
    if len(asks) == 1:
        return [await connector.fetch(asks[0])]
    assert isinstance(connector, Together)
    return await connector.fetch_all(asks)


def _are_answers(answers: Sequence[Mapping[str, Outcome]]) -> bool:
    return not any(isinstance(outcome, SourceFailed) for answer in answers for outcome in answer.values())


def _both(one: Outcome, other: Outcome) -> Outcome:
    """Join two answers about one subject: a failure of either leaves the whole untold."""
    for kind in (SourceFailed, NotAsked):
        for outcome in (one, other):
            if isinstance(outcome, kind):
                return outcome
    assert isinstance(one, Found | NoRecord)
    assert isinstance(other, Found | NoRecord)
    came_from = one.provenance if one.provenance.quality is Quality.DOUBTFUL else other.provenance
    rows = {row.record_id: row for each in (one, other) if isinstance(each, Found) for row in each.records}
    return Found(tuple(rows[key] for key in sorted(rows)), came_from) if rows else NoRecord(came_from)
