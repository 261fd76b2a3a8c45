"""The gateway of this project as a contender: whole, or its executor and connectors alone.

    echo '{"sources": 41234}' | python benchmarks/gateway_ours.py --folder scratch [--bare]

Whole, everything that an inquiry does is on: token, access decided field by field, intent and outcome
entries, each durable and signed, a receipt, provenance, what each department served. `--bare` is what
a peer does, and less: no token, no access, no consent, no log. The first line of input says where the sources
are; the first line on standard output is what a client needs. `--folder` holds the issuer's keys.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.entry import EntryBook
from audit.log import Log
from audit.note import Signer
from benchmarks.gateway_sources import ASKED
from casework.agreement import Access, Purpose, Recipient, load_agreements
from casework.cedar import AgreementSet, Decision, Standing
from connectors.ask import Ask, Connector
from connectors.departments import TABLES
from connectors.federation import ask_all
from connectors.http_register import HttpRegister
from connectors.qualified import Qualified
from connectors.quality import QualityBook
from connectors.served import ServedBook
from connectors.subjects import Subjects
from gateway.answer import tell
from gateway.app import application
from gateway.caller import Trust
from gateway.collecting import collect_less
from gateway.document import Limits, read
from gateway.door import Response, door
from gateway.fetch import together
from gateway.office import Judge, Office
from gateway.pace import OwnCounts, Pace, Pacing
from gateway.plan import Plan, plan_for, question
from gateway.schema.query import schema
from gateway.schema.told import resources_shown
from gateway.serving import configure_log
from gateway.token import JWKS_FILE
from gateway.trace import Trace
from gateway.trusted import Documents
from gateway.view import EdgeView, HouseholdView, ListView, MemberView, PageView, Shown
from gateway.wanted import Columns
from vocabulary.codes import Department
from vocabulary.evidence import Evidence
from vocabulary.household import Household
from vocabulary.records.civil_affairs import HouseholdFile, Membership

EVERYBODY = frozenset({"*"})
UNLIMITED = Pace(**{each.name: 10**12 for each in dataclasses.fields(Pace)})
ORIGIN = "hedui.example/benchmark"


def now() -> datetime:
    """The instant."""
    return datetime.now(UTC)


def connectors_to(port: int) -> dict[Department, Connector]:
    """The project's own connectors, one a department, over HTTP."""
    return {
        one: HttpRegister(
            one, f"http://key@127.0.0.1:{port}/{one.value}", TABLES[one], clock=now, batch="/v1/batch"
        )
        for one in ASKED
    }


def checked(connectors: Mapping[Department, Connector], folder: Path) -> dict[Department, Connector]:
    """The same as they are served: each answer carries what a check said of its batch."""
    book = QualityBook(folder)
    return {one: Qualified(register, book, clock=now) for one, register in connectors.items()}


async def whole(port: int, folder: Path) -> Any:
    """The application with all of it on."""
    log = await Log.open(
        f"sqlite:///{folder / 'audit.sqlite'}",
        origin=ORIGIN,
        signers=[Signer.ed25519(ORIGIN, Ed25519PrivateKey.generate())],
        guard=folder / "guard",
    )
    book = EntryBook(pseudonym_key=b"\x02" * 32, vault_key=b"\x03" * 32, epoch="2026-11")
    office = Office(
        trust=Trust.load({"benchmark": folder / JWKS_FILE}, audience="hedui"),
        agreements=AgreementSet(load_agreements()),
        connectors=checked(connectors_to(port), folder / "quality"),
        trace=Trace(log, book, clock=now),
        judge=Judge({}, lambda on: None, _judging_nothing),
        schema=schema(),
        shows=resources_shown(schema()),
        limits=Limits(),
        register_timeout_s=5.0,
        inquiry_timeout_s=10.0,
        clock=now,
        today=lambda: now().date(),
        documents=Documents({}, ad_hoc=EVERYBODY, introspection=EVERYBODY),
        pacing=Pacing(UNLIMITED, OwnCounts(), pseudonym=book.pseudonym, clock=now),
        served=ServedBook(folder / "served", clock=now),
    )
    return application(office, log=log, body_bytes=65_536)


