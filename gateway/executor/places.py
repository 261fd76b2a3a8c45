"""Where in an answer does a value stand, and how is it obtained there? The map that a compiled operation carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as filled
from typing import Any, NamedTuple, Protocol

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
)
from graphql.pyutils import Path

from gateway.executor.variables import Taken

Step = tuple[str, str] | int
"""A response key with the type that it is a field of, or which of the lists around it: its index is then known."""


class NotCompiled(Exception):
    """The operation, or a part of it, is one that graphql-core executes; `why` is a short code."""

    def __init__(self, why: str) -> None:
        super().__init__(f"not compiled: {why}")
        self.why = why


class Case(NamedTuple):
    """How a field is come by of an object of one class: an attribute of it, or a value that is always the same.

    `cut`   the argument that says how many items of the attribute, a tuple of objects, are told
    """

    reads: str | None = None
    constant: Any = None
    cut: str | None = None


class Sought(NamedTuple):
    """A value that is looked up: `source.{within}.get(key).get(source.{by})`, None where either finds nothing.

    `classes`   of which it may be for the fields of its type to say how each is come by
    """

    within: str
    key: Any
    by: str
    classes: tuple[type, ...]


@dataclass(frozen=True, slots=True)
class Obtained:
    """How the value of a field is come by; exactly one of the first three is given.

    `reads`     attributes of the object, as in `row.person`
    `call`      a resolver: `call(source, info, **arguments)`
    `refused`   gives the error of a field that is not shown; it is told once, and null afterwards
    `informed`  whether the resolver looks at `info`; where it does not, none is made
    `through`   what is done to a value that is there, before it is completed
    `named`     `reads` is the field's own name, and an object without such an attribute has null there
    `sought`    where what the resolver would wrap is found without it; the fields of its type then say by
                `cases` how each is come by of a value of that very class
    """

    reads: str | None = None
    call: Callable[..., Any] | None = None
    refused: Callable[[], Exception] | None = None
    informed: bool = True
    through: Callable[[Any], Any] | None = None
    named: bool = False
    sought: Sought | None = None
    cases: Mapping[type, Case] = filled(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One selected field of one type.

    `steps`      where it stands
    `arguments`  coerced, when no variable is in them and nobody could change them; else they are coerced anew,
                 by `taken` where they are variables and nothing else
    """

    parent: GraphQLObjectType
    definition: GraphQLField
    nodes: list[FieldNode]
    steps: tuple[Step, ...]
    obtained: Obtained
    arguments: Mapping[str, Any] | None
    taken: Taken | None = None

    @property
    def selected(self) -> tuple[str, ...]:
        """Its response keys from the root: one refusal is told of them."""
        return tuple(step[0] for step in self.steps if not isinstance(step, int))


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where one value stands: that of a field, or an item of its list.

    `kind`   the type there, `NonNull` included
    `types`  for interfaces and unions: runtime type → the function that completes its selection
    """

    field: Field
    steps: tuple[Step, ...]
    kind: GraphQLOutputType
    types: dict[GraphQLObjectType, Callable[..., Any]] = filled(default_factory=dict)

    @property
    def required(self) -> bool:
        """Tell whether null may not stand here."""
        return isinstance(self.kind, GraphQLNonNull)

    @property
    def named(self) -> Any:
        """The type without `NonNull` and lists."""
        return get_named_type(self.kind)

    def path(self, at: Sequence[int]) -> Path:
        """The path of the value while the lists around it stand at these indexes."""
        return _path(self.steps, at)

    def field_path(self, at: Sequence[int]) -> Path:
        """The path of the field that the value belongs to."""
        return _path(self.field.steps, at)


class FieldReader(Protocol):
    """Says how a field is obtained. `steps` is where it stands."""

    def __call__(
        self, parent: GraphQLObjectType, name: str, definition: GraphQLField, steps: tuple[Step, ...], /
    ) -> Obtained:
        """How the field's value is come by. Raises `NotCompiled`."""
        ...


def _path(steps: tuple[Step, ...], at: Sequence[int]) -> Path:
    path: Path | None = None
    for step in steps:
        path = Path(path, at[step], None) if isinstance(step, int) else Path(path, *step)
    assert path is not None, "a place has a step at least"
    return path
