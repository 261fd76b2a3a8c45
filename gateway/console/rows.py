"""Which delivered rows fail what they are held to, and what is done with one? Disputed with its department, or set aside.

A row has only the department's own key here: it is no finding about a person, and names nobody. The request
to the department is made on its own page (校核); here stands what was decided, by whom and why.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.cases import steps_of
from casework.role import Act
from casework.row_findings import RowFinding, RowState, decide_row_finding, read_row_finding, row_findings
from gateway.console.house import Visiting
from gateway.console.paging import page_of
from vocabulary.codes import Department

router = APIRouter(prefix="/rows")


@router.get("")
async def rows(
    visit: Visiting, state: str = RowState.SUSPECTED.value, department: str = "", page: int = 1
) -> Response:
    """Findings about delivered rows, the oldest first."""
    wanted = RowState(state) if state in RowState.__members__ else None
    of = next((each for each in Department if each.value == department), None)
    desk, actor = visit.house.desk, visit.actor

    async def listed(first: int, offset: int) -> list[RowFinding]:
        return await row_findings(desk, actor, department=of, state=wanted, first=first, offset=offset)

    return visit.page(
        "rows.html",
        page=await page_of(listed, page),
        state=wanted,
        states=list(RowState),
        department=of,
        departments=list(Department),
    )


@router.get("/{id_}")
async def one(visit: Visiting, id_: str) -> Response:
    """One finding about a row, with what was done so far."""
    desk = visit.house.desk
    await desk.permit(visit.actor, Act.READ)
    finding = read_row_finding(desk, visit.actor, id_)
    await desk.read(visit.actor, "row-finding", rows=1)
    return visit.page(
        "row.html",
        row=finding,
        steps=steps_of(desk, finding.id),
        open=finding.state is RowState.SUSPECTED,
        may_dispute=visit.actor.may(Act.REVIEW),
        may_set_aside=visit.actor.may(Act.WITHDRAW),
    )


@router.post("/{id_}")
async def decided(
    visit: Visiting,
    id_: str,
    disputed: Annotated[bool, Form()],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """The finding, disputed or set aside, as it was when the page was read."""
    desk = visit.house.desk
    finding = read_row_finding(desk, visit.actor, id_)
    visit.require_version(finding.version, version)
    await decide_row_finding(desk, visit.actor, finding, confirmed=disputed, reason=reason)
    return RedirectResponse(f"/console/rows/{id_}", status_code=303)
