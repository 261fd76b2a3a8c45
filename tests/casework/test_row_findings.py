"""Findings about delivered rows: once each, in few entries, decided by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audit.catalogue import parse_entry
from casework.desk import ChangedMeanwhile, Desk, NotAllowed
from casework.finding import Lack, NotNow
from casework.row_findings import (
    RowState,
    RowSuspicion,
    add_row_findings,
    decide_row_finding,
    row_findings,
)
from tests.casework.desks import CLERK, SUPERVISOR, VERIFIER, Calendar, desk_opened
from vocabulary.codes import Department

ROW = RowSuspicion(
    Department.EDUCATION, "Enrolment", "JY-17", "b" * 64, "Q-education-Enrolment-stage-in_set", "error"
)


def rows(count: int) -> Iterator[RowSuspicion]:
    return (replace(ROW, record_id=f"JY-{at}") for at in range(count))


async def entries_of(desk: Desk, event: str) -> list[object]:
    size = await desk.log.entries(0, (await asyncio.to_thread(desk.log.reader.head)).frontier.size)
    return [entry for entry in map(parse_entry, size) if entry.event == event]


def test_rows_are_registered_once_in_few_entries(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            assert await add_row_findings(desk, VERIFIER, rows(1_100)) == 1_100
            assert len(await entries_of(desk, "finding.changed")) == 3
            assert await add_row_findings(desk, VERIFIER, rows(1_100)) == 0
            assert len(await entries_of(desk, "finding.changed")) == 3
            assert (
                len(await row_findings(desk, VERIFIER, department=Department.EDUCATION, first=2_000)) == 1_100
            )
            assert await row_findings(desk, VERIFIER, department=Department.HEALTH) == []

    asyncio.run(work())


def test_an_open_one_is_not_found_anew_in_the_next_delivery_and_a_settled_one_is(
    url: str, tmp_path: Path
) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            next_time = replace(ROW, batch="c" * 64)
            assert await add_row_findings(desk, VERIFIER, [ROW]) == 1
            assert await add_row_findings(desk, VERIFIER, [next_time]) == 0
            (found,) = await row_findings(desk, VERIFIER)
            settled = await decide_row_finding(desk, VERIFIER, found, confirmed=False, reason="门牌号已核")
            assert (settled.state, settled.reason) == (RowState.WITHDRAWN, "门牌号已核")
            assert await add_row_findings(desk, VERIFIER, [ROW]) == 0
            assert await add_row_findings(desk, VERIFIER, [next_time]) == 1

    asyncio.run(work())


def test_nobody_decides_twice_or_without_a_reason(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            await add_row_findings(desk, VERIFIER, [ROW])
            (found,) = await row_findings(desk, SUPERVISOR, state=RowState.SUSPECTED)
            with pytest.raises(NotNow) as without:
                await decide_row_finding(desk, SUPERVISOR, found, confirmed=True, reason=" ")
            assert without.value.lacks == (Lack.NO_REASON,)
            done = await decide_row_finding(desk, SUPERVISOR, found, confirmed=True, reason="学段与年龄不符")
            with pytest.raises(ChangedMeanwhile):
                await decide_row_finding(desk, SUPERVISOR, found, confirmed=False, reason="另一人")
            with pytest.raises(NotNow):
                await decide_row_finding(desk, SUPERVISOR, done, confirmed=False, reason="再次")
            with pytest.raises(NotAllowed):
                await add_row_findings(desk, CLERK, [ROW])

    asyncio.run(work())


def test_two_who_register_the_same_at_once_register_it_once(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            counts = await asyncio.gather(
                *(add_row_findings(desk, who, rows(20)) for who in (VERIFIER, SUPERVISOR))
            )
            assert sum(counts) == 20
            assert len(await row_findings(desk, VERIFIER, first=100)) == 20

    asyncio.run(work())
