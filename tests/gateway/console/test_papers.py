"""Papers that leave the house: the letter of a decision, the report on a household; read, printed, taken as a file."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from casework.cases import case_numbered
from casework.decision import DecisionKind
from casework.decisions import draft
from casework.letters import REMEDY, USE, decision_letter
from casework.paper import Paper, Part
from gateway.console.dossier import Cell, Table
from gateway.console.lookup import DEPARTMENTS
from gateway.console.pdf import pdf_of
from gateway.console.report import report_of
from gateway.console.terms import FAULTS
from gateway.console.whole import About, Sheet, parts_of
from gateway.console.words import said_in_chinese
from gateway.errors import InquiryError
from gateway.office import Judge
from gateway.schema.query import schema
from tests.casework.desks import basis
from tests.gateway.console.houses import console_over
from tests.gateway.console.test_casework_pages import VERIFIER, a_finding
from tests.gateway.rows import HEAD, HOUSEHOLD
from verification.crosscheck import crosscheck, reads
from verification.pack import load_pack
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind

PACK = load_pack("demo-2026")
JUDGE = Judge(
    reads(),
    lambda on: None,
    lambda evidence, number, on: crosscheck(evidence, household=number, on=on, pack=PACK),
)


def test_a_letter_says_what_was_decided_why_and_how_to_object_and_a_draft_that_it_is_one(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            id_ = await a_finding(console)
            desk = console.house.desk
            case = case_numbered(desk, VERIFIER, "HD-2026-0001")
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="仍符合条件"
            )
            browser = await console.signed_in()
            page = await browser.get(f"/console/decisions/{paper.id}/letter")
        assert id_
        for words in (
            "继续救助决定通知书",
            "草拟中，尚未作出，不发生效力",
            "608.00 元/月",
            "仍符合条件",
            REMEDY,
            USE,
        ):
            assert words in page.text
        made = replace(paper, decided_on=date(2026, 11, 16))
        letter = decision_letter(made, finding=None, rule_names={}, articles={}, heard_on=[date(2026, 11, 2)])
        assert "于 2026-11-16 作出" in letter.parts[0].sentences[0]
        assert "2026-11-02" in letter.parts[1].sentences[0]

    asyncio.run(story())


def test_a_letter_that_leaves_as_a_file_is_noted_with_its_digest(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            await a_finding(console)
            desk = console.house.desk
            case = case_numbered(desk, VERIFIER, "HD-2026-0001")
            paper = await draft(
                desk, VERIFIER, case, kind=DecisionKind.KEEP, basis=basis(), reason="仍符合条件"
            )
            browser = await console.signed_in()
            file = await browser.get(f"/console/decisions/{paper.id}/letter.pdf")
            entry = (await console.gateway.entries())[-1]
        assert file.content.startswith(b"%PDF-")
        assert (entry["event"], entry["fields"]["what"]) == ("export", "decision-letter")
        assert entry["fields"]["contents"] == sha256(file.content).hexdigest()

    asyncio.run(story())


def test_a_report_names_each_source_with_its_state_and_the_line_on_its_use(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, judge=JUDGE) as console:
            browser = await console.signed_in()
            page = await browser.get(f"/console/household/{HOUSEHOLD}/report")
        assert page.status_code == 200
        for words in (
            "家庭经济状况核对报告",
            "人社反馈",
            "社会保险缴费",
            "反馈疑似信息",
            "反馈时间",
            "HD-2026-0001",
            USE,
        ):
            assert words in page.text
        assert HEAD not in page.text
        assert re.search(r"<td>人员基本信息</td><td>有记录（1 条）</td>", page.text), (
            "our own papers are no 疑似信息"
        )
        assert "<td>户主</td>" in page.text or "<td>本人或户主</td>" in page.text
        assert not re.search(r"<td>[A-Z_]{2,}</td>|\dT\d\d:", page.text), (
            "codes, or instants as machines write them"
        )

    asyncio.run(story())


def test_what_is_only_noted_of_a_household_is_no_suspicion_in_its_report() -> None:
    found = [
        {"rule": "CAT-02", "severity": "INFO", "zh": "提示低保。", "article": "社会救助法 art. 18"},
        {
            "rule": "INC-01",
            "severity": "CONFLICT",
            "zh": "疑似申报无业而在保。",
            "article": "审核确认办法 art. 13",
        },
    ]
    verdict = {"findings": found, "annual": "15600.00", "arithmetic": [{"zh": "合计", "amount": "15600.00"}]}
    paper = report_of(
        {"number": HOUSEHOLD, "on": "2026-11-16"},
        verdict,
        case="HD-2026-0001",
        objections_until=None,
        schema=schema(),
    )
    conclusions, suspected, arithmetic = paper.parts
    assert [row[0] for row in suspected.rows] == ["INC-01"]
    assert ("年收入（元）", "15,600.00") in conclusions.rows
    assert arithmetic.rows == (("合计", "15,600.00"),)


def test_a_report_on_a_household_elsewhere_is_refused_like_one_that_is_not_there(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path, judge=JUDGE) as console:
            browser = await console.signed_in("neighbour")
            assert (await browser.get(f"/console/household/{HOUSEHOLD}/report.pdf")).status_code == 404

    asyncio.run(story())


def test_the_same_paper_is_the_same_file_and_long_ones_run_over_pages() -> None:
    rows = tuple((str(number), "社会保险缴费，职工养老保险 & <正常>" * 3) for number in range(200))
    paper = Paper("核对报告", "HD-2026-0001", (Part("反馈", ("一句话。",), ("序号", "内容"), rows),), USE)
    data = pdf_of(paper)
    assert data == pdf_of(paper)
    assert data.count(b"/Type /Page\n") > 3


def test_the_whole_dossier_is_one_page_and_one_file_with_every_department_in_its_place(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in()
            page = await browser.get(f"/console/household/{HOUSEHOLD}/dossier")
            asked = [entry["event"] for entry in await console.gateway.entries()]
            file = await browser.get(f"/console/household/{HOUSEHOLD}/dossier.pdf")
            left = (await console.gateway.entries())[-1]
        for department in DEPARTMENTS:
            assert f'id="{department.value}"' in page.text
        for words in ("社会保险缴费", "户主"):
            assert words in page.text
        assert asked.count("inquiry.outcome") == len(DEPARTMENTS)
        assert file.content.startswith(b"%PDF")
        assert (left["event"], left["fields"]["what"]) == ("export", "dossier")
        assert left["fields"]["contents"] == sha256(file.content).hexdigest()

    asyncio.run(story())


def test_of_a_dossier_each_department_hides_by_its_own_clause_and_none_is_told_without_a_purpose(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            clerk = await console.signed_in("clerk")
            seen = await clerk.get(f"/console/household/{HOUSEHOLD}/dossier")
            nobody = await (await console.signed_in(errand=False, agent="x")).get(
                f"/console/household/{HOUSEHOLD}/dossier"
            )
            gone = await clerk.get("/console/household/H-404/dossier.pdf")
        assert "MZ-RS-2026-0" in seen.text
        assert nobody.status_code == 403
        assert gone.status_code == 404

    asyncio.run(story())


def test_a_department_that_fails_says_so_in_its_place_in_the_dossier(tmp_path: Path) -> None:
    async def story() -> None:
        failing = {Department.SOCIAL_SECURITY: FailureKind.TIMED_OUT}
        async with console_over(tmp_path, failing=failing) as console:
            browser = await console.signed_in()
            page = await browser.get(f"/console/household/{HOUSEHOLD}/dossier")
        assert page.status_code == 200
        assert "state-source_failed" in page.text

    asyncio.run(story())


def kinds_of(error: type[InquiryError]) -> set[type[InquiryError]]:
    return {error}.union(*map(kinds_of, error.__subclasses__()))


def test_what_became_of_a_question_is_said_in_words_and_not_by_its_code() -> None:
    codes = {kind.code for kind in kinds_of(InquiryError) if kind is not InquiryError}
    assert sorted(codes - FAULTS.keys()) == []
    assert sorted(set(FAULTS.values()) - said_in_chinese().keys()) == []


def test_the_file_of_a_dossier_speaks_chinese_of_what_failed_and_of_what_is_hidden() -> None:
    row = (Cell("", "DENIED", "MZ-RS-2026-018"), Cell("", "VERIFY_ONLY", "MZ-RS-2026-018"), Cell("2026-10"))
    table = Table("养老金", "FOUND", "", "", "", ("记录标识", "金额", "月份"), (row,), 1, "Pension", (), ())
    health = Sheet(Department.HEALTH, fault="TOO_COSTLY")
    pensions = Sheet(Department.SOCIAL_SECURITY, (About("户主", "", (table,)),))
    [failed], [told] = parts_of(health), parts_of(pensions)
    assert failed.sentences == ("未能查询：查询范围过大，请缩小范围。结果未知，并非没有。",)
    assert told.rows == (("禁止 MZ-RS-2026-018", "仅核验 MZ-RS-2026-018", "2026-10"),)
