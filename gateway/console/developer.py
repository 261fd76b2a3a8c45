"""How does a developer try a question? GraphiQL, served by us, over the one path that every question takes."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from gateway.access import Refused
from gateway.caller import NotAuthenticated
from gateway.console.guard import GRAPHIQL_POLICY
from gateway.console.house import Visit, Visiting
from gateway.errors import InquiryError
from gateway.graphql_http import GRAPHQL, answering, refusing
from gateway.graphql_request import ASKS, read_request
from gateway.inquiry import inquire_for
from gateway.office import Asked
from gateway.trace import new_request

router = APIRouter()

BODY_BYTES = 65_536
BODY_TIME_S = 10.0


@router.get("/graphql")
async def graphiql(visit: Visiting) -> Response:
    """The editor; it asks with the purpose and the case that stand on every page."""
    page = visit.page("graphiql.html")
    page.headers["content-security-policy"] = GRAPHIQL_POLICY
    return page


@router.post("/graphql/ask")
async def ask(visit: Visiting) -> Response:
    """One question of the editor, answered as `/graphql` answers it; no token is needed, the session is one."""
    request = new_request()
    try:
        reply = answering(
            await inquire_for(visit.session.caller, await _asked(visit, request), visit.house.office), request
        )
    except (InquiryError, NotAuthenticated, Refused) as error:
        reply = refusing(error, media=GRAPHQL, request=request)
    return Response(reply.body, status_code=reply.status, media_type=GRAPHQL)


async def _asked(visit: Visit, request: str) -> Asked:
    """What the editor sent. Raises `BadRequest`."""
    fields = await read_request(
        ASKS,
        visit.request.headers.get("content-type", ""),
        b"",
        visit.request.receive,
        body_bytes=BODY_BYTES,
        body_time_s=BODY_TIME_S,
    )
    session = visit.session
    return Asked(
        text=fields.text,
        identifier=fields.identifier,
        operation_name=fields.operation_name,
        variables=fields.variables,
        authorization=None,
        purpose=session.purpose.value if session.purpose else None,
        case=session.case or None,
        request=request,
    )
