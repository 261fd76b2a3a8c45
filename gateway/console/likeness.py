"""Whose row is this? Likenesses that were proposed, side by side, confirmed or refused by a person.

A link keeps the department's key of its row and the pseudonym of ours: who is meant is not kept. Whoever
decides has the paper at hand and writes the id number on it; when it is the one that is meant, the
registers are asked, and both sides stand beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.cases import steps_of
from casework.links import Link, LinkState, decide, links, read_link
from casework.role import Act
from gateway.access import Refused
from gateway.console.dossier import Table, tables_of
from gateway.console.house import Visit, Visiting
from gateway.console.paging import page_of
from gateway.errors import InquiryError
from vocabulary.codes import Department
from vocabulary.register import BY_NAME

router = APIRouter(prefix="/likenesses")


@dataclass(frozen=True, slots=True)
class Beside:
    """What the registers say under the id number that was written: civil affairs, and the department of the row."""

    ours: tuple[Table, ...]
    theirs: tuple[Table, ...]


@router.get("")
async def likenesses(visit: Visiting, state: str = LinkState.PROPOSED.value, page: int = 1) -> Response:
    """Likenesses of the region, the oldest first."""
    wanted = LinkState(state) if state in LinkState.__members__ else None

    async def listed(first: int, offset: int) -> list[Link]:
        return await links(visit.house.desk, visit.actor, state=wanted, first=first, offset=offset)

    return visit.page(
        "likenesses.html",
        page=await page_of(listed, page),
        records=BY_NAME,
        state=wanted,
        states=list(LinkState),
    )


@router.get("/{id_}")
async def one(visit: Visiting, id_: str) -> Response:
    """One likeness, as it is kept."""
    await visit.house.desk.permit(visit.actor, Act.READ)
    link = read_link(visit.house.desk, visit.actor, id_)
    await visit.house.desk.read(visit.actor, "link", rows=1)
    return _page(visit, link)


@router.post("/{id_}/beside")
async def beside(visit: Visiting, id_: str, person: Annotated[str, Form(max_length=40)]) -> Response:
    """Both sides, where the id number that was written is the one that is meant; else that it is not."""
    desk = visit.house.desk
    await desk.permit(visit.actor, Act.READ)
    link = read_link(desk, visit.actor, id_)
    await desk.read(visit.actor, "link-compare", rows=0)  # before it is said whether the number is the one
    number = person.strip().upper()
    if desk.book.pseudonym(number) != link.person:
        return _page(visit, link, status=422, other=True)
    try:
        sides = await _sides(visit, link, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    return _page(visit, link, sides=sides)


@router.post("/{id_}")
async def decided(
    visit: Visiting,
    id_: str,
    same: Annotated[bool, Form()],
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """The likeness, confirmed or refused, as it was when the page was read."""
    desk = visit.house.desk
    link = read_link(desk, visit.actor, id_)
    visit.require_version(link.version, version)
    await decide(desk, visit.actor, link, same=same, reason=reason)
    return RedirectResponse(f"/console/likenesses/{id_}", status_code=303)


async def _sides(visit: Visit, link: Link, number: str) -> Beside:
    """Raises `Refused`, `InquiryError`."""
    answered = await visit.ask("household", {"idNumber": number})
    household = (answered.told.data or {}).get("household")
    if household is None:
        return Beside((), ())
    ours = await _tables(visit, household["number"], Department.CIVIL_AFFAIRS, number)
    return Beside(ours, await _tables(visit, household["number"], link.source, number))


async def _tables(visit: Visit, household: str, department: Department, number: str) -> tuple[Table, ...]:
    answered = await visit.ask(f"dossier_{department.value}", {"number": household})
    found: Mapping[str, Any] = (answered.told.data or {}).get("household") or {}
    schema = visit.house.office.schema
    for member in found.get("members") or ():
        if member.get("idNumber") == number:  # whoever sees it masked sees no rows here
            path = "household.members"
            return tuple(tables_of(member, answered, department=department, path=path, schema=schema))
    return ()


def _page(
    visit: Visit, link: Link, *, sides: Beside | None = None, other: bool = False, status: int = 200
) -> Response:
    return visit.page(
        "likeness.html",
        status=status,
        link=link,
        term=BY_NAME[link.record].term if link.record in BY_NAME else link.record,
        sides=sides,
        other=other,
        steps=steps_of(visit.house.desk, link.id),
        open=link.state is LinkState.PROPOSED,
        may_confirm=visit.actor.may(Act.CONFIRM),
        may_refuse=visit.actor.may(Act.WITHDRAW),
    )
