"""How does a question come in that comes whole, and how does its answer leave? Past ASGI, on uvicorn's own connection.

Nearly every question is one short POST, and arrives in one piece. Such a one is answered here: no scope, no
messages, one task, one write. Whatever is not such a one goes uvicorn's ordinary way, and nobody can tell the
difference: another address or method, a body that is large or comes in pieces, `Expect`, `Upgrade`, HTTP/1.0,
`Connection: close`, what is pipelined behind a question that has no answer yet.

Parsing is llhttp's, as ever. A head that it has parsed once, and behind which a question stood that was answered,
is known by its bytes: a client that keeps its connection sends the same one again and again.

A head has a largest size and a time in which it comes, whoever sends it; what stands behind a body (trailers) is
no header; and who goes on sending a body that was answered is not read for ever. uvicorn knows none of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

H = TypeVar("H")

HEADS_KEPT = 1_024
LONGEST_KEPT = 8_192
"""Bytes of a head that is kept: with a token, and no more than that."""


HEAD_BYTES = 65_536
"""The largest head."""

HEAD_TIME_S = 10.0
"""How long a client may take until its first question, and to send a head; and, once or twice, what was answered."""


class Response(NamedTuple):
    """An answer: its status, its headers, each with its line's end, and the body."""

    status: int
    headers: bytes
    body: bytes


class Behind(Protocol[H]):
    """What stands behind a door.

    `path`         the one address whose questions are taken here
    `body_bytes`   the largest body that is
    """

    path: bytes
    body_bytes: int

    def reads(self, headers: Mapping[bytes, bytes]) -> H | None:
        """What the headers of a POST say, by names in lower case; None where it must go the ordinary way. Pure."""
        ...

    async def whole(self, head: H, body: bytes) -> Response:
        """The answer to a question. Raises nothing but what ends a task."""
        ...


def door(behind: Behind[Any]) -> type[HttpToolsProtocol]:
    """The protocol of the connections of one server, for uvicorn's `Config(http=…)`; without uvloop as well."""

    class Through(_Door):
        pass

    Through.behind, Through.known = behind, _Known(behind)
    return Through


class _Read(NamedTuple, Generic[H]):
    """A head that was read: what it says, and how long the body behind it is."""

    said: H
    length: int


