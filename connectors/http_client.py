"""How does a question reach a service over HTTP, cheaply? POST over connections that are kept, and nothing else.

httpx2 costs about a millisecond of CPU a call, more than all the rest of a question; this
costs a thirtieth of that (decision 26). The protocol itself is read by httptools
(llhttp, Node's parser), TLS is the ssl module's. There are no redirects, no proxies, no cookies and no
compression: a question with id numbers goes to the department or nowhere.

A connection that was kept may have been closed at the other end meanwhile. Where one breaks before
a byte of the answer came, the question is asked once more over a new one: questions are reads.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools
import msgspec

from connectors.failure import Failed, broken
from vocabulary.evidence import FailureKind

HEAD_BYTES = 65_536
"""Of the head of an answer; a longer one is no answer."""


class HttpAnswer(msgspec.Struct, frozen=True, gc=False):
    """What came back. `kind` is the media type, in lower case and without parameters."""

    status: int
    kind: str
    body: bytes


class HttpClient:
    """Asks one service, from one event loop, over as many connections as there are questions at a time.

    `address`     `http://host:port` or `https://host:port`, with a path before that of each question or none
    `headers`     sent with every question
    `body_bytes`  of an answer; a longer one is not read to its end
    """

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        *,
        trust: ssl.SSLContext | None,
        body_bytes: int,
    ) -> None:
        parts = urlsplit(address)
        self._host = parts.hostname or ""
        self._trust = trust if parts.scheme == "https" else None
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._before = parts.path.rstrip("/")
        named = f"{parts.netloc.rpartition('@')[2]}"
        fixed = {"Host": named, "Accept-Encoding": "identity", **headers}
        for name, value in fixed.items():
            if not f"{name}{value}".isascii() or not f"{name}{value}".isprintable():
                raise ValueError(f"expected printable ASCII in header `{name}`")
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
        self._heads: dict[str, bytes] = {}
        self._body_bytes = body_bytes
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()

    def begin(self, path: str, body: bytes) -> Connection | None:
        """Send a question over a connection that waits for one; None where there is none."""
        connection = self._kept()
        if connection is not None:
            connection.ask(self._question(path, body))
        return connection

    async def post(self, path: str, body: bytes) -> HttpAnswer:
        """The answer to a question. Raises `Failed`; gives up when the task is cancelled."""
        question = self._question(path, body)
        if (connection := self._kept()) is not None:
            with suppress(Stale):
                return await _answer(connection, question)
        return await _answer(await self._connected(), question)

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    def ended(self, connection: Connection) -> None:
        """Take a connection back, now that its `waiting` is done."""
        if connection.keeps:
            self._idle.append(connection)

    async def aclose(self) -> None:
        """Close every connection."""
        self._idle.clear()
        for connection in [*self._open]:
            connection.close()
        await asyncio.sleep(0)

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self, self._open, self._body_bytes),
                self._host,
                self._port,
                ssl=self._trust,
                server_hostname=self._host if self._trust else None,
            )
        except (OSError, ssl.SSLError, ssl.CertificateError):
            raise _lost() from None
        return connection

    def _question(self, path: str, body: bytes) -> bytes:
        head = self._heads.get(path) or self._head(path)
        return b"%b%d\r\n\r\n%b" % (head, len(body), body)

    def _head(self, path: str) -> bytes:
        if not path.isascii() or not path.isprintable() or " " in path:
            raise ValueError("expected a path of printable ASCII")
        text = f"POST {self._before}{path} HTTP/1.1\r\n{self._fixed}Content-Length: "
        head = self._heads[path] = text.encode()
        return head


def media_type(written: str) -> str:
    """Give a media type without its parameters, in lower case.

    >>> media_type("Application/JSON; charset=utf-8")
    'application/json'
    """
    return written.partition(";")[0].strip().lower()


class Stale(Failed):
    """A connection that was kept broke before any answer came: the question was not answered, and may be asked again."""


class Connection(asyncio.Protocol):
    """One connection, and one question at a time on it. End each once, by `HttpClient.ended` or by `close`.

    `waiting`   what comes back of the question that was asked last. Raises `Failed`
    `keeps`     nobody has closed it, as far as is known
    """

    waiting: asyncio.Future[HttpAnswer]

    def __init__(self, client: HttpClient, among: set[Connection], body_bytes: int) -> None:
        self.client, self._among, self._most = client, among, body_bytes
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._asked = self._answered_before = False
        self.keeps = True
        self._fields: dict[bytes, bytes] = {}
        # The parser calls this for each field of a head: what they mean is looked at once all are there.
        self.on_header = self._fields.__setitem__
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    def _begin(self) -> None:
        self._pieces: list[bytes] = []
        self._heard = self._size = 0
        self._headed = False
        self._fields.clear()

    @property
    def usable(self) -> bool:
        """Tell whether another question may be asked."""
        return self.keeps and self._transport is not None and not self._transport.is_closing()

    def ask(self, question: bytes) -> None:
        """Send a question."""
        assert self._transport is not None, "asked only when connected"
        self.waiting, self._asked = self._loop.create_future(), True
        self._transport.write(question)

    def close(self) -> None:
        """Let go at once: what still comes is nobody's answer."""
        self.keeps = self._asked = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of asyncio's classes
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if not self._asked:  # nothing was asked: this is no answer
            self.close()
            return
        left, self._heard = HEAD_BYTES - self._heard, self._heard + len(data)
        if len(data) > left and not self._headed and data.find(b"\r\n\r\n", 0, max(0, left)) < 0:
            self._fail(broken(f"expected a head of at most {HEAD_BYTES} bytes, got more"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(broken("expected an answer by HTTP, got another protocol"))
        except httptools.HttpParserError:
            self._fail(broken("expected an answer by HTTP, got one that cannot be read"))

    def connection_lost(self, error: Exception | None) -> None:
        """See `asyncio.Protocol`. An answer without a length ends here."""
        self._among.discard(self)
        self.keeps = False
        if not self._asked:
            return
        if self._answered_before and not self._heard:
            lost = _lost()
            self._fail(Stale(lost.kind, lost.detail))
        elif error is None and self._headed and not _names(tuple(self._fields)).bounded:
            self._tell()
        else:
            self._fail(_lost())

    # What the parser calls, besides `on_header`.

    def on_message_begin(self) -> None:
        """See `httptools.HttpResponseParser`. What nobody asked for is never taken for the next answer."""
        if not self._asked:
            self.close()

    def on_headers_complete(self) -> None:
        """See `httptools.HttpResponseParser`."""
        self._headed = True

    def on_body(self, piece: bytes) -> None:
        """See `httptools.HttpResponseParser`."""
        self._size += len(piece)
        if self._size > self._most:
            self._fail(broken(f"expected a page of at most {self._most} bytes, got more"))
        else:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """See `httptools.HttpResponseParser`."""
        if self._parser.get_status_code() < 200:  # it says that the answer is still to come
            self._begin()
            return
        self.keeps = self.keeps and self._parser.should_keep_alive()
        self._tell()
        if not self.keeps and self._transport is not None:
            self._transport.close()

    def _tell(self) -> None:
        asked, self._asked, self._answered_before = self._asked, False, True
        pieces, fields = self._pieces, self._fields
        kind, coding, _ = _names(tuple(fields))
        kind, coding = fields.get(kind, b""), fields.get(coding, b"")
        self._begin()
        if not asked or self.waiting.done():
            return
        if coding and coding.strip().lower() != b"identity":
            self.waiting.set_exception(broken("expected an answer without compression, got one with it"))
            return
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.waiting.set_result(HttpAnswer(self._parser.get_status_code(), _kind(kind), body))

    def _fail(self, why: Failed) -> None:
        asked = self._asked
        self.close()
        if asked and not self.waiting.done():
            self.waiting.set_exception(why)


async def _answer(connection: Connection, question: bytes) -> HttpAnswer:
    connection.ask(question)
    try:
        answer = await connection.waiting
    except BaseException:
        connection.close()
        raise
    connection.client.ended(connection)
    return answer


class _Names(NamedTuple):
    """How a service writes the names of the fields that mean something to us; empty for one that it does not send."""

    kind: bytes = b""
    coding: bytes = b""
    bounded: bool = False


@lru_cache(maxsize=64)
def _names(written: tuple[bytes, ...]) -> _Names:
    """Worked out once, for a service sends the same fields with each answer."""
    known = {name.lower(): name for name in written}
    bounded = b"content-length" in known or b"transfer-encoding" in known
    return _Names(known.get(b"content-type", b""), known.get(b"content-encoding", b""), bounded)


@lru_cache(maxsize=64)
def _kind(written: bytes) -> str:
    return media_type(written.decode("latin-1"))


def _lost() -> Failed:
    return Failed(FailureKind.UNREACHABLE, "connection refused, not trusted or lost")
