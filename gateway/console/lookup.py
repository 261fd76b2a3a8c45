"""Who lives in a household, and what does each department say? The clerk's page.

Purpose and case come first, and stand on every page. A department is asked when its sheet is
opened, not before: what nobody looks at is not fetched, and each sheet leaves its own entry.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.agreement import Purpose
from casework.cases import Case, case_numbered
from casework.desk import NotThere
from casework.role import Act
from gateway.access import Refused, read_errand
from gateway.asked_about import NAMED
from gateway.console.dossier import Table, tables_of
from gateway.console.house import Visit, Visiting
from gateway.errors import InquiryError
from vocabulary.codes import Department
from vocabulary.idnumber import passes_check
from vocabulary.register import RECORD_TYPES

router = APIRouter()

DEPARTMENTS = tuple(dict.fromkeys(record.department for record in RECORD_TYPES))


@router.get("/")
async def front(visit: Visiting) -> Response:
    """The first page: purpose and case, then one box."""
    return visit.page("lookup.html", purposes=list(Purpose), asked="", fault=None, departments=DEPARTMENTS)


@router.post("/errand")
async def errand(
    visit: Visiting, purpose: Annotated[str, Form()] = "", case: Annotated[str, Form()] = ""
) -> Response:
    """What for, and under which case; refused as any inquiry without them is."""
    try:
        read = read_errand(visit.session.caller, purpose=purpose, case=case)
    except Refused as refused:
        return visit.page("refused.html", status=403, refused=refused)
    visit.house.sessions.errand(visit.session, purpose=read.purpose, case=read.case)
    return RedirectResponse("/console/", status_code=303)


@router.post("/household")
async def household(visit: Visiting, asked: Annotated[str, Form(max_length=80)]) -> Response:
    """What one box holds: an id number, a case, a name with or without a region, or a household number.

    A form, so that no address and no log of addresses holds it.
    """
    text = unicodedata.normalize("NFKC", asked).strip()
    if named := name_in(text):
        return await _named(visit, *named)
    if case := _case(visit, text):
        return RedirectResponse(f"/console/cases/{case.id}", status_code=303)
    return await _household(visit, text)


@router.get("/household/{number}")
async def household_numbered(visit: Visiting, number: str) -> Response:
    """One household by its number."""
    return await _household(visit, number)


@router.get("/household/{number}/{department}")
async def department_sheet(visit: Visiting, number: str, department: Department) -> Response:
    """What one department says about everybody in the household."""
    try:
        answered = await visit.ask(f"dossier_{department.value}", {"number": number})
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    found = (answered.told.data or {}).get("household")
    if found is None:
        return visit.page("nothing.html", status=404, errors=answered.told.errors)

    def tables(subject: Mapping[str, Any], path: str) -> list[Table]:
        schema = visit.house.office.schema
        return tables_of(subject, answered, department=department, path=path, schema=schema)

    return visit.page(
        "department.html",
        department=department,
        number=number,
        household=tables(found, "household"),
        people=[(member, tables(member, "household.members")) for member in found["members"] or ()],
        departments=DEPARTMENTS,
        receipt=answered.receipt,
    )


def name_in(text: str) -> tuple[str, str] | None:
    """The name and the region code, empty without one, that somebody typed; None where it is no name.

    >>> name_in("安一木 529901003")
    ('安一木', '529901003')
    >>> name_in("HD-2026-0001") is None
    True
    """
    words = text.split()
    region = "".join(word for word in words if word.isascii() and word.isdigit())
    name = " ".join(word for word in words if not (word.isascii() and word.isdigit()))
    return (name, region) if any(unicodedata.name(each, "").startswith("CJK") for each in name) else None


async def _named(visit: Visit, name: str, region: str) -> Response:
    """The households of a region where somebody of this name is listed; each is looked up by a question of its own."""
    variables = {"name": name, "region": region or str(visit.session.caller.region), "first": NAMED}
    try:
        answered = await visit.ask("household-search", variables)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    found = (answered.told.data or {}).get("households")
    if found is None:
        return visit.page("nothing.html", status=404, errors=answered.told.errors)
    return visit.page(
        "namesakes.html",
        hits=[each["node"] for each in found["edges"] if each["node"]],
        more=found["pageInfo"]["hasNextPage"],
        region=variables["region"],
        access=answered.told.access,
        sources=answered.told.sources,
        receipt=answered.receipt,
    )


def _case(visit: Visit, number: str) -> Case | None:
    """The case of this number, where there is one that this person may see."""
    if not visit.actor.may(Act.READ):
        return None
    try:
        return case_numbered(visit.house.desk, visit.actor, number)
    except NotThere:
        return None


async def _household(visit: Visit, asked: str) -> Response:
    by_id = passes_check(asked.upper()) or len(asked) == 15
    variables = {"idNumber": asked.upper()} if by_id else {"number": asked}
    try:
        answered = await visit.ask("household", variables)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    found = (answered.told.data or {}).get("household")
    if found is None:
        return visit.page("nothing.html", status=404, errors=answered.told.errors)
    return visit.page(
        "household.html",
        household=found,
        access=answered.told.access,
        sources=answered.told.sources,
        receipt=answered.receipt,
        departments=DEPARTMENTS,
    )
