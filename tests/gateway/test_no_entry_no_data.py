"""Does anything leave before its entry is in the log, or when the log cannot take it, or with two gateways on one log?"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from audit import tables
from audit.note import Signer
from audit.policy import Known, Policy
from audit.proof import Proof
from audit.reader import Reader
from audit.tables import engine_of
from gateway.keys import log_key
from gateway.persona import PERSONAS, mint
from gateway.settings import Settings
from tests.gateway.desk import at_desk
from tests.gateway.rows import HOUSEHOLD, PERSONAL, ROWS

ROOT = Path(__file__).parents[2]
QUESTION = "query($number: ID) {household(number: $number) {number members {idNumber person {state}}}}"


class Spy:
    """Sees each message that a server would put on the wire, and the log as another process reads it then."""

    def __init__(self, folder):
        self.messages, self.sizes, self._folder = [], [], folder

    def over(self, app):
        async def spied(scope, receive, send):
            async def noting(message):
                self.sizes.append(committed(self._folder))
                self.messages.append(message)
                await send(message)

            await app(scope, receive, noting)

        return spied


@contextmanager
def reader(folder):
    """What is committed, read over a connection of its own."""
    engine = engine_of(f"sqlite:///{folder / 'audit.sqlite'}")
    try:
        yield Reader(engine)
    finally:
        engine.dispose()


def committed(folder):
    with reader(folder) as stored:
        return stored.head().frontier.size


async def ask_under(spy, desk):
    transport = httpx2.ASGITransport(app=spy.over(desk.app))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        body = {"query": QUESTION, "variables": {"number": HOUSEHOLD}}
        return await client.post("/graphql", json=body, headers=desk.headers())


def test_no_byte_leaves_before_the_outcome_is_committed(tmp_path):
    spy = Spy(tmp_path)

    async def test(desk):
        answer = (await ask_under(spy, desk)).json()
        index = int(answer["extensions"]["receipt"].splitlines()[1].split()[1])
        return answer, index, await desk.entries()

    answer, index, entries = at_desk(tmp_path, ROWS, test)
    assert answer["data"]["household"]["number"] == HOUSEHOLD
    assert entries[index]["event"] == "inquiry.outcome"
    assert len(spy.sizes) == 2
    assert all(size > index for size in spy.sizes)


def test_while_the_outcome_waits_for_the_log_nothing_leaves(tmp_path):
    spy = Spy(tmp_path)

    async def test(desk):
        append, reached, released = desk.log.append, asyncio.Event(), asyncio.Event()

        async def late(entry, alongside):
            if b'"event":"inquiry.outcome"' in entry:
                reached.set()
                await released.wait()
            return await append(entry, alongside)

        desk.log.append = lambda entry, alongside=(): late(entry, alongside)
        asked = asyncio.create_task(ask_under(spy, desk))
        await reached.wait()
        done, _ = await asyncio.wait([asked], timeout=0.1)
        left = list(spy.messages)
        released.set()
        return done, left, await asked

    done, left, answer = at_desk(tmp_path, ROWS, test)
    assert (done, left) == (set(), [])
    assert answer.status_code == 200


@pytest.mark.parametrize("after", ["nothing", "the intent"])
def test_a_log_that_became_read_only_gives_no_data(tmp_path, after):
    spy, fetched = Spy(tmp_path), []

    async def test(desk):
        def shut():
            """The writer's own connection refuses to write from now on, as on a disk remounted read-only."""
            store = desk.log._store
            store._step = lambda _: store._connection.dbapi_connection.execute("pragma query_only = on")

        assert (await desk.ask("{log{size}}")).status_code == 200
        for connector in desk.office.connectors.values():
            _before_fetching(connector, fetched, shut if after == "the intent" else lambda: None)
        if after == "nothing":
            shut()
        size = committed(tmp_path)
        return await ask_under(spy, desk), committed(tmp_path) - size, await desk.client.get("/readyz")

    answer, grown, ready = at_desk(tmp_path, ROWS, test)
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_LOGGED"
    assert "data" not in answer.json()
    assert bool(fetched) == (after == "the intent")
    assert grown == (after == "the intent")
    sent = b"".join(message.get("body", b"") for message in spy.messages)
    assert not [person for person in PERSONAL if person.encode() in sent]


