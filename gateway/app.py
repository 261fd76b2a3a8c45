"""How does the gateway run as a server? One ASGI application over one office; nothing here decides anything.

/graphql                the only way to ask about anybody
GET  /log/checkpoint    the signed head of the audit log, and its tiles, for evaluators
GET  /healthz           the process answers
GET  /readyz            it could answer a question: the log takes entries, the registers are known
GET  /metrics           counts and times for Prometheus, of all worker processes together
"""

from __future__ import annotations

import time
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse, RedirectResponse, Response

from audit.errors import Unwitnessed
from audit.log import Log
from gateway.answer import executed
from gateway.following import follow
from gateway.graphql_http import GraphQLOverHttp, Reply, Scope, Send, deliver, fault_of_ours
from gateway.graphql_request import JSON, Receive
from gateway.inquiry import inquire
from gateway.log_pages import log_pages
from gateway.metrics import Metrics
from gateway.office import Answered, Asked, Office
from gateway.trace import new_request
from vocabulary.register import RECORD_TYPES

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST = b"x-hedui-request"
"""Header of every answer: the number under which its line stands in the server log, and its entries in the audit log."""

_log = structlog.get_logger("hedui.gateway")


def application(
    office: Office,
    *,
    log: Log,
    body_bytes: int,
    console: FastAPI | None = None,
    now: Callable[[], Office] | None = None,
) -> Asgi:
    """The ASGI application. `/graphql` goes straight to its handler: routing costs more than the handler.

    `console`   the pages for people, where there are any
    `now`       the office of the moment, where agreements may change while it serves; `office` where not
    """
    moment = now or (lambda: office)
    metrics = Metrics(executed=lambda: executed(office.schema))

    async def answer(asked: Asked) -> Answered:
        answered = await inquire(asked, moment())
        metrics.sources({name: one["state"] for name, one in answered.told.sources.items()})
        return answered

    def answers(asked: Asked) -> AsyncGenerator[Answered, None]:
        return follow(asked, moment())

    graphql = GraphQLOverHttp(answer, answers, body_bytes=body_bytes, refused=metrics.refused)
    pages = _pages(office, log, metrics, moment)
    if console is not None:
        pages.mount("/console", console)
        pages.add_api_route("/", lambda: RedirectResponse("/console/"), response_class=RedirectResponse)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await pages(scope, receive, send)
            return
        handler: Asgi = graphql if scope["path"] == "/graphql" else pages
        await _observed(handler, metrics, scope, receive, send)

    return app


async def _observed(handler: Asgi, metrics: Metrics, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a handler; write one line without personal data; turn a fault of ours into an error without a trace."""
    request, began, status = new_request(), time.perf_counter(), 0
    scope.setdefault("state", {})["request"] = request
    metrics.begins()

    async def noting(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message["headers"] = [*message["headers"], (REQUEST, request.encode())]
        await send(message)

    try:
        await handler(scope, receive, noting)
    except Exception as error:  # the one place that catches everything
        # Neither the text of a fault nor its local values are logged: they may name a person.
        _log.error("fault", request=request, kind=type(error).__name__, at=_place(error))
        metrics.fault(type(error).__name__)
        if not status:
            await deliver(Reply(500, fault_of_ours(request)), noting, media=JSON)
    finally:
        # Whoever hangs up cancels the handler: that is an end too, without a status.
        took_s, path = time.perf_counter() - began, _path(scope)
        metrics.ends(path, status=status, took_s=took_s)
        method = scope["method"] if scope["method"] in _METHODS else "…"
        took_ms = round(took_s * 1000, 1)
        _log.info("answered", request=request, method=method, path=path, status=status, took_ms=took_ms)


def _pages(office: Office, log: Log, metrics: Metrics, moment: Callable[[], Office]) -> FastAPI:
    """Everything that is no question. No interactive documentation: it would load from outside."""
    pages = FastAPI(title="hedui", docs_url=None, redoc_url=None, openapi_url=None)
    pages.include_router(log_pages(log, moment))

    @pages.get("/healthz")
    async def healthz() -> JSONResponse:
        return JSONResponse({"alive": True})

    @pages.get("/metrics")
    async def told_metrics() -> Response:
        return Response(metrics.told(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @pages.get("/readyz")
    async def readyz() -> JSONResponse:
        state: dict[str, Any] = {
            "log": await office.trace.writable(),
            "registers": {one.value: one in office.connectors for one in _ASKED},
        }
        if isinstance(log.held, Unwitnessed):
            state["unwitnessed"] = str(log.held)
        ready = state["log"] is True and any(office.connectors)
        return JSONResponse({"ready": ready, **state}, status_code=200 if ready else 503)

    return pages


_ASKED = sorted({record.department for record in RECORD_TYPES})
"""The departments of which there are record types."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PATHS = ("/graphql", "/log/checkpoint", "/log/tile", "/healthz", "/readyz", "/metrics", "/console")


def _path(scope: Scope) -> str:
    """Which of our paths it is, without the rest: a number of a person may stand there."""
    path = str(scope["path"])
    return next((known for known in _PATHS if path == known or path.startswith(f"{known}/")), "/…")


def _place(error: BaseException) -> str:
    """Where a fault was raised: file and line, nothing of what stood there."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))
