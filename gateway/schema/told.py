"""How is a field of the schema declared? With its description and the resource that decides who may see it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import graphene
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLObjectType, GraphQLSchema

OPEN: Final = ""
"""No resource: the field is structure. It holds objects whose own fields are decided, or says nothing of anyone."""


class Told(graphene.Field):
    """A field with the resource that it shows. There is no default: whoever adds a field must say.

    `compares`   the field tells only whether the resource agrees with what was declared, so that
                 仅核验 is enough to see it
    """

    def __init__(
        self, kind: Any, *, shows: str, description: str, compares: bool = False, **options: Any
    ) -> None:
        super().__init__(kind, description=description, **options)
        self.shows = shows
        self.compares = compares


class Shows(NamedTuple):
    """What a field shows: the name of a resource or `OPEN`, and whether it only compares."""

    resource: str
    compares: bool = False


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
                shown[kind.name, to_camel_case(name)] = Shows(field.shows, field.compares)
    return shown
