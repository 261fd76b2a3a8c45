"""A decision at two browsers: drafted on a verdict of today, made by another person, never by one alone."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path

import httpx2
import msgspec

from casework.cases import case_numbered
from casework.decisions import decisions_of
from casework.finding import Lack
from casework.findings import findings_of
from demo.story import load_all
from gateway.office import Judge
from tests.gateway.console.houses import Console, console_over
from tests.gateway.console.test_casework_pages import VERIFIER
from verification.crosscheck import crosscheck, reads
from verification.pack import load_pack
from vocabulary.records.civil_affairs import Application
from vocabulary.register import RECORD_TYPES

STORIES = {story.id: story for story in load_all()}
TOLD, UNTOLD = STORIES["H1"], STORIES["H13"]
PACK = load_pack("demo-2026")
JUDGE = Judge(reads(), lambda on: None, lambda found, household, on: crosscheck(found, household, on, PACK))


def console_of(folder: Path, story, **given):
    rows = {record: [row for row in story.records if type(row) is record] for record in RECORD_TYPES}
    now = datetime.combine(story.on, time(9), UTC)
    failing = dict(story.unanswered)
    return console_over(folder, rows, judge=JUDGE, now=now, failing=failing, **given)


def version(page: httpx2.Response) -> str:
    return re.findall(r'name="version" value="(\d+)"', page.text)[0]


async def a_case(verifier: httpx2.AsyncClient, household: str) -> str:
    opened = await verifier.post(f"/console/household/{household}/findings", data={"kind": "REVIEW"})
    assert opened.status_code == 303
    return opened.headers["location"]


async def a_draft(console: Console, household: str) -> tuple[httpx2.AsyncClient, str]:
    verifier = await console.signed_in()
    case = await a_case(verifier, household)
    drafted = await verifier.post(f"{case}/decisions", data={"kind": "KEEP", "reason": "仍符合条件"})
    assert drafted.status_code == 303
    return verifier, drafted.headers["location"]


def test_from_a_cross_check_to_a_decision_that_another_person_makes(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            _, address = await a_draft(console, TOLD.household)
            supervisor = await console.signed_in("supervisor", agent="other")
            page = await supervisor.get(address)
            made = await supervisor.post(f"{address}/made", data={"version": version(page)})
            desk = console.house.desk
            found = case_numbered(desk, VERIFIER, "HD-2026-0001")
            [decision] = decisions_of(desk, VERIFIER, found)
            entries = await console.gateway.entries()
            assert made.status_code == 303
            assert {each.rule for each in findings_of(desk, VERIFIER, found)} >= {"CAT-02"}
            assert (decision.category.value, decision.payable_fen) == ("DIBAO", 60_800)
            assert decision.second == "test mz-supervisor"
            assert entries[-1]["event"] == "decision.made"
            assert len(decision.inputs) == len(decision.result) == 64

    asyncio.run(story())


def test_who_drafted_cannot_make_it_and_who_may_not_decide_neither(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            verifier, address = await a_draft(console, TOLD.household)
            alone = await verifier.post(f"{address}/made", data={"version": 1})
            assert alone.status_code == 403

    asyncio.run(story())


def test_a_near_relatives_application_is_not_decided_before_two_have_visited(tmp_path: Path) -> None:
    near = replace(
        TOLD,
        records=tuple(
            msgspec.structs.replace(row, near_relative=True) if isinstance(row, Application) else row
            for row in TOLD.records
        ),
    )

    async def story() -> None:
        async with console_of(tmp_path, near) as console:
            _, address = await a_draft(console, near.household)
            supervisor = await console.signed_in("supervisor", agent="other")
            page = await supervisor.get(address)
            made = await supervisor.post(f"{address}/made", data={"version": version(page)})
        assert Lack.NO_VISIT.term in page.text
        assert made.status_code == 409

    asyncio.run(story())


def test_a_draft_goes_back_with_a_reason(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            _, address = await a_draft(console, TOLD.household)
            supervisor = await console.signed_in("supervisor", agent="other")
            sent = await supervisor.post(f"{address}/back", data={"version": 1, "reason": "缺少就业成本说明"})
            page = await supervisor.get(address)
        assert sent.status_code == 303
        assert "退回" in page.text
        assert "缺少就业成本说明" in page.text

    asyncio.run(story())


def test_nothing_is_drafted_on_a_verdict_that_cannot_tell(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, UNTOLD) as console:
            verifier = await console.signed_in()
            case = await a_case(verifier, UNTOLD.household)
            drafted = await verifier.post(
                f"{case}/decisions", data={"kind": "REFUSE", "reason": "收入超过标准"}
            )
        assert drafted.status_code == 409
        assert "待核" in drafted.text

    asyncio.run(story())
