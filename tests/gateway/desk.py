"""A whole gateway over registers in memory, for one test: real log, real agreements, real tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.entry import EntryBook
from audit.log import Log
from audit.note import Signer
from audit.vault import Sealing
from casework.agreement import Recipient, load_agreements
from casework.authorized import Authorized
from casework.cedar import AgreementSet
from casework.desk import Desk as Casework
from casework.kept import Kept
from connectors.memory import MemoryConnector
from connectors.served import ServedBook
from gateway.acts import acts_on
from gateway.app import application
from gateway.caller import Trust
from gateway.casework_acts import casework_acts
from gateway.document import Limits
from gateway.log_desk import LogDesk
from gateway.office import Judge, Office
from gateway.pace import OwnCounts, Pace, Pacing
from gateway.progress import verify_log
from gateway.schema.query import schema
from gateway.schema.told import resources_shown
from gateway.token import open_issuer
from gateway.trace import Trace, code_of
from gateway.trusted import Documents
from verification.pack import load_pack
from vocabulary.codes import Department
from vocabulary.region import RegionCode

NOW = datetime(2026, 11, 16, 2, 30, tzinfo=UTC)
TODAY = date(2026, 11, 16)
ORIGIN = "hedui.example/test"
AGREEMENTS = AgreementSet(load_agreements())
LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
EVERYBODY = frozenset({"*"})
OPEN_DOCUMENTS = Documents({}, ad_hoc=EVERYBODY, introspection=EVERYBODY)
EASY_PACE = Pace(**dict.fromkeys(("questions", "households", "misses", "about", "claims", "listed"), 10**6))
LIMITS = Limits()
NO_JUDGE = Judge({}, lambda on: None, lambda evidence, household, on: None)


@dataclass
class Desk:
    """A running gateway and somebody who asks it."""

    client: httpx2.AsyncClient
    log: Log
    office: Office
    issuer: object
    app: object
    casework: Casework | None
    sealing: Sealing

    def token(
        self,
        *,
        department=Recipient.CIVIL_AFFAIRS,
        post="核对员",
        region="529901",
        at=NOW,
        subject="mz-0042",
        lifetime_s=3600,
        name=None,
        home=None,
    ):
        return self.issuer.mint(
            subject=subject,
            department=department,
            post=post,
            region=RegionCode(region),
            at=at,
            lifetime_s=lifetime_s,
            name=name,
            home=home and RegionCode(home),
        )

    def headers(self, purpose="DIBAO_RECOGNITION", case="HD-2026-0001", token=None, **caller):
        given = {
            "authorization": f"Bearer {token or self.token(**caller)}",
            "x-hedui-purpose": purpose,
            "x-hedui-case": case,
            "accept": "application/graphql-response+json",
        }
        return {name: value for name, value in given.items() if value is not None}

    async def ask(self, query, variables=None, *, headers=None, **caller):
        return await self.client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers=headers if headers is not None else self.headers(**caller),
        )

    async def entries(self):
        """Every entry of the log, parsed."""
        size = int((await self.log.checkpoint()).splitlines()[1])
        return [json.loads(data) for data in (await self.log.entries(0, size) if size else [])]


@asynccontextmanager
async def desk(
    folder,
    rows,
    *,
    failing=None,
    judge=NO_JUDGE,
    delays=None,
    timeout_s=1.0,
    now=NOW,
    documents=OPEN_DOCUMENTS,
    pace=EASY_PACE,
    limits=LIMITS,
    federated=None,
    hedge_after_s=0.0,
    casework=False,
):
    clock = lambda: now  # noqa: E731
    log = await Log.open(
        f"sqlite:///{folder / 'audit.sqlite'}",
        origin=ORIGIN,
        signers=[Signer.ed25519(ORIGIN, LOG_KEY)],
        guard=folder / "guard",
    )
    book = EntryBook(pseudonym_key=b"\x02" * 32, vault_key=b"\x03" * 32, epoch="2026-11")
    kept = Kept(f"sqlite:///{folder / 'audit.sqlite'}") if casework else None
    at_work = Casework(kept, log, book, load_pack("demo-2026"), clock, now.date, code_of) if kept else None
    issuer = open_issuer(folder, name="test", audience="hedui", environment="dev")
    office = Office(
        trust=Trust.load({"test": folder / "issuer.jwks.json"}, audience="hedui"),
        agreements=AGREEMENTS,
        connectors={
            one: MemoryConnector(
                one,
                rows,
                clock=clock,
                failing=(failing or {}).get(one),
                delay_s=(delays or {}).get(one, 0.0),
            )
            for one in Department
        },
        trace=Trace(log, book, clock=clock),
        judge=judge,
        schema=schema(),
        shows=resources_shown(schema()),
        limits=limits,
        register_timeout_s=timeout_s,
        inquiry_timeout_s=5.0,
        clock=clock,
        today=now.date,
        documents=documents,
        federated=federated,
        hedge_after_s=hedge_after_s,
        authorized=Authorized(kept, (book.pseudonym,)) if kept else None,
        pacing=Pacing(pace, OwnCounts(), pseudonym=book.pseudonym, clock=clock),
        served=ServedBook(folder / "served", clock=clock),
        acts=acts_on(LogDesk(log, book, None, 3600.0)) | (casework_acts(at_work) if at_work else {}),
        watching={"logVerification": lambda _caller, _given: verify_log(log)},
    )
    app = application(office, log=log, body_bytes=65_536)
    transport = httpx2.ASGITransport(app=app)
    try:
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield Desk(client, log, office, issuer, app, at_work, book.sealing)
    finally:
        if kept:
            kept.close()
        await log.aclose()


def at_desk(folder, rows, test: Callable[[Desk], Awaitable[object]], **options):
    """Run `test` at a desk of its own; give what it gives."""

    folder.mkdir(parents=True, exist_ok=True)

    async def run():
        async with desk(folder, rows, **options) as open_desk:
            return await test(open_desk)

    return asyncio.run(run())
