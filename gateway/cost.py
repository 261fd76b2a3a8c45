"""How large could the answer become? Counted before anybody is asked: every value, times the lists it stands in.

A list counts as what `first` allows, or as ten where nothing bounds it: a household of more than
ten members, or a verdict of more than ten findings, is not what limits are for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from gateway.document import Document
from gateway.errors import TooCostly
from gateway.executor.kept import Kept

UNBOUNDED = 10
"""Items that a list without `first` is taken for."""

_KEPT: Kept[int] = Kept(512)


def require_affordable(document: Document, schema: GraphQLSchema, *, most: int) -> None:
    """Return when the answer can hold at most so many values. Raises `TooCostly`."""
    numbers = tuple(value for value in document.variables.values() if type(value) is int)
    cost = _KEPT.of(document.operation, schema, key=numbers, make=lambda: cost_of(document, schema))
    if cost > most:
        raise TooCostly(
            f"expected a question for at most {most} values, got one for {cost}: ask for fewer by `first`"
        )


def cost_of(document: Document, schema: GraphQLSchema) -> int:
    """The most values that an answer can hold. `@skip` and `@include` are not believed: what is written, counts."""
    root = schema.get_root_type(document.operation.operation)
    assert root is not None, "validation has refused an operation that the schema does not have"
    return _Count(document.fragments, document.variables).of(root, document.operation.selection_set)


class _Count:
    """Counts below one type at a time; a fragment is counted once for each type it is spread into."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments, self._variables = fragments, variables
        self._known: dict[tuple[str, str], int] = {}

    def of(self, owner: Any, selections: SelectionSetNode | None) -> int:
        return sum(self._node(owner, node) for node in (selections.selections if selections else ()))

    def _node(self, owner: Any, node: Any) -> int:
        if isinstance(node, FieldNode):
            definition = getattr(owner, "fields", {}).get(node.name.value)
            if definition is None:  # __typename; what the schema is, is bounded by its own depth
                return 1
            inner = get_named_type(definition.type)
            return self._times(definition, node) * (1 + self.of(inner, node.selection_set))
        if isinstance(node, FragmentSpreadNode):
            key = (node.name.value, str(owner))
            if key not in self._known:
                self._known[key] = self.of(owner, self._fragments[node.name.value].selection_set)
            return self._known[key]
        return self.of(owner, node.selection_set)

    def _times(self, definition: GraphQLField, node: FieldNode) -> int:
        if "first" not in definition.args:
            kind: Any = definition.type
            unbounded = is_list_type(get_nullable_type(kind)) and node.name.value != "edges"
            return UNBOUNDED if unbounded else 1
        default: Any = definition.args["first"].default_value
        given = default
        for argument in node.arguments:
            if argument.name.value == "first" and isinstance(argument.value, IntValueNode):
                given = int(argument.value.value)
            if argument.name.value == "first" and isinstance(argument.value, VariableNode):
                given = self._variables.get(argument.value.name.value, default)
        # Null is as if it were not given.
        return max(1, given) if isinstance(given, int) else int(default)
