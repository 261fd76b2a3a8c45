# ruff: noqa: D101, D102, D103, N805
"""Stock graphene over FastAPI, with a data loader for each record type and aiohttp for the registers.

What a good programmer would write who follows the documentation of each. `/graphql` checks a token, and
remembers it until it expires; `/open` asks for none. No access, no log.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aiohttp
import graphene
import uvicorn
from aiodataloader import DataLoader
from fastapi import Depends, FastAPI, HTTPException, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

TOLD = json.loads(sys.stdin.readline())
WORDS = TOLD["words"]
"""The departments' codes in our words, from the project's own contracts, so that all contenders have the same."""
KEYS = KeySet.import_key_set(TOLD["jwks"])
CLAIMS = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": TOLD["issuer"]}, aud={"essential": True, "value": TOLD["audience"]}
)
GOOD_UNTIL = {}


def month(text):
    return f"{text[:4]}-{text[4:]}"


def compact(text):
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def slashed(text):
    return "-".join(part.zfill(2) for part in text.split("/"))


class Loader(DataLoader):
    def __init__(self, session, base, table, by, fields):
        super().__init__()
        self.session, self.url, self.by, self.fields = session, f"{base}/v1/{table}/query", by, fields

    async def batch_load_fn(self, keys):
        question = {"by": self.by, "ids": list(keys), "fields": self.fields, "after": None}
        async with self.session.post(self.url, json=question) as response:
            page = await response.json()
        found = {key: [] for key in keys}
        for row in page["rows"]:
            found[row[self.by]].append(row)
        return [found[key] for key in keys]


class Insurance(graphene.ObjectType):
    month = graphene.String()
    base = graphene.String()
    status = graphene.String()

    def resolve_month(row, info):
        return month(row["aae003"])

    def resolve_base(row, info):
        return row["aae180"]

    def resolve_status(row, info):
        return WORDS["status"][row["aac031"]]


class Settlement(graphene.ObjectType):
    discharged_on = graphene.String()
    total = graphene.String()
    self_pay = graphene.String()

    def resolve_discharged_on(row, info):
        return row["setl_time"][:10]

    def resolve_total(row, info):
        return row["medfee_sumamt"]

    def resolve_self_pay(row, info):
        return row["psn_part_amt"]


class Enrolment(graphene.ObjectType):
    stage = graphene.String()
    since = graphene.String()

    def resolve_stage(row, info):
        return WORDS["stage"][row["学段"]]

    def resolve_since(row, info):
        return slashed(row["入学日期"])


class Certificate(graphene.ObjectType):
    grade = graphene.Int()
    category = graphene.String()

    def resolve_grade(row, info):
        return row["dengji"]

    def resolve_category(row, info):
        return WORDS["category"][row["leibie"]]


def answer_type(kind):
    def resolve_state(rows, info):
        return "FOUND" if rows else "NO_RECORD"

    def resolve_records(rows, info):
        return rows

    return type(
        f"{kind.__name__}Answer",
        (graphene.ObjectType,),
        {
            "state": graphene.NonNull(graphene.String),
            "records": graphene.NonNull(graphene.List(graphene.NonNull(kind))),
            "resolve_state": resolve_state,
            "resolve_records": resolve_records,
        },
    )


class Member(graphene.ObjectType):
    id_number = graphene.NonNull(graphene.String)
    relation = graphene.String()
    joined_on = graphene.String()
    insurance = graphene.NonNull(answer_type(Insurance))
    settlement = graphene.NonNull(answer_type(Settlement))
    enrolment = graphene.NonNull(answer_type(Enrolment))
    certificate = graphene.NonNull(answer_type(Certificate))

    def resolve_id_number(row, info):
        return row["SFZH"]

    def resolve_relation(row, info):
        return WORDS["relation"][row["YHZGX"]]

    def resolve_joined_on(row, info):
        return compact(row["JRRQ"])

    async def resolve_insurance(row, info):
        return await info.context["insurance"].load(row["SFZH"])

    async def resolve_settlement(row, info):
        return await info.context["settlement"].load(row["SFZH"])

    async def resolve_enrolment(row, info):
        return await info.context["enrolment"].load(row["SFZH"])

    async def resolve_certificate(row, info):
        return await info.context["certificate"].load(row["SFZH"])


class Household(graphene.ObjectType):
    number = graphene.NonNull(graphene.ID)
    members = graphene.NonNull(graphene.List(graphene.NonNull(Member)))

    def resolve_number(row, info):
        return row["JTBH"]

    async def resolve_members(row, info):
        rows = await info.context["members"].load(row["JTBH"])
        return sorted(rows, key=lambda one: (one["YHZGX"], one["SFZH"]))


class Edge(graphene.ObjectType):
    node = graphene.Field(Household)

    def resolve_node(row, info):
        return row


class Connection(graphene.ObjectType):
    edges = graphene.NonNull(graphene.List(graphene.NonNull(Edge)))

    def resolve_edges(rows, info):
        return rows


class Query(graphene.ObjectType):
    household = graphene.Field(Household, number=graphene.NonNull(graphene.ID))
    households = graphene.Field(
        Connection, numbers=graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID)))
    )

    async def resolve_household(root, info, number):
        rows = await info.context["files"].load(number)
        return rows[0] if rows else None

    async def resolve_households(root, info, numbers):
        found = await info.context["files"].load_many(numbers)
        return [rows[0] if rows else None for rows in found]


TABLES = {
    "files": ("civil_affairs", "MZ_JTDA", "JTBH", ["JTBH"]),
    "members": ("civil_affairs", "MZ_JTCY", "JTBH", ["JTBH", "SFZH", "YHZGX", "JRRQ"]),
    "insurance": ("social_security", "ac43", "aac147", ["aac147", "aae003", "aae180", "aac031"]),
    "settlement": ("health", "setl_d", "certno", ["certno", "setl_time", "medfee_sumamt", "psn_part_amt"]),
    "enrolment": ("education", "xueji", "身份证号", ["身份证号", "学段", "入学日期"]),
    "certificate": ("disability", "cjr_zhengjian", "shenfenzheng", ["shenfenzheng", "dengji", "leibie"]),
}


def authenticated(request: Request):
    authorization = request.headers.get("authorization", "")
    if GOOD_UNTIL.get(authorization, 0) > time.time():
        return
    try:
        token = jwt.decode(authorization.removeprefix("Bearer "), KEYS, algorithms=["Ed25519"])
        CLAIMS.validate(token.claims)
    except (JoseError, ValueError) as error:
        raise HTTPException(401) from error
    GOOD_UNTIL[authorization] = token.claims["exp"]


def application(port):
    schema, app, kept = graphene.Schema(query=Query), FastAPI(), {}

    async def graphql(request: Request):
        asked = await request.json()
        if not kept:
            kept["session"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
        loaders = {
            name: Loader(kept["session"], f"http://127.0.0.1:{port}/{department}", table, by, fields)
            for name, (department, table, by, fields) in TABLES.items()
        }
        result = await schema.execute_async(
            asked["query"], variable_values=asked.get("variables"), context_value=loaders
        )
        told = {"data": result.data}
        if result.errors:
            told["errors"] = [error.formatted for error in result.errors]
        return told

    # Not a dependency function by itself: FastAPI would run it in a thread, which costs more than it does.
    async def check(request: Request):
        authenticated(request)

    app.post("/graphql", dependencies=[Depends(check)])(graphql)
    app.post("/open")(graphql)
    return app


async def serve(port):
    config = uvicorn.Config(application(port), port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    own = server.servers[0].sockets[0].getsockname()[1]
    print(json.dumps({"port": own, "path": "/graphql"}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(TOLD["sources"]))
