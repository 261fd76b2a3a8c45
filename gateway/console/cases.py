"""Which cases are there, how does one stand, and what is overdue? Steps, clocks, findings, hearings, decisions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.cases import (
    FOLLOWS,
    CaseState,
    cases_in,
    clocks_of,
    late_by_unit,
    move_case,
    overdue,
    read_case,
    steps_of,
)
from casework.decision import DecisionKind
from casework.decisions import decisions_of, hear, hearings_of
from casework.findings import findings_of
from casework.role import Act
from gateway.console.findings import NAMES
from gateway.console.house import Visiting
from vocabulary.region import RegionCode

router = APIRouter()

A_PAGE = 50
LATE = 200
"""Clocks on one list: the next ones stand there when these are met."""


@router.get("/cases")
async def cases(visit: Visiting, state: str = "", after: str = "") -> Response:
    """The cases of the region, by number, and what nobody did in time."""
    desk = visit.house.desk
    await desk.permit(visit.actor, Act.READ)
    wanted = CaseState(state) if state in CaseState.__members__ else None
    found = cases_in(desk, visit.actor, state=wanted, first=A_PAGE + 1, after=after)
    late = late_by_unit(desk, visit.actor)
    await desk.read(visit.actor, "cases", rows=len(found))
    return visit.page(
        "cases.html",
        cases=found[:A_PAGE],
        more=found[A_PAGE - 1].number if len(found) > A_PAGE else "",
        state=wanted,
        states=list(CaseState),
        late=late,
    )


@router.get("/cases/overdue")
async def late(visit: Visiting, region: str = "", clock: str = "") -> Response:
    """What nobody did in time, of one unit and one clock or of all: the longest overdue first."""
    desk = visit.house.desk
    await desk.permit(visit.actor, Act.READ)
    unit = RegionCode(region) if region.isdigit() else None
    found = overdue(desk, visit.actor, region=unit, kind=clock, first=LATE + 1)
    await desk.read(visit.actor, "overdue", rows=min(len(found), LATE))
    return visit.page(
        "overdue.html", clocks=found[:LATE], more=len(found) > LATE, region=unit or "", clock=clock
    )


@router.get("/cases/{id_}")
async def case(visit: Visiting, id_: str) -> Response:
    """One case with everything in it."""
    desk, actor = visit.house.desk, visit.actor
    await desk.permit(actor, Act.READ)
    found = read_case(desk, actor, id_)
    await desk.read(actor, "case", rows=1, case=found.number)
    return visit.page(
        "case.html",
        case=found,
        rules=NAMES,
        findings=findings_of(desk, actor, found),
        hearings=hearings_of(desk, actor, found),
        decisions=decisions_of(desk, actor, found),
        steps=steps_of(desk, found.id),
        clocks=clocks_of(desk, found.id),
        follows=[state for state in CaseState if state in FOLLOWS[found.state]],
        kinds=list(DecisionKind),
        today=desk.today().isoformat(),
        may={act.value for act in Act if actor.may(act)},
    )


@router.post("/cases/{id_}/state")
async def move(
    visit: Visiting,
    id_: str,
    to: Annotated[CaseState, Form()],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """The case in its next state."""
    desk, actor = visit.house.desk, visit.actor
    found = read_case(desk, actor, id_)
    visit.require_version(found.version, version)
    await move_case(desk, actor, found, to=to, reason=reason)
    return RedirectResponse(f"/console/cases/{id_}", status_code=303)


@router.post("/cases/{id_}/hearing")
async def hearing(visit: Visiting, id_: str, record: Annotated[str, Form()] = "") -> Response:
    """What the person said, written down."""
    desk, actor = visit.house.desk, visit.actor
    await hear(desk, actor, read_case(desk, actor, id_), record=record)
    return RedirectResponse(f"/console/cases/{id_}", status_code=303)
