"""How is a field of the schema declared? With its description and the resource that decides who may see it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import graphene
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLObjectType, GraphQLSchema

from gateway.executor.places import Case, Sought

OPEN: Final = ""
"""No resource: the field is structure. It holds objects whose own fields are decided, or says nothing of anyone."""


_NO_CASES: Mapping[type, Case] = MappingProxyType({})


class Told(graphene.Field):
    """A field with the resource that it shows. There is no default: whoever adds a field must say.

    `compares`   the field tells only whether the resource agrees with what was declared, so that
                 仅核验 is enough to see it
    `reads`      the attributes that it gives, as in `row.person`: without a resolver the one of its name.
                 A compiled operation reads them itself
    `resolver`   one that calls its second argument `_info` does not look at it, and need not be given it
    `sought`     where a compiled operation finds what the resolver wraps
    `cases`      of a field of such a value: how it is come by without the wrapping, by the value's class
    """

    def __init__(
        self,
        kind: Any,
        *,
        shows: str,
        description: str,
        compares: bool = False,
        reads: str | None = None,
        resolver: Callable[..., Any] | None = None,
        sought: Sought | None = None,
        cases: Mapping[type, Case] = _NO_CASES,
        **options: Any,
    ) -> None:
        resolver = _reading(reads) if reads else resolver
        super().__init__(kind, description=description, resolver=resolver, **options)
        self.shows = shows
        self.compares = compares
        self.reads = reads
        self.sought, self.cases = sought, cases
        self.informed = resolver is None or "_info" not in inspect.signature(resolver).parameters


def _reading(attributes: str) -> Callable[[Any, Any], Any]:
    read = attrgetter(attributes)
    return lambda source, _info: read(source)


class Shows(NamedTuple):
    """What a field shows: the name of a resource or `OPEN`, and whether it only compares.

    `reads`      the attributes that are its value, where no resolver is to be called
    `named`      these are the field's own name, and what has none of that name gives null
    `informed`   whether its resolver looks at `info`
    `sought`, `cases`   see `Told`
    """

    resource: str
    compares: bool = False
    reads: str | None = None
    named: bool = False
    informed: bool = True
    sought: Sought | None = None
    cases: Mapping[type, Case] = _NO_CASES


def resources_shown(schema: GraphQLSchema) -> dict[tuple[str, str], Shows]:
    """For each (type, field) of the schema what it shows.

    A field that was not declared with `Told` is missing here, and is therefore denied.
    """
    shown: dict[tuple[str, str], Shows] = {}
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        declared = getattr(getattr(kind, "graphene_type", None), "_meta", None)
        for name, field in declared.fields.items() if declared else ():
            if isinstance(field, Told):
                named = field.reads is None and field.resolver is None
                shown[kind.name, to_camel_case(name)] = Shows(
                    field.shows,
                    field.compares,
                    name if named else field.reads,
                    named,
                    field.informed,
                    field.sought,
                    field.cases,
                )
    return shown
