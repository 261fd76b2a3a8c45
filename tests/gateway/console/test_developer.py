"""GraphiQL: the same answer, the same refusals and the same trace as over `/graphql`, without a token."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.gateway.console.houses import console_over
from tests.gateway.rows import HOUSEHOLD

QUESTION = {"query": "query($n: ID){household(number: $n){number}}", "variables": {"n": HOUSEHOLD}}


def test_a_question_is_answered_and_noted(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            answer = await browser.post("/console/graphql/ask", json=QUESTION)
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert answer.json()["data"] == {"household": {"number": HOUSEHOLD}}
        assert events[-2:] == ["inquiry.intent", "inquiry.outcome"]

    asyncio.run(story())


def test_a_question_without_purpose_by_a_form_or_from_another_site_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            bare, browser = await console.signed_in(errand=False, agent="b"), await console.signed_in()
            without = await bare.post("/console/graphql/ask", json=QUESTION)
            form = await browser.post("/console/graphql/ask", data={"query": QUESTION["query"]})
            foreign = await browser.post(
                "/console/graphql/ask", json=QUESTION, headers={"sec-fetch-site": "cross-site"}
            )
            nobody = await console.browser(agent="n").post("/console/graphql/ask", json=QUESTION)
        assert without.json()["errors"][0]["extensions"]["code"] == "REFUSED"
        assert (form.status_code, foreign.status_code, nobody.status_code) == (415, 403, 303)

    asyncio.run(story())


def test_the_editor_may_write_styles_into_its_page_and_run_no_script_but_ours(tmp_path: Path) -> None:
    async def story() -> str:
        async with console_over(tmp_path) as console:
            return (await (await console.signed_in()).get("/console/graphql")).headers[
                "content-security-policy"
            ]

    policy = asyncio.run(story())
    assert "script-src 'self';" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
