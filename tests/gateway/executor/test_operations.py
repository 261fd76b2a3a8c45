"""Has a compiled operation graphql-core's own answer, whatever is asked and whatever the rows hold?"""

import pytest
from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema

from gateway.executor import plain
from gateway.executor.program import Programs
from gateway.executor.run import Run
from tests.gateway.executor.operations import (
    Maker,
    Row,
    compared,
    differing,
    pure_programs,
    schema_with_words,
)

OPERATIONS = 10_000
"""A tenth of what `python -m tests.gateway.executor.operations` compares."""

PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_random_operations_have_graphql_core_s_answer_byte_by_byte(part):
    found, counts = differing(OPERATIONS // PARTS, seed=part + 1)
    assert found is None
    assert counts == {"compiled": OPERATIONS // PARTS}


@pytest.mark.parametrize("part", range(PARTS))
def test_random_operations_told_as_text_have_graphql_core_s_answer_byte_by_byte(part):
    found, counts = differing(OPERATIONS // PARTS // 4, seed=part + 1, pure=True)
    assert found is None
    assert counts == {"compiled": OPERATIONS // PARTS // 4}


def test_a_text_that_differs_in_one_word_is_found(monkeypatch):
    monkeypatch.setitem(plain.NAMES, "joined", ", ".join)
    found, _ = differing(800, seed=1, pure=True)
    assert found is not None


def test_an_answer_that_differs_in_one_word_is_found(monkeypatch):
    monkeypatch.setattr(Run, "null", lambda _self, _place: TypeError("Cannot return null"))
    found, _ = differing(800, seed=1)
    assert found is not None


SCHEMA, PROGRAMS = schema_with_words(), Programs()
MONEY = {"Money": st.integers(0, 10**6).map(lambda fen: StringValueNode(value=f"{fen}"))}


@settings(
    max_examples=400,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(text=from_schema(SCHEMA, custom_scalars=MONEY), rows=st.integers(0, 10**6), corrupt=st.booleans())
def test_operations_of_hypothesis_graphql_have_graphql_core_s_answer_byte_by_byte(text, rows, corrupt):
    kind = "Mutation" if text.startswith("mutation") else "Query"
    root = Maker(SCHEMA, rows).row(kind, 0, corrupt=corrupt)
    assert compared(SCHEMA, PROGRAMS, text, {}, root) is None
    assert PROGRAMS.counts.keys() == {"compiled"}


@pytest.mark.parametrize("within", ["friends", "home {people", "boss"])
def test_what_is_nested_as_deep_as_may_be_is_told_as_text(within):
    row = Row(__typename="Person", name="x")
    row |= {"friends": [row], "boss": row, "home": Row(people=[row])}
    deep = 60
    text = f"{{person {{{f'{within} {{' * deep} name {'}' * deep * (within.count('{') + 1)}}}}}"
    programs = pure_programs()
    assert compared(SCHEMA, programs, text, {}, Row(person=row)) is None
    assert programs.counts == {"compiled": 1}
