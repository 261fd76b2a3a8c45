"""What does an HTTP request ask? The fields of GraphQL over HTTP, from a body or an address, each of its own type.

An id number belongs into a body: an address ends up in the logs of every proxy. So a GET that
holds one is refused, whoever sends it, and a body may hold each name only once.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from functools import lru_cache
from types import NoneType
from typing import Any, NoReturn, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from gateway.errors import BadRequest
from vocabulary.idnumber import passes_check

JSON = "application/json"

Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]

READS, ASKS = "GET", "POST"
"""The two methods: one for queries alone, one for everything."""


class Fields(msgspec.Struct, frozen=True):
    """What a request asks: a text, the identifier of a trusted document, or both.

    `reads_only`   it came by GET, which must change nothing
    """

    text: str | None
    identifier: str | None
    operation_name: str | None
    variables: Mapping[str, Any] | None
    reads_only: bool


async def read_request(
    method: str,
    content_type: str,
    query_string: bytes,
    receive: Receive,
    *,
    body_bytes: int,
    body_time_s: float,
) -> Fields:
    """The fields of a request.

    `body_bytes`    the largest body, and the longest address
    `body_time_s`   how long a client may take to send it
    Raises `BadRequest`.
    """
    if method == READS:
        return _fields(_in_address(query_string, longest=body_bytes), reads_only=True)
    if method != ASKS:
        raise BadRequest("expected GET or POST, got another method", status=405, allow=(READS, ASKS))
    if not is_json(content_type):
        raise BadRequest(f"expected `{JSON}` in UTF-8, got another content type", status=415)
    try:
        async with asyncio.timeout(body_time_s):
            body = await _body(receive, longest=body_bytes)
    except TimeoutError:
        raise BadRequest("expected the body in time", status=408) from None
    return read_body(body)


def read_body(body: bytes) -> Fields:
    """The fields of a POST, from its whole body. Raises `BadRequest`."""
    return _fields(_json(body), reads_only=False)


def is_encoded(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a body comes in an encoding (`Content-Encoding: gzip`), which is not taken: it could grow to any size."""
    return headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity")


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Tell whether a content type is JSON in UTF-8."""
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [
        part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")
    ]
    return kind == JSON and all(charset in ("utf-8", "utf8") for charset in charsets)


def _in_address(query_string: bytes, *, longest: int) -> dict[str, Any]:
    """The fields of a GET. `variables` and `extensions` are JSON there."""
    if len(query_string) > longest:
        raise BadRequest(f"expected an address of at most {longest} bytes", status=414)
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=8
        )
        fields: dict[str, Any] = _once(pairs)
    except (ValueError, UnicodeDecodeError):
        raise BadRequest("expected an address in UTF-8 with each name once") from None
    if any(_holds_an_id(value) for value in fields.values()):
        raise BadRequest("expected id numbers in the body of a POST, got one in an address")
    for name in ("variables", "extensions"):
        if name in fields:
            fields[name] = _json(fields[name].encode()) if fields[name] else None
    return fields


async def _body(receive: Receive, *, longest: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("expected the whole body, got a part", status=400)
        body += message.get("body", b"")
        if len(body) > longest:
            raise BadRequest(f"expected a body of at most {longest} bytes", status=413)
        if not message.get("more_body"):
            return bytes(body)


def _json(data: bytes) -> Any:
    """What is said in JSON. A name that stands twice must be seen: two readers would take different ones,
    and one of them may be the one that checks. json sees it, at ten times the cost of msgspec, which does not.
    """
    try:
        if b'\\"' not in data and b"\\u" not in data:
            with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                read = _decode_soon(data)
                # So every text has two quotation marks and none inside. If one was dropped, they are too many.
                if 2 * _texts(read) == data.count(b'"'):
                    return read
        read = _decode(data.decode())
        if b"\\u" in data:  # only so can half a surrogate pair be written, which is no text
            json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise BadRequest("expected a JSON object in UTF-8 without repeated names") from None
    return read


def _fields(read: Any, *, reads_only: bool) -> Fields:
    if not isinstance(read, dict):
        raise BadRequest("expected one JSON object; arrays of questions are not taken")
    for name, kinds, says in _KINDS:
        if not isinstance(read.get(name), kinds):
            raise BadRequest(f"expected `{name}` to be {says} or null")
    return Fields(
        text=read.get("query"),
        identifier=_identifier(read),
        operation_name=read.get("operationName"),
        variables=read.get("variables"),
        reads_only=reads_only,
    )


_TEXT, _OBJECT = ((str, NoneType), "a string"), ((dict, NoneType), "an object")

_KINDS = tuple(
    (name, *kind)
    for name, kind in (
        ("query", _TEXT),
        ("documentId", _TEXT),
        ("operationName", _TEXT),
        ("variables", _OBJECT),
        ("extensions", _OBJECT),
    )
)


def _identifier(read: Mapping[str, Any]) -> str | None:
    """`documentId`, or the hash in `extensions.persistedQuery` as Apollo's clients send it."""
    given = read.get("documentId")
    named = (read.get("extensions") or {}).get("persistedQuery")
    if named is not None:
        hashed = named.get("sha256Hash") if isinstance(named, dict) else None
        if not isinstance(hashed, str) or given not in (None, f"sha256:{hashed}"):
            raise BadRequest("expected one `sha256Hash` in `extensions.persistedQuery`, got another value")
        given = f"sha256:{hashed}"
    if given is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", given):
        raise BadRequest("expected `documentId` to be `sha256:` and 64 hex digits, got another text")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _texts(read: Any) -> int:
    """How many texts stand in JSON that was read, as names and as values."""
    kind = type(read)
    if kind is str:
        return 1
    if kind is dict:
        return len(read) + sum(map(_texts, read.values()))
    return sum(map(_texts, read)) if kind is list else 0


_decode_soon = msgspec.json.Decoder().decode
_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


def _holds_an_id(text: str) -> bool:
    """Tell whether an id number of 18 characters or of 15 digits stands in a text."""
    eighteen = (match[1].upper() for match in re.finditer(r"(?=(\d{17}[\dXx]))", text))
    return any(map(passes_check, eighteen)) or re.search(r"(?<!\d)\d{15}(?!\d)", text) is not None
