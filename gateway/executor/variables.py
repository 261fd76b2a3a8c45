"""What do variables and arguments of a question come to, when they are plainly of their types? Else graphql-core says.

It walks every value by its type, item by item; a list of five hundred numbers costs it a
millisecond. Here only what is exactly of a built-in type passes, so that every error is its.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    VariableNode,
    is_required_argument,
    type_from_ast,
    value_from_ast,
)

Quick = Callable[[Mapping[str, Any]], dict[str, Any] | None]
"""From the variables given to the variables coerced, or None where that is not plain."""


def quick_coercion(operation: OperationDefinitionNode, schema: GraphQLSchema) -> Quick:
    """The quick way for one operation."""
    plain: dict[str, tuple[Callable[[Any], bool], bool, Any]] = {}
    for one in operation.variable_definitions:
        kind: Any = type_from_ast(schema, one.type)
        fits = _fits(kind)
        if fits is None:
            return lambda _: None
        default = None if one.default_value is None else (value_from_ast(one.default_value, kind),)
        plain[one.variable.name.value] = fits, isinstance(kind, GraphQLNonNull), default

    def coerced(given: Mapping[str, Any]) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for name, (fits, required, default) in plain.items():
            if name in given:
                value = given[name]
                if not fits(value):
                    return None
                values[name] = value
            elif default is not None:
                values[name] = default[0]
            elif required:
                return None
        return values

    return coerced


UNCHANGING = (str, int, float, bool, type(None))
"""Values that are their own coercion, and that nobody can change."""


class Taken(NamedTuple):
    """The arguments of a field that are given by variables or stay at their defaults.

    `by_variable`   argument → variable
    `defaults`      argument → value where it is not given
    """

    by_variable: Mapping[str, str]
    defaults: Mapping[str, Any]

    def arguments(self, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """The arguments; None where a variable is null, undefined or not given."""
        arguments = {**self.defaults}
        for name, variable in self.by_variable.items():
            value = arguments[name] = variables.get(variable)
            if value is None or value is Undefined:
                return None
        return arguments


def taken(definition: GraphQLField, node: FieldNode) -> Taken | None:
    """How a field takes its arguments from coerced variables; None where anything else is written, or one is missing."""
    by_variable: dict[str, str] = {}
    for argument in node.arguments:
        name = argument.name.value
        if not isinstance(argument.value, VariableNode) or name not in definition.args:
            return None
        by_variable[_told_as(definition, name)] = argument.value.name.value
    required = {
        _told_as(definition, name) for name, one in definition.args.items() if is_required_argument(one)
    }
    if not required <= by_variable.keys():
        return None
    defaults = {
        _told_as(definition, name): argument.default_value
        for name, argument in definition.args.items()
        if argument.default_value is not Undefined
    }
    # A default that is an object is coerced anew each time.
    return (
        Taken(by_variable, defaults)
        if all(type(value) in UNCHANGING for value in defaults.values())
        else None
    )


def _told_as(definition: GraphQLField, name: str) -> str:
    return definition.args[name].out_name or name


def _fits(kind: Any) -> Callable[[Any], bool] | None:
    """Tells whether a value is plainly of a type and stays as it is; None for a type that is not built in."""
    if not isinstance(kind, GraphQLNonNull):
        inner = _fits(GraphQLNonNull(kind))
        return None if inner is None else lambda value: value is None or inner(value)
    if isinstance(kind.of_type, GraphQLList):
        item = _fits(kind.of_type.of_type)
        return None if item is None else lambda value: type(value) is list and all(map(item, value))
    return _PLAIN.get(kind.of_type)


_PLAIN: Mapping[Any, Callable[[Any], bool]] = {
    GraphQLID: lambda value: type(value) is str,
    GraphQLString: lambda value: type(value) is str,
    GraphQLBoolean: lambda value: type(value) is bool,
    GraphQLInt: lambda value: type(value) is int and -(2**31) <= value < 2**31,
}
