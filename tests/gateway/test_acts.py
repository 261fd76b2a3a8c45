"""Is an act done by whom it may be, one after the other, and noted each time?"""

from hashlib import sha256

from casework.agreement import Recipient
from tests.gateway.desk import at_desk
from tests.gateway.rows import ROWS

EVALUATOR = {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION", "subject": "pg-1"}
SECRET = bytes(range(32))
PROMISE = sha256(SECRET).hexdigest()
COMMIT = """mutation Commit($promise: String!, $count: Int!) {
  commitSample(promise: $promise, count: $count) { entry population strata { category outcomes } frame }
}"""
REVEAL = "mutation($commit: Int!, $secret: String!) {revealSample(commit: $commit, secret: $secret) {entry}}"


async def asked_twice(desk):
    for _ in range(2):
        await desk.ask('{household(number: "H-1") {number}}')


def events(entries):
    return [entry["event"] for entry in entries]


def test_a_commit_is_noted_between_intent_and_outcome(tmp_path):
    async def test(desk):
        await asked_twice(desk)
        answer = await desk.ask(COMMIT, {"promise": PROMISE, "count": 1}, **EVALUATOR)
        return answer.json(), await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    committed = answer["data"]["commitSample"]
    assert "errors" not in answer
    assert (committed["entry"], committed["population"]) == (5, 2)
    assert committed["strata"] == [{"category": "UNJUDGED", "outcomes": 2}]
    assert events(entries)[4:] == ["inquiry.intent", "sample.commit", "inquiry.outcome"]
    assert entries[4]["fields"]["asked"][0] == "Mutation.commitSample"
    assert entries[5]["fields"]["caller"] == entries[4]["fields"]["caller"] != entries[0]["fields"]["caller"]
    assert entries[5]["fields"]["frame"] == sha256(committed["frame"].encode()).hexdigest()
    assert answer["extensions"]["receipt"].splitlines()[1] == "index 6"


def test_who_may_not_do_it_is_refused_before_anything_is_done(tmp_path):
    async def test(desk):
        answer = await desk.ask(COMMIT, {"promise": PROMISE, "count": 1})
        return answer, await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "REFUSED")
    assert events(entries) == ["inquiry.refused"]


def test_an_act_that_is_not_done_is_an_error_with_a_path_and_the_next_is_done(tmp_path):
    document = """mutation($promise: String!) {
      first: commitSample(promise: $promise, count: 9) { entry }
      second: commitSample(promise: $promise, count: 1) { entry }
      third: commitSample(promise: "no digest", count: 1) { entry }
    }"""

    async def test(desk):
        await asked_twice(desk)
        answer = await desk.ask(document, {"promise": PROMISE}, **EVALUATOR)
        return answer.json(), await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    assert answer["data"] == {"first": None, "second": {"entry": 5}, "third": None}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["first"], "NOT_DONE"),
        (["third"], "NOT_DONE"),
    ]
    assert events(entries).count("sample.commit") == 1


def test_a_secret_is_not_revealed_before_a_witness_has_seen_the_commit(tmp_path):
    async def test(desk):
        await asked_twice(desk)
        await desk.ask(COMMIT, {"promise": PROMISE, "count": 1}, **EVALUATOR)
        early = await desk.ask(REVEAL, {"commit": 5, "secret": SECRET.hex()}, **EVALUATOR)
        other = await desk.ask(REVEAL, {"commit": 5, "secret": "00" * 32}, **EVALUATOR)
        no_hex = await desk.ask(REVEAL, {"commit": 5, "secret": "geheim"}, **EVALUATOR)
        return [each.json()["errors"][0] for each in (early, other, no_hex)]

    errors = at_desk(tmp_path, ROWS, test)
    assert [error["extensions"]["code"] for error in errors] == ["NOT_DONE"] * 3
    assert "witnessed" in errors[0]["message"]
    assert "commits to" in errors[1]["message"]


def test_nothing_is_done_by_a_method_that_reads(tmp_path):
    async def test(desk):
        answer = await desk.client.get(
            "/graphql", params={"query": f'mutation{{commitSample(promise:"{PROMISE}",count:1){{entry}}}}'},
            headers=desk.headers(**EVALUATOR),
        )  # fmt: skip
        return answer, await desk.entries()

    answer, entries = at_desk(tmp_path, ROWS, test)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert entries == []
