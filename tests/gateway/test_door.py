"""Does a question that comes whole get the answer that uvicorn's ordinary way gives it, and the same care?

Everything is sent twice as bytes, to two servers of one application: one with the door, one without.
"""

import ast
import asyncio
import contextlib
import inspect
import json
import re
import textwrap
from contextlib import asynccontextmanager, nullcontext

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.door import HEAD_BYTES, Response, _Answering, door
from tests.gateway.desk import at_desk
from tests.gateway.rows import HEAD, ROWS

QUESTION = json.dumps({"query": '{household(number: "H-1") {number}}'}).encode()
SHORT = b'{"query":"{log{size}}"}'


def post(headers, body=QUESTION, *, line=b"POST /graphql HTTP/1.1", more=(), length=None):
    """A request in bytes."""
    given = {b"host": b"x", b"content-type": b"application/json", **headers}
    if length is not False:
        given[b"content-length"] = str(len(body) if length is None else length).encode()
    lines = [b"%b: %b" % one for one in (*given.items(), *more)]
    return b"\r\n".join((line, *lines, b"", body))


def pieces(data, size=7):
    return [data[at : at + size] for at in range(0, len(data), size)]


# What is sent, piece by piece, and how many answers there are; `h` are the headers of a caller who may ask.
SENT = {
    "one question": lambda h: [post(h)],
    "the same again, by a head that is known": lambda h: [post(h), None, post(h), None, post(h)],
    "another body behind a known head, of the same length": lambda h: [
        post(h, SHORT), None, post(h, SHORT.replace(b"size", b"none")), None, post(h, SHORT),
    ],
    "less than a known head says, then the rest": lambda h: [post(h), None, post(h)[:-5], post(h)[-5:]],
    "more than a known head says": lambda h: [post(h), None, post(h) + post(h)],
    "three in one piece": lambda h: [post(h) * 3],
    "three, each in its piece, none awaited": lambda h: [post(h), None, post(h), post(h), post(h)],
    "small pieces": lambda h: pieces(post(h)),
    "small pieces of two": lambda h: pieces(post(h) * 2, 11),
    "head and body apart": lambda h: [post(h)[: -len(QUESTION)], QUESTION],
    "a line's end before it": lambda h: [b"\r\n" + post(h), None, b"\r\n" + post(h)],
    "two lines' ends before it": lambda h: [b"\r\n\r\n" + post(h), None, b"\r\n\r\n" + post(h)],
    "a body that looks like the begin of its own head": lambda h: [
        b"POST /g", post(h, b"T /g")[7:], None, b"POST /g", post(h, b"T /g")[7:], None, post(h),
    ],
    "first another thing": lambda h: [b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" + post(h), None, post(h)],
    "then another thing": lambda h: [post(h) + b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"],
    "expecting to be told to go on": lambda h: [post({**h, b"expect": b"100-continue"})],
    "a client that ends the connection": lambda h: [post({**h, b"connection": b"close"})],
    "http 1.0": lambda h: [post(h, line=b"POST /graphql HTTP/1.0")],
    "http 1.0 that stays": lambda h: [post({**h, b"connection": b"keep-alive"}, line=b"POST /graphql HTTP/1.0")],
    "an upgrade that nobody offers": lambda h: [post({**h, b"connection": b"upgrade", b"upgrade": b"h2c"})],
    "chunks": lambda h: [
        post({**h, b"transfer-encoding": b"chunked"}, b"%x\r\n%b\r\n0\r\n\r\n" % (len(QUESTION), QUESTION), length=False)
    ],
    "chunks and a length": lambda h: [post({**h, b"transfer-encoding": b"chunked"}, b"0\r\n\r\n")],
    "two lengths": lambda h: [post(h, more=((b"content-length", b"3"),))],
    "no length": lambda h: [post(h, b"", length=False)],
    "a length of no number": lambda h: [post(h, length="+9")],
    "a name that stands twice": lambda h: [post(h, more=((b"x-hedui-purpose", b"NONE"),)), None, post(h)],
    "a name twice that may": lambda h: [post(h, more=((b"via", b"1.1 a"), (b"via", b"1.1 b")))],
    "a body too long": lambda h: [post(h, b'{"query":"' + b"x" * 70_000 + b'"}')],
    "a body of nothing": lambda h: [post(h, b"")],
    "no JSON": lambda h: [post(h, b"{")],
    "a name twice in it": lambda h: [post(h, b'{"query":"{log{size}}","query":"{a}"}')],
    "a document that does not fit": lambda h: [post(h, b'{"query":"{salary}"}')],
    "no token": lambda h: [post({b"accept": b"*/*"}), None, post(h)],
    "a purpose that may not": lambda h: [post({**h, b"x-hedui-purpose": b"AUDIT"})],
    "plain text": lambda h: [post({**h, b"content-type": b"text/plain"})],
    "another character set": lambda h: [post({**h, b"content-type": b"application/json; charset=gb18030"})],
    "a body that is packed": lambda h: [post({**h, b"content-encoding": b"gzip"})],
    "an answer in HTML": lambda h: [post({**h, b"accept": b"text/html"})],
    "an answer in plain JSON": lambda h: [post({**h, b"accept": b"application/json"})],
    "put": lambda h: [post(h, line=b"PUT /graphql HTTP/1.1")],
    "options": lambda h: [post(h, line=b"OPTIONS /graphql HTTP/1.1")],
    "head": lambda h: [post(h, b"", line=b"HEAD /graphql HTTP/1.1")],
    "an address with more": lambda h: [post(h, line=b"POST /graphql?a=1 HTTP/1.1")],
    "an address written otherwise": lambda h: [post(h, line=b"POST /%67raphql HTTP/1.1")],
    "another address": lambda h: [post(h, line=b"POST /graphql/ HTTP/1.1")],
    "a header with a line's end in it": lambda h: [post({**h, b"x-a": b"1\n2"})],
    "no HTTP": lambda h: [b"\x16\x03\x01\x00\xa5\x01"],
    "no HTTP behind a question": lambda h: [post(h, more=()) + b"\x00\x00", None],
    "bare line feeds": lambda h: [post(h).replace(b"\r\n", b"\n")],
}  # fmt: skip


IDLE_S = 1.0
"""After so long without a question a server hangs up, which ends every script."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What both servers told of everything: by what was sent, the ordinary way's and the door's."""

    async def test(desk):
        headers = {name.encode(): value.encode() for name, value in desk.headers().items()}
        async with (
            served(desk.app, http=HttpToolsProtocol) as (ordinary, _),
            served(desk.app, http=door(desk.app)) as (ours, _),
        ):
            scripts = [script(headers) for script in SENT.values()]
            both = [asked(port, pieces) for pieces in scripts for port in (ordinary, ours)]
            answers = await asyncio.gather(*both)
        return dict(zip(SENT, zip(answers[::2], answers[1::2], strict=True), strict=True))

    return at_desk(tmp_path_factory.mktemp("door"), ROWS, test)


@pytest.mark.parametrize("name", SENT)
def test_both_ways_give_the_same_answers(told, name):
    ordinary, ours = told[name]
    assert ours == ordinary
    assert ours, "something was told"


def test_what_was_sent_is_of_many_kinds(told):
    statuses = {answer[0].split()[1] for answers, _ in told.values() for answer in answers}
    assert statuses >= {b"100", b"200", b"400", b"401", b"403", b"405", b"406", b"413", b"415"}
    assert len(told["three, each in its piece, none awaited"][1]) == 4
    assert not any(HEAD.encode() in b"".join(answer) for both in told.values() for answer in both[1])


def test_a_name_that_stands_twice_is_refused_where_two_readers_would_take_different_ones(told):
    statuses = [answer[0].split()[1] for answer in told["a name that stands twice"][1]]
    assert statuses == [b"400", b"200"]
    assert b"x-hedui-purpose" in told["a name that stands twice"][1][0][1]
    assert told["a name twice that may"][1][0][0].split()[1] == b"200"


async def asked(port, script):
    """What is told, answer after answer, until the server hangs up: head and body, without what is always new."""
    split = bodiless if script[0].startswith(b"HEAD") else answers_in
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    came, awaited = b"", 0
    for piece in script:
        if piece is None:
            awaited += 1
            while len(split(came)) < awaited and (more := await reader.read(65_536)):
                came += more
            continue
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.002)  # so that it arrives by itself
    came += await reader.read()
    writer.close()
    return [tuple(plain(part) for part in one) for one in split(came)]


def bodiless(came):
    """The heads that have come."""
    return [(head, b"") for head in came.split(b"\r\n\r\n")[:-1]]


def answers_in(came):
    """The answers that have come whole."""
    found = []
    while b"\r\n\r\n" in came:
        head, came = came.split(b"\r\n\r\n", 1)
        length = re.search(rb"content-length: (\d+)", head)
        size = int(length[1]) if length else 0
        if len(came) < size:
            break
        found.append((head, came[:size]))
        came = came[size:]
    return found


def plain(part):
    """A part of an answer without its day, its number, its receipt and the size of the log."""
    for always_new in (rb"date: [^\r]+", rb"x-hedui-request: \w+", rb"content-length: \d+"):
        part = re.sub(always_new, always_new.split(b":")[0], part)
    return re.sub(rb'"(request|receipt|size)":("[^"]*"|\d+)', rb'"\1"', part)


class Telling:
    """An application that tells which way a question came, and answers when it is let."""

    path, body_bytes = b"/graphql", 1_000

    def __init__(self, size=4):
        self.may, self.asked, self.size, self.headers = asyncio.Event(), 0, size, []
        self.may.set()

    async def __call__(self, scope, receive, send):
        self.asked, self.headers = self.asked + 1, [name for name, _ in scope["headers"]]
        while (await receive()).get("more_body"):
            pass
        await self.may.wait()
        headers = [(b"content-length", b"8"), (b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ordinary"})

    def reads(self, headers):
        return headers.get(b"x-says", b"nothing")

    async def whole(self, said, body):
        self.asked += 1
        await self.may.wait()
        told = said + b" " + body + b"." * self.size
        return Response(200, b"content-length: %d\r\n" % len(told), told)


def by(test, **options):
    """Run `test` with a server of a telling application."""

    async def run():
        app = Telling()
        async with served(app, http=door(app), **options) as (port, server):
            return await asyncio.wait_for(test(app, port, server), 30)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("sent", "ways"),
    [
        ([post({}, b"1")], [b"door"]),
        ([post({}, b"1"), None, post({}, b"2")], [b"door", b"door"]),
        ([post({}, b"1") * 3], [b"door", b"ordinary", b"ordinary"]),
        ([post({}, b"1")[:9], post({}, b"1")[9:]], [b"door"]),
        ([post({}, b"x" * 1_001)], [b"ordinary"]),
        ([post({b"connection": b"close"}, b"1")], [b"ordinary"]),
        ([post({}, b"1", line=b"GET /graphql HTTP/1.1")], [b"ordinary"]),
    ],
)
def test_a_question_that_comes_whole_comes_through_the_door_and_no_other(sent, ways):
    async def test(_app, port, _server):
        return [body for _, body in await asked(port, sent)]

    told = by(test, timeout_keep_alive=0.2)
    assert [b"ordinary" if body == b"ordinary" else b"door" for body in told] == ways


def test_a_body_that_comes_in_pieces_goes_the_ordinary_way():
    async def test(_app, port, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post({}, b"12")[:-1])
        while not any(one.cycle for one in server.server_state.connections):
            await asyncio.sleep(0.001)
        writer.write(b"2")
        return await reader.read()

    assert by(test, timeout_keep_alive=0.2).endswith(b"ordinary")


def test_a_head_is_known_by_every_byte_of_it():
    async def test(_app, port, _server):
        script = [
            post({b"x-says": b"one"}, b"1"), None, post({b"x-says": b"one"}, b"2"), None,
            post({b"x-says": b"two"}, b"3"), None, post({b"x-says": b"one"}, b"4"),
        ]  # fmt: skip
        return [body.rstrip(b".") for _, body in await asked(port, script)]

    assert by(test, timeout_keep_alive=0.2) == [b"one 1", b"one 2", b"two 3", b"one 4"]


def test_a_flood_of_heads_is_forgotten_and_costs_no_answer(monkeypatch):
    monkeypatch.setattr("gateway.door.HEADS_KEPT", 4)

    async def test(_app, port, server):
        heads = [post({b"x-says": b"%d" % number}, b"1") for number in range(10)]
        told = await asked(port, [piece for head in heads for piece in (head, None)])
        return told, len(server.config.http_protocol_class.known._heads)

    told, kept = by(test, timeout_keep_alive=0.2)
    assert [body.split()[0] for _, body in told] == [b"%d" % number for number in range(10)]
    assert 0 < kept <= 4


async def under_way(app, port):
    """A question that has come in, and waits until the application may answer."""
    app.may.clear()
    asking = asyncio.create_task(asked(port, [post({}, b"1")]))
    while not app.asked:
        await asyncio.sleep(0.001)
    return asking


def test_told_to_stop_it_finishes_what_it_began_and_says_that_it_hangs_up():
    async def test(app, port, server):
        asking = await under_way(app, port)
        server.should_exit = True
        while not all(one.cycle.keep_alive is False for one in server.server_state.connections):
            await asyncio.sleep(0.001)
        app.may.set()
        return await asking

    ((head, body),) = by(test)
    assert (head.split()[1], body) == (b"200", b"nothing 1....")
    assert b"connection: close" in head


def test_what_is_not_finished_when_time_is_up_is_an_error_and_no_silence():
    async def test(app, port, server):
        asking = await under_way(app, port)
        server.should_exit = True
        return await asking

    ((head, body),) = by(test, timeout_graceful_shutdown=0.01)
    assert (head.split()[1], body) == (b"500", b"Internal Server Error")


def test_where_no_answer_comes_of_a_question_nobody_is_left_waiting():
    async def test(app, port, _server):
        async def fail(_said, _body):
            raise AssertionError("this cannot be answered")

        asyncio.get_running_loop().set_exception_handler(lambda _loop, _told: None)
        app.whole = fail
        return await asked(port, [post({}, b"1")])

    assert by(test) == []


def test_a_root_path_and_a_limit_of_connections_shut_the_door():
    async def test(_app, port, _server):
        return [body for _, body in await asked(port, [post({}, b"1")])]

    assert by(test, timeout_keep_alive=0.2, root_path="/under") == [b"ordinary"]
    assert by(test, timeout_keep_alive=0.2, limit_concurrency=9) == [b"ordinary"]


def test_who_hangs_up_costs_the_others_nothing():
    async def test(app, port, server):
        app.may.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post({}, b"1"))
        while not app.asked:
            await asyncio.sleep(0.001)
        writer.transport.abort()
        while server.server_state.connections:
            await asyncio.sleep(0.001)
        app.may.set()
        while server.server_state.tasks:
            await asyncio.sleep(0.001)
        return await asked(port, [post({}, b"2")])

    assert len(by(test, timeout_keep_alive=0.2)) == 1


def test_who_does_not_read_is_not_answered_without_end():
    async def test(app, port, _server):
        app.size = 1 << 20
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(40):
            writer.write(post({}, b"1"))
            await asyncio.sleep(0.005)
        return app.asked

    assert 0 < by(test) < 30


def test_a_connection_that_rests_is_closed_and_one_that_waits_is_not():
    async def test(app, port, _server):
        app.may.clear()
        asking = asyncio.create_task(
            asked(port, [post({}, b"1"), None, post({}, b"2"), None, post({}, b"3")])
        )
        for number in (1, 2, 3):
            while app.asked < number:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.15)  # longer than a connection may rest
            app.may.set()
            await asyncio.sleep(0)
            app.may.clear()
        return await asking

    assert len(by(test, timeout_keep_alive=0.1)) == 3


