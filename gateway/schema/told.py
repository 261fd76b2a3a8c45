"""How is a field of the schema declared? With its description and the resource that decides who may see it."""

from __future__ import annotations

from typing import Any, Final

import graphene
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLObjectType, GraphQLSchema

OPEN: Final = ""
"""No resource: the field is structure. It holds objects whose own fields are decided, or says nothing of anyone."""


class Told(graphene.Field):
    """A field with the resource that it shows. There is no default: whoever adds a field must say."""

    def __init__(self, kind: Any, *, shows: str, description: str, **options: Any) -> None:
        super().__init__(kind, description=description, **options)
        self.shows = shows


def resources_shown(schema: GraphQLSchema) -> dict[tuple[str, str], str]:
    """For each (type, field) of the schema the name of the resource that it shows, or `OPEN`.

    A field that was not declared with `Told` is missing here, and is therefore denied.
    """
    shown: dict[tuple[str, str], str] = {}
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        declared = getattr(getattr(kind, "graphene_type", None), "_meta", None)
        for name, field in declared.fields.items() if declared else ():
            if isinstance(field, Told):
                shown[kind.name, to_camel_case(name)] = field.shows
    return shown
