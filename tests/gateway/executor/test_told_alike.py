"""Is what the gateway tells compiled what graphql-core tells under the same guard, for its own schema?"""

import random
import re
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest
from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries
from msgspec.structs import replace as changed

from casework.agreement import Access
from casework.cedar import Decision
from gateway.answer import as_it_leaves, by_graphql_core, executed, formatted, tell
from gateway.document import Limits, read
from gateway.plan import plan, question
from gateway.schema.query import printed, schema
from gateway.schema.told import resources_shown
from gateway.view import MemberView
from tests.gateway.test_answer import everything
from verification.crosscheck import crosscheck
from verification.pack import load_pack
from vocabulary.evidence import Evidence, Found, NoRecord
from vocabulary.records.social_security import Insurance

SHOWS = resources_shown(schema())
PACK = load_pack("demo-2026")
WIDE = Limits(
    source_bytes=200_000, tokens=20_000, depth=30, aliases=500, fragments=100, spreads=500, roots=50
)
MEMBERS = '{household(number: "H-1") {number pseudonym members {%s}}}'
ANSWER = "insurance {state reason department count asOf records(first: %d) {month base status employer person __typename}}"


def decided(seed):
    """A decision for each resource, as the seed has it: mostly clear."""

    def decide(name):
        dice = random.Random(f"{seed} {name}")
        outcome = dice.choices([*Access], [6, 2, 1, 2])[0] if seed else Access.CLEAR
        return Decision(outcome, f"clause of {name}", "basis")

    return decide


def corrupted(shown, seed):
    """The same with rows that no connector would give: a value of another type, a column too few, a failure."""
    dice = random.Random(seed)
    household = shown.household
    outcomes = {record: dict(answers) for record, answers in household.evidence.outcomes.items()}
    for who, outcome in outcomes[Insurance].items():
        rows = [_spoilt(row, dice) for row in outcome.records] if isinstance(outcome, Found) else []
        outcomes[Insurance][who] = Found(tuple(rows), outcome.provenance)
    evidence = Evidence(outcomes)
    members = tuple(MemberView(one.row, one.name, evidence) for one in household.members)
    return replace(shown, household=changed(household, members=members, evidence=evidence))


class _Row:
    """A row whose columns are whatever they are."""

    def __init__(self, values):
        self.__dict__.update(values)


def _spoilt(row, dice):
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    for name in dice.sample(sorted(values.keys() - {"as_of"}), 2):
        values[name] = dice.choice([None, "text", 7, object(), [], True])
    if dice.random() < 0.3:
        del values["month"]
    return _Row(values)


@cache
def judged():
    """Everything there is, with a verdict, so that there is something to tell of it."""
    shown = everything()
    household = shown.household
    found = {
        record: {who: outcome for who, outcome in answers.items() if outcome.records}
        for record, answers in household.evidence.outcomes.items()
    }
    verdict = crosscheck(Evidence(found), household=household.number, on=household.on, pack=PACK)
    return replace(shown, household=changed(household, verdict=verdict))


def told_both(text, *, seed, spoilt):
    document = read(text, operation_name=None, variables={}, schema=schema(), limits=WIDE)
    asked = question(document, schema=schema(), shows=SHOWS, limits=WIDE, today=everything().household.on)
    allowed = plan(asked, decided(seed))
    shown = corrupted(judged(), seed) if spoilt else judged()
    ours = tell(allowed, shown, schema=schema(), shows=SHOWS)
    reference = by_graphql_core(allowed, shown, schema=schema(), shows=SHOWS)
    return (ours.written, ours.errors), (
        as_it_leaves(reference.data),
        tuple(map(formatted, reference.errors or ())),
    )


@pytest.mark.parametrize("spoilt", [False, True], ids=["sound", "corrupted"])
@pytest.mark.parametrize("seed", range(30))
def test_a_question_about_records_is_told_alike_whatever_is_decided(seed, spoilt):
    dice = random.Random(seed)
    fields = ["idNumber", "relation", "a: joinedOn", "pseudonym", ANSWER % dice.choice([1, 3, 100])]
    fields += ["person {state records {name birth sex}}", "death {state reason}"]
    dice.shuffle(fields)
    ours, reference = told_both(MEMBERS % " ".join(fields), seed=seed, spoilt=spoilt)
    assert ours == reference


