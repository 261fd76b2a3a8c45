"""From a cross-check to a decision, at two browsers: each user's story by plain HTTP."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime, time
from pathlib import Path

import httpx2

from audit.errors import Unwitnessed
from casework.agreement import Recipient
from casework.cases import case_numbered, open_case
from casework.findings import Filter, add_findings, queue
from casework.role import Actor
from tests.casework.desks import suspicion
from tests.gateway.console.houses import Console, console_over
from tests.gateway.rows import HEAD, HOUSEHOLD, SPOUSE
from verification.working_days import last_day
from vocabulary.codes import ApplicationKind
from vocabulary.region import RegionCode

VERIFIER = Actor("test mz-verifier", Recipient.CIVIL_AFFAIRS, "核对员", RegionCode("529901"))


async def a_finding(console: Console) -> str:
    """The id of a finding in the case that stands on every page."""
    desk = console.house.desk
    case = await open_case(
        desk,
        VERIFIER,
        number="HD-2026-0001",
        household=HOUSEHOLD,
        region=RegionCode("529901"),
        kind=ApplicationKind.DIBAO,
    )
    await add_findings(desk, VERIFIER, case, [suspicion(person=HEAD)])
    [finding] = queue(desk, VERIFIER, Filter()).findings
    return finding.id


def version(page: httpx2.Response) -> str:
    return re.findall(r'name="version" value="(\d+)"', page.text)[0]


def test_a_finding_waits_in_the_queue_and_is_read_under_its_name(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            id_ = await a_finding(console)
            browser = await console.signed_in()
            queue_page = await browser.get("/console/findings?rule=INC-01")
            other = await browser.get("/console/findings?rule=HH-01")
            page = await browser.get(f"/console/findings/{id_}")
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert f"/console/findings/{id_}" in queue_page.text
        assert f"/console/findings/{id_}" not in other.text
        assert "申报无业而在保" in page.text
        assert HEAD not in page.text + queue_page.text
        assert events[-3:] == ["case.read"] * 3

    asyncio.run(story())


def test_a_finding_is_told_objected_reviewed_and_withdrawn_at_the_browser(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            address = f"/console/findings/{await a_finding(console)}"
            browser = await console.signed_in()
            for act, reason in (
                ("tell", ""),
                ("object", "该月已离职"),
                ("review", ""),
                ("withdraw", "社保局更正"),
            ):
                page = await browser.get(address)
                done = await browser.post(
                    f"{address}/{act}", data={"version": version(page), "reason": reason}
                )
                assert done.status_code == 303, act
            page = await browser.get(address)
        for word in ("撤销", "该月已离职", "社保局更正"):
            assert word in page.text

    asyncio.run(story())


def test_nothing_is_confirmed_early_and_the_page_says_what_is_missing(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            address = f"/console/findings/{await a_finding(console)}"
            browser = await console.signed_in("supervisor")
            page = await browser.get(address)
            done = await browser.post(f"{address}/confirm", data={"version": version(page), "reason": "相符"})
        assert done.status_code == 409
        assert "尚未告知当事人" in done.text

    asyncio.run(story())


def test_what_would_be_due_in_a_year_without_calendar_is_said_on_a_page(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            address = f"/console/findings/{await a_finding(console)}"
            console.clock.now = datetime.combine(last_day(), time(9), UTC)
            browser = await console.signed_in()
            page = await browser.get(address)
            told = await browser.post(f"{address}/tell", data={"version": version(page), "reason": ""})
            after = await browser.get(address)
        assert told.status_code == 409
        assert "节假日安排尚未列入政策包" in told.text
        assert version(after) == version(page)

    asyncio.run(story())


def test_of_two_browsers_on_one_finding_the_second_is_shown_the_change(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            address = f"/console/findings/{await a_finding(console)}"
            first, second = await console.signed_in(), await console.signed_in("supervisor", agent="another")
            seen = version(await second.get(address))
            page = await first.get(address)
            await first.post(f"{address}/withdraw", data={"version": version(page), "reason": "同名不同人"})
            late = await second.post(f"{address}/tell", data={"version": seen})
        assert late.status_code == 409
        assert "他人已作更改" in late.text

    asyncio.run(story())


def test_who_may_not_confirm_is_refused_even_without_a_button(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            address = f"/console/findings/{await a_finding(console)}"
            clerk, stranger = (
                await console.signed_in("clerk"),
                await console.signed_in("neighbour", agent="x"),
            )
            page = await clerk.get(address)
            refused = await clerk.post(
                f"{address}/confirm", data={"version": version(page), "reason": "相符"}
            )
            unseen = await stranger.get(address)
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert 'action="' + address + '/confirm"' not in page.text
        assert (refused.status_code, unseen.status_code) == (403, 404)
        assert "inquiry.refused" in events

    asyncio.run(story())


def test_a_case_shows_its_clocks_steps_and_what_comes_next(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            await a_finding(console)
            desk = console.house.desk
            case = case_numbered(desk, VERIFIER, "HD-2026-0001")
            browser = await console.signed_in()
            page = await browser.get(f"/console/cases/{case.id}")
            moved = await browser.post(
                f"/console/cases/{case.id}/state",
                data={"to": "COMPARED", "version": version(page), "reason": ""},
            )
            heard = await browser.post(
                f"/console/cases/{case.id}/hearing", data={"record": "当事人称该月已离职"}
            )
            after = await browser.get(f"/console/cases/{case.id}")
            listed = await browser.get("/console/cases?state=COMPARED")
        assert (moved.status_code, heard.status_code) == (303, 303)
        for word in ("启动核对", "核对完成", "当事人称该月已离职"):
            assert word in after.text
        assert case.number in listed.text
        assert date.fromisoformat(re.findall(r"<td>(\d{4}-\d\d-\d\d)</td>", page.text)[0])

    asyncio.run(story())


def test_while_the_log_takes_no_entry_every_page_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            console.house.log_desk.log.held = Unwitnessed("nobody cosigns")
            for path in ("/console/cases", "/console/findings", "/console/policy"):
                page = await browser.get(path)
                assert page.status_code == 503, path
                assert "审计日志无法写入" in page.text, path

    asyncio.run(story())


def test_what_a_finding_rests_on_is_told_in_words(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            id_ = await a_finding(console)
            browser = await console.signed_in()
            page = await browser.get(f"/console/findings/{id_}")
        assert '<th scope="row">职工参保月数</th><td>3</td>' in page.text

    asyncio.run(story())


def test_a_reviewer_goes_on_from_finding_to_finding_and_keeps_the_filter(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            await a_finding(console)
            desk = console.house.desk
            case = case_numbered(desk, VERIFIER, "HD-2026-0001")
            await add_findings(desk, VERIFIER, case, [suspicion("HH-01", HEAD), suspicion("HH-01", SPOUSE)])
            first, second = (
                each.id for each in queue(desk, VERIFIER, Filter()).findings if each.rule == "HH-01"
            )
            browser = await console.signed_in("supervisor")
            kept = "rule=HH-01&state=SUSPECTED"
            listed = await browser.get(f"/console/findings?{kept}&severity=&mine=false")
            page = await browser.get(f"/console/findings/{first}?{kept}")
            done = await browser.post(
                f"/console/findings/{first}/withdraw?{kept}", data={"version": "1", "reason": "同名不同人"}
            )
            onward = [await browser.get(f"/console/findings/{id_}/next?{kept}") for id_ in (first, second)]
            given = await browser.post(
                f"/console/findings/assign?{kept}", data={"to": "x", "finding": second}
            )
            odd = await browser.get("/console/findings?rule=%26x&region=²&before=soon&state=%22")
        assert f'href="/console/findings/{first}?{kept.replace("&", "&amp;")}"' in listed.text
        assert f'href="/console/findings/{first}/next?{kept.replace("&", "&amp;")}"' in page.text
        assert done.headers["location"] == f"/console/findings/{first}?{kept}"
        assert [each.headers["location"] for each in onward] == [
            f"/console/findings/{second}?{kept}",
            f"/console/findings?{kept}",
        ]
        assert given.headers["location"] == f"/console/findings?{kept}"
        assert f'href="/console/findings/{second}"' in odd.text

    asyncio.run(story())
