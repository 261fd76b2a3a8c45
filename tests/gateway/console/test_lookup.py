"""Looking up a household at a browser: the same access, the same trace as over the API."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from docs.generate import dossier_documents
from gateway.document import Limits
from gateway.schema.query import schema
from gateway.trusted import read_trusted
from tests.gateway.console.houses import console_over
from tests.gateway.console.test_casework_pages import a_finding
from tests.gateway.rows import HEAD, HOUSEHOLD, NAMES

DOCUMENTS = Path(__file__).parents[3] / "gateway" / "documents"


def test_a_household_is_shown_and_leaves_intent_and_outcome(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            page = await browser.post("/console/household", data={"asked": HEAD})
            entries = await console.gateway.entries()
        assert page.status_code == 200
        assert NAMES[HEAD] in page.text
        assert [entry["event"] for entry in entries][-2:] == ["inquiry.intent", "inquiry.outcome"]

    asyncio.run(story())


def test_every_department_has_its_sheet_under_official_terms(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            page = await browser.get(f"/console/household/{HOUSEHOLD}/social_security")
        assert page.status_code == 200
        for term in ("社会保险缴费", "缴费基数", "参保身份", "职工"):
            assert term in page.text

    asyncio.run(story())


def test_what_is_hidden_says_which_clause_hides_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in("clerk")
            page = await browser.get(f"/console/household/{HOUSEHOLD}/social_security")
        assert page.status_code == 200
        assert "MZ-RS-2026-0" in page.text

    asyncio.run(story())


def test_without_purpose_and_case_nothing_is_asked_and_the_refusal_is_noted(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in(errand=False)
            page = await browser.post("/console/household", data={"asked": HOUSEHOLD})
            entries = await console.gateway.entries()
        assert page.status_code == 403
        assert "第二十条" in page.text
        assert [entry["event"] for entry in entries] == ["inquiry.refused"]

    asyncio.run(story())


def test_an_unknown_household_and_one_of_another_region_look_the_same(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            elsewhere = await console.signed_in("neighbour")
            unknown = await elsewhere.post("/console/household", data={"asked": "H-404"})
            foreign = await elsewhere.post("/console/household", data={"asked": HOUSEHOLD})
        assert (unknown.status_code, foreign.status_code) == (404, 404)
        assert unknown.text == foreign.text

    asyncio.run(story())


def test_no_page_keeps_an_id_number_in_its_address(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            page = await browser.post("/console/household", data={"asked": HEAD})
        assert f'href="/console/household/{HEAD}' not in page.text

    asyncio.run(story())


def test_the_documents_of_the_sheets_are_what_the_schema_says_and_can_be_trusted() -> None:
    for name, text in dossier_documents().items():
        assert (DOCUMENTS / name).read_text(encoding="utf-8") == text, f"{name}: make docs"
        assert read_trusted(text, name=name, schema=schema(), limits=Limits()).name.startswith(
            ("Dossier", "Report")
        )


def test_one_box_finds_a_case_by_its_number(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            await a_finding(console)
            browser = await console.signed_in()
            found = await browser.post("/console/household", data={"asked": " HD-2026-0001 "})
            page = await browser.get(found.headers["location"])
            abroad = await (await console.signed_in("neighbour")).post(
                "/console/household", data={"asked": "HD-2026-0001"}
            )
        assert (found.status_code, page.status_code) == (303, 200)
        assert HOUSEHOLD in page.text
        assert abroad.status_code == 404

    asyncio.run(story())


def test_one_box_finds_households_by_a_name_and_a_region(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            plain = await browser.post("/console/household", data={"asked": NAMES[HEAD]})
            wide = await browser.post(
                "/console/household", data={"asked": f"{NAMES[HEAD]} ５２９９０１００３"}
            )
            elsewhere = await browser.post("/console/household", data={"asked": f"{NAMES[HEAD]} 529901009"})
            outside = await browser.post("/console/household", data={"asked": f"{NAMES[HEAD]} 529902"})
            entries = str(await console.gateway.entries())
        assert (plain.status_code, wide.status_code) == (200, 200)
        for page in (plain, wide):
            assert f'href="/console/household/{HOUSEHOLD}"' in page.text
            assert "户主" in page.text
        assert "没有登记此姓名" in elsewhere.text
        assert outside.status_code == 403
        assert NAMES[HEAD] not in entries

    asyncio.run(story())


def test_a_post_that_sees_no_names_cannot_look_for_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            evaluator = await console.signed_in("evaluator")
            page = await evaluator.post("/console/household", data={"asked": NAMES[HEAD]})
        assert page.status_code == 403
        assert HOUSEHOLD not in page.text

    asyncio.run(story())


def test_an_address_that_is_none_and_a_form_that_is_wrong_are_pages_that_repeat_nothing(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            nowhere = await browser.get("/console/no/such/page")
            long = await browser.post("/console/household", data={"asked": HEAD * 9})
            wrong = await browser.get(f"/console/household/{HOUSEHOLD}/no_department")
        assert [each.status_code for each in (nowhere, long, wrong)] == [404, 422, 422]
        for page in (nowhere, long, wrong):
            assert page.headers["content-type"].startswith("text/html")
            assert "退出" in page.text
        assert HEAD not in long.text

    asyncio.run(story())


def test_the_way_back_from_a_page_and_to_another_language_leads_to_a_page(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            for path in ("/console/household/H-NONE", "/console/decisions/none", "/console/corrections/none"):
                page = await browser.get(path)
                back = re.search(r'data-back href="([^"]+)"|btn-primary" href="(/console/)"', page.text)
                assert back is not None, path
                assert (await browser.get(back[1] or back[2])).status_code == 200, path
            found = await browser.post("/console/household", data={"asked": "H-NONE"})
            (again,) = re.findall(r'name="back_to" value="([^"]+)"', found.text)
            assert (await browser.get(again)).status_code == 200

    asyncio.run(story())
