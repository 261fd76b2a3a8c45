"""What do others see of us who compose us into a larger graph? The same contract, with `Household` as an entity."""

from __future__ import annotations

from functools import cache

from graphene_federation import LATEST_VERSION, build_schema, key
from graphql import GraphQLSchema

from gateway.schema.acts import Mutation, Subscription
from gateway.schema.query import Household, Query


@cache
def federated() -> GraphQLSchema:
    """The schema with `_service` and `_entities` (Apollo Federation 2); what it says of itself is its `sdl`."""
    key("number")(Household)
    made: GraphQLSchema = build_schema(
        query=Query, mutation=Mutation, subscription=Subscription, federation_version=LATEST_VERSION
    ).graphql_schema
    return made
