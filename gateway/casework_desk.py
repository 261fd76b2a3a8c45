"""At which desk does a command do casework, and as whom? At one of its own, over the log of the settings.

On a development machine one is somebody by name; elsewhere by the token that one's own identity
provider issued, in a file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from casework.desk import Desk
from casework.role import Actor
from gateway.caller import Caller
from gateway.casework_opening import desk_over
from gateway.errors import CannotOpen
from gateway.log_desk import china_day, now
from gateway.opening import log_opened, trust_of
from gateway.persona import DEV_ISSUER, PERSONAS
from gateway.settings import Settings


@asynccontextmanager
async def casework_desk(settings: Settings) -> AsyncIterator[Desk]:
    """A desk, closed again when the context ends; its day is China's.

    Raises `CannotOpen`, `audit.errors.CannotOpen`, `PackError`.
    """
    async with log_opened(settings) as log:
        with desk_over(settings, log, clock=now, today=lambda: china_day(now())) as desk:
            yield desk


async def actor_of(settings: Settings, *, persona: str | None, token: Path | None) -> Actor:
    """Who acts: the bearer of the token in a file, or a persona of a development machine.

    Raises `NotAuthenticated`, `CannotOpen`, `BadTrust`, `OSError`.
    """
    if token is not None:
        bearer = f"Bearer {token.read_text('ascii').strip()}"
        return _actor(await trust_of(settings).caller(bearer, at=now()))
    if settings.env != "dev" or persona is None:
        raise CannotOpen("expected `--token` with a file: personas are for development machines")
    if persona not in PERSONAS:
        raise CannotOpen(f"expected --as one of {', '.join(PERSONAS)}, got `{persona}`")
    who = PERSONAS[persona]
    return Actor(f"{DEV_ISSUER} {who.subject}", who.department, who.post, who.region)


def _actor(caller: Caller) -> Actor:
    return Actor(f"{caller.issuer} {caller.subject}", caller.department, caller.post, caller.region)
