"""What do all departments say together? Everybody is asked at once; nobody waits for the sum.

One source down is not an outage: its subjects get `SourceFailed`, the others their answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from connectors.ask import Ask, Begun, Clock, Connector, Together
from connectors.failure import Failed
from connectors.guard import late
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

    `tally`   counts who was answered about; whoever asks keeps the count (`Tally.write`) before anything leaves
    `hedge`   asks whoever is slow a second time, and counts it

    A department without a connector is `UNREACHABLE`. A subject asked for twice of one record
    type, as a birth is by the child and by the mother, has the rows of both answers.
    """
    groups = _grouped(connectors, asks)
    answers = await _answered(groups, timeout_s=timeout_s, clock=clock, hedge=hedge)
    outcomes: dict[type[Record], Mapping[str, Outcome]] = {}
    for (_, group), given in zip(groups, answers, strict=True):
        for ask, answer in zip(group, given, strict=True):
            if tally is not None:
                tally.count(ask.record.department, answer)
            earlier = outcomes.get(ask.record)
            outcomes[ask.record] = answer if earlier is None else _joined(earlier, answer)
    return Evidence(outcomes)


Group = tuple[Connector | None, list[Ask]]
"""Questions to one source, that go together or are one."""


def _grouped(connectors: Mapping[Department, Connector], asks: Sequence[Ask]) -> list[Group]:
    """Put the questions to one source together where it takes them so; each other stands alone."""
    together: dict[Department, list[Ask]] = {}
    groups: list[Group] = []
    for ask in asks:
        department = ask.record.department
        connector = connectors.get(department)
        # `isinstance` of a runtime protocol costs more than decoding the answer.
        if not getattr(connector, "asks_together", False):
            groups.append((connector, [ask]))
        elif department in together:
            together[department].append(ask)
        else:
            together[department] = [ask]
            groups.append((connector, together[department]))
    return groups


async def _answered(
    groups: Sequence[Group], *, timeout_s: float, clock: Clock, hedge: Hedge | None
) -> list[Answers]:
    """Give the answers group by group. What can be sent at once is; a task is made only for what cannot."""
    loop = asyncio.get_running_loop()  # asked for once: it costs a system call
    ends_at = loop.time() + timeout_s
    under_way: list[Begun | asyncio.Task[Answers]] = []
    limits: dict[float, list[Begun]] = {}
    for connector, asks in groups:
        begin = getattr(connector, "begin", None) if hedge is None else None  # as above
        begun: Begun | None = None if begin is None else begin(asks)
        if begun is None:
            patiently = _ask(connector, asks, timeout_s=timeout_s, clock=clock, hedge=hedge)
            under_way.append(loop.create_task(patiently))
        else:
            under_way.append(begun)
            limits.setdefault(min(timeout_s, begun.limit_s), []).append(begun)
    # One for each time within which some of what was sent must be answered; mostly that is one for all.
    timers = [loop.call_later(limit_s, _give_up, some, limit_s) for limit_s, some in limits.items()]
    answers: list[Answers] = []
    try:
        # What was sent last mostly comes last: who waits for it is woken once for all.
        for _, asks in reversed(groups):
            one = under_way.pop()
            try:
                answers.append(
                    await one if isinstance(one, asyncio.Task) else await one.answers(ends_at=ends_at)
                )
            except TimeoutError:
                answers.append(_none(asks, late(timeout_s), clock))
            except Failed as why:
                answers.append(_none(asks, why, clock))
    finally:
        for timer in timers:
            timer.cancel()
        for one in under_way:
            one.cancel() if isinstance(one, asyncio.Task) else one.drop()
    answers.reverse()
    return answers


Answers = Sequence[Mapping[str, Outcome]]
"""One for each question of a group."""


def _give_up(some: Sequence[Begun], after_s: float) -> None:
    for one in some:
        one.give_up(after_s)


async def _ask(
    connector: Connector | None,
    asks: Sequence[Ask],
    *,
    timeout_s: float,
    clock: Clock,
    hedge: Hedge | None,
) -> Answers:
    """Give the answers to one group of questions, patiently."""
    if connector is None:
        return _none(
            asks, Failed(FailureKind.UNREACHABLE, "expected an address of this department, got none"), clock
        )
    try:
        async with asyncio.timeout(timeout_s):
            if hedge is None:
                return await _fetched(connector, asks)
            department = asks[0].record.department
            return await hedge.ask(lambda: _fetched(connector, asks), department, good=_are_answers)
    except TimeoutError:
        return _none(asks, late(timeout_s), clock)


def _none(asks: Sequence[Ask], why: Failed, clock: Clock) -> Answers:
    at = clock()
    return [why.for_all(ask.ids, ask.record.department, at=at) for ask in asks]


async def _fetched(connector: Connector, asks: Sequence[Ask]) -> Answers:
    if len(asks) == 1:
        return [await connector.fetch(asks[0])]
    assert isinstance(connector, Together)
    return await connector.fetch_all(asks)


def _are_answers(answers: Answers) -> bool:
    return not any(isinstance(outcome, SourceFailed) for answer in answers for outcome in answer.values())


def _joined(one: Mapping[str, Outcome], other: Mapping[str, Outcome]) -> dict[str, Outcome]:
    joined = {**one, **other}
    for subject in one.keys() & other.keys():
        joined[subject] = _both(one[subject], other[subject])
    return joined


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
