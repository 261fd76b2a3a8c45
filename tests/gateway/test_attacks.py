"""Is every attack that we know of refused, within 50 ms of CPU, with nobody asked and nothing repeated?

One table: what is sent, and what comes back. It goes the whole way from the bytes of a request;
afterwards no department was asked, and neither the answer nor a log line holds the id number.
"""

import asyncio
import json
import time

import pytest

from gateway.document import CHECKED, TREES_KEPT
from gateway.pace import Pace
from tests.gateway.desk import at_desk
from tests.gateway.rows import HEAD, ROWS
from tests.gateway.test_document import ATTACKS as DOCUMENTS
from vocabulary.codes import Department

CPU_S = 0.05
HOUSEHOLD = '{household(number:"S-1"){%s}}'


def asked(query, **fields):
    return {"content": json.dumps({"query": query, **fields}).encode()}


def sent(content, **headers):
    return {"content": content, "headers": headers}


WRITABLE = {name: text for name, text in DOCUMENTS.items() if text.isascii()}

ATTACKS = {
    **{f"document: {name}": (asked(text), 400, None) for name, text in WRITABLE.items()},
    "array batching": (sent(b'[{"query":"{log{size}}"}]'), 400, "BAD_REQUEST"),
    "a mutation by GET": (
        {"method": "GET", "params": {"query": 'mutation{revealSample(commit:1,secret:"0"){entry}}'}}, 405, "BAD_REQUEST",
    ),
    "a form": (sent(b"query={log{size}}", **{"content-type": "application/x-www-form-urlencoded"}), 415, "BAD_REQUEST"),
    "simple content type": (sent(b'{"query":"{log{size}}"}', **{"content-type": "text/plain"}), 415, "BAD_REQUEST"),
    "multipart": (sent(b"--x", **{"content-type": "multipart/form-data; boundary=x"}), 415, "BAD_REQUEST"),
    "no token, as a foreign page would": (
        {"content": b'{"query":"{log{size}}"}', "headers": {"authorization": None, "origin": "https://evil.example"}},
        401,
        "NOT_AUTHENTICATED",
    ),
    "a huge integer as a variable": (
        asked("query($n:Int!){household(number:\"1\"){visit{records(first:$n){visitors}}}}", variables={"n": 10**40}),
        400,
        "BAD_DOCUMENT",
    ),
    "a page larger than allowed": (
        asked("query($n:Int!){household(number:\"1\"){visit{records(first:$n){visitors}}}}", variables={"n": 501}),
        400,
        "TOO_COSTLY",
    ),
    "a page of less than one": (asked(HOUSEHOLD % "visit{records(first:0){visitors}}"), 400, "TOO_COSTLY"),
    "a list of numbers in variables": (
        asked("query($n:[ID!]!){households(numbers:$n){edges{cursor}}}", variables={"n": [str(n) for n in range(501)]}),
        400,
        "TOO_COSTLY",
    ),
    "a work list without a purpose for it": (
        asked('{households(numbers:["S-1"]){edges{node{number}}}}'), 403, "REFUSED",
    ),
    "values without end": (
        asked('{households(numbers:["1"],first:500){edges{node{members{'
              + " ".join(f"a{n}:insurance{{records(first:500){{base}}}}" for n in range(14)) + "}}}}}"),
        400,
        "TOO_COSTLY",
    ),
    "a body that is too long": (sent(b'{"query":"' + b"x" * 70_000 + b'"}'), 413, "BAD_REQUEST"),
    "an id number in an address": (
        {"method": "GET", "params": {"query": "{log{size}}", "variables": json.dumps({"id": HEAD})}}, 400, "BAD_REQUEST",
    ),
    "a field of the address twice": ({"method": "GET", "params": [("query", "{a}"), ("query", "{b}")]}, 400, "BAD_REQUEST"),
    "keys that stand twice": (sent(b'{"query":"{log{size}}","query":"{household}"}'), 400, "BAD_REQUEST"),
    "half a surrogate pair": (sent(b'{"query":"{log{size}}","variables":{"a":"\\ud800"}}'), 400, "BAD_REQUEST"),
    "brackets in JSON": (sent(b'{"query":' + b"[" * 60_000), 400, "BAD_REQUEST"),
    "a number that is none": (sent(b'{"query":"{log{size}}","variables":{"a":Infinity}}'), 400, "BAD_REQUEST"),
    "another operation's name": (asked("query A{log{size}} query B{log{origin}}", operationName="C"), 400, "BAD_DOCUMENT"),
    "two operations, none named": (asked("query A{log{size}} query B{log{origin}}"), 400, "BAD_DOCUMENT"),
    "a hash of another document": (asked("{log{size}}", documentId=f"sha256:{'0' * 64}"), 400, "BAD_REQUEST"),
    "a hash of nothing": ({"content": json.dumps({"documentId": f"sha256:{'0' * 64}"}).encode()}, 400, "DOCUMENT_NOT_FOUND"),
    "a suggestion": (asked(HOUSEHOLD % "numbr"), 400, "BAD_DOCUMENT"),
    "a region listed for one household's case": (
        asked('{households(region:"529901"){edges{cursor}}}'), 403, "REFUSED",
    ),
    "a name looked for beyond one's region": (
        asked('{households(region:"52",name:"安一木"){edges{cursor}}}'), 403, "REFUSED",
    ),
    "a name in a pattern of a region": (
        asked('{households(region:"5299%",name:"安一木"){edges{cursor}}}'), 400, "BAD_DOCUMENT",
    ),
    "a number that no register can hold": (
        asked("query($n:ID){household(number:$n){number}}", variables={"n": "S-1\0"}), 400, "BAD_ARGUMENT",
    ),
    "a line's end in one number of a list": (
        sent(b'{"query":"{households(numbers:[\\"S\\\\n\\"]){edges{cursor}}}"}', **{"x-hedui-purpose": "PERIODIC_REVIEW"}),
        400,
        "BAD_ARGUMENT",
    ),
    "households under aliases": (
        asked('{a:household(number:"1"){number} b:household(number:"2"){number}}'), 400, "TOO_COSTLY",
    ),
    "a hidden household": (
        asked('{a:household(number:"1"){number} ...F} fragment F on Query{b:household(number:"2"){number}}'),
        400,
        "TOO_COSTLY",
    ),
    "many roots": (asked("{" + " ".join(f"a{n}:log{{size}}" for n in range(6)) + "}"), 400, "TOO_COSTLY"),
    "a subscription over plain JSON": (asked("subscription{logVerification{state}}"), 406, "BAD_REQUEST"),
    "no purpose": (
        {"content": b'{"query":"{log{size}}"}', "headers": {"x-hedui-purpose": None}}, 403, "REFUSED",
    ),
    "an id number as a case": (
        {"content": b'{"query":"{log{size}}"}', "headers": {"x-hedui-case": HEAD}}, 403, "REFUSED",
    ),
    "a household by an id number that is none": (
        asked(f'{{household(idNumber:"{HEAD[:-1]}0"){{number}}}}'), 400, "BAD_ARGUMENT",
    ),
}  # fmt: skip


