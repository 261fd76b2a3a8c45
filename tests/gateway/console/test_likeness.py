"""A likeness at the browser: nobody is named until somebody names them, and a person decides once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from casework.links import Likeness, links, propose
from connectors.linkage import How
from tests.gateway.console.houses import Console, console_over
from tests.gateway.console.test_casework_pages import VERIFIER, version
from tests.gateway.rows import HEAD, NAMES, SPOUSE
from vocabulary.records.social_security import Insurance


async def a_link(console: Console) -> str:
    found = Likeness(Insurance, "i-77", HEAD, How.ONE_ERROR, True)
    await propose(console.house.desk, VERIFIER, [found])
    [link] = await links(console.house.desk, VERIFIER)
    return link.id


def test_both_sides_are_shown_to_whoever_has_the_number_at_hand(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            at = f"/console/likenesses/{await a_link(console)}"
            browser = await console.signed_in()
            listed, plain = await browser.get("/console/likenesses"), await browser.get(at)
            wrong = await browser.post(f"{at}/beside", data={"person": SPOUSE})
            right = await browser.post(f"{at}/beside", data={"person": f" {HEAD.lower()} "})
            entries = str(await console.gateway.entries())
        assert entries.count("link-compare") == 2
        assert "i-77" in listed.text
        for page in (listed, plain, wrong):
            assert HEAD not in page.text
            assert NAMES[HEAD] not in page.text
        assert (plain.status_code, wrong.status_code, right.status_code) == (200, 422, 200)
        assert NAMES[HEAD] in right.text
        assert "社会保险缴费" in right.text
        assert HEAD not in entries

    asyncio.run(story())


def test_a_supervisor_confirms_once_with_a_reason(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            at = f"/console/likenesses/{await a_link(console)}"
            supervisor = await console.signed_in("supervisor")
            seen = {"version": version(await supervisor.get(at)), "same": "true"}
            without = await supervisor.post(at, data=seen)
            done = await supervisor.post(at, data={**seen, "reason": "与户口簿一致"})
            again = await supervisor.post(at, data={**seen, "reason": "重复"})
            page = await supervisor.get(at)
            last = (await console.gateway.entries())[-2]
        assert [each.status_code for each in (without, done, again)] == [409, 303, 409]
        assert "确认为同一人" in page.text
        assert "是同一人</button>" not in page.text
        assert (last["event"], last["fields"]["after"]) == ("link.changed", "CONFIRMED")

    asyncio.run(story())


def test_who_may_not_confirm_may_not_here_either_and_elsewhere_there_is_none(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            at = f"/console/likenesses/{await a_link(console)}"
            verifier = await console.signed_in()
            seen = {"version": version(await verifier.get(at)), "same": "true", "reason": "x"}
            alone = await verifier.post(at, data=seen)
            abroad = await (await console.signed_in("neighbour", agent="n")).get(at)
            stranger = await (await console.signed_in("stranger", agent="s")).get("/console/likenesses")
        assert [each.status_code for each in (alone, abroad, stranger)] == [403, 404, 403]

    asyncio.run(story())
