"""How do others compose us? The optional subgraph surface (Apollo Federation 2): `_service` and `_entities`.

An entity is a household, by its number. `_entities` is no second way to the data: it is read as the
question `household` that it stands for, or as the list `households` where it names several, and goes
through plan, access and audit as that one. Only the answer is put back into the form asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    execute_sync,
    print_ast,
    value_from_ast_untyped,
)

from gateway.answer import Told, as_it_leaves
from gateway.document import Document, Limits, checked, read
from gateway.errors import BadArgument, BadDocument

ENTITIES, SERVICE = "_entities", "_service"

_ONE, _MANY = "heduiEntity", "heduiEntities"
"""Variables of the question that stands for `_entities`."""


@dataclass(frozen=True, slots=True)
class AsEntities:
    """The form that an answer is put back into.

    `key`       where the list stands in the answer
    `numbers`   of households, in the order asked for, possibly twice
    """

    key: str
    numbers: tuple[str, ...]

    def of(self, told: Told) -> Told:
        """The same answer as `_entities`."""
        listed = len(set(self.numbers)) > 1
        found = told.data
        by_number = _nodes(found, self.numbers) if listed else {}
        alone = (found or {}).get("household")
        data = [by_number.get(number) if listed else alone for number in self.numbers]
        errors = [self._error(error, listed) for error in told.errors]
        access = [{**one, "field": self._named(one["field"], listed)} for one in told.access]
        return replace(
            told, written=as_it_leaves({self.key: data}), errors=tuple(errors), access=tuple(access)
        )

    def _error(self, error: Mapping[str, Any], listed: bool) -> dict[str, Any]:
        # Its locations are those of another text, and would only mislead.
        kept = {name: value for name, value in error.items() if name != "locations"}
        return {**kept, "path": self._place(error.get("path"), listed)}

    def _place(self, path: Sequence[Any] | None, listed: bool) -> list[Any]:
        if not path:
            return [self.key]
        if not listed:
            return [self.key, 0, *path[1:]]
        unique = list(dict.fromkeys(self.numbers))
        # households, edges, 3, node, …
        return [self.key, self.numbers.index(unique[path[2]]), *path[4:]] if len(path) > 2 else [self.key]

    def _named(self, field: str, listed: bool) -> str:
        return self.key + field.removeprefix("households.edges.node" if listed else "household")


@dataclass(frozen=True, slots=True)
class AsService:
    """`_service` was asked for: what is told of the contract needs no department."""

    tree: DocumentNode
    schema: GraphQLSchema

    def of(self, told: Told) -> Told:
        """The answer, with the contract."""
        contract = execute_sync(self.schema, self.tree, root_value=object()).data
        return replace(told, written=as_it_leaves(contract))


def read_federated(
    text: str,
    *,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
    schema: GraphQLSchema,
    federated: GraphQLSchema,
    limits: Limits,
) -> Document:
    """The document; where it asks for `_entities` or `_service`, the one that it stands for.

    Raises what `read` raises, and `BadArgument` for representations that are no households.
    """
    if ENTITIES not in text and SERVICE not in text:
        return read(text, operation_name=operation_name, variables=variables, schema=schema, limits=limits)
    asked = read(text, operation_name=operation_name, variables=variables, schema=federated, limits=limits)
    root = _only_root(asked)
    if root.name.value == SERVICE:
        told = read("{__typename}", operation_name=None, variables={}, schema=schema, limits=limits)
        return msgspec.structs.replace(told, introspects=True, form=AsService(asked.tree, federated))
    numbers = _numbers(asked, root, limits)
    many = len(set(numbers)) > 1
    own = _variables_in(root.selection_set, *asked.fragments.values())
    given = {name: value for name, value in asked.given.items() if name in own}
    stands_for = read(
        _rewritten(text, operation_name, many, federated, limits),
        operation_name=None,
        variables={**given, _MANY if many else _ONE: list(dict.fromkeys(numbers)) if many else numbers[0]},
        schema=schema,
        limits=limits,
    )
    return msgspec.structs.replace(stands_for, form=AsEntities(_key(root), numbers))


def _only_root(asked: Document) -> FieldNode:
    selections = asked.operation.selection_set.selections
    found = [node for node in selections if isinstance(node, FieldNode)]
    alone = len(selections) == len(found) == 1 and found[0].name.value in (ENTITIES, SERVICE)
    if not alone or found[0].directives or asked.operation.operation is not OperationType.QUERY:
        raise BadDocument(f"expected `{ENTITIES}` or `{SERVICE}` alone in a query, got more")
    return found[0]


def _numbers(asked: Document, root: FieldNode, limits: Limits) -> tuple[str, ...]:
    (argument,) = root.arguments
    read = value_from_ast_untyped(argument.value, dict(asked.variables))
    given = read if isinstance(read, list) else [read]
    numbers = [
        each.get("number")
        for each in given
        if isinstance(each, dict) and each.get("__typename") == "Household"
    ]
    fine = all(isinstance(number, str) for number in numbers)
    if not fine or not 0 < len(numbers) == len(given) <= limits.list_items:
        expected = f"1 to {limits.list_items} representations `{{__typename: Household, number}}`"
        raise BadArgument(f"expected {expected}, got others", argument="representations")
    return tuple(map(str, numbers))


@lru_cache(maxsize=256)
def _rewritten(
    text: str, operation_name: str | None, many: bool, federated: GraphQLSchema, limits: Limits
) -> str:
    """The text of the question that `_entities` stands for. Kept: a composing gateway asks the same few."""
    operation, fragments = _parts(text, operation_name, federated, limits)
    (root,) = operation.selection_set.selections
    assert isinstance(root, FieldNode), "looked at before"
    own = _variables_in(root.selection_set, *fragments)
    kept = [print_ast(node) for node in operation.variable_definitions if node.variable.name.value in own]
    inside = print_ast(root.selection_set) if root.selection_set else "{__typename}"
    if many:
        kept.append(f"${_MANY}: [ID!]!")
        field = f"households(numbers: ${_MANY}, first: {limits.list_items}) {{ edges {{ node {inside} }} }}"
    else:
        kept.append(f"${_ONE}: ID!")
        field = f"household(number: ${_ONE}) {inside}"
    name = operation.name.value if operation.name else "Entities"
    return "\n".join((f"query {name}({', '.join(kept)}) {{ {field} }}", *map(print_ast, fragments)))


def _parts(
    text: str, operation_name: str | None, federated: GraphQLSchema, limits: Limits
) -> tuple[OperationDefinitionNode, list[FragmentDefinitionNode]]:
    """The operation of a document that was read before, and its fragments."""
    tree = checked(text, limits, federated).tree
    operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    named = [node for node in operations if node.name is not None and node.name.value == operation_name]
    fragments = [node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)]
    return (named or operations)[0], fragments


def _variables_in(*nodes: Node | None) -> frozenset[str]:
    """The variables that are used in these: what is used only to say which entities is not the question's own."""
    found: set[str] = set()
    waiting: list[object] = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, VariableNode):
            found.add(node.name.value)
        elif isinstance(node, Node):
            waiting += (getattr(node, key, None) for key in node.keys)
        elif isinstance(node, tuple):
            waiting += node
    return frozenset(found)


def _key(root: FieldNode) -> str:
    return root.alias.value if root.alias else root.name.value


def _nodes(data: Mapping[str, Any] | None, numbers: Sequence[str]) -> dict[str, Any]:
    edges = ((data or {}).get("households") or {}).get("edges") or []
    return dict(zip(dict.fromkeys(numbers), [edge["node"] for edge in edges], strict=False))
