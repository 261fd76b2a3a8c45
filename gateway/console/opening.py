"""What must be at hand before the pages open, and where does it come from? From the settings, once, at start."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial

from fastapi import FastAPI

from casework.desk import Desk
from casework.resource import of_column
from connectors.contract import Contract
from connectors.quality import QualityBook
from gateway.caller import Caller
from gateway.console.house import Evidence, House
from gateway.console.pages import console
from gateway.console.session import Lifetimes, Sessions
from gateway.console.vouching import IdentityProvider
from gateway.errors import CannotOpen
from gateway.evidence import trust_policy
from gateway.in_force import Offices
from gateway.keys import made_once
from gateway.log_desk import LogDesk
from gateway.persona import DEV_ISSUER, HERE, PERSONAS, Persona
from gateway.run_home import run_home
from gateway.run_index import RunIndex
from gateway.settings import Settings
from gateway.versions import kept_versions
from vocabulary.codes import Department
from vocabulary.region import RegionCode


@contextmanager
def console_opened(
    settings: Settings,
    offices: Offices,
    log_desk: LogDesk,
    desk: Desk,
    *,
    contracts: Mapping[Department, Contract],
    clock: Callable[[], datetime],
) -> Iterator[FastAPI]:
    """The pages over the office of the moment, closed again when the context ends. Raises `CannotOpen`."""
    lifetimes = Lifetimes(
        timedelta(hours=settings.session_hours), timedelta(minutes=settings.session_idle_minutes)
    )
    embedded = f"sqlite:///{settings.run_folder / 'sessions.sqlite'}"
    with (
        Sessions(settings.database_url or embedded, lifetimes) as sessions,
        run_home(settings, clock=clock) as runs,
        closing(RunIndex(settings.runs_database)) as run_index,
    ):
        house = House(
            offices=offices,
            desk=desk,
            log_desk=log_desk,
            runs=runs,
            run_index=run_index,
            quality=QualityBook(settings.run_folder / "quality"),
            district=_district(settings),
            delivered=_delivered(contracts, offices.now.connectors),
            evidence=Evidence(
                lambda: kept_versions(settings.run_folder, desk.pack),
                lambda: trust_policy(settings),
                settings.run_folder / "frames",
            ),
            sessions=sessions,
            provider=_provider(settings, lifetimes.whole),
            personas=_personas(settings, lifetimes.whole),
            vouch_every=timedelta(seconds=settings.vouch_every_s),
            secure=settings.env == "prod",
            clock=clock,
        )
        yield console(house, login_secret=_login_secret(settings))


def _delivered(contracts: Mapping[Department, Contract], connected: Collection[Department]) -> frozenset[str]:
    """The columns that connected departments deliver by their contracts, `记录名.字段名`."""
    return frozenset(
        of_column(record, each.column)
        for department in connected
        for record, table in contracts[department].tables.items()
        for each in table.fields
    )


def _district(settings: Settings) -> RegionCode | None:
    if settings.district is not None:
        return RegionCode.parse(settings.district)
    return HERE if settings.env == "dev" else None


def _provider(settings: Settings, lasts: timedelta) -> IdentityProvider | None:
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_secret is None:
        raise CannotOpen("expected `oidc_client_secret` to name a file, as `oidc_issuer` is set")
    try:
        secret = settings.oidc_client_secret.read_text("utf-8").strip()
    except OSError:
        raise CannotOpen("expected `oidc_client_secret` to name a readable file") from None
    return IdentityProvider(
        settings.oidc_issuer, client_id=settings.oidc_client_id, client_secret=secret, lasts=lasts
    )


def _personas(settings: Settings, lasts: timedelta) -> dict[str, Callable[[datetime], Caller]]:
    """Whom one can be without a login: somebody on a development machine, nobody elsewhere."""
    if settings.env != "dev":
        return {}
    return {name: partial(_as, persona, lasts) for name, persona in PERSONAS.items()}


def _as(persona: Persona, lasts: timedelta, at: datetime) -> Caller:
    return Caller(
        issuer=DEV_ISSUER,
        subject=persona.subject,
        department=persona.department,
        post=persona.post,
        region=persona.region,
        expires_at=(at + lasts).replace(microsecond=0),
    )


def _login_secret(settings: Settings) -> str:
    """One for all worker processes: whoever sends a browser off need not be who takes it back."""
    path = settings.run_folder / "login.secret"
    return made_once(path, lambda: secrets.token_hex(32).encode()).decode("ascii")
