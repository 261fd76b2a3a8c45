"""The pages over a whole gateway in memory, and a browser without a window."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx2

from audit.note import Signer
from audit.policy import Known, Policy
from casework.agreement import Recipient, load_agreements, load_texts
from casework.desk import Desk as Casework
from casework.kept import Kept
from casework.resource import resources
from connectors.quality import QualityBook
from gateway.caller import Caller
from gateway.console.house import Evidence, House
from gateway.console.pages import console
from gateway.console.session import Lifetimes, Sessions
from gateway.in_force import Folder, Offices
from gateway.log_desk import LogDesk
from gateway.run_home import RunHome
from gateway.run_index import RunIndex
from gateway.trace import code_of
from gateway.versions import kept_versions
from tests.gateway.desk import LOG_KEY, NOW, ORIGIN, Desk, desk
from tests.gateway.rows import ROWS
from verification.pack import load_pack
from verification.runs.ledger import Ledger
from vocabulary.region import RegionCode

FOLDER = load_agreements()
POLICY = bytes(Policy((Known(Signer.ed25519(ORIGIN, LOG_KEY).key),)))
ADDRESS = "https://hedui.test"
BY_US = {"sec-fetch-site": "same-origin"}
POSTS = {
    "clerk": "窗口",
    "verifier": "核对员",
    "supervisor": "复核主管",
    "lawyer": "法务",
    "operator": "运维",
    "stranger": "门卫",
}


@dataclass
class Clock:
    """The instant it is; tests move it."""

    now = NOW


def caller(post: str, at, *, region: str = "529901", subject: str = "mz-0042") -> Caller:
    return Caller(
        issuer="test",
        subject=subject,
        department=Recipient.EVALUATOR if post == "评估员" else Recipient.CIVIL_AFFAIRS,
        post=post,
        region=RegionCode(region),
        expires_at=at + timedelta(hours=10),
    )


@dataclass
class Console:
    """The pages, what is behind them, and browsers that open them."""

    app: object
    house: House
    gateway: Desk
    clock: Clock

    def browser(self, *, lang: str = "zh", agent: str = "test-browser") -> httpx2.AsyncClient:
        """A browser that nobody signed in at."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app),
            base_url=ADDRESS,
            headers={"user-agent": agent, "accept-language": lang, **BY_US},
        )

    async def signed_in(
        self, who: str = "verifier", *, errand: bool = True, **given: str
    ) -> httpx2.AsyncClient:
        """A browser at which somebody signed in, with purpose and case."""
        browser = self.browser(**given)
        assert (await browser.post("/console/login/as", data={"who": who})).status_code == 200
        if errand:
            told = {"purpose": "DIBAO_RECOGNITION", "case": "HD-2026-0001"}
            assert (await browser.post("/console/errand", data=told)).status_code == 303
        return browser


def personas() -> dict:
    made = {
        name: (lambda at, post=post, name=name: caller(post, at, subject=f"mz-{name}"))
        for name, post in POSTS.items()
    }
    return {
        **made,
        "evaluator": lambda at: caller("评估员", at, subject="pg-0001"),
        "neighbour": lambda at: caller("核对员", at, region="529902"),
    }


@asynccontextmanager
async def console_over(folder, rows=ROWS, *, provider=None, secure=True, **given) -> AsyncIterator[Console]:
    """The pages over registers in memory that hold `rows`."""
    clock = Clock()
    clock.now = given.get("now", NOW)
    async with desk(folder, rows, **given) as gateway:
        url = f"sqlite:///{folder / 'audit.sqlite'}"
        kept = Kept(url)
        ledger = Ledger(f"sqlite:///{folder / 'runs.sqlite'}")
        index = RunIndex(f"sqlite:///{folder / 'runs.sqlite'}")
        with Sessions(
            f"sqlite:///{folder / 'sessions.sqlite'}", Lifetimes(timedelta(hours=10), timedelta(minutes=30))
        ) as sessions:
            house = House(
                offices=Offices(gateway.office, kept, Folder(FOLDER, load_texts())),
                desk=Casework(
                    kept, gateway.log, gateway.office.trace._book, load_pack("demo-2026"),
                    lambda: clock.now, lambda: clock.now.date(), code_of,
                ),
                log_desk=LogDesk(gateway.log, gateway.office.trace._book, None, 3600.0),
                evidence=Evidence(lambda: kept_versions(folder, load_pack("demo-2026")), lambda: POLICY, folder / "frames"),
                runs=RunHome(ledger, folder / "runs", lambda: clock.now),
                run_index=index,
                quality=QualityBook(folder / "quality"),
                district=RegionCode("529901"),
                delivered=frozenset(resources()),
                sessions=sessions,
                provider=provider,
                personas=personas(),
                vouch_every=timedelta(seconds=60),
                secure=secure,
                clock=lambda: clock.now,
            )  # fmt: skip
            yield Console(console_app(house), house, gateway, clock)
        index.close()
        ledger.close()
        kept.close()


def console_app(house: House):
    """The pages at the address where the gateway has them."""
    from fastapi import FastAPI

    outside = FastAPI()
    outside.mount("/console", console(house, login_secret="synthetic secret for tests"))
    return outside
