"""How is a decision drafted and made at the browser? On a verdict of today, by one person, and then by another."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.cases import read_case, steps_of
from casework.decision import DecisionKind
from casework.decisions import Basis, decide, draft, missing, read_decision, send_back
from casework.findings import read_finding
from casework.role import Act
from gateway.access import Refused
from gateway.console.house import Visiting
from gateway.console.verdict import Told, told_of
from gateway.errors import InquiryError
from vocabulary.codes import Category

router = APIRouter()


@router.post("/cases/{id_}/decisions")
async def draft_one(
    visit: Visiting,
    id_: str,
    kind: Annotated[DecisionKind, Form()],
    reason: Annotated[str, Form()] = "",
    finding: Annotated[str, Form()] = "",
) -> Response:
    """A draft on the verdict as it is now: who drafts has seen no older one."""
    desk, actor = visit.house.desk, visit.actor
    case = read_case(desk, actor, id_)
    try:
        told = await told_of(visit, case.household)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    named = read_finding(desk, actor, finding) if finding else None
    made = await draft(desk, actor, case, kind=kind, basis=_basis(told), reason=reason, finding=named)
    return RedirectResponse(f"/console/decisions/{made.id}", status_code=303)


@router.get("/decisions/{id_}")
async def one(visit: Visiting, id_: str) -> Response:
    """One decision, and what is still missing before it can be made."""
    desk, actor = visit.house.desk, visit.actor
    await desk.permit(actor, Act.READ)
    decision = read_decision(desk, actor, id_)
    await desk.read(actor, "decision", rows=1, case=decision.case.number)
    return visit.page(
        "decision.html",
        decision=decision,
        lacks=missing(desk, actor, decision) if decision.state.value == "DRAFT" else (),
        steps=steps_of(desk, id_),
        may_decide=actor.may(Act.DECIDE),
    )


@router.post("/decisions/{id_}/made")
async def make(visit: Visiting, id_: str, version: Annotated[int, Form()]) -> Response:
    """The decision, made by a second person."""
    decision = read_decision(visit.house.desk, visit.actor, id_)
    visit.require_version(decision.version, version)
    await decide(visit.house.desk, visit.actor, decision)
    return RedirectResponse(f"/console/decisions/{id_}", status_code=303)


@router.post("/decisions/{id_}/back")
async def back(
    visit: Visiting, id_: str, version: Annotated[int, Form()], reason: Annotated[str, Form()] = ""
) -> Response:
    """The draft, back to who drafted it."""
    decision = read_decision(visit.house.desk, visit.actor, id_)
    visit.require_version(decision.version, version)
    await send_back(visit.house.desk, visit.actor, decision, reason=reason)
    return RedirectResponse(f"/console/decisions/{id_}", status_code=303)


def _basis(told: Told) -> Basis:
    """What the verdict says, by digests."""
    verdict = told.verdict
    decided = told.answered.decided
    category = str(verdict.get("category"))
    payable = verdict.get("payable")
    return Basis(
        # Without the digests of a verdict there is nothing that could be replayed, and so nothing to decide on.
        category=Category(category) if decided and category in Category.__members__ else None,
        payable_fen=int(Decimal(payable) * 100) if payable else 0,
        pack=verdict.get("packHash") or "",
        rules=verdict.get("rulesetHash") or "",
        inputs=decided.inputs if decided else "",
        result=decided.result if decided else "",
        visited=_visited(verdict),
    )


def _visited(verdict: Mapping[str, Any]) -> bool:
    """Tell whether two people are known to have visited where HH-10 asks for it: unknown, or hidden, is not yes."""
    found, untold = verdict.get("findings"), verdict.get("cannotTell")
    if found is None or untold is None:
        return False
    return all(each["rule"] != "HH-10" for each in (*found, *untold))
