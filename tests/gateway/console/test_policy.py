"""Policy at the browser: values with their articles, differences, and what another value would change."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.gateway.console.houses import console_over
from tests.gateway.console.test_decision_pages import TOLD, console_of


def test_every_value_stands_with_its_dates_and_its_article(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            page = await browser.get("/console/policy")
            both = await browser.get("/console/policy?which=demo-2026&other=demo-2026")
            none = await browser.get("/console/policy?which=../../etc/passwd")
        assert "《最低生活保障审核确认办法》第二十二条" in page.text
        assert re.search(r"<code>dibao_standard_fen_month</code></td><td>636.00 元</td>", page.text)
        assert "没有差异" in both.text
        assert none.text.count("demo-2026") == page.text.count("demo-2026")

    asyncio.run(story())


def test_a_higher_standard_is_tried_on_the_whole_caseload(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            supervisor = await console.signed_in("supervisor")
            given = {"which": "demo-2026", "key": "dibao_standard_fen_month", "value": "700.00"}
            page = await supervisor.post("/console/policy/whatif", data=given)
            wrong = await supervisor.post("/console/policy/whatif", data={**given, "value": "many"})
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert page.status_code == 200
        assert "+192.00" in page.text  # three people, 64 yuan each a month
        assert TOLD.household in page.text
        assert wrong.status_code == 422
        assert events.count("run.started") == 2

    asyncio.run(story())


@pytest.mark.parametrize(
    ("who", "status"), [("clerk", 403), ("verifier", 403), ("neighbour", 403), ("evaluator", 403)]
)
def test_who_may_not_run_the_caseload_asks_no_what_if(who: str, status: int, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            browser = await console.signed_in(who)
            given = {"which": "demo-2026", "key": "dibao_standard_fen_month", "value": "700.00"}
            assert (await browser.post("/console/policy/whatif", data=given)).status_code == status

    asyncio.run(story())
