"""Each user's story in a real browser, from login to done, in both languages; and what axe and the network say of it.

Screenshots go to the folder that ARTIFACTS names. Skipped where there is no Chromium.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from casework import tables
from tests.gateway.console.houses import Console
from tests.gateway.console.test_decision_pages import TOLD, console_of
from vocabulary.records.civil_affairs import Person as Someone

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STATIC = Path(__file__).parents[3] / "gateway" / "console" / "static" / "vendor"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
    pytest.mark.skipif(not (STATIC / "ready").exists(), reason="no page libraries: make assets"),
]


@dataclass(frozen=True)
class Served:
    """Pages that a browser can open, and the house behind them."""

    address: str
    console: Console


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The pages on a loopback address, over the records of one story."""
    ready, stop = threading.Event(), threading.Event()
    where: list[Served] = []

    async def serve() -> None:
        async with console_of(folder, TOLD, secure=False, casework=True) as console:
            server = uvicorn.Server(uvicorn.Config(console.app, port=0, log_config=None, lifespan="off"))
            running = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            where.append(Served(f"http://127.0.0.1:{port}", console))
            ready.set()
            await asyncio.to_thread(stop.wait)
            server.should_exit = True
            await running

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield where[0]
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("console")) as at:
        yield at


@pytest.fixture(scope="module")
def address(pages: Served) -> str:
    return pages.address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody at a browser window of their own."""

    page: Page
    address: str
    story: str
    faults: list[str] = field(default_factory=list)
    shots: int = 0

    def sees(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for(timeout=10_000)

    def done(self) -> None:
        """Keep what the page looks like, and hold it against axe."""
        self.shots += 1
        if folder := os.environ.get("ARTIFACTS"):
            self.page.screenshot(path=f"{folder}/{self.story}-{self.shots:02}.png", full_page=True)
        found = Axe().run(self.page).response["violations"]
        serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
        assert serious == [], self.page.url
        assert self.faults == []


@pytest.fixture
def come(chromium: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[object]:
    """Opens a window for somebody who signs in."""
    contexts = []

    def opened(
        who: str,
        *,
        lang: str = "zh-CN",
        width: int = 1280,
        errand: str | None = "HD-2026-0001",
        scripts: bool = True,
    ) -> Person:
        context = chromium.new_context(
            locale=lang, viewport={"width": width, "height": 900}, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        person = Person(page, address, request.node.name.replace("[", "-").rstrip("]"))
        page.on(
            "request",
            lambda each: (
                person.faults.append(each.url) if not each.url.startswith((address, "data:")) else None
            ),
        )
        page.on("console", lambda each: person.faults.append(each.text) if each.type == "error" else None)
        page.goto(f"{address}/console/")
        page.click(f"button[value={who}]")
        page.wait_for_url("**/console/")
        if errand:
            page.select_option("#purpose", "DIBAO_RECOGNITION")
            page.fill("#case", errand)
            page.click("form[action='/console/errand'] button")
            page.wait_for_selector("#asked")
        return person

    yield opened
    for context in contexts:
        context.close()


WORDS = {
    "zh-CN": ("人社", "核对该家庭", "计算过程"),
    "en-US": ("人社", "Cross-check this household", "The arithmetic"),
}


@pytest.mark.parametrize("lang", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_verifier_looks_up_a_household_and_cross_checks_it(come, lang: str, width: int) -> None:
    department, check, arithmetic = WORDS[lang]
    person = come("verifier", lang=lang, width=width)
    person.page.fill("#asked", TOLD.household)
    person.page.keyboard.press("Enter")
    person.sees(TOLD.household)
    person.done()
    person.page.click(f"text={department}")
    person.sees("社会保险缴费")
    person.done()
    person.page.goto(f"{person.address}/console/household/{TOLD.household}")
    person.page.click(f"text={check}")
    person.sees(arithmetic)
    person.done()


def test_from_finding_to_decision_by_two_people_at_two_windows(come) -> None:
    verifier, supervisor = come("verifier", errand="HD-2026-0042"), come("supervisor", errand="HD-2026-0042")
    page = verifier.page
    page.goto(f"{verifier.address}/console/household/{TOLD.household}/verdict")
    page.select_option("#kind", "REVIEW")
    page.click("text=立案并登记核对结果")
    verifier.sees("HD-2026-0042")
    verifier.done()
    case = page.url
    page.fill("#why", "仍符合条件")
    page.select_option("#kind", "KEEP")
    page.click("text=按今日核对结论起草")
    verifier.sees("草拟")
    verifier.done()
    supervisor.page.goto(page.url)
    supervisor.done()
    supervisor.page.click("text=作为第二人作出此决定")
    supervisor.sees("已作出")
    supervisor.page.click("text=打印通知书")
    supervisor.sees("继续救助决定通知书")
    supervisor.done()
    page.goto(case)
    verifier.sees("已决定")


def test_two_windows_on_one_finding_see_each_others_change(come) -> None:
    verifier, supervisor = come("verifier", errand="HD-2026-0043"), come("supervisor", errand="HD-2026-0043")
    verifier.page.goto(f"{verifier.address}/console/household/{TOLD.household}/verdict")
    verifier.page.click("text=立案并登记核对结果")
    verifier.sees("HD-2026-0043")
    verifier.page.click("a[href^='/console/findings/']")
    supervisor.page.goto(verifier.page.url)
    verifier.page.fill("#reason-withdraw", "同名不同人")
    verifier.page.click("form[action$='/withdraw'] button")
    verifier.sees("同名不同人")
    verifier.done()
    supervisor.faults.clear()
    supervisor.page.click("form[action$='/tell'] button")
    supervisor.sees("他人已作更改")
    supervisor.faults.clear()  # the browser itself notes the status 409 in its console
    supervisor.done()


def test_the_queue_is_worked_with_the_keyboard_alone(come) -> None:
    verifier = come("verifier", errand="HD-2026-0044")
    verifier.page.goto(f"{verifier.address}/console/household/{TOLD.household}/verdict")
    verifier.page.click("text=立案并登记核对结果")
    verifier.sees("HD-2026-0044")
    verifier.page.goto(f"{verifier.address}/console/findings")
    verifier.page.keyboard.press("j")
    verifier.page.keyboard.press("j")
    verifier.page.keyboard.press("k")
    verifier.page.keyboard.press("Enter")
    verifier.page.wait_for_url("**/console/findings/*")
    verifier.sees("佐证")


def test_a_filter_changes_the_rows_without_loading_the_page(come) -> None:
    verifier = come("verifier", errand="HD-2026-0045")
    verifier.page.goto(f"{verifier.address}/console/household/{TOLD.household}/verdict")
    verifier.page.click("text=立案并登记核对结果")
    verifier.page.goto(f"{verifier.address}/console/findings")
    verifier.page.evaluate("window.stays = true")
    verifier.page.select_option("#rule", "HH-01")
    verifier.sees("没有符合条件的疑点")
    assert verifier.page.evaluate("window.stays") is True
    assert "没有符合条件的疑点" in verifier.page.text_content("[role=status][data-told]")
    assert "rule=HH-01" in verifier.page.url


TOO_NARROW = """() => {
  const narrow = [...document.querySelectorAll("td, th, dt, dd, caption, label, a.btn, button")].filter((each) => {
    const style = getComputedStyle(each), em = parseFloat(style.fontSize);
    const inside = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const shown = each.clientWidth > 1 && each.checkVisibility();
    return shown && inside < 3.2 * em && each.innerText.trim().length > 3 && each.clientHeight > 4 * em;
  });
  const over = document.documentElement.scrollWidth - window.innerWidth;
  return [over, ...narrow.map((each) => each.innerText.trim())];
}"""
"""By how much the page is wider than the window, and what is written in columns that are a character or two wide."""

ON_A_PHONE = {
    "verifier": (
        *(
            f"household/{TOLD.household}{part}"
            for part in ("", "/civil_affairs", "/social_security", "/dossier")
        ),
        *(f"household/{TOLD.household}/{part}" for part in ("verdict", "report", "authorizations")),
        *("findings", "cases", "sources", "corrections", "rows", "likenesses", "runs", "policy"),
    ),
    "evaluator": ("evaluator", "evaluator/trail", "evaluator/sample", "evaluator/misuse", "statement"),
}


@pytest.mark.parametrize(("who", "scripts"), [("verifier", True), ("verifier", False), ("evaluator", True)])
def test_on_a_phone_no_column_is_a_character_wide(come, who: str, scripts: bool) -> None:
    person = come(who, width=360, scripts=scripts)
    for path in ON_A_PHONE[who]:
        person.page.goto(f"{person.address}/console/{path}")
        assert person.page.evaluate(TOO_NARROW) == [0], path


def test_on_a_phone_a_row_is_a_list_and_still_a_row_to_a_screen_reader(come) -> None:
    verifier = come("verifier", width=360)
    verifier.page.goto(f"{verifier.address}/console/household/{TOLD.household}")
    table = verifier.page.get_by_role("table").first
    assert table.get_by_role("columnheader").count() == 5
    assert table.get_by_role("row").nth(1).get_by_role("cell").count() == 5
    assert table.locator("td").first.get_attribute("data-label") == "姓名"


def test_an_evaluator_checks_the_trail_and_watches_the_log_being_verified(come) -> None:
    evaluator = come("evaluator", errand=None)
    page = evaluator.page
    page.goto(f"{evaluator.address}/console/evaluator")
    evaluator.done()
    page.click("text=检索留痕")
    page.select_option("#event", "inquiry.outcome")
    page.click("form button:has-text('筛选')")
    page.click("tbody a")
    evaluator.sees("tlog-proof")
    evaluator.done()
    page.goto(f"{evaluator.address}/console/evaluator/verify")
    page.click("text=现在核验")
    evaluator.sees("相符")
    evaluator.done()


def test_graphiql_runs_a_question_offline(come) -> None:
    verifier = come("verifier")
    verifier.page.goto(f"{verifier.address}/console/graphql")
    verifier.page.click("button[aria-label^='Execute query']")
    verifier.page.get_by_text("extensions").first.wait_for(timeout=15_000)
    verifier.faults[:] = [fault for fault in verifier.faults if "400" not in fault]
    verifier.done()


def test_reading_needs_no_script(chromium: Browser, address: str) -> None:
    context = chromium.new_context(locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/console/")
    page.click("button[value=verifier]")
    page.wait_for_url("**/console/")
    page.select_option("#purpose", "DIBAO_RECOGNITION")
    page.fill("#case", "HD-2026-0001")
    page.click("form[action='/console/errand'] button")
    page.goto(f"{address}/console/household/{TOLD.household}/verdict")
    assert "计算过程" in page.content()
    context.close()


NAME = next(row.name for row in TOLD.records if isinstance(row, Someone) and row.name)


DOSSIER = {"zh-CN": "一户一档（全部）", "en-US": "Whole dossier"}


@pytest.mark.parametrize("lang", ["zh-CN", "en-US"])
def test_a_clerk_finds_somebody_by_name_and_prints_the_dossier(come, lang: str) -> None:
    clerk = come("clerk", lang=lang)
    clerk.done()
    clerk.page.fill("#asked", NAME)
    clerk.page.keyboard.press("Enter")
    clerk.sees(TOLD.household)
    clerk.done()
    clerk.page.click(f"a:has-text('{TOLD.household}')")
    clerk.page.click(f"text={DOSSIER[lang]}")
    clerk.page.wait_for_selector("section#social_security")
    clerk.page.emulate_media(media="print")
    assert not clerk.page.is_visible("header")
    clerk.done()
    clerk.page.emulate_media(media="screen")
    clerk.page.goto(f"{clerk.address}/console/statement")
    clerk.done()


def test_a_lawyer_and_an_operator_have_their_pages_and_no_others(come) -> None:
    lawyer, operator = come("lawyer", lang="en-US", errand=None), come("operator", errand=None)
    lawyer.page.click("nav >> text=Policy")
    lawyer.sees("Policy")
    lawyer.done()
    lawyer.page.click("nav >> text=Agreements")
    lawyer.page.wait_for_url("**/console/agreements")
    lawyer.done()
    for each, path in ((lawyer, "runs"), (operator, "cases")):
        assert each.page.goto(f"{each.address}/console/{path}").status == 403
        each.faults.clear()  # the browser itself notes the status in its console
        each.done()


@pytest.mark.parametrize("lang", ["zh-CN", "en-US"])
def test_an_evaluator_draws_a_sample_and_takes_the_bundle(come, lang: str) -> None:
    evaluator = come("evaluator", lang=lang, errand=None)
    page = evaluator.page
    page.goto(f"{evaluator.address}/console/evaluator/sample")
    evaluator.done()
    page.goto(f"{evaluator.address}/console/evaluator/misuse")
    evaluator.done()
    page.goto(f"{evaluator.address}/console/evaluator")
    with page.expect_download() as taken:
        page.click("form[action='/console/evaluator/bundle'] button")
    assert Path(taken.value.path()).read_bytes()[:2] == b"PK"


def test_a_stolen_key_opens_nothing_and_ends_the_session_it_was_stolen_from(
    come, chromium: Browser, address: str
) -> None:
    verifier = come("verifier")
    stolen = chromium.new_context(locale="zh-CN", user_agent="somebody else's browser")
    stolen.add_cookies([each for each in verifier.page.context.cookies() if each["name"] == "hedui-session"])
    thief = stolen.new_page()
    thief.goto(f"{address}/console/findings")
    assert "登录信息来自另一浏览器" in thief.content()
    verifier.page.goto(f"{address}/console/findings")
    verifier.page.wait_for_url("**/console/login*")
    stolen.close()


def test_what_was_typed_outlives_the_session_and_its_purpose(come, pages: Served) -> None:
    clerk = come("clerk", errand="HD-2026-0046")
    page, desk = clerk.page, pages.console.house.desk
    page.goto(f"{clerk.address}/console/household/{TOLD.household}/social_security")
    page.locator("summary:has-text('记录有误')").first.click()
    page.locator("input[name=claim]").first.fill("本人该月未参保，有证明")
    page.context.clear_cookies()
    page.locator("form[action='/console/corrections'] button").first.click()
    clerk.sees("您填写的内容仍在本页")
    clerk.faults.clear()  # the browser itself notes the status 401 in its console
    clerk.done()
    with page.context.expect_page() as opened:
        page.click("main a[target=_blank]")
    opened.value.click("button[value=clerk]")
    opened.value.wait_for_url("**/console/")
    page.click("button:has-text('重新提交')")
    clerk.sees("已拒绝")  # with the session its purpose ended, too
    opened.value.select_option("#purpose", "DIBAO_RECOGNITION")
    opened.value.fill("#case", "HD-2026-0046")
    opened.value.click("form[action='/console/errand'] button")
    opened.value.wait_for_selector("#asked")
    page.click("button:has-text('重新提交')")
    page.wait_for_url("**/console/corrections/*")
    clerk.sees("本人该月未参保，有证明")
    clerk.faults.clear()
    clerk.done()
    rows = desk.kept.rows(sa.select(tables.correction.c.claim))
    assert [row["claim"] for row in rows] == ["本人该月未参保，有证明"]


def test_a_form_that_is_sent_twice_in_a_moment_is_sent_once_and_a_half_written_one_is_not_left_unasked(
    come,
) -> None:
    clerk = come("clerk")
    sent = """() => { const form = document.querySelector("form[action='/console/household']");
      const press = () => form.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
      return [press(), press()]; }"""
    leaves = """() => window.dispatchEvent(new Event("beforeunload", { cancelable: true }))"""
    assert clerk.page.evaluate(leaves) is True
    clerk.page.fill("#asked", "HD")
    assert clerk.page.evaluate(leaves) is False
    assert clerk.page.evaluate(sent) == [True, False]
    assert clerk.page.evaluate(leaves) is True


def test_a_session_that_is_over_leads_to_the_login_and_says_why(come, pages: Served) -> None:
    verifier = come("verifier")
    clock = pages.console.clock
    before, clock.now = clock.now, clock.now + timedelta(hours=11)
    try:
        verifier.page.goto(f"{verifier.address}/console/cases")
        verifier.sees("登录已到期")
        verifier.done()
    finally:
        clock.now = before


@pytest.mark.parametrize(
    ("lang", "width", "until"), [("zh-CN", 1280, "2027-12-30"), ("en-US", 360, "2027-12-29")]
)
def test_an_agreement_is_changed_by_two_people_at_two_windows(
    come, lang: str, width: int, until: str
) -> None:
    lawyer = come("lawyer", lang=lang, width=width, errand=None)
    supervisor = come("supervisor", lang=lang, width=width)
    page = lawyer.page
    page.goto(f"{lawyer.address}/console/agreements/MZ-MZ-2026-001")
    lawyer.done()
    page.fill("#text", page.input_value("#text").replace("依据", "依剧", 1))
    page.fill("#reason", "试改")
    page.click("main form button.btn-primary")
    page.wait_for_selector("#wrong")
    lawyer.faults.clear()  # the browser itself notes the status in its console
    lawyer.done()
    text = page.input_value("#text").replace("依剧", "依据", 1)
    page.fill("#text", re.sub(r"2027-12-\d\d", until, text))
    page.click("main form button.btn-primary")
    page.wait_for_url("**/console/agreements/revisions/*")
    lawyer.done()
    supervisor.page.goto(page.url)
    supervisor.page.click("form[action$='/signed'] button")
    supervisor.page.wait_for_load_state()
    supervisor.done()
    assert not page.goto(page.url).text().count("/signed")


def test_authorizations_are_worked_at_a_narrow_window(come) -> None:
    verifier = come("verifier", errand="HD-2026-0044", width=360)
    verifier.page.goto(f"{verifier.address}/console/household/{TOLD.household}/authorizations")
    verifier.sees("授权")
    verifier.done()