def test_what_stands_behind_a_body_is_no_header():
    async def test(app, port, _server):
        chunks = b"1\r\n1\r\n0\r\nauthorization: Bearer other\r\n\r\n"
        told = await asked(port, [post({b"transfer-encoding": b"chunked"}, chunks, length=False)])
        return told, app.headers

    ((_, body),), headers = by(test, timeout_keep_alive=0.2)
    assert body == b"ordinary"
    assert b"transfer-encoding" in headers
    assert b"authorization" not in headers


@pytest.mark.parametrize(
    "head",
    [b"x-a: b\r\n" * 20_000, b"x-a: " + b"b" * 1_000_000, b"x-a: " + b"b" * HEAD_BYTES + b"\r\n\r\n"],
    ids=["many headers", "one without end", "one too long"],
)
def test_a_head_that_is_too_long_is_refused_whether_it_ends_or_not(head):
    async def test(app, port, _server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /graphql HTTP/1.1\r\n" + head)
        answer = await reader.read(12)
        writer.transport.abort()
        return answer, app.asked

    assert by(test) == (b"HTTP/1.1 400", 0)


def test_a_head_that_is_just_short_enough_is_read():
    async def test(_app, port, _server):
        beside = len(post({b"x-a": b""}, b""))  # with its first line, which does not count
        return await asked(port, [post({b"x-a": b"b" * (HEAD_BYTES - beside)}, b"1")])

    assert len(by(test, timeout_keep_alive=0.2)) == 1


@pytest.mark.parametrize("sent", [b"", b"POST /gra", b"POST /graphql HTTP/1.1\r\nhost: x\r\n"])
def test_who_sends_no_whole_head_is_not_waited_for(monkeypatch, sent):
    monkeypatch.setattr("gateway.door.HEAD_TIME_S", 0.05)

    async def test(app, port, _server):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        told = await reader.read()
        writer.close()
        return told, app.asked

    assert by(test) == (b"", 0)


def test_who_goes_on_sending_what_was_answered_is_not_read_for_ever(monkeypatch):
    monkeypatch.setattr("gateway.door.HEAD_TIME_S", 0.05)

    async def test(app, port, _server):
        async def refuse(_scope, _receive, send):
            app.asked += 1
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

        monkeypatch.setattr(Telling, "__call__", lambda _self, *given: refuse(*given))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post({}, b"", length=10**9))
        told = await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b".")
                await asyncio.sleep(0.01)
        return told[:12], app.asked

    assert by(test, timeout_keep_alive=60) == (b"HTTP/1.1 413", 1)


