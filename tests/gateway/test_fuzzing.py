"""Whatever fits the schema, or nearly does: is it answered or refused, without a fault, and without anybody's number?

schemathesis makes the questions from the served contract, bounded and always the same ones.
"""

import asyncio
import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from casework.agreement import Recipient
from gateway.days import require_in_force
from gateway.office import Judge
from gateway.schema.query import printed
from tests.gateway.desk import desk
from tests.gateway.rows import HOUSEHOLD, PERSONAL, ROWS
from verification.crosscheck import crosscheck, reads
from verification.pack import load_pack

PACK = load_pack("demo-2026")
JUDGE = Judge(
    reads(),
    lambda on: require_in_force(PACK, on=on),
    lambda evidence, household, on: crosscheck(evidence, household=household, on=on, pack=PACK),
)
QUESTIONS = 40
CALLERS = (
    {},
    {"post": "窗口"},
    {"post": "复核主管", "purpose": "PERIODIC_REVIEW"},
    {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION"},
)
bounded = settings(
    max_examples=QUESTIONS,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)  # fmt: skip


class Gateway:
    """A desk that stays open over many questions, on a loop of its own."""

    def __init__(self, folder):
        self._loop = asyncio.new_event_loop()
        self._desk = desk(folder, ROWS, judge=JUDGE)
        self.desk = self._loop.run_until_complete(self._desk.__aenter__())

    def close(self):
        self._loop.run_until_complete(self._desk.__aexit__(None, None, None))
        self._loop.close()

    def ask(self, body, caller):
        headers = {**self.desk.headers(**caller), "content-type": "application/json"}
        asked = self.desk.client.post("/graphql", content=body, headers=headers)
        return self._loop.run_until_complete(asked)


@pytest.fixture
def gateway(tmp_path):
    served = Gateway(tmp_path)
    yield served
    served.close()


def sound(answer):
    """An answer of ours, whatever was asked: data or errors with codes, and never a fault."""
    told = answer.json()
    assert answer.status_code in (200, 400, 403)
    assert "data" in told or told["errors"]
    codes = {error.get("extensions", {}).get("code") for error in told.get("errors", ())}
    assert None not in codes, told["errors"]
    assert "INTERNAL" not in codes
    return told


def clean(text):
    return not any(personal in text for personal in PERSONAL)


WRITTEN = {
    "Money": st.integers(0, 10**9).map(lambda fen: f"{fen // 100}.{fen % 100:02}"),
    "Month": st.dates().map(lambda day: f"{day:%Y-%m}"),
    "Date": st.dates().map(str),
    "Instant": st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z"),
    "IdNumber": st.sampled_from(PERSONAL),
    "CreditCode": st.sampled_from(PERSONAL),
    "RegionCode": st.just("529901"),
}
for name, texts in WRITTEN.items():
    schemathesis.graphql.scalar(name, texts.map(schemathesis.graphql.nodes.String))

schema = schemathesis.graphql.from_file(printed())


def about_somebody(question):
    """The same question about a household that is on file."""
    return re.sub(r'\b(number|numbers): (?:"[^"]*"|\[[^\]]*\])', _known, question)


def _known(match):
    return f'number: "{HOUSEHOLD}"' if match[1] == "number" else f'numbers: ["{HOUSEHOLD}"]'


@schema.parametrize()
@bounded
def test_questions_that_fit_the_schema_are_answered_or_refused(case, gateway, capsys):
    for question in {case.body, about_somebody(case.body)}:
        for caller in CALLERS:
            told = sound(gateway.ask(json.dumps({"query": question}).encode(), caller))
            assert clean(json.dumps(told.get("errors", []), ensure_ascii=False))
    assert clean("".join(capsys.readouterr()))


WORDS = st.sampled_from(
    (*PERSONAL, HOUSEHOLD, "household", "members", "{", "}", "(", ")", ":", "$", '"', "number", "idNumber")
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=12), wrapped=st.booleans())
def test_no_number_or_name_comes_back_from_what_is_no_question(words, wrapped, gateway, capsys):
    text = " ".join(words)
    body = {
        "query": f'{{household(number:"{HOUSEHOLD}"){{{text}}}}}' if wrapped else text,
        "variables": {"a": text},
    }
    told = gateway.ask(json.dumps(body).encode(), {"post": "窗口"}).json()
    assert clean(json.dumps(told.get("errors", []), ensure_ascii=False))
    assert clean("".join(capsys.readouterr()))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_any_bytes_are_refused_in_our_own_words(body, gateway):
    answer = gateway.ask(body, {})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] in ("BAD_REQUEST", "BAD_DOCUMENT")
