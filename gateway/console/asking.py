"""What is somebody who applies still asked? The form of a case, without what departments tell, and what was said to it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from casework.ask_once import ITEMS, Answer, Form, form
from casework.cases import Case, read_case
from casework.declarations import declarations_of, declare
from casework.role import Act
from gateway.console.house import Visit, Visiting

router = APIRouter()

ITEM = "item-"
"""Before the name of each field of the form."""


@router.get("/cases/{id_}/form")
async def asked(visit: Visiting, id_: str) -> Response:
    """What is asked of the person, what of the departments, and what was said before."""
    desk, actor = visit.house.desk, visit.actor
    await desk.permit(actor, Act.READ)
    case = read_case(desk, actor, id_)
    await desk.read(actor, "form", rows=1, case=case.number)
    return visit.page(
        "form.html",
        case=case,
        form=_form(visit, case),
        items={item.code: item for item in ITEMS},
        amount=Answer.AMOUNT,
        declarations=declarations_of(desk, actor, case),
        may_take=actor.may(Act.OPEN_CASE),
    )


@router.post("/cases/{id_}/form")
async def taken(visit: Visiting, id_: str) -> Response:
    """What was said, kept with the case; what the form does not ask is not taken."""
    desk, actor = visit.house.desk, visit.actor
    case = read_case(desk, actor, id_)
    sent = await visit.request.form()
    said = {name.removeprefix(ITEM): str(value) for name, value in sent.items()}
    await declare(desk, actor, case, _form(visit, case), said)
    return RedirectResponse(f"/console/cases/{id_}/form", status_code=303)


def _form(visit: Visit, case: Case) -> Form:
    house = visit.house
    return form(
        case.kind, delivered=house.delivered, agreements=house.office.agreements, on=house.desk.today()
    )
