"""Has a compiled operation graphql-core's own answer, whatever is asked and whatever the rows hold?"""

import pytest

from gateway.executor.run import Run
from tests.gateway.executor.operations import differing

EXECUTIONS = 10_000
"""A tenth of what `python -m tests.gateway.executor.operations` compares."""

PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_random_operations_have_graphql_core_s_answer_byte_by_byte(part):
    found, counts = differing(EXECUTIONS // PARTS, seed=part + 1)
    assert found is None
    assert counts == {"compiled": EXECUTIONS // PARTS}


def test_an_answer_that_differs_in_one_word_is_found(monkeypatch):
    monkeypatch.setattr(Run, "null", lambda _self, _place: TypeError("Cannot return null"))
    found, _ = differing(400, seed=1)
    assert found is not None
