"""Is an answer that could become too large refused, whatever it is called, and nobody asked for it?"""

import pytest

from gateway.cost import UNBOUNDED, cost_of, require_affordable
from gateway.document import Limits, read
from gateway.errors import TooCostly
from gateway.schema.query import schema
from gateway.trusted import load_trusted


def document(text, variables=None):
    return read(text, operation_name=None, variables=variables, schema=schema(), limits=Limits())


def cost(text, variables=None):
    return cost_of(document(text, variables), schema())


def test_every_value_counts_and_lists_multiply():
    assert cost("{log{size origin}}") == 3
    assert cost('{household(number:"1"){number members{relation kind}}}') == 1 + 1 + UNBOUNDED * 3


def test_first_bounds_a_list_by_literal_variable_or_default():
    asked = 'query($n: Int!){household(number:"1"){visit{records(first: %s){visitors}}}}'
    assert cost(asked.replace("($n: Int!)", "") % 3) == 1 + 1 + 3 * 2
    assert cost(asked % "$n", {"n": 7}) == 1 + 1 + 7 * 2
    assert cost(asked.replace("Int!", "Int = 5") % "$n") == 1 + 1 + 5 * 2
    assert cost('{household(number:"1"){visit{records{visitors}}}}') == 1 + 1 + 100 * 2
    assert cost('{household(number:"1"){visit{records(first: null){visitors}}}}') == 1 + 1 + 100 * 2


def test_a_page_of_households_counts_each_of_them():
    page = '{households(numbers:["1"], first: %d){edges{node{number}}}}'
    assert cost(page % 40) == 40 * (1 + 1 + 2)


def test_fragments_aliases_and_conditions_hide_nothing():
    plain = cost('{household(number:"1"){members{relation}}}')
    assert cost('{household(number:"1"){...F}} fragment F on Household{members{relation}}') == plain
    assert cost('{household(number:"1"){a:members{relation} b:members{relation}}}') == 2 * plain - 1
    assert cost('{household(number:"1"){members @skip(if:true){relation}}}') == plain


def test_at_the_limit_it_passes_and_one_above_it_does_not():
    read_as = document("{log{size origin}}")
    require_affordable(read_as, schema(), most=3)
    with pytest.raises(TooCostly, match="at most 2 values, got one for 3"):
        require_affordable(read_as, schema(), most=2)


def test_every_trusted_document_is_affordable():
    for known in load_trusted(None, schema=schema(), limits=Limits()).values():
        tree = document(known.text, _some(known.name))
        require_affordable(tree, schema(), most=Limits().cost)


def _some(name):
    """What the required variables of a shipped document may be."""
    return {
        "Worklist": {"numbers": ["S-1"]},
        "Members": {"number": "S-1"},
        "Place": {"number": "S-1"},
        "HouseholdSearch": {"region": "529901", "name": "安一木"},
        "Region": {"region": "529901"},
        "RunProgress": {"run": "1"},
        "CommitSample": {"promise": "0", "count": 1},
        "RevealSample": {"commit": 1, "secret": "0"},
        "DisputeRecord": {
            "subject": "S-1", "region": "529901", "record": "Insurance", "recordId": "1", "columns": ["kind"],
            "claim": "不同",
        },
        "ClaimedIncome": {"category": "DIBAO", "payable": "0.00", "base": "0.00"},
    }.get(name)  # fmt: skip
