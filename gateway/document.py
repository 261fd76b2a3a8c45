"""Is this GraphQL document one we are willing to think about? Refused early, before anything costs time.

    GatewayError
    └── BadDocument      not GraphQL, not this schema's, or variables that do not fit: says where
        └── TooCostly    too long, too deep, too wide: says which limit

Nothing is asked and nobody is looked up here. No message repeats a literal of the document
or a value of its variables: a person's id number stands among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_operation_ast,
    parse,
    print_ast,
    validate,
)
from graphql.execution.values import get_variable_values

from gateway.errors import BadDocument, TooCostly
from gateway.executor.kept import Kept
from gateway.executor.program import conditions
from gateway.executor.variables import Quick, quick_coercion

N = TypeVar("N", bound=OperationDefinitionNode | FragmentDefinitionNode)


TREES_KEPT = 256
"""Documents whose trees are remembered: a product asks the same few hundred, a flood pushes only itself out."""

_INTROSPECTION = frozenset({"__schema", "__type"})
"""What tells of the schema; `__typename` tells of an answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be. The figures are GraphQL Armor's, but for depth: our envelopes add two levels."""

    source_bytes: int = 16_384
    tokens: int = 1_000
    comments: int = 50
    depth: int = 8
    introspection_depth: int = 16
    aliases: int = 15
    fragments: int = 20
    spreads: int = 40
    directives: int = 50
    roots: int = 5
    """Fields of the operation itself."""
    list_items: int = 500
    """The most that `first` may ask for."""
    cost: int = 2_000_000
    """Values that an answer could hold (`gateway.cost`)."""


class Form(Protocol):
    """Another form of an answer (`gateway.subgraph`)."""

    def of(self, told: Any) -> Any:
        """The same answer in this form."""
        ...


class Document(msgspec.Struct, frozen=True):
    """One operation that this schema can answer.

    `variables`   coerced, as arguments take them
    `given`       as they came, for the executor coerces them itself
    `choosing`    names of those that choose which fields are selected
    `form`        the form that the answer is put into, where it is another than the document's own
    """

    tree: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    given: Mapping[str, Any]
    choosing: tuple[str, ...] = ()
    introspects: bool = False
    form: Form | None = None


class Checked(NamedTuple):
    """A tree that fits the schema and the limits. `introspects` where it asks what the schema is."""

    tree: DocumentNode
    introspects: bool


def read(
    text: str,
    *,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
    schema: GraphQLSchema,
    limits: Limits,
) -> Document:
    """The document, measured, parsed, freed of repetitions and validated.

    Raises `TooCostly` for a document over a limit and `BadDocument` for any other fault,
    with every place that graphql-core found.
    """
    tree, introspects = checked(text, limits, schema)
    chosen = _CHOSEN.of(tree, schema, key=operation_name, make=lambda: _chosen(tree, operation_name, schema))
    operation, given = chosen.operation, variables or {}
    quick = chosen.quick(given)
    coerced = _coerced(operation, given, schema) if quick is None else quick
    return Document(tree, operation, chosen.fragments, coerced, given, chosen.choosing, introspects)


def checked(text: str, limits: Limits, schema: GraphQLSchema) -> Checked:
    """The tree of a document that fits. Kept, because checking costs more than all the rest; faults are not kept.

    Raises `TooCostly` and `BadDocument`.
    """
    return CHECKED.of(limits, schema, key=text, make=lambda: _checked(text, limits, schema))


CHECKED: Kept[Checked] = Kept(TREES_KEPT)
"""By text, for one schema under its limits."""


def _checked(text: str, limits: Limits, schema: GraphQLSchema) -> Checked:
    _refuse_long(text, limits)
    tree = _parsed(text, limits)
    _refuse_wide(tree, limits)
    tree = without_repetition(tree)
    _refuse_deep(tree, limits)
    _refuse_invalid(tree, schema)
    asks = any(isinstance(node, FieldNode) and node.name.value in _INTROSPECTION for node in _walk(tree))
    return Checked(tree, asks)


def without_repetition(tree: DocumentNode) -> DocumentNode:
    """The same document with fields that stand twice side by side merged into one.

    Validation compares every two selections of one name: 500 times `members{name}`, 7 KB,
    costs it more than a second. Merging is linear and cannot change the answer, since
    GraphQL merges them itself when it executes.
    """
    return DocumentNode(
        definitions=tuple(
            _rebuilt(node, _merged(node.selection_set))
            if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
            else node
            for node in tree.definitions
        ),
        loc=tree.loc,
    )


def _refuse_long(text: str, limits: Limits) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise BadDocument("expected a document in Unicode, got half a surrogate pair") from None
    if size > limits.source_bytes:
        raise TooCostly(f"expected a document of at most {limits.source_bytes} bytes, got more")
    depth = 0
    for sign in re.findall(r"[{}\[\]()]", text):
        depth += 1 if sign in "{[(" else -1
        # Twice the depth: arguments and lists nest too. The exact measure is taken after parsing,
        # which recurses and must not be given a thousand levels.
        if depth > 2 * limits.introspection_depth + 8:
            raise TooCostly(f"expected at most {limits.depth} levels of nesting, got more")


def _parsed(text: str, limits: Limits) -> DocumentNode:
    try:
        return parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.comments)
    except GraphQLError as error:
        if "limit" in error.message or "exceed" in error.message.lower():
            raise TooCostly(
                f"expected at most {limits.tokens} tokens and {limits.comments} comments, got more"
            ) from None
        raise BadDocument.of([error]) from None


