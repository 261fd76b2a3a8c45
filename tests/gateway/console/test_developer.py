"""GraphiQL: the same answer, the same refusals and the same trace as over `/graphql`, without a token."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.console.assets import asset_at
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


def test_what_pages_load_is_compressed_once_and_not_sent_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = console.browser()
            there = "/console/static/hedui.css"
            packed = await browser.get(there, headers={"accept-encoding": "gzip"})
            plain = await browser.get(there, headers={"accept-encoding": "identity"})
            again = await browser.get(there, headers={"if-none-match": packed.headers["etag"]})
            outside = await browser.get("/console/static/../house.py")
            encoded = await browser.get("/console/static/%2e%2e/house.py")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.text == plain.text
        assert packed.num_bytes_downloaded < plain.num_bytes_downloaded
        assert "public" in packed.headers["cache-control"]
        assert (again.status_code, again.content) == (304, b"")
        assert (outside.status_code, encoded.status_code) == (404, 404)

    asyncio.run(story())


def test_a_style_carries_no_letters(tmp_path: Path) -> None:
    (tmp_path / "some.css").write_text(
        "@font-face{font-family:x;src:url(data:font/woff2;base64,AA)}p{color:red}"
    )
    assert asset_at(tmp_path / "some.css").plain == b"p{color:red}"
