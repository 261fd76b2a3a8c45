"""Which part of an answer is written as one expression? Plain leaves, and lists of objects that are nothing else.

    {'state': 'FOUND', 'records': [{'month': M7[r1.month]} for r1 in v4.records]}

An expression tells nothing of what is wrong: whatever is not plainly as it mostly is raises, and
the function that is written beside it does the same part again with care, and with every error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    VariableNode,
    is_leaf_type,
)
from graphql.execution.execute import get_field_def

from gateway.executor.places import Obtained, Step


class Unquick(Exception):
    """The part is not one that an expression can tell."""


class NotPlain(Exception):
    """A value is not plainly of its type; whoever looks with care says what it is."""


def not_plain() -> NoReturn:
    """Leave the quick way."""
    raise NotPlain


PLAIN = {
    GraphQLString: "{0}.__class__ is str",
    GraphQLID: "{0}.__class__ is str",
    GraphQLBoolean: "{0}.__class__ is bool",
    GraphQLInt: "({0}.__class__ is int and -2147483648 <= {1} <= 2147483647)",
}
"""When a value of a built-in scalar, read first as {0} and again as {1}, is what its `serialize` would give."""


class Source(Protocol):
    """What an expression is written with: see `gateway.executor.writing.Writer`."""

    schema: Any
    leaves: Callable[[Any], Mapping[Any, Any] | type[str] | None]

    def obtained(
        self, owner: GraphQLObjectType, name: str, definition: GraphQLField, steps: tuple[Step, ...]
    ) -> Obtained:
        """How a field is come by. Raises `NotCompiled`."""
        ...

    def inside(self, owner: GraphQLObjectType, nodes: list[FieldNode]) -> Mapping[str, list[FieldNode]]:
        """What is selected of an object."""
        ...

    def arguments(self, definition: GraphQLField, node: FieldNode) -> Mapping[str, Any] | None:
        """The arguments of a field, if they are always the same."""
        ...

    def keep(self, letter: str, value: Any) -> str:
        """A name for a value."""
        ...


class Quick:
    """One expression. `refused` are the refusals that must have been told before it may be taken."""

    def __init__(self, writer: Source) -> None:
        self._writer = writer
        self._variables = 0
        self.refused: set[tuple[str, ...]] = set()

    def of_object(
        self,
        owner: GraphQLObjectType,
        nodes: list[FieldNode],
        source: str,
        steps: tuple[Step, ...],
        case: type | None = None,
    ) -> str:
        """What is selected of the object `source`; of the class `case` if one is named. Raises `Unquick`."""
        given = []
        for key, some in self._writer.inside(owner, nodes).items():
            definition = get_field_def(self._writer.schema, owner, some[0])
            if definition is None:
                continue
            if some[0].name.value == "__typename":
                given.append(f"{key!r}: {owner.name!r}")
                continue
            here = (*steps, (key, owner.name))
            given.append(f"{key!r}: {self._field(owner, definition, some, source, here, case)}")
        return "{" + ", ".join(given) + "}"

    def _field(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        nodes: list[FieldNode],
        source: str,
        steps: tuple[Step, ...],
        case: type | None,
    ) -> str:
        obtained = self._writer.obtained(owner, nodes[0].name.value, definition, steps)
        kind = definition.type
        if obtained.refused is not None:
            if isinstance(kind, GraphQLNonNull):
                raise Unquick
            self.refused.add(tuple(step[0] for step in steps if not isinstance(step, int)))
            return "None"
        if case is None:
            if obtained.reads is None:
                raise Unquick
            return self._leaf(kind, f"{source}.{obtained.reads}", obtained.through)
        found = obtained.cases.get(case)
        if found is None:
            raise Unquick
        if found.reads is None:
            return self._constant(kind, found.constant)
        read = f"{source}.{found.reads}"
        if found.cut is None:
            return self._leaf(kind, read, obtained.through)
        return self._records(kind, nodes, read, self._most(definition, nodes[0], found.cut), steps)

    def _most(self, definition: GraphQLField, node: FieldNode, name: str) -> str:
        """How many are told, as an expression: a number, or that of a variable."""
        given = self._writer.arguments(definition, node)
        if given is not None:
            others = [value for key, value in given.items() if key != name and value is not None]
            if type(given.get(name)) is not int or others:  # what else is asked for, the resolver knows
                raise Unquick
            return repr(given[name])
        default, (argument, *more) = definition.args[name].default_value, node.arguments
        if more or argument.name.value != name or not isinstance(argument.value, VariableNode):
            raise Unquick
        return f"c.most({argument.value.name.value!r}, {default!r})"

    def _records(
        self, kind: Any, nodes: list[FieldNode], read: str, most: str, steps: tuple[Step, ...]
    ) -> str:
        """A list of objects that are nothing but leaves, `most` of them at most."""
        inner = _named_list_item(kind)
        if inner is None:
            raise Unquick
        self._variables += 1
        each = f"r{self._variables}"
        told = self.of_object(inner, nodes, each, (*steps, 0))
        return f"[{told} for {each} in {read}[:{most}]]"

    def _constant(self, kind: Any, value: Any) -> str:
        """What is written of a value that is always the same."""
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if value is None or isinstance(inner, GraphQLList):
            if (value is None) is (inner is not kind) or value:
                raise Unquick
            return repr(value if value is None else [*value])
        leaves = self._writer.leaves(inner) if is_leaf_type(inner) else None
        if isinstance(leaves, Mapping):
            return repr(leaves[value])
        if inner is GraphQLInt and type(value) is int:
            return repr(value)
        raise Unquick

    def _leaf(self, kind: Any, read: str, through: Callable[[Any], Any] | None) -> str:
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if not is_leaf_type(inner):
            raise Unquick
        required, leaves = inner is not kind, self._writer.leaves(inner)
        if through is not None:
            read = f"{self._writer.keep('T', through)}({read})"
        if isinstance(leaves, Mapping):
            written = f"{self._writer.keep('M', leaves)}[{read}]"
            if not required:
                return written
            # A mapping may know of null, which must not stand here.
            return f"(w if (w := {written}) is not None else not_plain())"
        if leaves is str:
            otherwise = "not_plain()" if required else "None"
            return f"(str(w) if (w := {read}) is not None else {otherwise})"
        plain = PLAIN.get(inner)
        if plain is None:
            raise Unquick
        fits = plain.format(f"(w := {read})", "w")
        return f"(w if {fits}{'' if required else ' or w is None'} else not_plain())"


def _named_list_item(kind: Any) -> GraphQLObjectType | None:
    """The type of the items of a list of objects that are there."""
    listed = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if not isinstance(listed, GraphQLList) or not isinstance(listed.of_type, GraphQLNonNull):
        return None
    item = listed.of_type.of_type
    return item if isinstance(item, GraphQLObjectType) and item.is_type_of is None else None
