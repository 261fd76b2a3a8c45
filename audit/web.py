"""How do bytes come in and go out over HTTP, with no framework between?

An ASGI application around one function from request to answer. The evaluator's witness needs
no more, and drags nothing along.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the method, the path below the application's root, and a body of at most 1 MiB."""

    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told: a status, a body, its type, and further headers."""

    status: int
    body: bytes = b""
    type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Answer]]


def application(handler: Handler) -> Application:
    """An ASGI application that asks `handler`; a body that is too long is answered 413 without it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = await _body(receive)
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            answer = Answer(413) if body is None else await handler(Request(scope["method"], path, body))
            await _answer(send, answer, with_body=scope["method"] != "HEAD")

    return app


async def _body(receive: Receive) -> bytes | None:
    parts, length = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, answer: Answer, *, with_body: bool) -> None:
    headers = {"content-type": answer.type, "content-length": str(len(answer.body)), **answer.headers}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body if with_body else b""})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
