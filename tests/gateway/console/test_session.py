"""Who is signed in, for how long, and what a stolen key is worth."""

from __future__ import annotations

import asyncio
import html
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from casework.cases import case_numbered
from casework.decisions import hearings_of
from gateway.console.house import COOKIE
from gateway.console.session import Lifetimes, NoSession, Sessions
from tests.gateway.console.houses import ADDRESS, console_over
from tests.gateway.console.test_casework_pages import VERIFIER, a_finding
from tests.gateway.desk import NOW
from tests.gateway.rows import HEAD
from tests.postgres import cut_off

PAGES = ("/console/", "/console/household/H-1", "/console/household/H-1/health")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_signing_in(page: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            answer = await console.browser().get(page)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/login?why=NONE")

    asyncio.run(story())


def test_a_part_of_a_page_sends_the_whole_page_to_the_login(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            answer = await console.browser().get("/console/", headers={"hx-request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/console/login?why=NONE")

    asyncio.run(story())


@pytest.mark.parametrize(("later", "why"), [(timedelta(minutes=31), "IDLE"), (timedelta(hours=11), "OVER")])
def test_a_session_ends_by_itself(later: timedelta, why: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            console.clock.now += later
            answer = await browser.get("/console/")
            again = await browser.get("/console/")
        assert answer.headers["location"].endswith(why)
        assert again.headers["location"].endswith("NONE")

    asyncio.run(story())


def test_whoever_works_on_stays_signed_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            for _ in range(5):
                console.clock.now += timedelta(minutes=25)
                assert (await browser.get("/console/")).status_code == 200

    asyncio.run(story())


def test_a_stolen_key_is_worth_nothing_in_another_browser_and_ends_the_session(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            thief = console.browser(agent="another-browser")
            thief.cookies.set(COOKIE, browser.cookies[COOKIE], domain="hedui.test", path="/console")
            stolen = await thief.get("/console/")
            owner = await browser.get("/console/")
        assert stolen.headers["location"].endswith("ELSEWHERE")
        assert owner.headers["location"].endswith("NONE")

    asyncio.run(story())


def test_signing_out_ends_the_session_for_every_copy_of_its_key(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            key = browser.cookies[COOKIE]
            await browser.post("/console/logout")
            browser.cookies.set(COOKIE, key, domain="hedui.test", path="/console")
            answer = await browser.get("/console/")
        assert answer.headers["location"].endswith("NONE")

    asyncio.run(story())


def test_the_cookie_is_for_us_alone_and_no_copy_of_the_table_opens_a_session(tmp_path: Path) -> None:
    async def story() -> tuple[str, str]:
        async with console_over(tmp_path) as console:
            browser = console.browser()
            answer = await browser.post("/console/login/as", data={"who": "clerk"})
            return answer.headers["set-cookie"], browser.cookies[COOKIE]

    cookie, key = asyncio.run(story())
    for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/console"):
        assert word in cookie
    table = sqlite3.connect(tmp_path / "sessions.sqlite")
    assert key not in str(table.execute("select * from console_session_1").fetchall())
    table.close()


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "", "origin": "https://evil.test"}]
)
def test_what_another_site_sends_is_refused(headers: dict[str, str], tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            answer = await browser.post(
                "/console/errand", data={"purpose": "AUDIT", "case": "HD-1"}, headers=headers
            )
        assert answer.status_code == 403

    asyncio.run(story())


@pytest.mark.parametrize("page", ["/console/", "/console/login", "/console/household/H-1"])
def test_every_page_loads_from_us_alone_and_is_kept_nowhere(page: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            answer = await browser.get(page)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        outside = [word for word in answer.text.split('"') if word.startswith(("http:", "https:", "//"))]
        assert [word for word in outside if not word.startswith(ADDRESS)] == []

    asyncio.run(story())


def test_one_who_is_sent_back_to_a_page_of_another_site_stays_here(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = console.browser()
            for evil in ("https://evil.test/", "//evil.test/", "/console//evil.test", "/console/\\evil"):
                answer = await browser.post("/console/language", data={"lang": "en", "back_to": evil})
                assert "evil.test" not in answer.headers["location"]

    asyncio.run(story())


def test_a_database_that_was_started_again_is_read_at_once(postgres_url: str) -> None:
    with Sessions(postgres_url, Lifetimes(timedelta(hours=1), timedelta(minutes=5))) as sessions:
        for _ in range(2):
            with pytest.raises(NoSession):
                sessions.read("key", browser="", at=NOW)
            cut_off(postgres_url)


SAID = "当事人称该月已离职，\n并提交了离职证明"


def sent_again(page: str) -> tuple[str, dict[str, str]]:
    """Where the form on a page that keeps what was typed would send it, and what."""
    form = page[page.index('<form method="post" action="/console/', page.index("<main")) :]
    address = re.findall(r'action="([^"]+)"', form)[0]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return address, {name: html.unescape(value) for name, value in fields}


def test_what_was_typed_when_the_session_ended_is_sent_again_after_the_login(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            await a_finding(console)
            case = case_numbered(console.house.desk, VERIFIER, "HD-2026-0001")
            browser = await console.signed_in()
            console.clock.now += timedelta(minutes=31)
            ended = await browser.post(f"/console/cases/{case.id}/hearing", data={"record": SAID})
            nothing = hearings_of(console.house.desk, VERIFIER, case)
            await browser.post("/console/login/as", data={"who": "verifier"})
            address, fields = sent_again(ended.text)
            done = await browser.post(address, data=fields)
            [held] = hearings_of(console.house.desk, VERIFIER, case)
        assert (ended.status_code, nothing) == (401, [])
        assert "长时间未操作" in ended.text
        assert (address, fields) == (f"/console/cases/{case.id}/hearing", {"record": SAID})
        assert (done.status_code, held["record"]) == (303, SAID)

    asyncio.run(story())


def test_what_was_typed_into_a_form_that_is_not_taken_stands_on_the_page_that_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            address = f"/console/findings/{await a_finding(console)}"
            browser = await console.signed_in("supervisor", errand=False)
            other = await browser.post(
                f"{address}/withdraw", data={"version": "7", "reason": "<b>同名不同人"}
            )
            early = await browser.post(f"{address}/confirm", data={"version": "1", "reason": "缴费 相符"})
            claim = {"record": "Insurance", "record_id": "i-0", "subject": HEAD, "column": "base_fen"}
            without = await browser.post("/console/corrections", data={**claim, "claim": "本人未参保"})
        assert [each.status_code for each in (other, early, without)] == [409, 409, 403]
        assert "&lt;b&gt;同名不同人" in other.text
        assert f'href="{address}"' in other.text
        assert "缴费 相符" in early.text
        assert '<p class="reason">本人未参保</p>' in without.text
        assert f'<p class="reason">{HEAD}' not in without.text
        assert sent_again(without.text) == ("/console/corrections", {**claim, "claim": "本人未参保"})

    asyncio.run(story())


def test_a_form_without_a_field_and_a_page_lead_to_the_login_as_before(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = console.browser()
            for answer in (await browser.post("/console/runs"), await browser.get("/console/cases")):
                assert answer.status_code == 303
                assert answer.headers["location"].startswith("/console/login")

    asyncio.run(story())
