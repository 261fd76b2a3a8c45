"""May a lawyer change an agreement at the browser, a second person sign it, and does it count at once?"""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from casework.agreement import as_text, hash_of
from casework.agreement_register import drafts, in_force
from casework.agreement_sheet import read_sheet, write_sheet
from tests.gateway.console.houses import FOLDER, console_over

ONE = next(each for each in FOLDER if each.number == "MZ-MZ-2026-001")
HIDDEN = replace(
    ONE, fields=tuple((name, access) for name, access in ONE.fields if name != "家庭档案.主要致困原因")
)
AT = "/console/agreements"


def story(tmp_path, work):
    async def run():
        async with console_over(tmp_path) as at:
            return await work(at)

    return asyncio.run(run())


async def drafted(at, text=None, reason="不再共享致困原因"):
    lawyer = await at.signed_in("lawyer", errand=False)
    said = {"text": as_text(HIDDEN) if text is None else text, "reason": reason}
    return await lawyer.post(f"{AT}/{ONE.number}", data=said)


def test_what_two_people_signed_decides_the_next_question_without_a_restart(tmp_path):
    async def work(at):
        clerk = await at.signed_in("clerk")
        before = (await clerk.get("/console/household/H-1/civil_affairs")).text
        address = (await drafted(at)).headers["location"]
        supervisor = await at.signed_in("supervisor")
        page = (await supervisor.get(address)).text
        still = (await clerk.get("/console/household/H-1/civil_affairs")).text
        signed = await supervisor.post(f"{address}/signed", data={"version": "1"})
        after = (await clerk.get("/console/household/H-1/civil_affairs")).text
        now = in_force(at.house.desk.kept, FOLDER)
        return before, page, still, signed.status_code, after, at.house.office.agreements.hash, hash_of(now)

    before, page, still, status, after, deciding, kept = story(tmp_path, work)
    assert "因病" in before
    assert "<del>" in page
    assert "主要致困原因" in page
    assert "因病" in still
    assert status == 303
    assert "因病" not in after
    assert deciding == kept != hash_of(FOLDER)


def test_what_is_wrong_is_named_by_line_and_key_and_the_text_is_not_lost(tmp_path):
    wrong = as_text(HIDDEN).replace("有条件共享", "随意共享")

    async def work(at):
        came = await drafted(at, wrong)
        return came, drafts(at.house.desk.kept)

    came, waiting = story(tmp_path, work)
    line = wrong.splitlines().index("共享类型: 随意共享") + 1
    assert came.status_code == 422
    assert f"行 {line} · 共享类型" in came.text
    assert "共享类型: 随意共享" in came.text
    assert waiting == []


@pytest.mark.parametrize("who", ["clerk", "verifier"])
def test_who_is_neither_lawyer_nor_supervisor_sees_and_does_nothing(tmp_path, who):
    async def work(at):
        address = (await drafted(at)).headers["location"]
        browser = await at.signed_in(who)
        page = await browser.get(AT)
        signed = await browser.post(f"{address}/signed", data={"version": "1"})
        posted = await browser.post(f"{AT}/{ONE.number}", data={"text": as_text(HIDDEN), "reason": "x"})
        return [each.status_code for each in (page, signed, posted)], drafts(at.house.desk.kept)

    statuses, waiting = story(tmp_path, work)
    assert statuses == [403, 403, 403]
    assert len(waiting) == 1


def test_who_drafted_does_not_sign_and_who_comes_second_is_told(tmp_path):
    async def work(at):
        address = (await drafted(at)).headers["location"]
        lawyer, supervisor = await at.signed_in("lawyer", errand=False), await at.signed_in("supervisor")
        alone = await lawyer.post(f"{address}/signed", data={"version": "1"})
        back = await supervisor.post(f"{address}/back", data={"version": "1", "reason": "期限过长"})
        late = await supervisor.post(f"{address}/signed", data={"version": "1"})
        return alone, back.status_code, late

    alone, back, late = story(tmp_path, work)
    assert (alone.status_code, back, late.status_code) == (409, 303, 409)
    assert "需要另一人复核" in alone.text
    assert "请重新查看" in late.text


def test_all_travel_as_excel_and_what_comes_back_changed_is_drafted(tmp_path):
    async def work(at):
        lawyer = await at.signed_in("lawyer", errand=False)
        sheet = (await lawyer.get(f"{AT}/export.xlsx")).content
        files = {
            "file": ("agreements.xlsx", write_sheet([HIDDEN, *(each for each in FOLDER if each is not ONE)]))
        }
        came = await lawyer.post(f"{AT}/import", files=files, data={"reason": "年度修订"})
        bad = load_workbook(io.BytesIO(sheet))
        bad.worksheets[0]["B5"] = "招商"
        out = io.BytesIO()
        bad.save(out)
        files = {"file": ("bad.xlsx", out.getvalue())}
        refused = await lawyer.post(f"{AT}/import", files=files, data={"reason": "年度修订"})
        return sheet, came, refused, [each.number for each in drafts(at.house.desk.kept)]

    sheet, came, refused, waiting = story(tmp_path, work)
    assert hash_of(read_sheet(sheet, file="all.xlsx")) == hash_of(FOLDER)
    assert came.status_code == 200
    assert waiting == [ONE.number]
    assert refused.status_code == 422
    assert "bad.xlsx 共享协议 · 行 5 · 提供部门 · 应为 民政、" in refused.text


def test_another_process_takes_it_up_when_it_looks(tmp_path):
    async def work(at):
        other = type(at.house.offices)(at.gateway.office, at.house.desk.kept, at.house.offices.folder)
        address = (await drafted(at)).headers["location"]
        supervisor = await at.signed_in("supervisor")
        await supervisor.post(f"{address}/signed", data={"version": "1"})
        held = other.now
        await other.look()
        taken = other.now
        await other.look()
        return held.agreements.hash, taken.agreements.hash, other.now is taken

    held, taken, same = story(tmp_path, work)
    assert held == hash_of(FOLDER) != taken
    assert same  # nothing new: the very same office, with all that is kept for it
