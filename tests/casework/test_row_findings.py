"""Findings about delivered rows: once each, in few entries, decided by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audit.catalogue import parse_entry
from casework.cases import clocks_of
from casework.corrections import corrections, read_correction
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


def test_a_row_that_is_disputed_has_its_request_with_the_department_at_once(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            await add_row_findings(desk, VERIFIER, [ROW])
            [found] = await row_findings(desk, VERIFIER)
            done = await decide_row_finding(desk, VERIFIER, found, confirmed=True, reason="学段与年龄不符")
            assert done.correction is not None
            asked = read_correction(desk, VERIFIER, done.correction)
            assert (asked.source, asked.record_id, asked.columns) == (
                Department.EDUCATION,
                "JY-17",
                ("stage",),
            )
            assert asked.claim == f"学段与年龄不符（检查规则 {ROW.rule}，交付批次 {'b' * 12}）"
            assert [clock["kind"] for clock in clocks_of(desk, asked.id)] == ["correction"]
            assert len(await entries_of(desk, "correction.changed")) == 1

    asyncio.run(work())


def test_two_who_dispute_one_row_at_once_ask_the_department_once(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            await add_row_findings(desk, VERIFIER, [ROW])
            [found] = await row_findings(desk, VERIFIER)
            both = (
                decide_row_finding(desk, who, found, confirmed=True, reason="学段与年龄不符")
                for who in (VERIFIER, SUPERVISOR)
            )
            came = await asyncio.gather(*both, return_exceptions=True)
            assert [type(each).__name__ for each in came if isinstance(each, Exception)] == [
                "ChangedMeanwhile"
            ]
            assert len(await corrections(desk, SUPERVISOR)) == 1

    asyncio.run(work())


@pytest.mark.parametrize("rule", ["Q-Enrolment-row_count", "Q-Enrolment"], ids=["of a table", "cut off"])
def test_a_row_that_fails_in_no_column_is_disputed_as_a_whole(rule: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with desk_opened(f"sqlite:///{tmp_path}/log.db", tmp_path, Calendar()) as desk:
            await add_row_findings(desk, VERIFIER, [replace(ROW, rule=rule)])
            [found] = await row_findings(desk, VERIFIER)
            done = await decide_row_finding(desk, VERIFIER, found, confirmed=True, reason="重复")
            assert read_correction(desk, VERIFIER, done.correction or "").columns == ("record_id",)

    asyncio.run(work())