def _refuse_wide(tree: DocumentNode, limits: Limits) -> None:
    """Count what multiplies work: aliases, spreads, fragments, directives."""
    fields = [node for node in _walk(tree) if isinstance(node, FieldNode)]
    spreads = [node for node in _walk(tree) if isinstance(node, FragmentSpreadNode | InlineFragmentNode)]
    roots = [node.selection_set for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
    counted = {
        "roots": max((len({_signature(node) for node in each.selections}) for each in roots), default=0),
        "aliases": sum(
            1 for node in fields if node.alias is not None and node.alias.value != node.name.value
        ),
        "spreads": len(spreads),
        "fragments": sum(1 for node in tree.definitions if isinstance(node, FragmentDefinitionNode)),
        "directives": sum(len(node.directives or ()) for node in (*fields, *spreads)),
    }
    for what, count in counted.items():
        if count > getattr(limits, what):
            raise TooCostly(f"expected at most {getattr(limits, what)} {what}, got {count}")


def _refuse_deep(tree: DocumentNode, limits: Limits) -> None:
    fragments = _fragments(tree)
    seen: dict[str, int] = {}

    def below(selections: SelectionSetNode | None, within: frozenset[str], roof: int) -> int:
        deepest = 0
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                deepest = max(deepest, spread(node.name.value, within, roof))
            elif isinstance(node, FieldNode):
                allowed = limits.introspection_depth if node.name.value.startswith("__") else roof
                deepest = max(deepest, 1 + below(node.selection_set, within, allowed))
                if deepest > allowed:
                    raise TooCostly(f"expected at most {allowed} levels of fields, got more")
            elif isinstance(node, InlineFragmentNode):
                deepest = max(deepest, below(node.selection_set, within, roof))
        return deepest

    def spread(name: str, within: frozenset[str], roof: int) -> int:
        # A cycle is validation's to refuse; here it only must not be followed for ever.
        if name in within or name not in fragments:
            return 0
        if name not in seen:
            seen[name] = below(fragments[name].selection_set, within | {name}, roof)
        return seen[name]

    for node in tree.definitions:
        if (
            isinstance(node, OperationDefinitionNode)
            and below(node.selection_set, frozenset(), limits.depth) > limits.introspection_depth
        ):
            raise TooCostly(f"expected at most {limits.depth} levels of fields, got more")


def _refuse_invalid(tree: DocumentNode, schema: GraphQLSchema) -> None:
    faults = validate(schema, tree, max_errors=5, hide_suggestions=True)
    if faults:
        raise BadDocument.of(faults)


class _Chosen(NamedTuple):
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    choosing: tuple[str, ...]
    quick: Quick


_CHOSEN: Kept[_Chosen] = Kept(TREES_KEPT)


def _chosen(tree: DocumentNode, name: str | None, schema: GraphQLSchema) -> _Chosen:
    operation = get_operation_ast(tree, name)
    if operation is None:
        raise BadDocument("expected one operation, or the name of one in `operationName`, got neither")
    fragments = _fragments(tree)
    return _Chosen(operation, fragments, conditions(operation, fragments), quick_coercion(operation, schema))


def _fragments(tree: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in tree.definitions if isinstance(node, FragmentDefinitionNode)}


def _coerced(
    operation: OperationDefinitionNode, variables: Mapping[str, Any], schema: GraphQLSchema
) -> Mapping[str, Any]:
    coerced = get_variable_values(
        schema, operation.variable_definitions or (), dict(variables), max_errors=5, hide_suggestions=True
    )
    if isinstance(coerced, list):
        raise BadDocument.of(coerced)
    return coerced


def _merged(selections: SelectionSetNode) -> SelectionSetNode:
    """One node for each distinct selection, in the order of first appearance."""
    groups: dict[str, list[Any]] = {}
    for node in selections.selections:
        groups.setdefault(_signature(node), []).append(node)
    return SelectionSetNode(selections=tuple(_one(nodes) for nodes in groups.values()), loc=selections.loc)


def _one(nodes: list[Any]) -> Any:
    inside = [inner for node in nodes if (inner := getattr(node, "selection_set", None)) is not None]
    if not inside:
        return nodes[0]
    together = SelectionSetNode(
        selections=tuple(node for selections in inside for node in selections.selections), loc=inside[0].loc
    )
    return _rebuilt(nodes[0], _merged(together))


def _signature(node: Any) -> str:
    """What must be equal for two selections to be one: all but what stands in their braces."""
    if isinstance(node, FragmentSpreadNode):
        return print_ast(node)
    bare = _rebuilt(node, None if isinstance(node, FieldNode) else SelectionSetNode(selections=()))
    return print_ast(bare)


def _rebuilt(node: Any, selections: SelectionSetNode | None) -> Any:
    """A copy of a node with other selections; nodes are never changed in place, their tokens are shared."""
    kept = {key: getattr(node, key, None) for key in node.keys}
    return type(node)(**{**kept, "selection_set": selections})


def _walk(tree: DocumentNode) -> Iterator[Any]:
    """Every selection of a document, without following spreads."""
    waiting: list[Any] = list(tree.definitions)
    while waiting:
        node = waiting.pop()
        selections = getattr(node, "selection_set", None)
        waiting.extend(selections.selections if selections else ())
        yield node
