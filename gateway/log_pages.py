"""How does an evaluator read the log itself? As static files (C2SP tlog-tiles), with tools that are not ours.

GET /log/checkpoint          the signed head; anyone may keep it and hold us to it
GET /log/tile/<L>/<N>        hashes; each leaf holds 128 random bits, so they tell nothing
GET /log/tile/entries/<N>    entries: for those to whom an agreement shows `审计.条目`, and noted
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from audit.errors import AuditError, Malformed, NoSuchEntry
from audit.log import Log
from audit.tiles import TileName
from casework.agreement import Access
from casework.cedar import Standing
from casework.resource import Product
from gateway.access import Refused, read_errand, refusal
from gateway.caller import Caller, NotAuthenticated
from gateway.errors import NotLogged
from gateway.office import Office

KEPT = "public, max-age=31536000, immutable"
"""A full tile never changes."""


def log_pages(log: Log, moment: Callable[[], Office]) -> APIRouter:
    """The routes, over the office of the moment. Not a way round the log: reading entries is itself an entry."""
    pages = APIRouter(prefix="/log")

    @pages.get("/checkpoint")
    async def checkpoint() -> Response:
        try:
            return PlainTextResponse(await log.checkpoint(), headers={"cache-control": "no-cache"})
        except AuditError:
            return PlainTextResponse("the log cannot be read\n", status_code=503)

    @pages.get("/tile/{name:path}")
    async def tile(name: str, request: Request) -> Response:
        try:
            wanted = TileName.parse(f"tile/{name}")
            if wanted.level is None:
                await _may_read_entries(request, moment())
            return Response(
                await log.tile(wanted), media_type="application/octet-stream", headers=_kept(wanted)
            )
        except (Malformed, NoSuchEntry):
            return PlainTextResponse("no such tile\n", status_code=404)
        except NotAuthenticated as error:
            return PlainTextResponse(f"{error}\n", 401, headers={"www-authenticate": 'Bearer realm="hedui"'})
        except Refused as error:
            return PlainTextResponse(f"{error}\n", status_code=403)
        except (AuditError, NotLogged):
            return PlainTextResponse("the log cannot be read or written\n", status_code=503)

    return pages


async def _may_read_entries(request: Request, office: Office) -> Caller:
    """Who reads entries, allowed and noted. Raises `NotAuthenticated`, `Refused`, `NotLogged`."""
    number = request.scope["state"]["request"]
    caller = await office.trust.caller(request.headers.get("authorization"), at=office.clock())
    try:
        errand = read_errand(
            caller, purpose=request.headers.get("x-hedui-purpose"), case=request.headers.get("x-hedui-case")
        )
        standing = Standing(caller.department, caller.post, errand.purpose, True, True, office.today())
        decision = office.agreements.decide(Product.ENTRIES.term, standing)
        if decision.outcome is not Access.CLEAR:
            raise refusal(caller, Product.ENTRIES.term, decision)
    except Refused as refused:
        await office.trace.refused(caller, refused, agreements=office.agreements.hash, request=number)
        raise
    await office.trace.read(caller, "tile/entries", request=number)
    return caller


def _kept(name: TileName) -> dict[str, str]:
    return {"cache-control": KEPT if name.width == 256 and name.level is not None else "private, no-store"}
