"""How does a question travel over HTTP? GraphQL over HTTP (stage 2 draft), and its answer back.

    request   POST, `application/json`, at most 64 KiB: query or documentId, operationName, variables, extensions
              GET with the same names in the address, for queries alone
              `Authorization: Bearer …`, `X-Hedui-Purpose`, `X-Hedui-Case`
    response  `application/graphql-response+json`, `application/json`, or `text/event-stream`, as `Accept` says

What a page of another site could make a browser send is worth nothing: it cannot set these three
headers, no cookie stands for them, and a form or an array of questions is not taken. Errors
carry a code, and never a value of the question.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    MutableMapping,
)
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec

from gateway.access import Refused
from gateway.caller import NotAuthenticated
from gateway.errors import BadArgument, BadDocument, BadRequest, Ending, Fault, InquiryError
from gateway.graphql_request import JSON, Fields, Receive, is_encoded, read_body, read_request
from gateway.office import Answered, Asked
from gateway.pace import TooOften
from gateway.trace import new_request

GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"

SILENCE_S = 12.0
"""After so long without an event a comment is sent, so that no proxy takes a stream for dead."""

Scope: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_encode = msgspec.json.Encoder().encode


class Reply(msgspec.Struct, frozen=True):
    """What is sent: a status, a body in JSON, and headers beside the content type.

    `code`   of an error, where it is one
    """

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    code: str | None = None


class Head(msgspec.Struct, frozen=True):
    """What the headers of a question say. `media` is what is answered in."""

    media: str
    authorization: str | None
    purpose: str | None
    case: str | None


class GraphQLOverHttp:
    """An ASGI application of one address.

    `inquire`       answers a question or raises one of the errors that `refusing` knows
    `follow`        the same, for a question that is answered again and again; raises before its first answer
    `body_bytes`    the largest body
    `body_time_s`   how long a client may take to send it
    `refused`       is told the code of every question that gets no data
    """

    def __init__(
        self,
        inquire: Callable[[Asked], Awaitable[Answered]],
        follow: Callable[[Asked], AsyncGenerator[Answered, None]],
        *,
        body_bytes: int,
        body_time_s: float = 10.0,
        refused: Callable[[str], None] = lambda code: None,
    ) -> None:
        self._inquire, self._follow, self._refused = inquire, follow, refused
        self._body_bytes, self._body_time_s = body_bytes, body_time_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        head = head_of(headers)
        media = JSON if head is None else head.media
        request = scope.get("state", {}).get("request") or new_request()
        try:
            if head is None:
                raise BadRequest("expected to be allowed to answer in JSON", status=406)
            _refuse_twice(scope["headers"])
            if is_encoded(headers):
                raise BadRequest("expected a body as it is, got one with a `Content-Encoding`", status=415)
            fields = await read_request(
                scope["method"],
                _text(headers, b"content-type") or "",
                scope.get("query_string", b""),
                receive,
                body_bytes=self._body_bytes,
                body_time_s=self._body_time_s,
            )
            asked = _asked(fields, head, request)
            if media == EVENTS:
                await self._stream(asked, receive, send)
                return
            reply = answering(await self._inquire(asked), request)
        except (InquiryError, NotAuthenticated, Refused) as error:
            reply = self._refusing(error, media, request)
            if media == EVENTS and isinstance(error, BadDocument | BadArgument):
                await _tell_alone(reply, send)
                return
        await deliver(reply, send, media=JSON if media == EVENTS else media)

    async def whole(self, head: Head, body: bytes, request: str) -> Reply:
        """The same for a POST that came whole, in `application/json`; `head.media` is no stream."""
        try:
            return answering(await self._inquire(_asked(read_body(body), head, request)), request)
        except (InquiryError, NotAuthenticated, Refused) as error:
            return self._refusing(error, head.media, request)

    def _refusing(self, error: InquiryError | NotAuthenticated | Refused, media: str, request: str) -> Reply:
        reply = refusing(error, media=media, request=request)
        self._refused(reply.code or "")
        return reply

    async def _stream(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Server-sent events, one connection an operation (graphql-sse). Whoever hangs up ends the following."""
        async with aclosing(self._follow(asked)) as answers:
            first = await anext(answers)
            await send({"type": "http.response.start", "status": 200, "headers": _STREAMING})
            gone = asyncio.create_task(_disconnected(receive))
            telling = asyncio.create_task(_tell(first, answers, asked.request, send))
            try:
                await asyncio.wait((gone, telling), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (gone, telling):
                    if not task.done():
                        task.cancel()
                        with suppress(asyncio.CancelledError):
                            await task
            if telling.done() and not telling.cancelled():
                telling.result()


def answering(answered: Answered, request: str) -> Reply:
    """An answer on its way out. Partial ones are answers: status 200, with errors that have paths."""
    told = answered.told
    extensions = _Extensions(
        receipt=answered.receipt, access=told.access, sources=told.sources, request=request
    )
    errors = b'"errors":%b,' % _encode(told.errors) if told.errors else b""
    return Reply(200, b'{%b"data":%b,"extensions":%b}' % (errors, answered.data, _encode(extensions)))


def refusing(error: InquiryError | NotAuthenticated | Refused, *, media: str, request: str) -> Reply:
    """An error on its way out: no `data` at all, a code, and what the caller can do about it."""
    more: dict[str, Any] = {"request": request}
    headers: tuple[tuple[bytes, bytes], ...] = ()
    match error:
        case NotAuthenticated():
            more |= {"code": "NOT_AUTHENTICATED", "reason": error.reason.value}
            status, headers = 401, ((b"www-authenticate", b'Bearer realm="hedui"'),)
        case TooOften():
            more |= {"code": "TOO_OFTEN", "clause": error.clause}
            status, headers = 429, ((b"retry-after", str(error.again_in_s).encode()),)
        case Refused():
            more |= {
                "code": "REFUSED",
                "clause": error.clause,
                **({"rule": error.rule} if error.rule else {}),
            }
            status = 403
        case BadDocument():
            # A client that reads plain JSON may take any other status for a failure of the transport.
            status = 400 if media == GRAPHQL else 200
            more |= {"code": error.code}
            if error.faults:
                faults = [_fault(fault, more) for fault in error.faults]
                return Reply(status, _encode({"errors": faults}), code=error.code)
        case BadRequest():
            more |= {"code": error.code}
            status = error.answered_with
            headers = ((b"allow", ", ".join(error.allow).encode()),) if error.allow else ()
        case _:
            more |= {"code": error.code} | (
                {"argument": error.argument} if isinstance(error, BadArgument) else {}
            )
            status = error.status
            headers = ((b"retry-after", b"5"),) if status == 503 else ()
    told = {"errors": [{"message": str(error), "extensions": more}]}
    return Reply(status, _encode(told), headers, more["code"])


async def deliver(reply: Reply, send: Send, *, media: str) -> None:
    """Send a reply whole."""
    headers = [*headers_of(reply, media), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def headers_of(reply: Reply, media: str) -> list[tuple[bytes, bytes]]:
    """The headers of a reply but for its length. Answers are personal: no cache may keep them."""
    return [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]


def head_of(headers: Mapping[bytes, bytes]) -> Head | None:
    """What the headers of a question say; None where they allow no answer of ours."""
    media = media_type(_text(headers, b"accept"))
    if media is None:
        return None
    given = (_text(headers, name) for name in (b"authorization", b"x-hedui-purpose", b"x-hedui-case"))
    return Head(media, *given)


@lru_cache(maxsize=256)
def media_type(accept: str | None) -> str | None:
    """The best media type that an `Accept` header allows, None when it allows none of ours.

    Without a header it is plain JSON, as old clients expect; `*/*` is that as well.

    >>> media_type("application/json;q=0.5, application/graphql-response+json")
    'application/graphql-response+json'
    """
    best: tuple[float, str] | None = None
    for part in (accept or "*/*").split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        weight = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality) else 0.0
        offered = kind if kind in (GRAPHQL, JSON, EVENTS) else _WILD.get(kind)
        if offered is not None and weight > 0 and (best is None or weight > best[0]):
            best = (weight, offered)
    return best[1] if best else None


_WILD = {"*/*": JSON, "application/*": JSON, "text/*": EVENTS}

_STREAMING = [
    (b"content-type", f"{EVENTS}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),
]


async def _tell(first: Answered, answers: AsyncIterator[Answered], request: str, send: Send) -> None:
    """Send every answer as `next`, what goes wrong later as a last one, and `complete`."""
    last: bytes | None = fault_of_ours(request).body
    try:
        await _event(send, "next", answering(first, request).body)
        async for answered in _patiently(answers, send):
            await _event(send, "next", answering(answered, request).body)
        last = None
    except (InquiryError, NotAuthenticated, Refused) as error:
        last = refusing(error, media=GRAPHQL, request=request).body
    except asyncio.CancelledError:  # who has hung up does not read it
        last = refusing(Ending(), media=GRAPHQL, request=request).body
        raise
    finally:
        # A fault of ours is told here, while the stream is open, and noted where every fault is.
        if last is not None:
            await _event(send, "next", last)
        await _complete(send)


async def _tell_alone(reply: Reply, send: Send) -> None:
    """Send errors of the document as the only event: a reader of events takes anything else for a broken line."""
    await send({"type": "http.response.start", "status": 200, "headers": _STREAMING})
    await _event(send, "next", reply.body)
    await _complete(send)


async def _complete(send: Send) -> None:
    await _event(send, "complete", None)
    await send({"type": "http.response.body", "body": b""})


def fault_of_ours(request: str) -> Reply:
    """What is told of a fault of ours: its number, and nothing else."""
    told = {"message": "expected an answer, got a fault of ours"}
    more = {"code": "INTERNAL", "request": request}
    return Reply(500, _encode({"errors": [{**told, "extensions": more}]}), code="INTERNAL")


async def _patiently(answers: AsyncIterator[Answered], send: Send) -> AsyncIterator[Answered]:
    """The answers, with a comment into every silence."""
    while True:
        coming = asyncio.ensure_future(anext(answers, None))
        try:
            while not (await asyncio.wait((coming,), timeout=SILENCE_S))[0]:
                await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
        finally:
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError):
                    await coming
        answered = coming.result()
        if answered is None:
            return
        yield answered


async def _event(send: Send, name: str, body: bytes | None) -> None:
    data = b"" if body is None else b" " + body
    line = b"event: " + name.encode() + b"\ndata:" + data + b"\n\n"
    await send({"type": "http.response.body", "body": line, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Extensions(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What stands beside the data of an answer."""

    receipt: str | None = None
    access: tuple[dict[str, Any], ...]
    sources: Mapping[str, Any]
    request: str


def _asked(fields: Fields, head: Head, request: str) -> Asked:
    return Asked(
        text=fields.text,
        identifier=fields.identifier,
        reads_only=fields.reads_only,
        follows=head.media == EVENTS,
        operation_name=fields.operation_name,
        variables=fields.variables,
        authorization=head.authorization,
        purpose=head.purpose,
        case=head.case,
        request=request,
    )


def _refuse_twice(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a header that stands twice: a proxy may have looked at the one, and we would take the other."""
    names = [name for name, _ in headers if name in _ONCE]
    if len(names) != len(set(names)):
        raise BadRequest(f"expected each of `{b'`, `'.join(_ONCE).decode()}` once, got one twice")


_ONCE = (b"authorization", b"content-type", b"x-hedui-purpose", b"x-hedui-case")


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _fault(fault: Fault, more: Mapping[str, Any]) -> dict[str, Any]:
    places = [{"line": line, "column": column} for line, column in fault.places]
    told: dict[str, Any] = {"message": fault.message, "extensions": dict(more)}
    return {**told, "locations": places} if places else told
