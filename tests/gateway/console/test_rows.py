"""A faulty row at the browser: nobody is named, and a person decides once, with a reason."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from casework.row_findings import RowState, RowSuspicion, add_row_findings, row_findings
from tests.gateway.console.houses import Console, console_over
from tests.gateway.console.test_casework_pages import VERIFIER, version
from vocabulary.codes import Department

ROW = RowSuspicion(
    Department.EDUCATION, "Enrolment", "JY-17", "b" * 64, "Q-education-Enrolment-stage-in_set", "error"
)


async def a_row(console: Console) -> str:
    await add_row_findings(console.house.desk, VERIFIER, [ROW])
    [found] = await row_findings(console.house.desk, VERIFIER)
    return f"/console/rows/{found.id}"


def test_rows_are_listed_by_their_key_and_filtered(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            none = await browser.get("/console/rows")
            await add_row_findings(
                console.house.desk, VERIFIER, (replace(ROW, record_id=f"JY-{at:03}") for at in range(51))
            )
            first, second = [await browser.get(f"/console/rows?page={page}") for page in (1, 2)]
            other = await browser.get("/console/rows?department=health&state=all")
            linked = await browser.get("/console/sources")
        assert "没有此类记录" in none.text
        assert (first.text.count("data-row"), second.text.count("data-row")) == (50, 1)
        assert "学籍 JY-" in second.text
        assert "data-row" not in other.text
        assert "/console/rows" in linked.text

    asyncio.run(story())


def test_a_supervisor_decides_once_with_a_reason(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            at = await a_row(console)
            supervisor = await console.signed_in("supervisor")
            seen = {"version": version(await supervisor.get(at)), "disputed": "true"}
            without = await supervisor.post(at, data=seen)
            done = await supervisor.post(at, data={**seen, "reason": "学段代码不在范围内"})
            again = await supervisor.post(at, data={**seen, "disputed": "false", "reason": "重复"})
            page = await supervisor.get(at)
            [found] = await row_findings(console.house.desk, VERIFIER)
        assert [each.status_code for each in (without, done, again)] == [409, 303, 409]
        assert "已提请校核" in page.text
        assert "学段代码不在范围内" in page.text
        assert 'name="disputed"' not in page.text
        assert (found.state, found.reason) == (RowState.CONFIRMED, "学段代码不在范围内")
        assert f'href="/console/corrections/{found.correction}"' in page.text

    asyncio.run(story())


def test_who_may_not_decide_may_not_here_either(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            at = await a_row(console)
            clerk = await console.signed_in("clerk")
            seen = {"version": version(await (await console.signed_in("supervisor", agent="s")).get(at))}
            alone = await clerk.post(at, data={**seen, "disputed": "false", "reason": "x"})
            nowhere = await clerk.get("/console/rows/none")
            stranger = await (await console.signed_in("stranger", agent="x")).get("/console/rows")
        assert [each.status_code for each in (alone, nowhere, stranger)] == [403, 404, 403]

    asyncio.run(story())
