"""How does the gateway run as a server? One ASGI application over one office; nothing here decides anything.

/graphql                the only way to ask about anybody
GET  /log/checkpoint    the signed head of the audit log, and its tiles, for evaluators
GET  /healthz           the process answers
GET  /readyz            it could answer a question: the log takes entries, the registers are known
GET  /metrics           counts and times for Prometheus, of all worker processes together
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

from audit.errors import Unwitnessed
from audit.log import Log
from gateway.answer import executed
from gateway.door import Response
from gateway.following import follow
from gateway.graphql_http import (
    EVENTS,
    GraphQLOverHttp,
    Head,
    Reply,
    Scope,
    Send,
    deliver,
    fault_of_ours,
    head_of,
    headers_of,
)
from gateway.graphql_request import JSON, Receive, is_encoded, is_json
from gateway.inquiry import inquire
from gateway.log_pages import log_pages
from gateway.metrics import Metrics
from gateway.office import Answered, Asked, Office
from gateway.trace import new_request
from vocabulary.register import RECORD_TYPES

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

REQUEST = b"x-hedui-request"
"""Header of every answer: the number under which its line stands in the server log, and its entries in the audit log."""

READY_WITHIN_S = 2.0
"""How long `/readyz` waits for a database that says nothing: whoever looks must get an answer."""

_log = structlog.get_logger("hedui.gateway")


class Application:
    """The gateway as an ASGI application, and what stands behind its door (`gateway.door`).

    `/graphql` goes straight to its handler: routing costs more than the handler.

    `now`   the office of the moment
    """

    path = b"/graphql"

    def __init__(self, now: Callable[[], Office], pages: Asgi, metrics: Metrics, *, body_bytes: int) -> None:
        self._now, self._pages, self._metrics = now, pages, metrics
        # As it is configured by now: to find that out costs more than not to write a line.
        self._says = _log.bind()
        self.body_bytes = body_bytes
        self._ending = asyncio.Event()
        self._graphql = GraphQLOverHttp(
            self._answer, self._answers, body_bytes=body_bytes, refused=metrics.refused
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whatever comes, as ASGI has it."""
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        handler: Asgi = self._graphql if scope["path"] == "/graphql" else self._pages
        request, status = new_request(), 0
        scope.setdefault("state", {})["request"] = request

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST, request.encode())]
            await send(message)

        began = self._begins()
        try:
            await handler(scope, _Hearing(receive, self._ending), noting)
        except Exception as error:  # here and in `whole`, and nowhere else, everything is caught
            reply = self._fault(error, request)
            if not status:
                await deliver(reply, noting, media=JSON)
        finally:
            self._ends(began, request, method=scope["method"], path=_path(scope), status=status)

    def end(self) -> None:
        """Let go of whoever follows something: the server is about to stop."""
        self._ending.set()

    def reads(self, headers: Mapping[bytes, bytes]) -> Head | None:
        """What the headers of a POST to `path` say; None for what only the application itself answers."""
        head = head_of(headers)
        if (
            head is None
            or head.media == EVENTS
            or is_encoded(headers)
            or not is_json(headers.get(b"content-type", b"").decode("latin-1"))
        ):
            return None
        return head

    async def whole(self, head: Head, body: bytes) -> Response:
        """The same answer as the application gives to a POST to `path` that came whole."""
        request, status = new_request(), 0
        began = self._begins()
        try:
            try:
                reply = await self._graphql.whole(head, body, request)
            except Exception as error:  # see `__call__`
                reply = self._fault(error, request)
            status = reply.status
            return Response(
                status, _headers(reply, JSON if status == 500 else head.media, request), reply.body
            )
        finally:
            self._ends(began, request, method="POST", path="/graphql", status=status)

    async def _answer(self, asked: Asked) -> Answered:
        answered = await inquire(asked, self._now())
        self._metrics.sources({name: one["state"] for name, one in answered.told.sources.items()})
        if answered.hedged:
            self._metrics.hedged(answered.hedged)
        return answered

    def _answers(self, asked: Asked) -> AsyncGenerator[Answered, None]:
        return follow(asked, self._now())

    def _begins(self) -> float:
        self._metrics.begins()
        return time.perf_counter()

    def _fault(self, error: Exception, request: str) -> Reply:
        """A fault of ours as an error. Neither its text nor its local values are logged: they may name a person."""
        _log.error("fault", request=request, kind=type(error).__name__, at=_place(error))
        self._metrics.fault(type(error).__name__)
        return fault_of_ours(request)

    def _ends(self, began: float, request: str, *, method: str, path: str, status: int) -> None:
        """Write one line without personal data. Whoever hangs up may cancel the handler: that ends without a status."""
        took_s = time.perf_counter() - began
        self._metrics.ends(path, status=status, took_s=took_s)
        method = method if method in _METHODS else "…"
        took_ms = round(took_s * 1000, 1)
        self._says.info("answered", request=request, method=method, path=path, status=status, took_ms=took_ms)