async def refuse(desk, request):
    """Send it a few times; the least CPU that it took: the first loads what every request needs."""
    given = dict(request)
    headers = {**desk.headers(), "content-type": "application/json", **given.pop("headers", {})}
    kept = {name: value for name, value in headers.items() if value is not None}
    method, took = given.pop("method", "POST"), []
    for _ in range(3):
        began = time.process_time()
        answer = await desk.client.request(method, "/graphql", headers=kept, **given)
        took.append(time.process_time() - began)
    return answer, min(took)


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    async def test(desk):
        def nobody(*_):
            raise AssertionError("a department was asked")

        for connector in desk.office.connectors.values():
            connector.fetch = connector.find = nobody
        return {name: await refuse(desk, request) for name, (request, _, _) in ATTACKS.items()}

    return at_desk(tmp_path_factory.mktemp("desk"), ROWS, test)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_at_once(refusals, name):
    _, status, code = ATTACKS[name]
    answer, took_s = refusals[name]
    errors = answer.json()["errors"]
    assert answer.status_code == status, errors
    assert "data" not in answer.json()
    assert code in (None, errors[0]["extensions"]["code"])
    assert HEAD not in answer.text
    assert "Did you mean" not in answer.text
    assert took_s < CPU_S


def test_repetition_is_no_attack_because_it_costs_nothing(tmp_path):
    document = HOUSEHOLD % ("members{pseudonym} " * 240)

    async def test(desk):
        return await refuse(desk, asked(document))

    answer, took_s = at_desk(tmp_path, ROWS, test)
    assert answer.status_code == 200
    assert took_s < CPU_S


def test_documents_without_end_push_only_themselves_out(tmp_path):
    async def test(desk):
        for number in range(TREES_KEPT + 50):
            await desk.ask(f'{{household(number:"{number}"){{number}}}}')
        return len(CHECKED)

    assert at_desk(tmp_path, ROWS, test) <= TREES_KEPT


def test_what_skip_hides_is_neither_decided_nor_fetched_nor_told(tmp_path):
    document = (
        'query($no: Boolean!){household(number:"H-1"){number members{idNumber @include(if:$no) relation}}}'
    )

    async def test(desk):
        answer = await desk.ask(document, {"no": False})
        return answer.json(), await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    assert "idNumber" not in str(answer["data"])
    assert "Member.idNumber" not in entries[0]["fields"]["asked"]


def test_absent_and_forbidden_households_answer_alike(tmp_path):
    """Neither words, nor nulls, nor entries tell a household of another district from one that does not exist."""

    async def test(desk):
        answers = [
            (await desk.ask(f'{{household(number:"{number}"){{number}}}}')).json()
            for number in ("H-2", "H-9")
        ]
        return answers, [entry["fields"].get("result") for entry in await desk.entries()]

    (outside, absent), results = at_desk(tmp_path, ROWS, test)
    for each in (outside, absent):
        for volatile in ("receipt", "request"):
            each["extensions"].pop(volatile)
    assert outside["data"] == absent["data"] == {"household": None}
    assert outside["errors"] == absent["errors"]
    assert results == [None, "NO_HOUSEHOLD", None, "NO_HOUSEHOLD"]


def test_a_caller_who_goes_away_in_the_middle_leaves_an_intent_and_no_fault(tmp_path, capsys):
    async def test(desk):
        asking = asyncio.create_task(desk.ask('{household(number:"H-1"){members{insurance{count}}}}'))
        while not await desk.entries():  # the department is asked as soon as the intent is there
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return [entry["event"] for entry in await desk.entries()]

    events = at_desk(tmp_path, ROWS, test, delays={Department.SOCIAL_SECURITY: 30.0}, timeout_s=60.0)
    assert events == ["inquiry.intent"]
    assert "fault" not in "".join(capsys.readouterr())


def test_a_flood_of_questions_is_slowed(tmp_path):
    async def test(desk):
        return [(await desk.ask("{log{size}}")).status_code for _ in range(8)]

    assert at_desk(tmp_path, ROWS, test, pace=Pace(questions=5)) == [200] * 5 + [429] * 3
