"""How does the gateway run as a server? One ASGI application over one office; nothing here decides anything.

/graphql                the only way to ask about anybody
GET  /log/checkpoint    the signed head of the audit log, and its tiles, for evaluators
GET  /healthz           the process answers
GET  /readyz            it could answer a question: the log takes entries, the registers are known
"""

from __future__ import annotations

import time
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from audit.errors import Unwitnessed
from audit.log import Log
from gateway.following import follow
from gateway.graphql_http import GraphQLOverHttp, Reply, Scope, Send, deliver, fault_of_ours
from gateway.graphql_request import JSON, Receive
from gateway.inquiry import inquire
from gateway.log_pages import log_pages
from gateway.office import Answered, Asked, Office
from gateway.trace import new_request
from vocabulary.codes import Department

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = structlog.get_logger("hedui.gateway")


def application(office: Office, *, log: Log, body_bytes: int) -> Asgi:
    """The ASGI application. `/graphql` goes straight to its handler: routing costs more than the handler."""

    async def answer(asked: Asked) -> Answered:
        return await inquire(asked, office)

    def answers(asked: Asked) -> AsyncGenerator[Answered, None]:
        return follow(asked, office)

    graphql = GraphQLOverHttp(answer, answers, body_bytes=body_bytes)
    pages = _pages(office, log)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await pages(scope, receive, send)
            return
        handler: Asgi = graphql if scope["path"] == "/graphql" else pages
        await _observed(handler, scope, receive, send)

    return app


async def _observed(handler: Asgi, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a handler; write one line without personal data; turn a fault of ours into an error without a trace."""
    request, began, status = new_request(), time.perf_counter(), 0
    scope.setdefault("state", {})["request"] = request

    async def noting(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    try:
        await handler(scope, receive, noting)
    except Exception as error:  # the one place that catches everything
        # Neither the text of a fault nor its local values are logged: they may name a person.
        _log.error("fault", request=request, kind=type(error).__name__, at=_place(error))
        if not status:
            await deliver(Reply(500, fault_of_ours(request)), noting, media=JSON)
    _log.info(
        "answered",
        request=request,
        method=scope["method"],
        path=_path(scope),
        status=status,
        took_ms=round((time.perf_counter() - began) * 1000, 1),
    )


def _pages(office: Office, log: Log) -> FastAPI:
    """Everything that is no question. No interactive documentation: it would load from outside."""
    pages = FastAPI(title="hedui", docs_url=None, redoc_url=None, openapi_url=None)
    pages.include_router(log_pages(log, office))

    @pages.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"alive": True})

    @pages.get("/readyz")
    async def readyz() -> JSONResponse:
        state: dict[str, Any] = {
            "log": await office.trace.writable(),
            "registers": {one.value: one in office.connectors for one in Department},
        }
        if isinstance(log.held, Unwitnessed):
            state["unwitnessed"] = str(log.held)
        ready = state["log"] is True and any(office.connectors)
        return JSONResponse({"ready": ready, **state}, status_code=200 if ready else 503)

    return pages


def _path(scope: Scope) -> str:
    """The path without what might be a number of a person."""
    path = str(scope["path"])
    return path if path.startswith(("/graphql", "/log/", "/healthz", "/readyz")) else "/…"


def _place(error: BaseException) -> str:
    """Where a fault was raised: file and line, nothing of what stood there."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
