"""Are arguments taken from variables what graphql-core coerces them to, and left to it where they are anything else?"""

import pytest
from graphql import build_schema, parse
from graphql.execution.values import get_argument_values

from gateway.executor.variables import taken

SCHEMA = build_schema('type Query { f(a: Int, b: String = "x", c: Int!): Int }')
FIELD = SCHEMA.query_type.fields["f"]


def node_of(text):
    return (
        parse(f"query ($a: Int, $b: String, $c: Int!) {{ {text} }}")
        .definitions[0]
        .selection_set.selections[0]
    )


@pytest.mark.parametrize("text", ["f(a: $a, b: $b, c: $c)", "f(c: $c)", "f(b: $a, c: $c)"])
@pytest.mark.parametrize("variables", [{"a": 1, "b": "y", "c": 2}, {"a": 0, "b": "", "c": 0}])
def test_arguments_that_are_variables_are_taken_as_graphql_core_takes_them(text, variables):
    node = node_of(text)
    assert taken(FIELD, node).arguments(variables) == get_argument_values(FIELD, node, variables)


@pytest.mark.parametrize("variables", [{"c": 2}, {"a": None, "c": 2}, {"a": 1, "c": None}])
def test_a_variable_that_is_null_or_not_given_is_left_to_graphql_core(variables):
    assert taken(FIELD, node_of("f(a: $a, c: $c)")).arguments(variables) is None


@pytest.mark.parametrize("text", ["f(a: 1, c: $c)", "f(a: $a)", "f(c: $c, unknown: $a)"])
def test_anything_else_is_left_to_graphql_core(text):
    assert taken(FIELD, node_of(text)) is None


def test_a_default_that_is_an_object_is_left_to_graphql_core():
    made = build_schema("input Near { of: Int = 3 } type Query { f(near: Near = {of: 1}): Int }")
    assert taken(made.query_type.fields["f"], node_of("f")) is None