class _Hearing:
    """What comes of a request; when all of it has come, the end of the server is as if its asker hung up."""

    def __init__(self, receive: Receive, ending: asyncio.Event) -> None:
        self._receive, self._ending, self._whole = receive, ending, False

    async def __call__(self) -> MutableMapping[str, Any]:
        if not self._whole:
            message = await self._receive()
            self._whole = not message.get("more_body", False)
            return message
        coming = asyncio.ensure_future(self._receive())
        ended = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait((coming, ended), return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else {"type": "http.disconnect"}
        finally:
            coming.cancel()
            ended.cancel()


def application(
    office: Office,
    *,
    log: Log,
    body_bytes: int,
    console: FastAPI | None = None,
    now: Callable[[], Office] | None = None,
) -> Application:
    """The application of an office.

    `console`   the pages for people, where there are any
    `now`       the office of the moment, where agreements may change while it serves; `office` where not
    """
    moment = now or (lambda: office)
    metrics = Metrics(executed=lambda: executed(office.schema))
    pages = _pages(office, log, metrics, moment)
    if console is not None:
        pages.mount("/console", console)
        pages.add_api_route("/", lambda: RedirectResponse("/console/"), response_class=RedirectResponse)
    return Application(moment, pages, metrics, body_bytes=body_bytes)


def _headers(reply: Reply, media: str, request: str) -> bytes:
    """The headers of a reply as `deliver` sends them."""
    always = _always(reply.headers, media)
    return b"%bcontent-length: %d\r\n%b: %b\r\n" % (always, len(reply.body), REQUEST, request.encode())


@lru_cache(maxsize=256)
def _always(headers: tuple[tuple[bytes, bytes], ...], media: str) -> bytes:
    return b"".join(b"%b: %b\r\n" % one for one in headers_of(Reply(200, b"", headers), media))


def _pages(office: Office, log: Log, metrics: Metrics, moment: Callable[[], Office]) -> FastAPI:
    """Everything that is no question. No interactive documentation: it would load from outside."""
    pages = FastAPI(title="hedui", docs_url=None, redoc_url=None, openapi_url=None)
    pages.include_router(log_pages(log, moment))

    @pages.api_route("/healthz", methods=_READING)
    async def healthz() -> JSONResponse:
        return JSONResponse({"alive": True})

    @pages.api_route("/metrics", methods=_READING)
    async def told_metrics() -> PlainTextResponse:
        return PlainTextResponse(metrics.told(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @pages.api_route("/readyz", methods=_READING)
    async def readyz() -> JSONResponse:
        state: dict[str, Any] = {
            "log": await _within(READY_WITHIN_S, office.trace.writable()),
            "counts": office.pacing.counts(),
            "registers": {one.value: one in office.connectors for one in _ASKED},
        }
        if isinstance(log.held, Unwitnessed):
            state["unwitnessed"] = str(log.held)
        ready = state["log"] is True and state["counts"] and any(office.connectors)
        return JSONResponse({"ready": ready, **state}, status_code=200 if ready else 503)

    return pages


async def _within(time_s: float, telling: Awaitable[bool]) -> bool:
    """What is told within this time; False where nothing is."""
    try:
        async with asyncio.timeout(time_s):
            return await telling
    except TimeoutError:
        return False


_ASKED = sorted({record.department for record in RECORD_TYPES})
"""The departments of which there are record types."""

_READING = ["GET", "HEAD"]
"""Methods of pages that proxies look at: some of them want no more than the status."""

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
