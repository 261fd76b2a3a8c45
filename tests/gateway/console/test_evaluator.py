"""The evaluator at a browser: everything can be checked, nobody is seen, and reading the log is in the log."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.console.evaluator import PIECE_BYTES, _pieces_of
from tests.gateway.console.houses import console_over
from tests.gateway.console.test_decision_pages import TOLD, console_of
from tests.gateway.rows import HEAD, HOUSEHOLD, NAMES

PAGES = ("", "/trail", "/entry/0", "/verify", "/misuse", "/replay", "/sample")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["clerk", "verifier", "supervisor", "stranger"])
def test_none_but_the_evaluator_is_let_in(page: str, who: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            browser = await console.signed_in(who)
            assert (await browser.get(f"/console/evaluator{page}")).status_code == 403

    asyncio.run(story())


def test_every_page_notes_that_the_log_was_read_and_shows_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            verifier, evaluator = (
                await console.signed_in(),
                await console.signed_in("evaluator", errand=False, agent="e"),
            )
            await verifier.post("/console/household", data={"asked": HEAD})
            before = len(await console.gateway.entries())
            texts = [(await evaluator.get(f"/console/evaluator{page}")).text for page in PAGES]
            entries = (await console.gateway.entries())[before:]
        assert [entry["event"] for entry in entries] == ["audit.read"] * len(PAGES)
        for text in texts:
            assert "<main" in text
            assert not any(word in text for word in (HEAD, HOUSEHOLD, *NAMES.values()))

    asyncio.run(story())


def test_the_trail_is_found_by_kind_by_day_and_by_pseudonym(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            verifier, evaluator = (
                await console.signed_in(),
                await console.signed_in("evaluator", errand=False, agent="e"),
            )
            await verifier.post("/console/household", data={"asked": HEAD})
            entries = await console.gateway.entries()
            intent = next(at for at, entry in enumerate(entries) if entry["event"] == "inquiry.intent")
            caller = entries[intent]["fields"]["caller"]
            link = f"/console/evaluator/entry/{intent}"

            async def shown(query: str) -> bool:
                return f'"{link}"' in (await evaluator.get(f"/console/evaluator/trail?{query}")).text

            assert await shown("event=inquiry.intent")
            assert not await shown("event=export")
            assert await shown("day=2026-11-16")
            assert not await shown("day=2026-11-15")
            assert await shown(f"who={caller}")
            assert not await shown(f"who={'0' * 32}")
            assert not await shown(f"before={intent}")
            assert "inquiry.intent" in (await evaluator.get(link)).text

    asyncio.run(story())


def test_everything_is_verified_with_progress_and_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            evaluator = await console.signed_in("evaluator")
            streamed = await evaluator.get("/console/evaluator/verify/stream")
            at_once = await evaluator.post("/console/evaluator/verify")
        assert streamed.headers["content-type"].startswith("text/event-stream")
        assert "相符" in streamed.text.split("\n\n")[-2]
        assert "相符" in at_once.text

    asyncio.run(story())


def test_a_bundle_leaves_with_its_export_noted(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            evaluator = await console.signed_in("evaluator")
            file = await evaluator.post("/console/evaluator/bundle")
            events = [entry["event"] for entry in await console.gateway.entries()]
        assert "VERIFY.md" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
        assert file.headers["content-length"] == str(len(file.content))
        assert "export" in events

    asyncio.run(story())


def test_a_large_bundle_leaves_in_pieces(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.zip"
    with bundle.open("wb") as written:
        written.truncate(2 * PIECE_BYTES + 1)
    file = bundle.open("rb")
    assert [len(piece) for piece in _pieces_of(file)] == [PIECE_BYTES, PIECE_BYTES, 1]
    assert file.closed


def test_a_recorded_verdict_is_reached_again_and_its_inputs_stay_closed(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_of(tmp_path, TOLD) as console:
            verifier, evaluator = await console.signed_in(), await console.signed_in("evaluator", agent="e")
            await verifier.get(f"/console/household/{TOLD.household}/verdict")
            entries = await console.gateway.entries()
            outcome = max(at for at, entry in enumerate(entries) if entry["event"] == "inquiry.outcome")
            page = await evaluator.post("/console/evaluator/replay", data={"index": outcome})
            none = await evaluator.post("/console/evaluator/replay", data={"index": 0})
        assert "一致" in re.findall(r'role="status">(.*?)</p>', page.text, re.S)[0]
        assert TOLD.household not in page.text
        assert "没有可重算的结论" in none.text

    asyncio.run(story())


def test_a_sample_goes_from_promise_to_reveal_and_another_secret_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            verifier, evaluator = await console.signed_in(), await console.signed_in("evaluator", agent="e")
            await verifier.post("/console/household", data={"asked": HEAD})
            secret = bytes(range(32))
            promised = await evaluator.post(
                "/console/evaluator/sample",
                data={"promise": sha256(secret).hexdigest(), "count": 1, "tekun": 0},
            )
            address = promised.headers["location"]
            waiting = await evaluator.get(address)
            other = await evaluator.post(f"{address}/reveal", data={"secret": "00" * 32})
            early = await evaluator.post(f"{address}/reveal", data={"secret": secret.hex()})
            malformed = await evaluator.post("/console/evaluator/sample", data={"promise": "no", "count": 1})
        assert "尚未抽取" in waiting.text
        assert (other.status_code, early.status_code, malformed.status_code) == (409, 409, 422)

    asyncio.run(story())


def test_look_ups_out_of_hours_are_listed_to_be_asked_about(tmp_path: Path) -> None:
    async def story(now: datetime) -> str:
        folder = tmp_path / str(now.hour)
        folder.mkdir()
        async with console_over(folder, now=now) as console:
            verifier, evaluator = await console.signed_in(), await console.signed_in("evaluator", agent="e")
            await verifier.post("/console/household", data={"asked": HEAD})
            return (await evaluator.get("/console/evaluator/misuse")).text

    assert "AUD-01" in asyncio.run(story(datetime(2026, 11, 16, 14, 30, tzinfo=UTC)))
    assert "AUD-01" not in asyncio.run(story(datetime(2026, 11, 16, 2, 30, tzinfo=UTC)))


def test_a_person_is_told_who_looked_and_the_asking_stands_in_the_answer(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            verifier, clerk = await console.signed_in(), await console.signed_in("clerk", agent="c")
            await verifier.post("/console/household", data={"asked": HEAD})
            page = await clerk.post("/console/statement", data={"person": HEAD, "basis": "PIPL-45"})
            file = await clerk.post(
                "/console/statement", data={"person": HEAD, "basis": "PIPL-45", "take": "true"}
            )
            wrong = await clerk.post(
                "/console/statement", data={"person": "529901000000000000", "basis": "PIPL-45"}
            )
            foreign = await clerk.post("/console/statement", data={"person": HEAD, "basis": "GDSR-29"})
            refused = await verifier.get("/console/statement")
        assert "低保资格认定" in page.text
        assert "statement.asked" in page.text
        assert file.json()["format"] == "hedui-statement/v1"
        assert (wrong.status_code, foreign.status_code, refused.status_code) == (422, 403, 403)

    asyncio.run(story())


def test_a_lawyer_is_told_who_saw_a_household_in_a_month_and_why(tmp_path: Path) -> None:
    async def story() -> None:
        async with console_over(tmp_path) as console:
            verifier = await console.signed_in()
            await verifier.get(f"/console/household/{HOUSEHOLD}")
            lawyer, clerk = [
                await console.signed_in(who, agent=who, errand=False) for who in ("lawyer", "clerk")
            ]
            given = {"person": HOUSEHOLD, "basis": "GDSR-29"}
            month = await lawyer.post(
                "/console/statement", data={**given, "since": "2026-11-01", "until": "2026-11-30"}
            )
            before = await lawyer.post("/console/statement", data={**given, "until": "2026-10-31"})
            nobody = await lawyer.post("/console/statement", data={**given, "person": "52990119880218901"})
            window = await clerk.post("/console/statement", data={**given, "basis": "PIPL-45"})
            own = await lawyer.post("/console/statement", data={**given, "basis": "PIPL-45"})
            front = await lawyer.get("/console/policy")
        for told in ("inquiry.outcome", "低保资格认定", "民政 核对员"):
            assert told in month.text
        assert "inquiry.outcome" not in before.text
        assert [each.status_code for each in (nobody, window, own)] == [422, 422, 403]
        assert 'href="/console/statement"' in front.text

    asyncio.run(story())


def test_a_rare_entry_is_looked_for_page_by_page_and_found_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.console.evaluator.AT_ONCE", 2)
    monkeypatch.setattr("gateway.console.evaluator.LOOKED_THROUGH", 2)

    async def story() -> int:
        async with console_over(tmp_path) as console:
            clerk = await console.signed_in("clerk")
            assert (await clerk.get("/console/runs")).status_code == 403
            assert (await clerk.post("/console/household", data={"asked": "H-404"})).status_code == 404
            for _ in range(8):
                await clerk.get("/console/findings")
            evaluator = await console.signed_in("evaluator", agent="e", errand=False)
            address, pages = "/console/evaluator/trail?event=inquiry.intent", 0
            while address:
                page, pages = await evaluator.get(address), pages + 1
                if "/console/evaluator/entry/" in page.text:
                    return pages
                assert "已查找至条目" in page.text
                [address] = re.findall(r'href="(/console/evaluator/trail[^"]+)"', page.text)
                address = address.replace("&amp;", "&")
            raise AssertionError("the entry is there")

    assert asyncio.run(story()) > 1
