"""What does an operation select, whatever its arguments? Walked once, as the executor will walk it, and kept.

Fragments, aliases, `@skip` and `@include` are honoured. The walk is kept with the document and with the
variables that choose its fields; which fields' arguments say whom it is about stands beside it, and
those are read anew with each question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    get_named_type,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

from casework.agreement import Access
from casework.cedar import Decision
from casework.resource import Product
from gateway.document import Document, Limits
from gateway.errors import TooCostly
from gateway.executor.kept import Kept
from gateway.executor.variables import Taken, taken
from gateway.executor.writing import variables_in
from gateway.schema.claims import claims_in
from gateway.schema.connections import place_of
from gateway.schema.told import Shows


@dataclass(frozen=True, slots=True)
class Selected:
    """One field that the question selects.

    `path`    response keys from the root, without places in lists
    `shows`   the resource that it shows, or `OPEN`; a field nobody declared shows its own coordinate,
              which no agreement names
    `compares`   it tells only whether the resource agrees, for which 仅核验 is enough
    """

    path: tuple[str, ...]
    owner: str
    field: str
    shows: str
    compares: bool = False

    def is_told(self, decision: Decision) -> bool:
        """Tell whether a decision shows the field as it is."""
        comparable = self.compares and decision.outcome is not Access.DENIED
        return comparable or decision.outcome is Access.CLEAR


@dataclass(frozen=True, eq=False)
class Outline:
    """What an operation selects, whatever its arguments; equal only to itself.

    `measured`   the fields whose arguments say whom it is about, or how much of it
    """

    selected: tuple[Selected, ...]
    measured: tuple[Measured, ...]

    @cached_property
    def coordinates(self) -> tuple[str, ...]:
        """What is selected, as `Type.field`, each once."""
        return tuple(dict.fromkeys(f"{each.owner}.{each.field}" for each in self.selected))

    @cached_property
    def claims(self) -> int:
        """How many values it claims."""
        return claims_in(self)

    @cached_property
    def verifies(self) -> bool:
        """Tell whether something of a verdict is asked for."""
        return any(selected.shows in VERDICT for selected in self.selected)

    @cached_property
    def compares(self) -> bool:
        """Tell whether a value is to be compared."""
        return any(selected.compares for selected in self.selected)


@dataclass(frozen=True, slots=True)
class Measured:
    """A field whose arguments are looked at before anything is fetched. `taken`: where they are, if from variables alone."""

    owner: str
    definition: GraphQLField
    node: FieldNode
    taken: Taken | None

    def arguments(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The arguments, coerced. Raises `GraphQLError`."""
        arguments = None if self.taken is None else self.taken.arguments(variables)
        if arguments is not None:
            return arguments
        return get_argument_values(self.definition, self.node, dict(variables))


def outline_of(
    document: Document, schema: GraphQLSchema, shows: Mapping[tuple[str, str], Shows], limits: Limits
) -> Outline:
    """What the operation selects, with the fields that its variables choose. Raises `TooCostly`."""
    operation = document.operation

    def walked() -> Outline:
        root = schema.get_root_type(operation.operation)
        assert root is not None, "a valid operation has a root type"
        walk = _Walk(schema, document, shows)
        selected = tuple(walk.of(root, operation.selection_set, ()))
        for each in walk.measured:
            measure(each, document.variables, limits)
        # What no variable changes has been measured for good; what asks for households, each question needs.
        return Outline(selected, tuple(each for each in walk.measured if _varies(each)))

    given = tuple([document.variables.get(name) for name in document.choosing])
    return _OUTLINES.of(operation, document.tree, schema, shows, limits, key=given, make=walked)


def measure(
    measured: Measured, variables: Mapping[str, Any], limits: Limits
) -> tuple[str, Mapping[str, Any]] | None:
    """Look at the arguments of a field; give name and arguments of one that asks for households.

    Raises `TooCostly` and `BadArgument`.
    """
    arguments = measured.arguments(variables)
    first = arguments.get("first")
    if first is not None and not 1 <= first <= limits.list_items:
        raise TooCostly(f"expected `first` from 1 to {limits.list_items}, got another number")
    if _asks_for_households(measured):
        return measured.node.name.value, arguments
    place_of(arguments.get("after"))
    return None


KEPT = 512
"""Outlines, and what was decided of them, that are remembered."""

_OUTLINES: Kept[Outline] = Kept(KEPT)

VERDICT = frozenset(product.term for product in Product if product.term.startswith("核对结论."))
"""Resources of a verdict."""


class _Walk:
    """Visits the selected fields in the order in which they will be executed."""

    def __init__(
        self, schema: GraphQLSchema, document: Document, shows: Mapping[tuple[str, str], Shows]
    ) -> None:
        self._schema, self._document, self._shows = schema, document, shows
        self.measured: list[Measured] = []

    def of(
        self, owner: GraphQLObjectType, selections: SelectionSetNode, path: tuple[str, ...]
    ) -> Iterator[Selected]:
        fragments, variables = dict(self._document.fragments), dict(self._document.variables)
        grouped = collect_fields(self._schema, fragments, variables, owner, selections)
        for key, nodes in grouped.items():
            name = nodes[0].name.value
            definition = owner.fields.get(name)
            if definition is None:  # __typename, __schema and __type say nothing of anyone
                continue
            if definition.args.keys() & _MEASURED:
                self.measured.append(Measured(owner.name, definition, nodes[0], taken(definition, nodes[0])))
            shows = self._shows.get((owner.name, name), Shows(f"{owner.name}.{name}"))
            yield Selected((*path, key), owner.name, name, shows.resource, shows.compares)
            inner = get_named_type(definition.type)
            for node in nodes:
                if isinstance(inner, GraphQLObjectType) and node.selection_set is not None:
                    yield from self.of(inner, node.selection_set, (*path, key))


_MEASURED = frozenset({"first", "number", "idNumber", "numbers", "region"})
"""Arguments that are looked at before anything is fetched."""


def _asks_for_households(measured: Measured) -> bool:
    return measured.owner == "Query" and measured.node.name.value in _HOUSEHOLDS


def _varies(measured: Measured) -> bool:
    given = (argument.value for argument in measured.node.arguments)
    return _asks_for_households(measured) or any(any(variables_in(value)) for value in given)


_HOUSEHOLDS = frozenset({"household", "households"})
