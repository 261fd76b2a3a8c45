"""How does an operation look as Python? One function for each selection set, written from the validated tree.

    def o2(s, c, at):
        try:
            v0 = s.number
            if v0 is not None and type(v0) is not str: v0 = c.leaf(P3, v0)
        except Exception as e:
            v0 = c.failed(P3, e)
        return {'number': v0}

`s` is the object, `c` the run (`gateway.executor.run`), `at` the indexes of the lists around, `P3` a
place. Nothing of the document gets into the text but response keys and type names, each by
`repr`; values stand in the namespace. The fast path asks for exact Python types; whatever is
not of them goes to the run, which does as graphql-core does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import collect_sub_fields
from graphql.execution.execute import get_field_def
from graphql.execution.values import get_argument_values

from gateway.executor.places import Field, FieldReader, NotCompiled, Place, Step
from gateway.executor.plain import NAMES, PLAIN, Leaves, Unquick
from gateway.executor.quick import Quick
from gateway.executor.variables import UNCHANGING, taken

DEEPEST_LIST = 6
"""Lists directly in lists, which are loops in loops: Python ends at twenty blocks."""

MOST_LISTS = 64
"""Lists around one value, whatever stands between them."""

Lines = list[str]


class Writer:
    """Writes the functions of one operation; more are added when a value turns out to be of a type not met yet.

    `pure`    resolvers give plain values: nothing to await, no exceptions as values, nothing undefined
    `leaves`  for a leaf type the mapping from value to what is written, `str`, or None: the type itself says
    """

    def __init__(
        self,
        schema: Any,
        fragments: Mapping[str, Any],
        variables: Mapping[str, Any],
        read: FieldReader,
        *,
        pure: bool,
        leaves: Leaves,
    ) -> None:
        self.schema, self._fragments, self._variables = schema, dict(fragments), dict(variables)
        self._obtained, self._pure, self.leaves = read, pure, leaves
        self._count = 0
        self.text: Lines = []
        self.names: dict[str, Any] = {"Undefined": Undefined, **NAMES}
        self._quick = Quick(self)

    def root(self, owner: GraphQLObjectType, fields: Mapping[str, list[FieldNode]]) -> Callable[..., Any]:
        """The function of a root selection set. Raises `NotCompiled`."""
        return self._made(self._selection(owner, fields, (), 0))

    def concrete(self, place: Place, owner: GraphQLObjectType) -> Callable[..., Any]:
        """The function that completes a value of a runtime type at an abstract place, written when first met."""
        if owner not in place.types:
            depth = sum(isinstance(step, int) for step in place.steps)
            place.types[owner] = self._made(
                self._selection(owner, self.inside(owner, place.field.nodes), place.steps, depth)
            )
        return place.types[owner]

    def field(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        nodes: list[FieldNode],
        steps: tuple[Step, ...],
    ) -> Field:
        """A selected field, and how it is obtained. Raises `NotCompiled`."""
        obtained = self._obtained(owner, nodes[0].name.value, definition, steps)
        node = nodes[0]
        return Field(
            owner,
            definition,
            nodes,
            steps,
            obtained,
            self.arguments(definition, node),
            taken(definition, node),
        )

    def _made(self, name: str) -> Callable[..., Any]:
        text = "\n".join(self.text)
        self.text = []
        exec(compile(text, "<operation>", "exec"), self.names)  # noqa: S102  # written here, see above
        made: Callable[..., Any] = self.names[name]
        return made

    def inside(self, owner: GraphQLObjectType, nodes: list[FieldNode]) -> Mapping[str, list[FieldNode]]:
        """What is selected of an object of this type, by response key."""
        return collect_sub_fields(self.schema, self._fragments, self._variables, owner, nodes)

    def _selection(
        self,
        owner: GraphQLObjectType,
        fields: Mapping[str, list[FieldNode]],
        steps: tuple[Step, ...],
        depth: int,
    ) -> str:
        """Write the function of a selection set; give its name."""
        name, body, given = self._name("o"), [], []
        for key, nodes in fields.items():
            definition = get_field_def(self.schema, owner, nodes[0])
            if definition is None:
                continue
            if nodes[0].name.value == "__typename":
                given.append(f"{key!r}: {owner.name!r}")
                continue
            variable = f"v{len(given)}"
            body += self._field(owner, definition, nodes, (*steps, (key, owner.name)), depth, variable)
            given.append(f"{key!r}: {variable}")
        answer = "{" + ", ".join(given) + "}"
        if not self._pure:
            body.append(f"r = {answer}")
            answer = "c.gathered(r) if c.awaits else r"
        self.text += [f"def {name}(s, c, at):", *_in([*body, f"return {answer}"])]
        return name

    def _field(
        self,
        owner: GraphQLObjectType,
        definition: GraphQLField,
        nodes: list[FieldNode],
        steps: tuple[Step, ...],
        depth: int,
        variable: str,
    ) -> Lines:
        field = self.field(owner, definition, nodes, steps)
        place = Place(field, steps, definition.type)
        known = self.keep("P", place)
        lines = [
            *self._obtain(field, known, variable),
            *self._guarded(place, known, definition.type, variable, depth),
        ]
        if not is_leaf_type(get_named_type(definition.type)):
            lines = self._quickly(field, lines, variable)
        return ["try:", *_in(lines), "except Exception as e:", f"    {variable} = c.failed({known}, e)"]

    def _quickly(self, field: Field, careful: Lines, variable: str) -> Lines:
        """As text at once where all of it may be plain; with care where it turns out not to be."""
        if not self._pure:
            return careful
        try:
            before, told = self._quick.of_field(field)
        except Unquick:
            return careful
        quickly = _in([*before, f"{variable} = raw({told})"])
        return [
            "try:",
            *quickly,
            f"except Exception: {variable} = None",
            f"if {variable} is None:",
            *_in(careful),
        ]

    def _obtain(self, field: Field, known: str, variable: str) -> Lines:
        """How the value is come by, before it is completed."""
        obtained, name = field.obtained, field.nodes[0].name.value
        if obtained.refused is not None:
            return [f"{variable} = c.refused({known})"]
        if obtained.reads is not None:
            lines = [f"{variable} = s.{obtained.reads}"]
            if obtained.named:
                lines = ["try:", *_in(lines), f"except AttributeError: {variable} = None"]
        elif obtained.call is None:
            taken = [f"k = c.arguments({known})"] if field.definition.args else []
            called = f"{variable} = {variable}(c.info({known}){', **k' if taken else ''})"
            lines = [
                *taken,
                f"{variable} = s.get({name!r}) if type(s) is dict else c.attribute(s, {name!r})",
                f"if callable({variable}): {called}",
            ]
        else:
            info = f"c.info({known})" if obtained.informed else "None"
            lines = [f"{variable} = {self.keep('R', obtained.call)}(s, {info}{self.given(field)})"]
        if obtained.through is not None:
            lines.append(
                f"if {variable} is not None: {variable} = {self.keep('T', obtained.through)}({variable})"
            )
        return lines

    def given(self, field: Field) -> str:
        """The arguments of a field as they stand in a call, coerced each time if they are not always the same."""
        if not field.definition.args:
            return ""
        if field.arguments is not None:
            return f", **{self.keep('K', field.arguments)}"
        return f", **c.arguments({self.keep('P', Place(field, field.steps, field.definition.type))})"

    def _guarded(self, place: Place, known: str, kind: GraphQLOutputType, variable: str, depth: int) -> Lines:
        """Complete a value; what is awaited is completed by graphql-core, later."""
        if self._pure:
            return self._complete(place, known, kind, variable, depth)
        return [
            f"if c.is_awaitable({variable}): {variable} = c.later({known}, {variable})",
            "else:",
            *_in(
                [
                    f"if isinstance({variable}, Exception): raise {variable}",
                    f"if {variable} is Undefined: {variable} = None",
                    *self._complete(place, known, kind, variable, depth),
                ]
            ),
        ]

    def _complete(self, place: Place, known: str, kind: Any, variable: str, depth: int) -> Lines:
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if is_leaf_type(inner):
            return self._leaf(place, known, inner, variable)
        if isinstance(inner, GraphQLList):
            lines = self._list(place, known, inner, variable, depth)
        else:
            lines = self._object(place, known, inner, variable, depth)
        if not self._pure:
            lines.append(
                f"if c.awaits and c.is_awaitable({variable}): {variable} = c.settled({known}, {variable})"
            )
        if place.required:
            return [f"if {variable} is None: raise c.null({known})", *lines]
        return [f"if {variable} is not None:", *_in(lines)]

    def _leaf(self, place: Place, known: str, kind: Any, variable: str) -> Lines:
        """Serialize; for the built-in scalars it is enough to look at the value's class."""
        faster = self.leaves(kind)
        usual = "" if place.required else f"{variable} is not None"
        if faster is not None:
            lines = [f"{variable} = str({variable})"]
            if faster is not str:  # what a mapping cannot take is none of its values, and the type says so
                mapped = f"{variable} = {self.keep('M', faster)}[{variable}]"
                lines = [f"try: {mapped}", f"except TypeError: {variable} = c.leaf({known}, {variable})"]
            if place.required:
                return [f"if {variable} is None: raise c.null({known})", *lines]
            return [f"if {usual}:", *_in(lines)]
        plain = PLAIN.get(kind)
        unplain = plain and f"not {plain.format(variable, variable)}"
        unusual = " and ".join(filter(None, [usual, unplain]))
        slow = f"{variable} = c.leaf({known}, {variable})"
        return [f"if {unusual}: {slow}" if unusual else slow]

    def _object(self, place: Place, known: str, kind: Any, variable: str, depth: int) -> Lines:
        if is_abstract_type(kind):
            return [f"{variable} = c.abstract({known}, {variable}, at)"]
        function = self._selection(kind, self.inside(kind, place.field.nodes), place.steps, depth)
        if kind.is_type_of is not None:
            return [f"{variable} = c.typed({known}, {function}, {variable}, at)"]
        careful = f"{variable} = {function}({variable}, c, at)"
        if not self._pure or place.steps == place.field.steps:  # of the field it was tried already
            return [careful]
        try:
            quick = self._quick.of_object(kind, place.field.nodes, place.steps)
        except Unquick:
            return [careful]
        return [f"try: {variable} = raw({quick}({variable}, c))", f"except Exception: {careful}"]

    def _list(self, place: Place, known: str, kind: Any, variable: str, depth: int) -> Lines:
        if depth >= MOST_LISTS or str(kind).count("[") > DEEPEST_LIST:
            raise NotCompiled("lists too deep in each other")
        item, items = f"i{depth}", f"{variable}_{depth}"
        inner = Place(place.field, (*place.steps, depth), kind.of_type)
        within = self.keep("P", inner)
        loop = [
            f"{items} = []",
            f"for at[{depth}], {item} in enumerate({variable}):",
            "    try:",
            *_in(_in(self._guarded(inner, within, kind.of_type, item, depth + 1))),
            f"    except Exception as e: {item} = c.failed({within}, e)",
            f"    {items}.append({item})",
            f"{variable} = {items}"
            if self._pure
            else f"{variable} = c.gathered_list({items}) if c.awaits else {items}",
        ]
        kinds = f"type({variable}) is not list and type({variable}) is not tuple"
        listed = f"if {kinds}: {variable} = c.listed({known}, {variable})"
        if self._pure:
            return [listed, *loop]
        return [listed, f"if not (c.awaits and c.is_awaitable({variable})):", *_in(loop)]

    def arguments(self, definition: GraphQLField, node: FieldNode) -> Mapping[str, Any] | None:
        """The arguments of a field, when they are the same for every execution and nothing in them can be changed."""
        if not definition.args:
            return {}
        if any(any(variables_in(argument.value)) for argument in node.arguments):
            return None
        try:
            values = get_argument_values(definition, node, {})
        except GraphQLError:  # told where the field is executed
            return None
        return values if all(type(value) in UNCHANGING for value in values.values()) else None

    def keep(self, letter: str, value: Any) -> str:
        """A name for a value in the functions' namespace."""
        name = self._name(letter)
        self.names[name] = value
        return name

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _in(lines: Lines) -> Lines:
    return [f"    {line}" for line in lines]


def variables_in(node: Any) -> Iterator[str]:
    """The variables that a value is written with."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.kind == "variable":
            yield each.name.value
        waiting += [*getattr(each, "values", ()), *getattr(each, "fields", ())]
        if each.kind == "object_field":
            waiting.append(each.value)
