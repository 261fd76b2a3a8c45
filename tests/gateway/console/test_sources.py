"""The sources at the browser: their last answers, what checks found, and what is disputed with whom."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.quality import BatchCheck, Checked, Gravity
from gateway.console import paging
from tests.gateway.console.houses import console_over
from tests.gateway.rows import HEAD, HOUSEHOLD, SPOUSE
from vocabulary.codes import Department

DISPUTED = {
    "record": "Insurance",
    "record_id": "i-1",
    "subject": SPOUSE,
    "column": "base_fen",
    "claim": "该月基数应为零",
}


def a_check() -> BatchCheck:
    broken = Checked(
        column="base_fen", expectation="expect_column_values_to_not_be_null", severity=Gravity.CRITICAL, rows=10,
        failing_rows=2, kept=False, keys=("RS-1", "RS-2"),
    )  # fmt: skip
    return BatchCheck(
        department=Department.SOCIAL_SECURITY, record="Insurance", batch="", checked_at=datetime(2026, 11, 16, tzinfo=UTC),
        rows=10, newest=date(2026, 10, 31), checked=(broken,),
    )  # fmt: skip


def test_a_source_shows_its_last_answer_and_what_is_in_doubt(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            console.house.quality.keep(a_check())
            browser = await console.signed_in()
            await browser.get(f"/console/household/{HOUSEHOLD}/social_security")
            page = await browser.get("/console/sources")
            report = await browser.get("/console/sources/social_security/report")
        assert "已反馈" in page.text
        assert "2026-10-31" in page.text
        assert "RS-1" in report.text
        assert "default-src 'none'" in report.headers["content-security-policy"]

    asyncio.run(story())


def test_a_record_is_disputed_from_its_sheet_and_answered_in_time(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, casework=True) as console:
            browser = await console.signed_in()
            sheet = await browser.get(f"/console/household/{HOUSEHOLD}/social_security")
            asked = await browser.post("/console/corrections", data=DISPUTED)
            page = await browser.get(asked.headers["location"])
            unknown = await browser.post("/console/corrections", data={**DISPUTED, "record": "Secret"})
            empty = await browser.post("/console/corrections", data={**DISPUTED, "claim": " "})
            anothers = await browser.post("/console/corrections", data={**DISPUTED, "subject": HEAD})
            listed = await browser.get("/console/sources")
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert "请该部门校核" in sheet.text
        assert "2026-11-30" in page.text  # ten working days after 16 November
        assert (unknown.status_code, empty.status_code, anothers.status_code) == (422, 422, 422)
        assert "没有您可以查看的、属于该对象的这条记录" in anothers.text
        assert "i-1" in listed.text
        assert "correction.changed" in events
        assert SPOUSE not in page.text

    asyncio.run(story())


def test_the_window_disputes_a_record_whose_number_it_may_not_see(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, casework=True) as console:
            browser = await console.signed_in("clerk")
            sheet = await browser.get(f"/console/household/{HOUSEHOLD}/social_security")
            form = sheet.text[sheet.text.index('action="/console/corrections"') :]
            given = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form)[:2])
            name, handle, seen = re.findall(
                r'name="(handle|record_id)"><option value="(\w+)">([^<]+)<', form
            )[0]
            columns = re.findall(r'<option value="(\w+)">', form[form.index('name="column"') :])
            claim = {"column": "base_fen", "claim": "本人该月未参保"}
            asked = await browser.post("/console/corrections", data={**given, name: handle, **claim})
            page = await browser.get(asked.headers["location"])
            listed = await browser.get("/console/corrections")
            verifier = await console.signed_in("verifier", agent="v")
            whole = await verifier.get(asked.headers["location"])
        assert (name, seen[:4], len(handle)) == ("handle", "1 · ", 32)
        assert "base_fen" in columns
        assert {"record_id", "employer"}.isdisjoint(columns)
        assert asked.status_code == 303
        for told in (page.text, listed.text):
            assert "i-0" not in told
            assert f"{handle[:8]}…" in told
        assert "i-0" in whole.text

    asyncio.run(story())


def test_what_waits_for_an_answer_is_never_hidden_behind_what_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "A_PAGE", 2)

    async def story() -> None:
        async with console_over(tmp_path, casework=True) as console:
            browser = await console.signed_in()
            asked = [
                await browser.post("/console/corrections", data={**DISPUTED, "claim": f"{n}"})
                for n in range(4)
            ]
            where = [each.headers["location"] for each in asked]
            await browser.post(f"{where[0]}/withdraw", data={"reason": "重复"})
            pages = [await browser.get(f"/console/corrections?page={at}") for at in (1, 2)]
            all_of_them = [await browser.get(f"/console/corrections?state=all&page={at}") for at in (1, 2)]
            front = await browser.get("/console/sources")
        shown = [[path for path in where if f'href="{path}"' in page.text] for page in pages]
        assert (sorted(shown[0] + shown[1]), [len(each) for each in shown]) == (sorted(where[1:]), [2, 1])
        assert all(any(f'href="{path}"' in page.text for page in all_of_them) for path in where)
        assert f'href="{where[0]}"' not in front.text
        assert "(2+)" in front.text

    asyncio.run(story())


def test_who_does_no_casework_sees_no_sources(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in("evaluator", errand=False)
            assert (await browser.get("/console/sources")).status_code == 403
            assert (await browser.get("/console/corrections/none")).status_code in (403, 404)

    asyncio.run(story())
