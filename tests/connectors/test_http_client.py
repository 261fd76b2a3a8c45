"""Does the lean client read what a well-behaved service says, and give up on whatever else comes?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from connectors.failure import Failed
from connectors.http_client import HttpAnswer, HttpClient
from vocabulary.evidence import FailureKind

Told = Callable[[int, bytes], list[bytes | None]]
"""From the number of a question on its connection, and its bytes, to what is sent; None closes the connection."""

JSON = b"Content-Type: application/json\r\n"


def whole(body: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%b%bContent-Length: %d\r\n\r\n%b" % (JSON, extra, len(body), body)


@asynccontextmanager
async def service(told: Told) -> AsyncIterator[tuple[HttpClient, list[list[bytes]]]]:
    """A client of a service that says what it is told to; the questions that came, by connection."""
    came: list[list[bytes]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[bytes] = []
        came.append(mine)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                mine.append(head + await reader.readexactly(length))
                for part in told(len(mine) - 1, mine[-1]):
                    if part is None:
                        return
                    writer.write(part)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = HttpClient(
        f"http://127.0.0.1:{port}/base",
        {"Authorization": "Bearer key"},
        trust=None,
        body_bytes=1_000,
    )
    try:
        yield client, came
    finally:
        await client.aclose()
        server.close()


def asked(told: Told, times: int = 1) -> tuple[list[HttpAnswer | Failed], list[list[bytes]]]:
    """What came back from so many questions, one after the other."""

    async def run() -> tuple[list[HttpAnswer | Failed], list[list[bytes]]]:
        async with service(told) as (client, came):
            found: list[HttpAnswer | Failed] = []
            for number in range(times):
                try:
                    found.append(await asyncio.wait_for(client.post("/q", b"%d" % number), 10))
                except Failed as why:
                    found.append(why)
            return found, came

    return asyncio.run(run())


def test_a_question_is_one_request_with_the_headers_given() -> None:
    _, ((request,),) = asked(lambda *_: [whole(b"{}")])
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b"0"
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /base/q HTTP/1.1"
    assert lines[1].startswith(b"Host: 127.0.0.1:")
    assert set(lines[2:]) == {
        b"Accept-Encoding: identity",
        b"Authorization: Bearer key",
        b"Content-Length: 1",
    }


def test_questions_that_follow_use_the_same_connection() -> None:
    found, came = asked(lambda *_: [whole(b"{}")], times=3)
    assert found == [HttpAnswer(200, "application/json", b"{}")] * 3
    assert [len(mine) for mine in came] == [3]


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", b"0\r\n\r\n"],
        [bytes([byte]) for byte in whole(b"{}")],
        [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", whole(b"{}")],
        [b"HTTP/1.0 200 OK\r\n" + JSON + b"\r\n{", b"}", None],
        [whole(b"{}", b"Connection: close\r\n"), None],
    ],
    ids=["chunked", "byte by byte", "hints before", "ended by the end", "closed after"],
)
def test_an_answer_is_the_same_however_it_comes(parts: list[bytes | None]) -> None:
    found, _ = asked(lambda *_: parts, times=2)
    assert found == [HttpAnswer(200, "application/json", b"{}")] * 2


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([whole(b"{}")[:-1], None], FailureKind.UNREACHABLE),
        ([None], FailureKind.UNREACHABLE),
        ([b"no HTTP at all\r\n\r\n"], FailureKind.CONTRACT_BROKEN),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"], FailureKind.CONTRACT_BROKEN),
        ([whole(b"x" * 1_001)], FailureKind.CONTRACT_BROKEN),
        ([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40_000], FailureKind.CONTRACT_BROKEN),
        ([whole(b"{}", b"Content-Encoding: gzip\r\n")], FailureKind.CONTRACT_BROKEN),
    ],
    ids=["cut off", "closed at once", "no HTTP", "no length", "too long", "head too long", "compressed"],
)
def test_what_is_no_answer_is_a_failure_of_its_kind(parts: list[bytes | None], kind: FailureKind) -> None:
    (found,), _ = asked(lambda *_: parts)
    assert isinstance(found, Failed)
    assert found.kind is kind


def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    def told(number: int, _: bytes) -> list[bytes | None]:
        return [whole(b"{}")] if number == 0 else [None]

    found, came = asked(told, times=3)
    assert found == [HttpAnswer(200, "application/json", b"{}")] * 3
    assert all(len(mine) <= 2 for mine in came)


def test_a_question_is_not_repeated_once_its_answer_began() -> None:
    def told(number: int, _: bytes) -> list[bytes | None]:
        return [whole(b"{}")] if number == 0 else [whole(b"{}")[:9], None]

    found, came = asked(told, times=2)
    assert isinstance(found[1], Failed)
    assert [len(mine) for mine in came] == [2]


def test_an_answer_that_nobody_asked_for_is_given_to_nobody() -> None:
    def told(_: int, question: bytes) -> list[bytes | None]:
        mine = question[-1:]
        return [whole(b"answer to " + mine) + whole(b"slipped in behind " + mine)]

    found, _ = asked(told, times=3)
    assert [one.body for one in found if isinstance(one, HttpAnswer)] == [
        b"answer to %d" % n for n in range(3)
    ]


def test_who_gives_up_leaves_no_answer_behind_for_the_next() -> None:
    async def run() -> bytes:
        def told(_: int, question: bytes) -> list[bytes | None]:
            return [whole(b"to " + question[-1:])] if question[-1:] != b"s" else []

        async with service(told) as (client, _):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.post("/q", b"s"), 0.05)
            return (await asyncio.wait_for(client.post("/q", b"n"), 10)).body

    assert asyncio.run(run()) == b"to n"


def test_no_more_connections_are_open_than_questions_were_at_a_time() -> None:
    async def run() -> int:
        async with service(lambda *_: [whole(b"{}")]) as (client, came):
            for _ in range(10):
                await asyncio.gather(client.post("/q", b"0"), client.post("/q", b"1"))
            return len(came)

    assert asyncio.run(run()) == 2


@pytest.mark.parametrize("header", ["a\r\nb", "ü", "a\nb"])
def test_a_header_that_could_be_two_is_refused(header: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        HttpClient("http://h", {"Authorization": header}, trust=None, body_bytes=1)


def test_a_path_that_could_be_two_lines_is_refused() -> None:
    async def run() -> None:
        client = HttpClient("http://127.0.0.1:1", {}, trust=None, body_bytes=1)
        await client.post("/a b\r\n", b"")

    with pytest.raises(ValueError, match="printable ASCII"):
        asyncio.run(run())


@settings(max_examples=60)
@given(
    some.lists(some.binary(max_size=40) | some.sampled_from([whole(b"{}"), whole(b"{}")[:30]]), max_size=4)
)
def test_whatever_comes_is_an_answer_or_a_failure(parts: list[bytes]) -> None:
    found, _ = asked(lambda *_: [*parts, None], times=2)
    assert all(isinstance(one, HttpAnswer | Failed) for one in found)