WORDS = {
    "Date": "2026-11-16", "Month": "2026-10", "Money": "1.00", "IdNumber": "52990119900715902X",
    "CreditCode": "91110000600037341L", "RegionCode": "529901", "Instant": "2026-11-16T00:00:00Z",
}  # fmt: skip


@settings(
    max_examples=80,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(
    text=st.deferred(
        lambda: queries(
            printed(),
            fields=["household"],
            custom_scalars={name: st.just(StringValueNode(value=word)) for name, word in WORDS.items()},
        )
    ),
    seed=st.integers(0, 10**6),
    spoilt=st.booleans(),
)
def test_a_question_of_hypothesis_graphql_is_told_alike(text, seed, spoilt):
    # One household that is there: what else it may ask about is refused before anything is told.
    text = re.sub(r'household\((?:"(?:[^"\\]|\\.)*"|[^")])*\)', 'household(number: "H-1")', text)
    text = re.sub(r"\bfirst: (?!null)-?\d+", "first: 2", text)
    text = re.sub(r'\bafter: "(?:[^"\\]|\\.)*"', 'after: "1"', text)
    ours, reference = told_both(text, seed=seed, spoilt=spoilt)
    assert ours == reference


def test_nothing_of_our_schema_is_left_to_graphql_core():
    told_both(MEMBERS % "idNumber", seed=0, spoilt=False)
    told_both(
        '{__schema {types {name fields {name type {name ofType {name}}}}} __type(name: "Log") {name}}',
        seed=0,
        spoilt=False,
    )
    assert executed(schema()).keys() == {"compiled"}


def test_an_attribute_that_is_not_there_is_null_as_graphql_core_has_it():
    document = read(
        '{household(number: "H-1") {number members {idNumber}}}',
        operation_name=None, variables={}, schema=schema(), limits=WIDE,
    )  # fmt: skip
    asked = question(document, schema=schema(), shows=SHOWS, limits=WIDE, today=everything().household.on)
    allowed = plan(asked, decided(0))
    shown = replace(everything(), household=SimpleNamespace(members=everything().household.members))
    ours = tell(allowed, shown, schema=schema(), shows=SHOWS)
    assert ours.data == by_graphql_core(allowed, shown, schema=schema(), shows=SHOWS).data
    assert ours.data["household"]["number"] is None
    assert ours.errors == ()


def test_what_was_answered_is_told_without_a_resolver(monkeypatch):
    resolver = MemberView.answer

    def only_of_others(member, record):
        sourced = resolver(member, record)
        assert not isinstance(sourced.outcome, Found | NoRecord)
        return sourced

    text = MEMBERS % "insurance {state records(first: 2) {month base status employer}}"
    expected, _ = told_both(text, seed=0, spoilt=False)
    monkeypatch.setattr(MemberView, "answer", only_of_others)
    found, reference = told_both(text, seed=0, spoilt=False)
    assert found == expected
    assert reference != expected


@pytest.mark.parametrize("answered", [{}, {Insurance: {}}], ids=["of no record type", "of no person"])
def test_what_is_not_among_the_answers_was_not_asked(answered):
    text = MEMBERS % "insurance {state reason records(first: 2) {month}}"
    document = read(text, operation_name=None, variables={}, schema=schema(), limits=WIDE)
    asked = question(document, schema=schema(), shows=SHOWS, limits=WIDE, today=everything().household.on)
    allowed, household, evidence = plan(asked, decided(0)), everything().household, Evidence(answered)
    members = tuple(MemberView(one.row, one.name, evidence) for one in household.members)
    shown = replace(everything(), household=changed(household, members=members, evidence=evidence))
    ours = tell(allowed, shown, schema=schema(), shows=SHOWS)
    assert ours.data == by_graphql_core(allowed, shown, schema=schema(), shows=SHOWS).data
    told = [one["insurance"] for one in ours.data["household"]["members"]]
    assert told == [{"state": "NOT_ASKED", "reason": "not needed by this inquiry", "records": []}] * len(told)
    assert told
