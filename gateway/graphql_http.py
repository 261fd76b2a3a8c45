"""How does a question travel over HTTP? GraphQL over HTTP (stage 2 draft), by POST alone.

    request   POST, `application/json`, at most 64 KiB: query, operationName, variables, extensions
              `Authorization: Bearer …`, `X-Hedui-Purpose`, `X-Hedui-Case`
    response  `application/graphql-response+json` or `application/json`, as `Accept` says

A GET could be sent by any page a caseworker visits, and a form as well: neither is accepted,
and neither is an array of questions. Errors carry a code, and never a value of the question.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import msgspec

from gateway.access import Refused
from gateway.caller import NotAuthenticated
from gateway.errors import BadArgument, BadDocument, BadRequest, Fault, InquiryError
from gateway.inquiry import Answered, Asked
from gateway.trace import new_request

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent: a status, a body, and headers beside the content type."""

    status: int
    body: Mapping[str, Any]
    headers: tuple[tuple[bytes, bytes], ...] = ()


class GraphQLOverHttp:
    """An ASGI application of one address.

    `inquire`       answers a question or raises one of the errors that `refusing` knows
    `body_bytes`    the largest body
    `body_time_s`   how long a client may take to send it
    """

    def __init__(
        self, inquire: Callable[[Asked], Awaitable[Answered]], *, body_bytes: int, body_time_s: float = 10.0
    ) -> None:
        self._inquire = inquire
        self._body_bytes, self._body_time_s = body_bytes, body_time_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        media = media_type(headers.get("accept"))
        request = scope.get("state", {}).get("request") or new_request()
        try:
            if media is None:
                raise BadRequest("expected to be allowed to answer in JSON", status=406)
            fields = await self._read(scope["method"], headers, receive)
            reply = answering(await self._inquire(_asked(fields, headers, request)), request)
        except (InquiryError, NotAuthenticated, Refused) as error:
            reply = refusing(error, media=media or JSON, request=request)
        await deliver(reply, send, media=media or JSON)

    async def _read(self, method: str, headers: Mapping[str, str], receive: Receive) -> dict[str, Any]:
        if method != "POST":
            raise BadRequest("expected POST, got another method", status=405)
        kind, *parameters = (part.strip().lower() for part in headers.get("content-type", "").split(";"))
        charsets = [
            part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")
        ]
        if kind != JSON or any(charset not in ("utf-8", "utf8") for charset in charsets):
            raise BadRequest(f"expected `{JSON}` in UTF-8, got another content type", status=415)
        try:
            async with asyncio.timeout(self._body_time_s):
                body = await self._body(receive)
        except TimeoutError:
            raise BadRequest("expected the body in time", status=408) from None
        return _fields(body)

    async def _body(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BadRequest("expected the whole body, got a part", status=400)
            body += message.get("body", b"")
            if len(body) > self._body_bytes:
                raise BadRequest(f"expected a body of at most {self._body_bytes} bytes", status=413)
            if not message.get("more_body"):
                return bytes(body)


def answering(answered: Answered, request: str) -> Reply:
    """An answer on its way out. Partial ones are answers: status 200, with errors that have paths."""
    told = answered.told
    extensions = {
        "receipt": answered.receipt,
        "access": list(told.access),
        "sources": told.sources,
        "request": request,
    }
    body: dict[str, Any] = {"data": told.data, "extensions": extensions}
    return Reply(200, {"errors": list(told.errors), **body} if told.errors else body)


def refusing(error: InquiryError | NotAuthenticated | Refused, *, media: str, request: str) -> Reply:
    """An error on its way out: no `data` at all, a code, and what the caller can do about it."""
    more: dict[str, Any] = {"request": request}
    headers: tuple[tuple[bytes, bytes], ...] = ()
    match error:
        case NotAuthenticated():
            more |= {"code": "NOT_AUTHENTICATED", "reason": error.reason.value}
            status, headers = 401, ((b"www-authenticate", b'Bearer realm="hedui"'),)
        case Refused():
            more |= {"code": "REFUSED", "clause": error.clause}
            status = 403
        case BadDocument():
            # A client that reads plain JSON may take any other status for a failure of the transport.
            status = 400 if media == GRAPHQL else 200
            more |= {"code": error.code}
            if error.faults:
                return Reply(status, {"errors": [_fault(fault, more) for fault in error.faults]})
        case BadRequest():
            more |= {"code": error.code}
            status = error.answered_with
            headers = ((b"allow", b"POST"),) if status == 405 else ()
        case _:
            more |= {"code": error.code} | (
                {"argument": error.argument} if isinstance(error, BadArgument) else {}
            )
            status = error.status
            headers = ((b"retry-after", b"5"),) if status == 503 else ()
    return Reply(status, {"errors": [{"message": str(error), "extensions": more}]}, headers)


async def deliver(reply: Reply, send: Send, *, media: str) -> None:
    """Send a reply whole. Answers are personal: no cache may keep them."""
    body = _encode(reply.body)
    headers = [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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
        offered = kind if kind in (GRAPHQL, JSON) else JSON if kind in ("*/*", "application/*") else None
        if offered is not None and weight > 0 and (best is None or weight > best[0]):
            best = (weight, offered)
    return best[1] if best else None


def _asked(fields: Mapping[str, Any], headers: Mapping[str, str], request: str) -> Asked:
    return Asked(
        text=fields["query"],
        operation_name=fields.get("operationName"),
        variables=fields.get("variables"),
        authorization=headers.get("authorization"),
        purpose=headers.get("x-hedui-purpose"),
        case=headers.get("x-hedui-case"),
        request=request,
    )


def _fields(body: bytes) -> dict[str, Any]:
    """The four fields of a request, each of its type."""
    try:
        # json and not msgspec: a name that stands twice must be seen, for two readers would take
        # different ones, and one of them may be the one that checks.
        fields = json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(fields, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise BadRequest("expected a JSON object in UTF-8 without repeated names") from None
    if not isinstance(fields, dict):
        raise BadRequest("expected one JSON object; arrays of questions are not taken")
    if not isinstance(fields.get("query"), str):
        raise BadRequest("expected the text of the question in `query`")
    for name, kind in (("operationName", str), ("variables", dict), ("extensions", dict)):
        if not isinstance(fields.get(name), kind | None):
            raise BadRequest(f"expected `{name}` to be {'a string' if kind is str else 'an object'} or null")
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _fault(fault: Fault, more: Mapping[str, Any]) -> dict[str, Any]:
    places = [{"line": line, "column": column} for line, column in fault.places]
    told: dict[str, Any] = {"message": fault.message, "extensions": dict(more)}
    return {**told, "locations": places} if places else told
