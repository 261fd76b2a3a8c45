"""Does what takes long answer again and again, through access and audit, until it is over or the caller hangs up?"""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta

import httpx2
import pyarrow as pa
import pytest

from casework.agreement import Recipient
from gateway import progress
from gateway.app import application
from gateway.graphql_http import EVENTS
from tests.gateway.desk import NOW, at_desk
from tests.gateway.rows import HEAD, ROWS
from verification.runs.changes import KNOWN
from verification.runs.ledger import Ledger, RunState, Terms

VERIFY = "subscription Verify {logVerification {state checked entries}}"
EVALUATOR = {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION"}


def events(text):
    """Name and data of each event of a stream."""
    parts = [part.split("\n", 1) for part in text.strip().split("\n\n")]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data:") or "null"))
        for name, data in parts
    ]


async def stream(desk, query, variables=None, **caller):
    headers = {**desk.headers(**caller), "accept": EVENTS}
    body = {"query": query, "variables": variables}
    return await desk.client.post("/graphql", json=body, headers=headers)


async def asked(desk, times):
    for _ in range(times):
        await desk.ask("{log{size}}", **EVALUATOR)


def test_the_log_is_hashed_again_and_every_step_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "ENTRIES_AT_ONCE", 3)

    async def test(desk):
        await asked(desk, 3)
        answer = await stream(desk, VERIFY, **EVALUATOR)
        return answer, await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    assert answer.headers["content-type"] == f"{EVENTS}; charset=utf-8"
    *told, complete = events(answer.text)
    assert complete == ("complete", None)
    steps = [body["data"]["logVerification"] for name, body in told if name == "next"]
    assert [(step["state"], step["checked"]) for step in steps] == [
        ("CHECKING", 0),
        ("CHECKING", 3),
        ("CHECKING", 6),
        ("SOUND", 7),
    ]
    assert [("receipt" in body["extensions"]) for _, body in told] == [False, False, False, True]
    assert told[-1][1]["extensions"]["receipt"].splitlines()[1] == "index 7"
    assert [entry["event"] for entry in entries[6:]] == ["inquiry.intent", "inquiry.outcome"]
    assert entries[7]["fields"]["result"] == "FOLLOWED"


def test_a_log_that_does_not_lead_to_its_head_is_told(tmp_path, monkeypatch):
    async def test(desk):
        await asked(desk, 1)
        read = desk.log.entries

        async def forged(first, last):
            return [b"{}" if index == 0 else entry for index, entry in enumerate(await read(first, last))]

        monkeypatch.setattr(desk.log, "entries", forged)
        return await stream(desk, VERIFY, **EVALUATOR)

    told = events(at_desk(tmp_path, ROWS, test).text)
    assert told[-2][1]["data"]["logVerification"]["state"] == "BROKEN"


def test_a_query_is_one_answer_and_the_end(tmp_path):
    async def test(desk):
        return await stream(desk, '{household(number: "H-1") {number}}')

    told = events(at_desk(tmp_path, ROWS, test).text)
    assert [name for name, _ in told] == ["next", "complete"]
    assert told[0][1]["data"] == {"household": {"number": "H-1"}}
    assert "receipt" in told[0][1]["extensions"]


def test_who_may_not_gets_no_stream(tmp_path):
    medical = {"department": Recipient.HEALTH, "post": "医疗救助员", "purpose": "MEDICAL_AID"}

    async def test(desk):
        return await stream(desk, VERIFY, **medical)

    answer = at_desk(tmp_path, ROWS, test)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/json; charset=utf-8")
    assert answer.json()["errors"][0]["extensions"]["code"] == "REFUSED"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {nothing}", "BAD_DOCUMENT"),
        ("subscription {logVerification {state} two: logVerification {state}}", "BAD_DOCUMENT"),
        ("{", "BAD_DOCUMENT"),
        ("{" * 100, "TOO_COSTLY"),
        ('{household(number: "") {number}}', "BAD_ARGUMENT"),
    ],
)
def test_what_is_wrong_with_a_document_is_told_as_the_only_event(tmp_path, query, code):
    """Clients of graphql-sse take anything but events, and any other status, for a failure of the network."""

    async def test(desk):
        return await stream(desk, query)

    answer = at_desk(tmp_path, ROWS, test)
    assert (answer.status_code, answer.headers["content-type"]) == (200, f"{EVENTS}; charset=utf-8")
    (name, told), complete = events(answer.text)
    assert (name, complete) == ("next", ("complete", None))
    assert "data" not in told
    assert told["errors"][0]["extensions"]["code"] == code


