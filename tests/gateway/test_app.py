"""Does the server show what it may, and hide what it must, even when it fails?"""

import asyncio

from casework.agreement import Recipient
from gateway.errors import NotLogged
from gateway.pace import OwnCounts
from tests.gateway.desk import ORIGIN, at_desk
from tests.gateway.rows import HEAD, NAMES, ROWS

EVALUATOR = {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "AUDIT"}


def get(folder, path, **caller):
    async def test(desk):
        headers = desk.headers(**caller) if caller else {}
        return await desk.client.get(path, headers=headers), await desk.entries()

    return at_desk(folder, ROWS, test)


def test_the_process_says_that_it_lives(tmp_path):
    assert get(tmp_path, "/healthz")[0].json() == {"alive": True}


def test_a_proxy_may_look_at_the_status_alone(tmp_path):
    async def test(desk):
        return [(await desk.client.head(path)) for path in ("/healthz", "/readyz", "/metrics")]

    told = at_desk(tmp_path, ROWS, test)
    assert [(answer.status_code, answer.content) for answer in told] == [(200, b"")] * 3


def test_it_is_ready_when_the_log_can_be_read_and_registers_are_known(tmp_path):
    answer, _ = get(tmp_path, "/readyz")
    assert answer.status_code == 200
    assert answer.json()["log"] is True
    assert set(answer.json()["registers"].values()) == {True}


def test_it_is_not_ready_while_nobody_can_be_counted(tmp_path, monkeypatch):
    async def test(desk):
        def full(*_):
            raise NotLogged("expected to count the question, got OperationalError")

        with monkeypatch.context() as patch:
            patch.setattr(OwnCounts, "add", full)
            refused = await desk.ask('{household(number: "H-1") {number}}'), await desk.client.get("/readyz")
        return *refused, await desk.client.get("/readyz"), await desk.entries()

    asked, unready, ready, entries = at_desk(tmp_path, ROWS, test)
    assert (asked.status_code, asked.json()["errors"][0]["extensions"]["code"]) == (503, "NOT_LOGGED")
    assert (unready.status_code, unready.json()["log"], unready.json()["counts"]) == (503, True, False)
    assert (ready.status_code, ready.json()["counts"], entries) == (200, True, [])


def test_it_is_not_ready_while_the_log_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.app.READY_WITHIN_S", 60.0)

    async def test(desk):
        async def stuck():
            await asyncio.Event().wait()

        with monkeypatch.context() as patch:
            patch.setattr("gateway.app.READY_WITHIN_S", 0.05)
            patch.setattr(desk.log, "checkpoint", stuck)
            unready = await asyncio.wait_for(desk.client.get("/readyz"), 30)
        return unready, await desk.client.get("/readyz")

    unready, ready = at_desk(tmp_path, ROWS, test)
    assert (unready.status_code, unready.json()["log"]) == (503, False)
    assert (ready.status_code, ready.json()["log"]) == (200, True)


def test_there_is_no_page_that_would_load_from_outside(tmp_path):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert get(tmp_path / path.strip("/"), path)[0].status_code == 404


def test_anyone_may_keep_the_checkpoint(tmp_path):
    answer, _ = get(tmp_path, "/log/checkpoint")
    assert answer.text.startswith(f"{ORIGIN}\n0\n")


def test_hash_tiles_are_open_and_entries_are_not(tmp_path):
    async def test(desk):
        await desk.ask("{log{size}}", **EVALUATOR)
        return [
            (await desk.client.get(f"/log/tile/{name}")).status_code
            for name in ("0/000.p/2", "entries/000.p/2", "0/001", "entries/x/000", "9/000")
        ]

    assert at_desk(tmp_path, ROWS, test) == [200, 401, 404, 404, 404]


def test_reading_entries_is_an_entry(tmp_path):
    async def test(desk):
        await desk.ask("{log{size}}", **EVALUATOR)
        refused = await desk.client.get("/log/tile/entries/000.p/2", headers=desk.headers())
        read = await desk.client.get(
            "/log/tile/entries/000.p/2", headers=desk.headers(post="复核主管", purpose="AUDIT")
        )
        return refused, read, await desk.entries()

    refused, read, entries = at_desk(tmp_path, ROWS, test)
    assert (refused.status_code, read.status_code) == (403, 200)
    assert b"inquiry.intent" in read.content
    assert [entry["event"] for entry in entries][2:] == ["inquiry.refused", "audit.read"]


def test_a_fault_of_ours_tells_nothing_of_what_stood_there(tmp_path, capsys):
    async def test(desk):
        async def fail(ask):
            raise RuntimeError(f"could not read {HEAD} {NAMES[HEAD]}")

        for connector in desk.office.connectors.values():
            connector.fetch = fail
        return await desk.ask('{household(number: "H-1") {number}}')

    answer = at_desk(tmp_path, ROWS, test)
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    printed = "".join(capsys.readouterr())
    assert "RuntimeError" in printed
    for text in (answer.text, printed):
        assert HEAD not in text
        assert NAMES[HEAD] not in text


def test_a_path_with_a_number_in_it_is_not_logged(tmp_path, capsys):
    get(tmp_path, f"/household/{HEAD}")
    assert HEAD not in "".join(capsys.readouterr())


def test_many_questions_at_once_each_get_their_own_receipt(tmp_path):
    async def test(desk):
        headers = desk.headers()
        answers = await asyncio.gather(
            *(desk.ask('{household(number: "H-1") {number}}', headers=headers) for _ in range(30))
        )
        return [answer.json()["extensions"]["receipt"].splitlines()[1] for answer in answers]

    assert len(set(at_desk(tmp_path, ROWS, test))) == 30
