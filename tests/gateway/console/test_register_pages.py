"""The form that asks once, authorizations at the window, and a run's findings into cases: from login to done."""

from __future__ import annotations

import asyncio
import re

import pytest

from casework.authorizations import Standing
from casework.cases import cases_in
from casework.declarations import declarations_of
from casework.findings import Filter, queue
from casework.role import Actor
from tests.gateway.console.houses import console_over
from tests.gateway.rows import HEAD, SPOUSE
from tests.gateway.test_run_findings import RUN, Home
from vocabulary.region import RegionCode

AT = "/console/household/H-1/authorizations"


def story(tmp_path, work):
    async def run():
        async with console_over(tmp_path) as at:
            return await work(at)

    return asyncio.run(run())


def actor(at):
    caller = at.house.personas["supervisor"](at.clock.now)
    return Actor("test x", caller.department, caller.post, RegionCode("5299"))


async def a_case(at, browser):
    await browser.post("/console/household/H-1/findings", data={"kind": "DIBAO"})
    (case,) = cases_in(at.house.desk, actor(at))
    return case


def test_a_case_belongs_to_the_street_of_its_household_and_not_to_its_clerk(tmp_path):
    async def work(at):
        return await a_case(at, await at.signed_in("verifier"))

    assert str(story(tmp_path, work).region) == "529901003"


def test_the_form_asks_what_no_source_tells_and_keeps_what_was_said(tmp_path):
    async def work(at):
        case = await a_case(at, await at.signed_in("verifier"))
        clerk = await at.signed_in("clerk")
        address = f"/console/cases/{case.id}/form"
        page = (await clerk.get(address)).text
        done = await clerk.post(address, data={"item-business": "320.5", "item-rent": ""})
        smuggled = await clerk.post(address, data={"item-wage": "3000"})
        after = (await clerk.get(address)).text
        return page, done.status_code, smuggled, after, declarations_of(at.house.desk, actor(at), case)

    page, done, smuggled, after, kept = story(tmp_path, work)
    fields = set(re.findall(r'name="item-([a-z_]+)"', page))
    assert {"business", "rent", "circumstances"} <= fields
    assert not {"wage", "pension", "members"} & fields
    assert "社会保险缴费.缴费基数" in page
    assert done == 303
    assert smuggled.status_code == 422
    assert "320.50" in after
    assert [each.answers for each in kept] == [{"business": 32_050}]


def test_a_paper_is_recorded_and_taken_back_at_the_window_and_no_number_stands_in_the_page(tmp_path):
    async def work(at):
        clerk = await at.signed_in("clerk")
        page = (await clerk.get(AT)).text
        said = {
            "person": ["0", "1"],
            "department": ["health"],
            "method": "HANDWRITTEN",
            "valid_from": "2026-11-16",
        }
        done = await clerk.post(AT, data=said)
        signed = (await clerk.get(AT)).text
        back = await clerk.post(f"{AT}/back", data={"person": "0"})
        after = (await clerk.get(AT)).text
        return page, done.status_code, signed, back.status_code, after, await at.gateway.entries()

    page, done, signed, back, after, entries = story(tmp_path, work)
    assert HEAD not in page
    assert SPOUSE not in page
    assert (done, back) == (303, 303)
    assert signed.count(f"<td>{Standing.HOLDS.term}</td>") == 2
    assert [after.count(f"<td>{each.term}</td>") for each in (Standing.HOLDS, Standing.WITHDRAWN)] == [1, 1]
    assert [entry["event"] for entry in entries].count("authorization.changed") == 2


@pytest.mark.parametrize(
    "said",
    [
        {"person": ["9"]},
        {"person": []},
        {"person": ["0"], "department": []},
        {"person": ["0"], "method": "TELEPATHY"},
        {"person": ["0"], "valid_from": "2026-13-01"},
        {"person": ["0"], "valid_from": "2026-11-17"},
        {"person": ["0"], "valid_from": ""},
        {"person": ["0"], "scan": "a" * 65},
    ],
)
def test_what_is_no_paper_is_refused_in_words(tmp_path, said):
    async def work(at):
        clerk = await at.signed_in("clerk")
        whole = {"department": ["health"], "method": "HANDWRITTEN", "valid_from": "2026-11-16", **said}
        return await clerk.post(AT, data=whole)

    came = story(tmp_path, work)
    assert came.status_code == 422
    assert "没有写入任何内容" in came.text


def test_somebody_from_elsewhere_sees_and_records_nothing(tmp_path):
    async def work(at):
        neighbour = await at.signed_in("neighbour")
        page = await neighbour.get(AT)
        said = {
            "person": ["0"],
            "department": ["health"],
            "method": "HANDWRITTEN",
            "valid_from": "2026-11-16",
        }
        return page, await neighbour.post(AT, data=said)

    page, posted = story(tmp_path, work)
    assert (page.status_code, posted.status_code) == (404, 404)


def test_a_runs_findings_are_registered_from_its_page(tmp_path):
    async def work(at):
        object.__setattr__(at.house, "runs", Home())
        supervisor = await at.signed_in("supervisor")
        address = f"/console/runs/{RUN}/findings"
        done = await supervisor.post(address, data={"rule": "INC-01", "region": ""})
        for _ in range(500):
            if len(queue(at.house.desk, actor(at), Filter()).findings) == 2:
                break
            await asyncio.sleep(0.02)
        wrong = await supervisor.post(address, data={"region": "5299x"})
        clerk = await at.signed_in("clerk")
        return (
            done,
            wrong.status_code,
            (await clerk.get(address)).status_code,
            cases_in(at.house.desk, actor(at)),
        )

    done, wrong, clerk, cases = story(tmp_path, work)
    assert done.status_code == 303
    assert (wrong, clerk) == (422, 403)
    assert [case.number for case in cases] == ["H-1/R1"]  # H-2 lives in the next district
