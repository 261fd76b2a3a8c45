"""Is the wire what GraphQL over HTTP says, and closed to what it does not say?"""

import asyncio
import functools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import graphql_request
from gateway.errors import BadRequest
from gateway.graphql_http import EVENTS, GRAPHQL, GraphQLOverHttp, media_type
from gateway.graphql_request import JSON, read_request
from tests.gateway.desk import at_desk
from tests.gateway.rows import HEAD, ROWS

QUESTION = '{household(number: "H-1") {number}}'


def post(folder, **request):
    async def test(desk):
        headers = {**desk.headers(), "content-type": JSON, **request.pop("headers", {})}
        kept = {name: value for name, value in headers.items() if value is not None}
        return await desk.client.request(request.pop("method", "POST"), "/graphql", headers=kept, **request)

    return at_desk(folder, ROWS, test)


@pytest.mark.parametrize(
    ("accept", "given"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0.9", JSON),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        (EVENTS, EVENTS),
        (f"{JSON}, {EVENTS}", JSON),
        ("", JSON),
        (";;,q=,", None),
    ],
)
def test_the_answer_has_the_media_type_that_was_asked_for(accept, given):
    assert media_type(accept) == given


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET"}, 400),
        ({"method": "PUT"}, 405),
        ({"headers": {"content-type": "text/plain"}}, 415),
        ({"headers": {"content-type": "application/x-www-form-urlencoded"}}, 415),
        ({"headers": {"content-type": "application/json; charset=gb18030"}}, 415),
        ({"headers": {"content-type": None}}, 415),
        ({"headers": {"content-encoding": "gzip"}}, 415),
        ({"headers": {"content-encoding": "identity, br"}}, 415),
        ({"headers": {"accept": "text/html"}}, 406),
        ({"content": b"[]"}, 400),
        ({"content": b'[{"query":"{log{size}}"}]'}, 400),
        ({"content": b"{"}, 400),
        ({"content": b""}, 400),
        ({"content": b"\xff\xfe"}, 400),
        ({"content": b'{"query":1}'}, 400),
        ({"content": b"{}"}, 400),
        ({"content": b'{"query":"{log{size}}","query":"{a}"}'}, 400),
        ({"content": b'{"query":"\\ud800"}'}, 400),
        ({"content": b'{"query":"{log{size}}","variables":{"a":NaN}}'}, 400),
        ({"content": b'{"query":"{log{size}}","variables":[]}'}, 400),
        ({"content": b'{"query":"{log{size}}","operationName":1}'}, 400),
        ({"content": b'{"query":"{log{size}}","extensions":"a"}'}, 400),
        ({"content": b'{"query":' + b"[" * 50_000}, 400),
        ({"content": b'{"query":"' + b"x" * 70_000 + b'"}'}, 413),
        ({"content": b'{"query":"' + b"x" * 20_000 + b'"}'}, 400),
    ],
)
def test_what_is_no_question_is_refused(tmp_path, request_, status):
    content = {"content": f'{{"query": "{{log{{size}}}}", "variables": {{"id": "{HEAD}"}}}}'.encode()}
    answer = post(tmp_path, **{**content, **request_})
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] in ("BAD_REQUEST", "TOO_COSTLY")
    assert HEAD not in answer.text
    if status == 405:
        assert answer.headers["allow"] == "GET, POST"


def test_an_answer_says_its_type_and_may_not_be_cached(tmp_path):
    answer = post(tmp_path, json={"query": QUESTION})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"data", "extensions"}


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
def test_a_document_that_does_not_fit_is_an_error_with_its_place(tmp_path, accept, status):
    answer = post(tmp_path, json={"query": "{household {salary}}"}, headers={"accept": accept})
    assert answer.status_code == status
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_DOCUMENT"
    assert error["locations"] == [{"line": 1, "column": 13}]
    assert "Did you mean" not in error["message"]
    assert "data" not in answer.json()


def test_a_body_that_does_not_come_is_not_waited_for():
    sent = []

    async def run():
        async def receive():
            await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        scope = {"method": "POST", "headers": [(b"content-type", b"application/json")]}
        await GraphQLOverHttp(None, None, body_bytes=100, body_time_s=0.01)(scope, receive, send)

    asyncio.run(run())
    assert sent[0]["status"] == 408


def test_a_caller_who_hangs_up_gets_nothing_done():
    async def run():
        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            return None

        scope = {"method": "POST", "headers": [(b"content-type", b"application/json")]}
        await GraphQLOverHttp(_never, None, body_bytes=100)(scope, receive, send)

    asyncio.run(run())


async def _never(asked):
    raise AssertionError("nothing was asked")


NAMES = st.text('ab:,{}[]\\"\n/核', max_size=2)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(NAMES, inner), max_size=3).map(tuple),
    max_leaves=8,
)


def written(value, dumps):
    """JSON in which names may stand twice: a tuple of pairs is an object."""
    if isinstance(value, tuple):
        inside = (f"{dumps(name)} : {written(each, dumps)}" for name, each in value)
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(each, dumps) for each in value) + "]"
    return dumps(value)


@given(VALUES, st.booleans(), st.binary(max_size=1), st.integers(0, 60))
def test_a_body_is_read_as_by_the_reader_that_sees_every_name(value, escapes, byte, at):
    data = written(value, functools.partial(json.dumps, ensure_ascii=escapes)).encode()
    data = data[:at] + byte + data[at + len(byte) :]
    try:
        expected = repr(graphql_request._decode(data.decode()))
        json.dumps(graphql_request._decode(data.decode()), ensure_ascii=False).encode()
    except ValueError:
        expected = BadRequest
    try:
        found = repr(graphql_request._json(data))
    except BadRequest:
        found = BadRequest
    assert found == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":1}',
        '{"\\n":1,"\\n":1}',
        '{"\\\\":1,"\\\\":1}',
        '{"a":1,"a" : 2}',
        '[{"b":{"a":"","a":""}}]',
        '{"a":":","a":":"}',
    ],
)
def test_a_name_that_stands_twice_is_refused_wherever_it_stands(text):
    with pytest.raises(BadRequest, match="without repeated names"):
        graphql_request._json(text.encode())


def test_an_address_that_is_too_long_is_not_read():
    async def never():
        raise AssertionError("a GET has no body")

    asked = read_request("GET", "", b"query=" + b"x" * 100, never, body_bytes=100, body_time_s=1)
    with pytest.raises(BadRequest) as caught:
        asyncio.run(asked)
    assert caught.value.answered_with == 414
