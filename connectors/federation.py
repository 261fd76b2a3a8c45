"""What do all departments say together? Everybody is asked at once; nobody waits for the sum.

One source down is not an outage: its subjects get `SourceFailed`, the others their answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from connectors.ask import Ask, Clock, Connector
from connectors.failure import Failed
from connectors.served import Tally
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, FailureKind, Found, NotAsked, Outcome, SourceFailed
from vocabulary.record import Record


async def ask_all(
    connectors: Mapping[Department, Connector],
    asks: Sequence[Ask],
    *,
    timeout_s: float,
    clock: Clock,
    tally: Tally | None = None,
) -> Evidence:
    """Give what everybody answered within `timeout_s`: as long as the slowest healthy source takes.

    `tally`   counts who was answered about, before anything is given; raises `OSError` when it cannot

    A department without a connector is `UNREACHABLE`. A subject asked for twice of one record
    type, as a birth is by the child and by the mother, has the rows of both answers.
    """
    answers = await asyncio.gather(
        *(
            _ask_one(connectors.get(ask.record.department), ask, timeout_s=timeout_s, clock=clock)
            for ask in asks
        )
    )
    outcomes: dict[type[Record], dict[str, Outcome]] = {}
    for ask, answer in zip(asks, answers, strict=True):
        if tally is not None:
            tally.count(ask.record.department, answer)
        of_record = outcomes.setdefault(ask.record, {})
        for subject, outcome in answer.items():
            earlier = of_record.get(subject)
            of_record[subject] = outcome if earlier is None else _both(earlier, outcome)
    return Evidence(outcomes)


async def _ask_one(
    connector: Connector | None, ask: Ask, *, timeout_s: float, clock: Clock
) -> Mapping[str, Outcome]:
    department = ask.record.department
    if connector is None:
        why = Failed(FailureKind.UNREACHABLE, "expected an address of this department, got none")
        return why.for_all(ask.ids, department, at=clock())
    try:
        async with asyncio.timeout(timeout_s):
            return await connector.fetch(ask)
    except TimeoutError:
        why = Failed(FailureKind.TIMED_OUT, f"expected an answer within {timeout_s:g} s, got none")
        return why.for_all(ask.ids, department, at=clock())


def _both(one: Outcome, other: Outcome) -> Outcome:
    """Join two answers about one subject: a failure of either leaves the whole untold."""
    for kind in (SourceFailed, NotAsked):
        for outcome in (one, other):
            if isinstance(outcome, kind):
                return outcome
    if isinstance(one, Found) and isinstance(other, Found):
        rows = {row.record_id: row for row in (*one.records, *other.records)}
        return Found(tuple(rows[key] for key in sorted(rows)), one.provenance)
    return one if isinstance(one, Found) else other
