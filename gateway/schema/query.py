"""What can be asked? One household, on one day, and the log that is kept of the asking."""

from __future__ import annotations

from functools import cache
from typing import Any

import graphene
from graphql import GraphQLSchema, print_schema

from casework.resource import Product, of_column, of_state
from gateway.schema import scalars
from gateway.schema.acts import Mutation, Subscription
from gateway.schema.connections import PAGE, connection_of
from gateway.schema.records import answers, enumeration
from gateway.schema.told import OPEN, Told
from gateway.schema.verification import Verification
from vocabulary.codes import MemberKind, Relation, SpecialStatus
from vocabulary.records.civil_affairs import HouseholdFile, Membership


def _of_membership(column: str, kind: Any, description: str) -> Told:
    return Told(
        kind,
        shows=of_column(Membership, column),
        description=description,
        reads=f"row.{column}",
    )


class _MemberFields:
    """What stands in the household's own list about a person."""

    id_number = _of_membership("person", scalars.IdNumber, "公民身份号码, in full or masked.")
    pseudonym = Told(
        graphene.NonNull(graphene.String),
        shows=OPEN,
        description="假名: the keyed pseudonym under which this person stands in the audit log; it tells no one who it is.",
    )
    relation = _of_membership("relation", enumeration(Relation), "与户主关系: relation to the head.")
    kind = _of_membership(
        "kind", enumeration(MemberKind), "成员种类: lives in the household, or owes it support from outside."
    )
    special = _of_membership(
        "special", enumeration(SpecialStatus), "特殊情形: away in a way that the law names."
    )
    joined_on = _of_membership("joined_on", scalars.Date, "加入日期: listed since.")
    left_on = _of_membership("left_on", scalars.Date, "离开日期: listed until.")
    obligor_to = _of_membership("obligor_to", scalars.IdNumber, "义务对象: to whom support is owed.")
    guardian = _of_membership("guardian", scalars.IdNumber, "监护人: the guardian.")


class _HouseholdFields:
    """What a household is, beside the records that departments have of it."""

    number = Told(
        graphene.ID,
        shows=of_column(HouseholdFile, "household"),
        description="家庭编号: the household's number.",
    )
    on = Told(
        graphene.NonNull(scalars.Date), shows=OPEN, description="The day for which this was asked (查询日期)."
    )
    pseudonym = Told(
        graphene.NonNull(graphene.String),
        shows=OPEN,
        description="假名: the keyed pseudonym under which this household stands in the audit log.",
    )
    verification = Told(
        Verification,
        shows=OPEN,
        description="核对结论: what the records say together, computed now, with the arithmetic.",
        resolver=lambda household, _info: household.verification(),
    )


Member = type(
    "Member",
    (_MemberFields, graphene.ObjectType),
    {"__doc__": "家庭成员: one person listed with the household on that day.", **answers("person")},
)


Household = type(
    "Household",
    (_HouseholdFields, graphene.ObjectType),
    {
        "__doc__": "家庭: 共同生活的家庭成员 and the obligors outside, on one day.",
        "members": Told(
            graphene.List(graphene.NonNull(Member)),
            shows=of_state(Membership),
            description="家庭成员 listed on that day, by relation and id number.",
        ),
        **answers("household"),
    },
)


class Log(graphene.ObjectType):
    """审计日志: the append-only log of every asking, as it stood when this one had been noted."""

    origin = Told(
        graphene.NonNull(graphene.String),
        shows=OPEN,
        description="日志名称: the log's name (C2SP tlog-checkpoint).",
    )
    size = Told(graphene.Int, shows=Product.CHECKPOINT.term, description="条目总数: how many entries it has.")
    checkpoint = Told(
        graphene.String,
        shows=Product.CHECKPOINT.term,
        description="检查点: the signed note over size and root; keep it, and later ones must be consistent with it.",
    )


class Query(graphene.ObjectType):
    """查询: all that can be asked. Each question needs a purpose and a case number, and leaves a trace."""

    household = Told(
        Household,
        shows=OPEN,
        description=(
            "家庭: one household, by its number or by the id number of a person listed with it. "
            "Null, with an error, where there is none that the caller may ask about."
        ),
        number=graphene.ID(description="家庭编号: the household's number."),
        id_number=graphene.String(description="公民身份号码 of a member (GB 11643, 15 or 18 characters)."),
        on=scalars.Date(
            description="The day asked about (查询日期); today unless given, never later than today."
        ),
        resolver=lambda shown, _info, **_arguments: shown.asked_for(),
    )
    households = Told(
        connection_of(Household),
        shows=OPEN,
        description=(
            "家庭名单: households together, a page at a time: of a work list (`numbers`) or of a region, for 定期核查, "
            "绩效评价 and 审计监督, since for the other purposes a case is one household's; or, for every purpose, those "
            "of a region where somebody of a `name` is listed."
        ),
        numbers=graphene.List(
            graphene.NonNull(graphene.ID),
            description="家庭编号 of the whole list, 1 to 500; or else `region`.",
        ),
        region=scalars.RegionCode(
            description="行政区划代码 of the region that is searched, with all below it; or else `numbers`."
        ),
        name=graphene.String(
            description="姓名: only where somebody of exactly this name is listed, 20 households at most."
        ),
        on=scalars.Date(
            description="The day asked about (查询日期); today unless given, never later than today."
        ),
        first=graphene.Int(default_value=PAGE, description="How many at most (条数上限), 1 to 500."),
        after=graphene.String(description="`endCursor` (末位游标) of the page before."),
        resolver=lambda shown, _info, **_arguments: shown.asked_for_together(),
    )
    log = Told(
        Log,
        shows=OPEN,
        description="审计日志: the log of every asking.",
        resolver=lambda shown, _info: shown.log,
    )


@cache
def schema() -> GraphQLSchema:
    """The schema, made once. Making it takes tens of milliseconds."""
    made: GraphQLSchema = graphene.Schema(
        query=Query, mutation=Mutation, subscription=Subscription
    ).graphql_schema
    return made


def printed() -> str:
    """The schema as it stands in `schema.graphql`."""
    return print_schema(schema()) + "\n"
