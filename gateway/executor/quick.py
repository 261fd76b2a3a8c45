"""Which part of an answer is written at once? Whatever is plainly as it mostly is, as text in JSON.

    def q7(s, c):
        x1 = s.row
        try: f2 = s.outcomes[T4][x1.person]
        except KeyError: f2 = None
        return '{"relation":%s,"insurance":%s}' % (M3[x1.relation], '{…}' if type(f2) is C5 else …)

Nothing is told here of what is wrong: whatever is not plainly as it mostly is raises, and the function
that is written beside it does the same part again with care, and with every error. Resolvers are called
without `info`; they change nothing, so that they may be called again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    VariableNode,
    is_leaf_type,
)
from graphql.execution.execute import get_field_def

from gateway.executor.places import Field, Sought, Step
from gateway.executor.plain import NULL_OR, Leaves, Unquick, in_json, leaf


class Source(Protocol):
    """What is written with: see `gateway.executor.writing.Writer`."""

    schema: Any
    leaves: Leaves
    text: list[str]

    def field(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        nodes: list[FieldNode],
        steps: tuple[Step, ...],
    ) -> Field:
        """A selected field. Raises `NotCompiled`."""
        ...

    def inside(self, owner: GraphQLObjectType, nodes: list[FieldNode]) -> Mapping[str, list[FieldNode]]:
        """What is selected of an object."""
        ...

    def given(self, field: Field) -> str:
        """The arguments of a field as they stand in a call."""
        ...

    def keep(self, letter: str, value: Any) -> str:
        """A name for a value."""
        ...


class Quick:
    """The functions of one operation that tell an object in JSON, each written when it is first asked for."""

    def __init__(self, writer: Source) -> None:
        self._writer = writer
        self._functions: dict[tuple[str, tuple[Step, ...]], str | None] = {}
        self._count = 0

    def of_object(self, owner: GraphQLObjectType, nodes: list[FieldNode], steps: tuple[Step, ...]) -> str:
        """The name of the function `(object, run)` that tells an object here. Raises `Unquick`."""
        known = owner.name, steps
        if known not in self._functions:
            try:
                self._functions[known] = self._function(owner, nodes, steps)
            except Unquick:
                self._functions[known] = None
        name = self._functions[known]
        if name is None:
            raise Unquick
        return name

    def of_field(self, field: Field) -> tuple[list[str], str]:
        """What is told of a field of `s`: the lines that come before, and an expression. Raises `Unquick`."""
        body = _Body("s")
        told = _expression(self._field(body, field))
        return body.lines, told

    def _function(self, owner: GraphQLObjectType, nodes: list[FieldNode], steps: tuple[Step, ...]) -> str:
        if owner.is_type_of is not None:
            raise Unquick
        body = _Body("s")
        told = _expression(self._object(body, owner, nodes, steps))
        name = self._name("q")
        lines = [*body.lines, f"return {told}"]
        self._writer.text += [f"def {name}(s, c):", *(f"    {line}" for line in lines)]
        return name

    def _object(
        self,
        body: _Body,
        owner: GraphQLObjectType,
        nodes: list[FieldNode],
        steps: tuple[Step, ...],
        case: type | None = None,
    ) -> Pieces:
        """What is selected of the object of a body; of the class `case` if one is named."""
        told: Pieces = [_Said("{")]
        for key, some in self._writer.inside(owner, nodes).items():
            definition = get_field_def(self._writer.schema, owner, some[0])
            if definition is None:
                continue
            told.append(_Said(f'{"," if len(told) > 1 else ""}"{key}":'))
            if some[0].name.value == "__typename":
                told.append(_Said(f'"{owner.name}"'))
            else:
                field = self._writer.field(owner, definition, some, (*steps, (key, owner.name)))
                told += self._field(body, field, case)
        return [*told, _Said("}")]

    def _field(self, body: _Body, field: Field, case: type | None = None) -> Pieces:
        obtained, kind = field.obtained, field.definition.type
        if obtained.refused is not None:
            if isinstance(kind, GraphQLNonNull):
                raise Unquick
            return [f"('null' if {self._writer.keep('S', field.selected)} in c.told else not_plain())"]
        if case is not None:
            return self._of_case(body, field, case)
        if obtained.reads is not None:
            value = body.read(obtained.reads)
        elif obtained.call is None or obtained.informed:
            raise Unquick
        else:
            resolve = self._writer.keep("R", obtained.call)
            value = f"{resolve}({body.source}, None{self._writer.given(field)})"
        told = self._value(body, field, kind, self._passed(field, value))
        return told if obtained.sought is None else self._sought(body, field, obtained.sought, told)

    def _sought(self, body: _Body, field: Field, sought: Sought, otherwise: Pieces) -> Pieces:
        """Of what is looked up as it was found, of anything else as the resolver wraps it."""
        found, told = body.found(sought, self._writer.keep("T", sought.key)), ""
        for case in sought.classes:
            inner = _Body(found, lines=False)
            try:
                fields = self._object(inner, _bare(field.definition.type), field.nodes, field.steps, case)
            except Unquick:
                continue
            told += f"{_expression(fields)} if type({found}) is {self._writer.keep('C', case)} else "
        return [f"({told}{_expression(otherwise)})"]

    def _of_case(self, body: _Body, field: Field, case: type) -> Pieces:
        """A field of a value of this very class."""
        found, kind = field.obtained.cases.get(case), field.definition.type
        if found is None:
            raise Unquick
        if found.reads is None:
            return [_Said(self._constant(kind, found.constant))]
        read = body.read(found.reads)
        if found.cut is not None:
            return self._list(body, field, _bare(kind).of_type, f"{read}[{self._first(field, found.cut)}]")
        if not is_leaf_type(_bare(kind)):
            raise Unquick
        return self._value(body, field, kind, self._passed(field, read))

    def _first(self, field: Field, name: str) -> str:
        """Which are told, as a subscript: the first, as many as a number or a variable says."""
        given, node = field.arguments, field.nodes[0]
        if given is not None:
            others = [value for key, value in given.items() if key != name and value is not None]
            if type(given.get(name)) is not int or others:  # what else is asked for, the resolver knows
                raise Unquick
            return self._writer.keep("N", slice(given[name]))
        default, (argument, *more) = field.definition.args[name].default_value, node.arguments
        if more or argument.name.value != name or not isinstance(argument.value, VariableNode):
            raise Unquick
        return f":c.most({argument.value.name.value!r}, {default!r})"

    def _value(self, body: _Body, field: Field, kind: Any, value: str) -> Pieces:
        """What is told of a value, given as an expression."""
        inner, required = _bare(kind), isinstance(kind, GraphQLNonNull)
        if is_leaf_type(inner):
            return [self._leaf(inner, value, required=required)]
        if isinstance(inner, GraphQLList):
            listed = f"type(w := {value}) is tuple or type(w) is list"
            items = _expression(self._list(body, field, inner.of_type, "w"))
            return [f"({items} if {listed} else {NULL_OR[required]})"]
        if not isinstance(inner, GraphQLObjectType):
            raise Unquick
        function = self.of_object(inner, field.nodes, field.steps)
        return [f"({function}(w, c) if (w := {value}) is not None else {NULL_OR[required]})"]

    def _list(self, body: _Body, field: Field, item: Any, items: str) -> Pieces:
        """A list of leaves, or of objects: those that are nothing but leaves are written where they stand."""
        inner, required, each = _bare(item), isinstance(item, GraphQLNonNull), self._name("r")
        if is_leaf_type(inner):
            told = f"str({self._leaf(inner, each, required=required)})"
        elif not isinstance(inner, GraphQLObjectType) or inner.is_type_of is not None:
            raise Unquick
        elif body.is_item:  # else a text in a text in a text: Python reads no more than 200 brackets
            raise _NeedsLines
        else:
            within = (*field.steps, sum(isinstance(step, int) for step in field.steps))
            try:
                told = _expression(
                    self._object(_Body(each, lines=False, is_item=True), inner, field.nodes, within)
                )
            except _NeedsLines:
                told = f"{self.of_object(inner, field.nodes, within)}({each}, c)"
            if not required or f"{each}." not in told:  # what is read of null raises by itself
                told = f"{told} if {each} is not None else {'not_plain()' if required else _NULL}"
        return [_Said("["), f"joined([{told} for {each} in {items}])", _Said("]")]

    def _constant(self, kind: Any, value: Any) -> str:
        """What is written of a value that is always the same."""
        inner, required = _bare(kind), isinstance(kind, GraphQLNonNull)
        if value is None or isinstance(inner, GraphQLList):
            if (value is None) is required or value:
                raise Unquick
            return "null" if value is None else "[]"
        leaves = self._writer.leaves(inner) if is_leaf_type(inner) else None
        if isinstance(leaves, Mapping):
            return in_json(leaves[value])
        if inner is GraphQLInt and type(value) is int:
            return repr(value)
        raise Unquick

    def _leaf(self, kind: Any, value: str, *, required: bool) -> str:
        return leaf(kind, value, required=required, leaves=self._writer.leaves, keep=self._writer.keep)

    def _passed(self, field: Field, value: str) -> str:
        """A value after what is done to it if it is there."""
        through = field.obtained.through
        if through is None:
            return value
        return f"({self._writer.keep('T', through)}(w) if (w := {value}) is not None else None)"

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}_{self._count}"


_NULL = "'null'"


class _Said(str):
    """A piece of an answer that is always the same."""


Pieces = list[str]
"""An answer piece by piece: expressions, and what is always the same."""


def _expression(told: Pieces) -> str:
    """The pieces as one expression."""
    given = ", ".join(piece for piece in told if not isinstance(piece, _Said))
    if len(told) == 1 and given:
        return given
    whole = "".join(piece.replace("%", "%%") if isinstance(piece, _Said) else "%s" for piece in told)
    return f"{whole!r} % ({given},)" if given else repr("".join(told))


def _bare(kind: Any) -> Any:
    """A type without `NonNull`."""
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


class _NeedsLines(Unquick):
    """What is told of an object in a list takes a function of its own."""


class _Body:
    """What is read of `source`, and the lines that come before; without `lines` there is no place for any.

    `is_item`   it is an item of a list, written where it stands
    """

    def __init__(self, source: str, *, lines: bool = True, is_item: bool = False) -> None:
        self.source, self.is_item, self.lines = source, is_item, list[str]()
        self._has_lines, self._known = lines, dict[str, str]()

    def read(self, attributes: str) -> str:
        """Attributes of the source; those of one object are read from that object, which is read once."""
        first, dot, rest = attributes.partition(".")
        if not dot or not self._has_lines:
            return f"{self.source}.{attributes}"
        return f"{self._once(f'{self.source}.{first}')}.{rest}"

    def found(self, sought: Sought, key: str) -> str:
        """The name of what is looked up, None where nothing is found."""
        if not self._has_lines:
            raise _NeedsLines
        within, by = self._once(self.read(sought.within)), self._once(self.read(sought.by))
        name = f"f{len(self.lines)}"
        self.lines += [f"try: {name} = {within}[{key}][{by}]", f"except KeyError: {name} = None"]
        return name

    def _once(self, read: str) -> str:
        if read not in self._known:
            self._known[read] = f"x{len(self.lines)}"
            self.lines.append(f"{self._known[read]} = {read}")
        return self._known[read]
