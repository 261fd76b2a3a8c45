"""A run over the district at the browser: started, watched, cancelled, taken up again, and what it came to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.gateway.console.houses import Console
from tests.gateway.console.test_decision_pages import TOLD, console_of
from verification.runs.ledger import KeptRun, RunState


async def a_run(console: Console) -> KeptRun:
    """A run that a supervisor started at the browser, once it is done."""
    supervisor = await console.signed_in("supervisor", agent="s")
    known = {run.id for run in console.house.runs.ledger.runs()}
    assert (await supervisor.post("/console/runs")).status_code == 303
    for _ in range(600):
        fresh = [run for run in console.house.runs.ledger.runs() if run.id not in known]
        if fresh and fresh[0].state is not RunState.RUNNING:
            return fresh[0]
        await asyncio.sleep(0.05)
    raise AssertionError("the run did not end")


def test_a_run_is_started_and_says_what_it_came_to_down_to_the_household(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            run = await a_run(console)
            verifier = await console.signed_in()
            page = await verifier.get(f"/console/runs/{run.id}")
            by_category = await verifier.get(f"/console/runs/{run.id}/households?category=DIBAO")
            by_rule = await verifier.get(f"/console/runs/{run.id}/households?rule=CAT-02")
            none = await verifier.get(f"/console/runs/{run.id}/households?rule=HH-01")
            stream = await verifier.get(f"/console/runs/{run.id}/stream")
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert (run.state, run.judged) == (RunState.DONE, 1)
        assert "最低生活保障" in page.text
        assert TOLD.household in by_category.text
        assert TOLD.household in by_rule.text
        assert TOLD.household not in none.text
        assert "已完成" in stream.text
        assert {"run.started", "run.finished"} <= set(events)

    asyncio.run(story())


def test_two_runs_are_laid_side_by_side(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            first = await a_run(console)
            console.clock.now = console.clock.now.replace(hour=10)
            second = await a_run(console)
            verifier = await console.signed_in()
            page = await verifier.get(f"/console/runs/{second.id}")
            none_yet = await verifier.get(f"/console/runs/{second.id}/moves/{first.id}")
            sent = await verifier.post(f"/console/runs/{second.id}/moves", data={"before": first.id})
            moved = await verifier.get(sent.headers["location"])
            again = await verifier.post(f"/console/runs/{second.id}/moves", data={"before": first.id})
            compared = [entry["event"] for entry in await console.gateway.entries()].count("run.started")
            unknown = await verifier.post(f"/console/runs/{second.id}/moves", data={"before": "run-none"})
        assert first.id in page.text
        assert ">变化<" in page.text
        assert "尚无人比较" in none_yet.text
        assert again.status_code == 303
        assert compared == 3  # two runs, and one comparison of them
        assert "变动" in moved.text
        assert unknown.status_code == 409

    asyncio.run(story())


def test_a_run_that_has_ended_is_neither_cancelled_nor_unknown(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            run = await a_run(console)
            supervisor = await console.signed_in("supervisor", agent="s2")
            ended = await supervisor.post(f"/console/runs/{run.id}/cancel")
            unknown = await supervisor.get("/console/runs/run-none")
        assert (ended.status_code, unknown.status_code) == (409, 404)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("who", "starts"), [("clerk", 403), ("neighbour", 403), ("evaluator", 403), ("verifier", 403)]
)
def test_who_works_for_less_than_the_district_starts_no_run(who: str, starts: int, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            browser = await console.signed_in(who)
            assert (await browser.post("/console/runs")).status_code == starts
            assert (await browser.get("/console/runs")).status_code == (200 if who == "verifier" else 403)
            assert console.house.runs.ledger.runs() == []

    asyncio.run(story())