def test_nothing_more_is_told_to_a_caller_whose_token_is_no_longer_good(tmp_path):
    async def test(desk):
        now, told = [NOW], progress.LogVerification(progress.VerificationState.CHECKING, 1, 2)

        async def for_ever(_caller, _given):
            while True:
                yield told
                now[0] += timedelta(minutes=25)

        watching = {"logVerification": for_ever}
        office = replace(desk.office, clock=lambda: now[0], watching=watching)
        app = application(office, log=desk.log, body_bytes=65_536)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            answer = await stream(replace(desk, client=client), VERIFY, **EVALUATOR)
        return answer, [entry["fields"].get("result") for entry in await desk.entries()]

    answer, results = at_desk(tmp_path, ROWS, test)
    *good, (_, last), _ = events(answer.text)
    assert len(good) == 3, "a token holds for an hour"
    assert all("errors" not in body for _, body in good)
    assert last["errors"][0]["extensions"]["reason"] == "EXPIRED"
    assert results == [None, "EXPIRED"]


def test_a_subscription_over_plain_json_is_not_acceptable(tmp_path):
    async def test(desk):
        return await desk.ask(VERIFY, **EVALUATOR)

    assert at_desk(tmp_path, ROWS, test).status_code == 406


def test_who_hangs_up_leaves_an_outcome_that_says_so(tmp_path, monkeypatch):
    async def test(desk):
        begun, sent = asyncio.Event(), []

        async def for_ever(_log):
            while True:
                yield progress.LogVerification(progress.VerificationState.CHECKING, 1, 2)
                begun.set()
                await asyncio.sleep(60)

        desk.office.watching["logVerification"] = lambda _caller, _given: for_ever(desk.log)
        body = json.dumps({"query": VERIFY}).encode()
        headers = {**desk.headers(**EVALUATOR), "accept": EVENTS, "content-type": "application/json"}
        first = True

        async def receive():
            nonlocal first
            if first:
                first = False
                return {"type": "http.request", "body": body}
            await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        async with asyncio.timeout(10):
            await desk.app(scope, receive, send)
        return sent, await desk.entries()

    sent, entries = at_desk(tmp_path, ROWS, test)
    assert b'"checked":1' in b"".join(message.get("body", b"") for message in sent)
    assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]
    assert entries[1]["fields"]["result"] == "LEFT"


def test_a_gateway_that_is_stopped_lets_go_of_who_follows_and_notes_it(tmp_path):
    async def test(desk):
        async def for_ever(_caller, _given):
            yield progress.LogVerification(progress.VerificationState.CHECKING, 1, 2)
            desk.app.end()
            await asyncio.sleep(60)

        desk.office.watching["logVerification"] = for_ever
        async with asyncio.timeout(10):
            answer = await stream(desk, VERIFY, **EVALUATOR)
        whole = await desk.ask("{log{size}}")  # what has begun, and is no stream, is answered all the same
        return answer, whole, [entry["fields"].get("result") for entry in await desk.entries()]

    answer, whole, results = at_desk(tmp_path, ROWS, test)
    (_, first), (_, last), complete = events(answer.text)
    assert "errors" not in first
    assert last["errors"][0]["extensions"]["code"] == "ENDING"
    assert complete == ("complete", None)
    assert whole.status_code == 200
    assert results == [None, "LEFT", None, "ANSWERED"]


def test_what_goes_wrong_on_the_way_is_the_last_answer_and_tells_nothing(tmp_path):
    async def test(desk):
        async def failing(_caller, _given):
            yield progress.LogVerification(progress.VerificationState.CHECKING, 0, 2)
            raise RuntimeError(HEAD)

        desk.office.watching["logVerification"] = failing
        return await stream(desk, VERIFY, **EVALUATOR), await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    told = events(answer.text)
    assert told[-2][1]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert HEAD not in answer.text
    assert entries[-1]["fields"]["result"] == "LEFT"


