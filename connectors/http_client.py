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
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

from connectors.failure import Failed, broken
from connectors.places import Places
from vocabulary.evidence import FailureKind

HEAD_BYTES = 65_536
"""Of the head of an answer; a longer one is no answer."""


class HttpAnswer(NamedTuple):
    """What came back. `kind` is the media type, in lower case and without parameters."""

    status: int
    kind: str
    body: bytes


class HttpClient:
    """Asks one service, from one event loop.

    `address`      `http://host:port` or `https://host:port`, with a path before that of each question or none
    `headers`      sent with every question
    `connections`  open at a time; who comes later waits
    `body_bytes`   of an answer; a longer one is not read to its end
    """

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        *,
        trust: ssl.SSLContext | None,
        connections: int,
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
        self._idle: deque[_Connection] = deque()
        self._turns = Places(connections)
        self._open: set[_Connection] = set()

    def begin(self, path: str, body: bytes) -> Underway | None:
        """Send a question over a connection that waits for one; None where there is none, or others have their turn."""
        if not (self._idle and self._turns.take()):
            return None
        connection = self._kept()
        if connection is None:
            self._turns.give_back()
            return None
        return self._sent(connection, self._question(path, body))

    async def post(self, path: str, body: bytes) -> HttpAnswer:
        """The answer to a question. Raises `Failed`; gives up when the task is cancelled."""
        question = self._question(path, body)
        await self._turns.wait()
        if (connection := self._kept()) is not None:
            try:
                return await self._sent(connection, question).answer()
            except Stale:
                await self._turns.wait()
        try:
            connection = await self._connected()
        except BaseException:
            self._turns.give_back()
            raise
        return await self._sent(connection, question).answer()

    def _kept(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    def _sent(self, connection: _Connection, question: bytes) -> Underway:
        return Underway(self, connection, connection.ask(question))

    def ended(self, connection: _Connection) -> None:
        """Take a connection back, with its turn."""
        if connection.usable:
            self._idle.append(connection)
        self._turns.give_back()

    async def aclose(self) -> None:
        """Close every connection."""
        self._idle.clear()
        for connection in [*self._open]:
            connection.close()
        await asyncio.sleep(0)

    async def _connected(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(self._open, self._body_bytes),
                self._host,
                self._port,
                ssl=self._trust,
                server_hostname=self._host if self._trust else None,
            )
        except (OSError, ssl.SSLError, ssl.CertificateError):
            raise _lost() from None
        return connection

    def _question(self, path: str, body: bytes) -> bytes:
        return b"%b%d\r\n\r\n%b" % (self._head(path), len(body), body)

    def _head(self, path: str) -> bytes:
        head = self._heads.get(path)
        if head is None:
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


class Underway:
    """A question that has been sent. End it once, by `answer` or by `drop`."""

    __slots__ = ("_client", "_connection", "_waiting")

    def __init__(
        self, client: HttpClient, connection: _Connection, waiting: asyncio.Future[HttpAnswer]
    ) -> None:
        self._client, self._connection, self._waiting = client, connection, waiting

    async def answer(self) -> HttpAnswer:
        """What came back. Raises `Failed`."""
        try:
            answer = await self._waiting
        except BaseException:
            self.drop()
            raise
        self._client.ended(self._connection)
        return answer

    def fail(self, why: Failed) -> None:
        """Let `answer` raise this, unless there is one already."""
        if not self._waiting.done():
            self._waiting.set_exception(why)

    def drop(self) -> None:
        """Wait no longer: the connection is closed, so that what still comes is nobody's answer."""
        self._connection.close()
        self._client.ended(self._connection)


class _Connection(asyncio.Protocol):
    """One connection; one question at a time."""

    def __init__(self, among: set[_Connection], body_bytes: int) -> None:
        self._among, self._most = among, body_bytes
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[HttpAnswer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answered_before = False
        self._keeps = True
        self._begin()

    def _begin(self) -> None:
        self._pieces: list[bytes] = []
        self._size = self._head_size = 0
        self._heard = self._bounded = self._headed = False
        self._kind = self._coding = ""

    @property
    def usable(self) -> bool:
        """Tell whether another question may be asked."""
        return self._keeps and self._transport is not None and not self._transport.is_closing()

    def ask(self, question: bytes) -> asyncio.Future[HttpAnswer]:
        """The answer, once it is whole. Raises `Failed`."""
        assert self._transport is not None, "asked only when connected"
        self._begin()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(question)
        return self._waiting

    def close(self) -> None:
        """Let go at once; nothing that still comes belongs to anybody."""
        self._keeps = False
        self._waiting = None
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of asyncio's classes
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._waiting is None:  # nothing was asked: this is no answer
            self.close()
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(broken("expected an answer by HTTP, got another protocol"))
        except httptools.HttpParserError:
            self._fail(broken("expected an answer by HTTP, got one that cannot be read"))

    def connection_lost(self, error: Exception | None) -> None:
        """See `asyncio.Protocol`. An answer without a length ends here."""
        self._among.discard(self)
        self._keeps = False
        if self._waiting is None:
            return
        if self._answered_before and not self._heard:
            lost = _lost()
            self._fail(Stale(lost.kind, lost.detail))
        elif error is None and self._headed and not self._bounded:
            self._tell()
        else:
            self._fail(_lost())

    # What the parser calls.

    def on_message_begin(self) -> None:
        """See `httptools.HttpResponseParser`. What nobody asked for is never taken for the next answer."""
        if self._waiting is None:
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """See `httptools.HttpResponseParser`."""
        self._head_size += len(name) + len(value)
        if self._head_size > HEAD_BYTES:
            self._fail(broken(f"expected a head of at most {HEAD_BYTES} bytes, got more"))
            return
        known = name.lower()
        if known == b"content-type":
            self._kind = media_type(value.decode("latin-1"))
        elif known == b"content-encoding":
            self._coding = value.decode("latin-1").strip().lower()
        elif known in (b"content-length", b"transfer-encoding"):
            self._bounded = True

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
        self._keeps = self._parser.should_keep_alive()
        self._tell()
        if not self._keeps and self._transport is not None:
            self._transport.close()

    def _tell(self) -> None:
        self._answered_before = True
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.done():
            return
        if self._coding not in ("", "identity"):
            waiting.set_exception(broken("expected an answer without compression, got one with it"))
            return
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        waiting.set_result(HttpAnswer(self._parser.get_status_code(), self._kind, body))

    def _fail(self, why: Failed) -> None:
        waiting = self._waiting
        self.close()
        if waiting is not None and not waiting.done():
            waiting.set_exception(why)


def _lost() -> Failed:
    return Failed(FailureKind.UNREACHABLE, "connection refused, not trusted or lost")
