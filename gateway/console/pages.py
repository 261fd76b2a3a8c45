"""Which pages are there for people, and who is let in? One ASGI application under `/console`."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import RedirectResponse, Response

from audit.errors import LogClosed, LogEnded, QueueFull, SigningFailed, StoreBroken, StoreBusy, Unwitnessed
from casework.desk import ChangedMeanwhile, NotAllowed, NotThere
from casework.finding import BadRequest, NotNow
from gateway.console import (
    agreements,
    asking,
    assets,
    authorizations,
    cases,
    decisions,
    developer,
    evaluator,
    findings,
    likeness,
    login,
    lookup,
    moves,
    papers,
    policy,
    registering,
    rows,
    runs,
    sampling,
    sources,
    statement,
    verdict,
    whole,
)
from gateway.console.assets import assets_in
from gateway.console.guard import guarded
from gateway.console.house import STATIC, House, rendered, visit
from gateway.console.session import NoSession
from gateway.console.typed import typed_in
from gateway.console.words import language_of
from gateway.errors import NotLogged
from verification.working_days import BeyondCalendar

LOGIN_COOKIE = "hedui-login"

PARTS = (
    login,
    verdict,
    authorizations,
    papers,
    whole,
    lookup,
    findings,
    asking,
    cases,
    decisions,
    registering,
    runs,
    moves,
    sampling,
    evaluator,
    statement,
    developer,
    sources,
    likeness,
    rows,
    policy,
    agreements,
)
"""Where two could answer an address, the first does: a household's verdict is no department."""


def console(house: House, *, login_secret: str) -> FastAPI:
    """The pages.

    `login_secret`   signs the short-lived cookie that ties a browser's way to the identity provider and back
    """
    app = FastAPI(title="hedui console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.house = house
    app.state.tasks = set()
    app.state.registering = set()
    for part in PARTS:
        app.include_router(part.router)
    # Pages themselves are not compressed: their length would tell something of what they hold.
    app.state.assets = assets_in(STATIC)
    app.include_router(assets.router)
    app.add_middleware(
        SessionMiddleware,
        secret_key=login_secret,
        session_cookie=LOGIN_COOKIE,
        max_age=600,
        path="/console/login",
        same_site="lax",  # it must come back with the provider's redirect
        https_only=house.secure,
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=guarded)
    explained: tuple[type[Exception], ...] = (NoSession, *_LOG_AWAY, *_STATUS)
    for kind in explained:
        app.add_exception_handler(kind, _explained)
    return app


_LOG_AWAY = (LogClosed, LogEnded, QueueFull, SigningFailed, StoreBroken, StoreBusy, Unwitnessed)
"""Why the log takes no entry, or cannot be read: no fault of a page, and told as it is of a question."""

_STATUS: Mapping[type[Exception], int] = {
    NotAllowed: 403,
    NotThere: 404,
    NotNow: 409,
    ChangedMeanwhile: 409,
    BeyondCalendar: 409,
    BadRequest: 422,
    RequestValidationError: 422,
    HTTPException: 404,
}
_AS: Mapping[type[Exception], type[Exception]] = {RequestValidationError: BadRequest, HTTPException: NotThere}
"""Faults of the framework, explained as those of ours."""


async def _explained(request: Request, error: Exception) -> Response:
    """What went wrong, on a page that a person understands."""
    house: House = request.app.state.house
    lang, typed = language_of(request), await typed_in(request)
    if isinstance(error, NoSession):
        to_login = f"/console/login?why={error.why.value}"
        if request.headers.get("hx-request") == "true":  # a part of a page cannot hold the login
            return Response(status_code=401, headers={"hx-redirect": to_login})
        if not typed.fields:
            return RedirectResponse(to_login, status_code=303)
        return rendered(
            house, "ended.html", lang, status=401, visit=None, typed=typed, why=error.why, login=to_login
        )
    if isinstance(error, _LOG_AWAY):
        status, code = NotLogged.status, NotLogged.code
        return rendered(house, "fault.html", lang, status=status, visit=None, typed=typed, code=code)
    status = error.status_code if isinstance(error, HTTPException) else _STATUS[type(error)]
    lacks = error.lacks if isinstance(error, NotNow) else ()
    kind = _AS.get(type(error), type(error)).__name__
    # What a form refuses is not told as what is wrong with it: it may have been an id number.
    says = str(error) if isinstance(error, BadRequest) else ""
    values = {"kind": kind, "lacks": lacks, "says": says, "typed": typed}
    try:
        here = await visit(request)
    except NoSession:
        here = None
    return rendered(house, "casework_fault.html", lang, status=status, visit=here, **values)
