"""Does the gateway ever hold in clear what it shows masked only? Values are planted, and looked for in what it got."""

import json
from dataclasses import replace

from casework.agreement import Recipient
from gateway.wanted import wanted
from tests.gateway.desk import at_desk
from tests.gateway.rows import EMPLOYER, HOUSEHOLD, NAMES, ROWS
from vocabulary.evidence import Found
from vocabulary.masked import Masked
from vocabulary.records.social_security import Insurance

QUESTION = """
query Look($number: ID) {
  household(number: $number) { members { insurance { records { month employer } } } %s }
}
"""


def came(folder, *, judged=False, **caller):
    """What the connectors gave, and what was told. `judged` where a rule reads who pays, and the verdict is asked for."""
    given = []

    async def test(desk):
        for connector in desk.office.connectors.values():
            _spy(connector, given)
        if judged:
            judge = replace(desk.office.judge, reads={Insurance: frozenset({"employer"})})
            object.__setattr__(desk.office, "judge", judge)
        query = QUESTION % ("verification { category }" if judged else "")
        return (await desk.ask(query, {"number": HOUSEHOLD}, **caller)).json()

    told = at_desk(folder, ROWS, test)
    rows = [row for answer in given for outcome in answer.values() if isinstance(outcome, Found)
            for row in outcome.records]  # fmt: skip
    return [row for row in rows if hasattr(row, "employer")], given, told


def _spy(connector, given):
    fetch = connector.fetch

    async def spied(ask):
        answer = await fetch(ask)
        given.append(answer)
        return answer

    connector.fetch = spied


def test_what_is_shown_masked_never_reaches_the_gateway_in_clear(tmp_path):
    rows, given, told = came(tmp_path)
    assert rows
    assert {type(row.employer) for row in rows} == {Masked}
    assert EMPLOYER not in repr(given)
    assert EMPLOYER not in json.dumps(told)
    assert "9111**********341L" in json.dumps(told)


def test_what_is_judged_by_comes_in_clear_and_is_told_masked(tmp_path):
    rows, _, told = came(tmp_path, judged=True)
    assert {row.employer for row in rows} == {EMPLOYER}
    assert EMPLOYER not in json.dumps(told)
    assert "9111**********341L" in json.dumps(told)


def test_to_an_evaluator_nobody_has_a_name(tmp_path):
    asked = {"department": Recipient.EVALUATOR, "post": "评估员", "purpose": "EVALUATION", "subject": "pg-1"}
    _, given, _ = came(tmp_path, **asked)
    assert not [name for name in (*NAMES.values(), EMPLOYER) if name in repr(given)]


def test_keys_and_subjects_are_never_hidden():
    shown = {Insurance: frozenset({"person", "record_id", "employer", "month"})}
    asks = wanted(shown, shown, reads={}, needs_consent=lambda _: False)
    assert asks.hidden == {Insurance: frozenset({"employer"})}


def test_what_only_another_inquiry_judges_by_is_hidden_from_this_one():
    shown, reads = {Insurance: frozenset({"employer"})}, {Insurance: frozenset({"employer"})}
    judging, looking = (
        wanted(shown, shown, reads=judged, needs_consent=lambda _: False) for judged in (reads, {})
    )
    assert judging.hidden == {Insurance: frozenset()}
    assert looking.hidden == shown