RUN = "subscription($run: ID!) {runProgress(run: $run) {run state judged households toldAt}}"
SUPERVISOR = {"post": "复核主管", "purpose": "PERIODIC_REVIEW"}


def kept_run(url):
    """A run of four households in two shards, of which nothing is judged yet."""
    ledger, numbers = Ledger(url), [f"H-{number}" for number in range(4)]
    ledger.plan(
        "r-1",
        Terms(day=date(2026, 11, 16), rules="0" * 64, pack="0" * 64, inputs="0" * 64),
        pa.table(
            {"household": numbers, "asked": [0] * 4, "digest": [None] * 4, "held_by": [None] * 4},
            schema=KNOWN,
        ),
        shards=[numbers[:2], numbers[2:]],
        at=NOW,
    )
    return ledger


def judge(ledger):
    """Judge one shard of the run, as a process of its own would."""
    shard = ledger.claim("r-1", "w", now=NOW, until=NOW + timedelta(hours=1))
    ledger.finish("r-1", shard, ((number, b"{}") for number in ledger.households("r-1", shard)))


def test_a_run_is_followed_until_it_is_over(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    ledger = kept_run(url)

    async def test(desk):
        async def watched(_caller, given):
            async for told in progress.follow_run(Ledger(url), given["run"], clock=lambda: NOW, every_s=0.01):
                yield told
                if not told.is_over:
                    await asyncio.to_thread(judge, ledger)
                if told.judged == 2:
                    await asyncio.to_thread(ledger.close_run, "r-1", RunState.DONE)

        desk.office.watching["runProgress"] = watched
        return await stream(desk, RUN, {"run": "r-1"}, **SUPERVISOR), await desk.entries()

    answer, entries = at_desk(tmp_path / "desk", ROWS, test)
    ledger.close()
    told = [body["data"]["runProgress"] for name, body in events(answer.text) if name == "next"]
    assert [step["judged"] for step in told] == [0, 2, 4]
    assert [step["state"] for step in told] == ["RUNNING", "RUNNING", "DONE"]
    assert told[0] == {
        "run": "r-1", "state": "RUNNING", "judged": 0, "households": 4, "toldAt": "2026-11-16T02:30:00Z",
    }  # fmt: skip
    assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]


def test_a_run_whose_process_was_killed_is_not_followed_for_ever(tmp_path):
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    ledger = kept_run(url)
    judge(ledger)
    ledger.claim("r-1", "killed", now=NOW, until=NOW + timedelta(minutes=5))

    async def test(desk):
        desk.office.watching["runProgress"] = lambda _caller, given: progress.follow_run(
            Ledger(url), given["run"], clock=lambda: NOW, every_s=0.01, silent_s=0.05
        )
        return await stream(desk, RUN, {"run": "r-1"}, **SUPERVISOR), await desk.entries()

    answer, entries = at_desk(tmp_path / "desk", ROWS, test)
    ledger.close()
    told = [body["data"]["runProgress"] for name, body in events(answer.text) if name == "next"]
    assert [(step["state"], step["judged"]) for step in told] == [("RUNNING", 2), ("STALLED", 2)]
    assert [entry["event"] for entry in entries] == ["inquiry.intent", "inquiry.outcome"]


def test_a_run_that_is_not_kept_cannot_be_followed(tmp_path):
    async def test(desk):
        url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
        desk.office.watching["runProgress"] = lambda _caller, given: progress.follow_run(
            Ledger(url), given["run"], clock=lambda: NOW
        )
        answer = await stream(desk, RUN, {"run": "r-9"}, **SUPERVISOR)
        return answer, [entry["fields"].get("result") for entry in await desk.entries()]

    answer, results = at_desk(tmp_path / "desk", ROWS, test)
    (_, told), _ = events(answer.text)
    assert told["errors"][0]["extensions"]["argument"] == "run"
    assert results == [None, "NOT_DONE"]


def test_a_clerk_does_not_follow_runs(tmp_path):
    async def test(desk):
        return (await stream(desk, RUN, {"run": "r-1"}, post="窗口")).status_code

    assert at_desk(tmp_path, ROWS, test) == 403