def _before_fetching(connector, fetched, first):
    fetch = connector.fetch

    async def spied(ask):
        fetched.append(ask)
        first()
        return await fetch(ask)

    connector.fetch = spied


def serve(folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEDUI_")}
    settings = {"HEDUI_ENV": "dev", "HEDUI_RUN_FOLDER": str(folder)}
    # A register that is not there is enough: what is asked is noted all the same.
    settings["HEDUI_REGISTERS"] = json.dumps({"health": f"sqlite:///{folder}/none.sqlite"})
    return subprocess.Popen(
        [sys.executable, "-c", "from gateway.command import main; main()", "serve", "--port", "0"],
        env={**environment, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )


def test_two_gateways_write_one_log_and_each_receipt_holds(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    settings = Settings.load(env="dev", run_folder=tmp_path)
    who = PERSONAS["verifier"]
    token = mint(settings, who, at=datetime.now(UTC))
    policy = Policy((Known(Signer.ed25519(settings.origin, log_key(settings)).key),))
    (tmp_path / "none.sqlite").touch()
    gateways = [serve(tmp_path)]
    addresses = [gateways[0].stdout.readline().split()[-1]]  # the first one makes the keys and the log
    try:
        gateways.append(serve(tmp_path))
        addresses.append(gateways[1].stdout.readline().split()[-1])
        answers = asyncio.run(_ask_all(addresses, token, who))
        indexes = [index_of(answer) for answer in answers]
        assert len(set(indexes)) == len(indexes) == 40
        heads = [httpx2.get(f"{address}/log/checkpoint").content for address in addresses]
        assert heads[0] == heads[1]
        assert heads[0].splitlines()[1] == b"80"  # an intent and an outcome each
        entries = _entries(tmp_path)
        for answer in answers:
            proof = Proof.parse(answer["extensions"]["receipt"].encode())
            proof.verify(entries[proof.index], policy)
        assert {json.loads(entries[index])["event"] for index in indexes} == {"inquiry.outcome"}
    finally:
        for process in gateways:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)
            process.stdout.close()
    assert [process.returncode for process in gateways] == [0, 0]


async def _ask_all(addresses, token, who):
    headers = {
        "authorization": f"Bearer {token}",
        "x-hedui-purpose": who.purpose.value,
        "x-hedui-case": "HD-2026-0001",
    }
    async with httpx2.AsyncClient(headers=headers, timeout=20) as client:
        body = {"query": '{household(number: "H-1") {number}}'}
        asked = [client.post(f"{address}/graphql", json=body) for address in addresses * 20]
        return [answer.json() for answer in await asyncio.gather(*asked)]


def index_of(answer):
    return int(answer["extensions"]["receipt"].splitlines()[1].split()[1])


def _entries(folder):
    with reader(folder) as stored:
        return stored.entries(0, stored.head().frontier.size)


def test_a_key_that_does_not_open_is_told_to_operators_and_stops_nobody_else(tmp_path):
    async def test(desk):
        first = await desk.ask(QUESTION, {"number": HOUSEHOLD})
        with reader(tmp_path) as stored, stored.engine.begin() as connection:
            connection.execute(tables.subject_key.update().values(wrapped=b"changed"))
            # Another process has shredded somebody: what the writer remembers of keys is forgotten.
            connection.execute(tables.head.update().values(shreddings=tables.head.c.shreddings + 1))
        with capture_logs() as lines:
            answers = [await desk.ask(QUESTION, {"number": number}) for number in (HOUSEHOLD, "HD-0")]
        counted = (await desk.client.get("/metrics")).text
        return first, *answers, lines, counted, await desk.client.get("/readyz")

    first, refused, other, lines, counted, ready = at_desk(tmp_path, ROWS, test)
    assert (first.status_code, refused.status_code, other.status_code, ready.status_code) == (
        200,
        503,
        200,
        200,
    )
    assert refused.json()["errors"][0]["extensions"]["code"] == "NOT_SEALED"
    told = [line for line in lines if line["log_level"] == "error"]
    assert told == [
        {"event": "the key of a subject does not open", "refused": "inquiry.intent", "log_level": "error"}
    ]
    assert 'hedui_refused_total{code="NOT_SEALED"} 1.0' in counted