def test_an_answer_may_take_longer_than_a_head(monkeypatch):
    monkeypatch.setattr("gateway.door.HEAD_TIME_S", 1.0)  # in which a question comes in on any machine

    async def test(app, port, _server):
        asking = await under_way(app, port)
        await asyncio.sleep(1.2)
        app.may.set()
        return await asking

    assert len(by(test, timeout_keep_alive=0.2)) == 1


def test_uvicorns_connection_looks_at_nothing_of_a_cycle_that_ours_has_not():
    tree = ast.parse(textwrap.dedent(inspect.getsource(HttpToolsProtocol)))
    looked_at = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self.cycle", "existing_cycle")
    }
    of_a_body = {"body", "more_body"}  # a question has come whole before it has a cycle of ours
    assert looked_at - of_a_body == {*_Answering.__slots__}


@asynccontextmanager
async def served(app, *, http, **options):
    """A server of an application on a port of its own; gives the port, and the server itself."""
    given = {"timeout_keep_alive": IDLE_S, "server_header": False, **options}
    config = uvicorn.Config(
        app, http=http, port=0, lifespan="off", log_config=None, access_log=False, **given
    )
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.001)
    try:
        yield server.servers[0].sockets[0].getsockname()[1], server
    finally:
        server.should_exit = True
        await serving