def bare(port: int) -> _Bare:
    """Executor and connectors alone: what is asked for is fetched and told, to anybody."""
    connectors, made, shows, limits = connectors_to(port), schema(), resources_shown(schema()), Limits()
    today = now().date()
    anybody = Standing(Recipient.CIVIL_AFFAIRS, "", Purpose.EVALUATION, True, True, today)

    async def ask(asks: list[Ask]) -> Evidence:
        return await ask_all(connectors, asks, timeout_s=5.0, clock=now)

    async def answer(asked: dict[str, Any]) -> Any:
        document = read(
            asked["query"], operation_name=None, variables=asked["variables"], schema=made, limits=limits
        )
        wanted = question(document, schema=made, shows=shows, limits=limits, today=today)
        allowed = plan_for(wanted, _EVERYTHING, anybody, reads=_NOTHING)  # type: ignore[arg-type]  # it decides alike
        evidence = await _fetched(allowed, ask)
        told = tell(allowed, _shown(allowed, evidence), schema=made, shows=shows)
        return msgspec.Raw(told.written)

    return _Bare(answer)


class _Bare:
    """What stands behind the door where nobody is asked who they are."""

    path, body_bytes = b"/graphql", 65_536

    def __init__(self, answer: Callable[[Any], Awaitable[Any]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """What does not come whole is no question of the benchmark's."""
        raise AssertionError("the benchmark asks in one piece")

    def reads(self, headers: Mapping[bytes, bytes]) -> tuple[()]:
        """Nothing: all heads are alike."""
        return ()

    async def whole(self, said: tuple[()], body: bytes) -> Response:
        """An answer without extensions."""
        told = msgspec.json.encode({"data": await self._answer(msgspec.json.decode(body))})
        headers = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(told)
        return Response(200, headers, told)


class _Everything:
    """Agreements that show everything to everybody."""

    def decide(self, field: str, standing: object) -> Decision:
        """Clear."""
        return Decision(Access.CLEAR, "", "")


_EVERYTHING = _Everything()
_NOTHING: Columns = {}


async def _fetched(allowed: Plan, ask: Callable[[list[Ask]], Awaitable[Evidence]]) -> Evidence:
    """What the departments say of the households asked about, in two levels."""
    keys, columns = Subjects(allowed.question.keys), allowed.wanted.columns
    listed = frozenset({"person", "relation", "kind", "joined_on", "left_on"})
    first = await ask(
        [
            Ask(HouseholdFile, "household", keys, columns.get(HouseholdFile, frozenset())),
            Ask(Membership, "household", keys, columns.get(Membership, frozenset()) | listed),
        ]
    )
    persons = Subjects([row.person for key in keys for row in first.records(Membership, key)])
    asks = [
        Ask(record, "person", persons, names)
        for record, names in columns.items()
        if record not in (HouseholdFile, Membership)
    ]
    return together(first, await ask(asks))


def _shown(allowed: Plan, evidence: Evidence) -> Shown:
    wanted = allowed.question
    views = [_household(number, wanted.on, evidence) for number in wanted.keys]
    if wanted.listing is None:
        return Shown(views[0], None, {})
    edges = [EdgeView(str(place), view) for place, view in enumerate(views, 1)]
    return Shown(None, None, {}, listed=ListView(edges, PageView(False, False, "1", str(len(edges)))))


def _household(number: str, on: date, evidence: Evidence) -> HouseholdView:
    listed = Household.listed(number, evidence.records(Membership, number), on=on)
    members = tuple(MemberView(row, str, evidence) for row in listed.members)
    return HouseholdView(number, on, str, members, evidence, None)


def _judging_nothing(_evidence: Evidence, _household: str, _on: date) -> Any:
    raise AssertionError("the benchmark asks for no verdict")


async def serve(folder: Path, *, is_bare: bool) -> None:
    """Answer until standard input ends."""
    configure_log(
        "WARNING"
    )  # as `hedui serve` does, but for the line about each request, which no peer writes
    port = json.loads(sys.stdin.readline())["sources"]
    app = bare(port) if is_bare else await whole(port, folder)
    collect_less()
    config = uvicorn.Config(
        app, http=door(app), port=0, lifespan="off", log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    own = server.servers[0].sockets[0].getsockname()[1]
    print(json.dumps({"port": own, "path": "/graphql"}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--bare", action="store_true")
    options = parser.parse_args()
    uvloop.run(serve(options.folder, is_bare=options.bare))
