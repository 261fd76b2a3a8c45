"""How does the API give many of one kind? As a Relay connection: a page of them, and how to ask for the next."""

from __future__ import annotations

from typing import Any

import graphene

from gateway.errors import BadArgument
from gateway.schema.told import OPEN, Told

PAGE = 50
"""How many a page gives unless told."""


def place_of(cursor: str | None) -> int:
    """How many stand before the page that begins behind a cursor, 0 without one. Raises `BadArgument`.

    >>> place_of("50")
    50
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 6):
        raise BadArgument("expected the cursor of an earlier page in `after`", argument="after")
    return int(cursor)


class PageInfo(graphene.ObjectType):
    """分页: where in the whole a page stands."""

    has_next_page = Told(
        graphene.NonNull(graphene.Boolean), shows=OPEN, description="是否还有: whether more follow."
    )
    has_previous_page = Told(
        graphene.NonNull(graphene.Boolean), shows=OPEN, description="是否还有: whether some stand before it."
    )
    start_cursor = Told(
        graphene.String, shows=OPEN, description="首位游标: place of the first; null when there is none."
    )
    end_cursor = Told(
        graphene.String,
        shows=OPEN,
        description="末位游标: place of the last; `after` it the next page begins.",
    )


def connection_of(kind: Any) -> Any:
    """The connection type of an object type, `HouseholdConnection`, with its edge type."""
    name = kind._meta.name
    node = Told(
        kind,
        shows=OPEN,
        description=f"节点: the {name}; null, with an error, where there is none that the caller may ask about.",
        resolver=lambda edge, _info: edge.asked_for(),
    )
    cursor = Told(graphene.NonNull(graphene.String), shows=OPEN, description="游标: its place in the whole.")
    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {"__doc__": f"分页项: one {name} of a page.", "cursor": cursor, "node": node},
    )
    edges = Told(
        graphene.NonNull(graphene.List(graphene.NonNull(edge))),
        shows=OPEN,
        description="分页项: one for each that the page was to hold, in the order of the whole.",
    )
    info = Told(
        graphene.NonNull(PageInfo), shows=OPEN, description="分页: where in the whole the page stands."
    )
    return type(
        f"{name}Connection",
        (graphene.ObjectType,),
        {"__doc__": f"分页: a page of {name}.", "edges": edges, "page_info": info},
    )