class _Known(Generic[H]):
    """What all connections of a server know: heads, and the headers that stand in every answer."""

    def __init__(self, behind: Behind[H]) -> None:
        self._reads = behind.reads
        self._longest = behind.body_bytes
        self._heads: dict[bytes, _Read[H]] = {}
        self._always: tuple[list[tuple[bytes, bytes]], bytes] = [], b""
        self.of = self._heads.get

    def read(self, headers: Mapping[bytes, bytes]) -> _Read[H] | None:
        """What a head says; None where the question behind it must go the ordinary way."""
        length = headers.get(b"content-length", b"")
        if not length.isdigit() or int(length) > self._longest or b"transfer-encoding" in headers:
            return None
        said = self._reads(headers)
        return None if said is None else _Read(said, int(length))

    def keep(self, head: bytes, read: _Read[H]) -> None:
        """Know a head again. Too many are forgotten all at once: they cost a parse, and nothing else."""
        if len(head) > LONGEST_KEPT:
            return
        if len(self._heads) >= HEADS_KEPT:
            self._heads.clear()
        self._heads[head] = read

    def always(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        """What uvicorn adds to every answer: a new list each second."""
        if headers is not self._always[0]:
            self._always = headers, b"".join(b"%b: %b\r\n" % one for one in headers)
        return self._always[1]


class _Answering:
    """One question, as uvicorn's connection knows it while it is answered (its `RequestResponseCycle`)."""

    __slots__ = ("disconnected", "keep_alive", "message_event", "response_complete")

    def __init__(self) -> None:
        self.response_complete = self.disconnected = False
        self.keep_alive = True
        self.message_event = _NOBODY_WAITS


class _Nobody:
    """An event for which nobody waits."""

    def set(self) -> None:
        """Nobody hears of it."""


_NOBODY_WAITS = _Nobody()


class _Door(HttpToolsProtocol):
    """One connection."""

    behind: Behind[Any]
    known: _Known[Any]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._ordinary = self.access_log or bool(self.root_path) or self.limit_concurrency is not None
        self._between = True  # no message has begun that has not ended
        self._read: _Read[Any] | None = None  # of a question whose body has not come whole
        self._body: list[bytes] = []
        self._piece = b""  # what a message begins with
        self._idle_from = 0.0
        self._head_bytes: int | None = None  # of a head that comes; None where none does
        self._came_bytes = 0  # in pieces that held nothing but a part of it
        self._awaited_from: float | None = self.loop.time()  # since when a head is waited for
        self._watch: asyncio.TimerHandle | None = None
        self._went_on: object = None  # the cycle that was answered while its body came, when last looked

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """A connection opens."""
        super().connection_made(transport)
        self._watch = self.loop.call_later(HEAD_TIME_S, self._close_if_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer what is known by its head; let llhttp read everything else."""
        if self._between and self._rests():
            end = data.find(_HEAD_ENDS) + len(_HEAD_ENDS)
            read = self.known.of(data[:end])
            if read is not None and read.length == len(data) - end:
                self._begin(read.said, data[end:], None)
                return
        self._piece = data if self._between else b""
        coming = None if self._head_bytes is None else self.scope
        super().data_received(data)
        if self._head_bytes is not None and self.scope is coming:
            self._came_bytes += len(data)
            if self._came_bytes > HEAD_BYTES:
                self.send_400_response("Request head too large.")
                return
        if self._read is not None and not self.transport.is_closing():
            self._go_the_ordinary_way()

    def on_message_begin(self) -> None:
        """A message begins."""
        self._between = False
        self._head_bytes = self._came_bytes = 0
        self._awaited_from = self.loop.time()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or what stands behind a body, which may say nothing about it any more."""
        if self._head_bytes is None:
            return
        self._head_bytes += len(name) + len(value) + len(": \r\n")
        if self._head_bytes > HEAD_BYTES:
            raise httptools.HttpParserError("expected a shorter head")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the body within the same piece, where it may be a question to answer here."""
        self._head_bytes = self._awaited_from = None
        if self._is_plain():
            headers = dict(self.headers)
            # Of what stands twice the application says whether it may.
            self._read = self.known.read(headers) if len(headers) == len(self.headers) else None
        if self._read is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        if self._read is None:
            super().on_body(body)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """A message has come whole."""
        self._between = True
        piece, self._piece = self._piece, b""
        if self._read is None:
            super().on_message_complete()
            return
        read, body = self._read, b"".join(self._body)
        self._read, self._body = None, []
        at = piece.find(_HEAD_ENDS)
        head, behind = piece[: at + len(_HEAD_ENDS)], piece[at + len(_HEAD_ENDS) :]
        # INVARIANT: of a head that is kept llhttp has read that it is one, whole, with this body and nothing else.
        self._begin(read.said, body, (head, read) if at > 0 and behind == body else None)

    def timeout_keep_alive_handler(self) -> None:
        """Close when nothing was asked for so long. One timer runs on; it is not set anew for each answer."""
        self.timeout_keep_alive_task = None
        if self.cycle is not None and not self.cycle.response_complete:
            return
        left_s = self._idle_from + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left_s, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _close_if_late(self) -> None:
        """Close where a head is waited for too long, or a body goes on: connections are few, and cost a client nothing."""
        since, before = self._awaited_from, self._went_on
        self._went_on = self.cycle if self._goes_on() else None
        waited = since is not None and self._rests() and self.loop.time() - since >= HEAD_TIME_S
        if waited or (before is not None and before is self._went_on):
            self.transport.close()
        else:
            self._watch = self.loop.call_later(HEAD_TIME_S, self._close_if_late)

    def _goes_on(self) -> bool:
        """Tell whether a body still comes of what is answered already: too large, of another type, of no use."""
        return not self._between and self._head_bytes is None and self._rests()

    def _rests(self) -> bool:
        """Tell whether every question that began is answered."""
        return self.cycle is None or self.cycle.response_complete

    def _is_plain(self) -> bool:
        parser = self.parser
        return (
            self.url == self.behind.path
            and not self._ordinary
            and self._rests()
            and not self.expect_100_continue
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def _go_the_ordinary_way(self) -> None:
        """Do what was put off: the body comes in pieces, and may take its time."""
        body, self._read, self._body = self._body, None, []
        super().on_headers_complete()
        for part in body:
            super().on_body(part)

    def _begin(self, said: Any, body: bytes, learned: tuple[bytes, _Read[Any]] | None) -> None:
        self._awaited_from = None
        answering = _Answering()
        self.cycle = answering  # type: ignore[assignment]  # it is all of a cycle that the connection looks at
        task = self.loop.create_task(self._answer(answering, said, body, learned))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(
        self, answering: _Answering, said: Any, body: bytes, learned: tuple[bytes, _Read[Any]] | None
    ) -> None:
        try:
            try:
                answer = await self.behind.whole(said, body)
            except asyncio.CancelledError:  # told to stop, it had no time left
                answer, answering.keep_alive = _CUT_SHORT, False
            if self.flow.write_paused and not answering.disconnected:
                await self.flow.drain()
            if answering.disconnected:
                return
            self._write(answer, answering)
        finally:
            if not answering.response_complete:
                self.transport.close()
        if learned is not None and answer.status == HTTPStatus.OK:
            self.known.keep(*learned)
        self._answered(answering)

    def _write(self, answer: Response, answering: _Answering) -> None:
        always = self.known.always(self.server_state.default_headers)
        ends = b"\r\n" if answering.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(
            b"".join((STATUS_LINE[answer.status], always, answer.headers, ends, answer.body))
        )
        answering.response_complete = True

    def _answered(self, answering: _Answering) -> None:
        """What uvicorn does between questions."""
        if not answering.keep_alive:
            self.transport.close()
        if self.pipeline or self.flow.read_paused or self.transport.is_closing():
            self.on_response_complete()
            return
        self.server_state.total_requests += 1
        self._idle_from = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )


_HEAD_ENDS = b"\r\n\r\n"
_CUT_SHORT = Response(
    500, b"content-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\n", b"Internal Server Error"
)
"""What uvicorn sends of an answer that was not finished when time was up."""
