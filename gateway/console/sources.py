"""How are the sources? When each answered last and how, what came of the checks of what it delivers, what is disputed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import HTMLResponse, RedirectResponse, Response

from casework.corrections import (
    ANSWERS,
    Correction,
    CorrectionState,
    answer,
    corrections,
    read_correction,
    withdraw,
)
from casework.desk import NotAllowed
from casework.finding import BadRequest
from casework.role import Act, Role
from connectors.quality import BatchCheck
from connectors.quality_page import page as quality_page
from gateway.access import Refused
from gateway.console.house import House, Visit, Visiting
from gateway.console.paging import Page, page_of
from gateway.errors import InquiryError
from gateway.log_desk import named, size_of
from vocabulary.codes import Department
from vocabulary.evidence import Quality
from vocabulary.register import BY_NAME, RECORD_TYPES, records_of

router = APIRouter()

LATEST = 2_000
"""Entries from the end of the log in which the last answers are looked for."""

REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""A report is one page that carries its own style and loads nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """One department: whether it is connected, its last answer, and what its checks said."""

    department: Department
    connected: bool
    state: str
    answered_at: datetime | None
    checks: tuple[BatchCheck, ...]

    @property
    def doubtful(self) -> int:
        """How many of its record types are in doubt."""
        return sum(check.quality is Quality.DOUBTFUL for check in self.checks)

    @property
    def newest(self) -> date | None:
        """The last day for which a checked row says that it is true."""
        return max((check.newest for check in self.checks if check.newest), default=None)


@router.get("/sources")
async def sources(visit: Visiting) -> Response:
    """Every department that owns records."""
    await _let_in(visit, "sources")
    last = await _last_answers(visit)
    departments = dict.fromkeys(record.department for record in RECORD_TYPES)
    found = [_source(visit.house, each, last) for each in departments]
    waiting = await _disputes(visit, CorrectionState.ASKED, 1)
    return visit.page("sources.html", sources=found, waiting=waiting, today=visit.house.desk.today())


@router.get("/sources/{department}/report")
async def report(visit: Visiting, department: Department) -> Response:
    """What was found in what the department delivered: rows by its own keys, and nobody named."""
    await _let_in(visit, "quality-report")
    checks = visit.house.quality.of(records_of(department))
    return HTMLResponse(quality_page(department, checks), headers={"content-security-policy": REPORT_POLICY})


@router.get("/corrections")
async def disputes(visit: Visiting, state: str = CorrectionState.ASKED.value, page: int = 1) -> Response:
    """What is disputed with departments, what is due first."""
    wanted = CorrectionState(state) if state in CorrectionState.__members__ else None
    return visit.page(
        "corrections.html",
        page=await _disputes(visit, wanted, page),
        state=wanted,
        states=list(CorrectionState),
        today=visit.house.desk.today(),
    )


@router.get("/corrections/{id_}")
async def correction(visit: Visiting, id_: str) -> Response:
    """One dispute with its clock."""
    found = read_correction(visit.house.desk, visit.actor, id_)
    await visit.house.desk.read(visit.actor, "correction", rows=1)
    return visit.page(
        "correction.html",
        correction=found,
        term=BY_NAME[found.record].term if found.record in BY_NAME else found.record,
        answers=ANSWERS,
        may_answer=visit.actor.may(Act.ANSWER),
        may_withdraw=visit.actor.may(Act.DISPUTE),
        today=visit.house.desk.today(),
        fault="",
    )


@router.post("/corrections")
async def ask(
    visit: Visiting,
    record: Annotated[str, Form()],
    subject: Annotated[str, Form()],
    column: Annotated[str, Form()],
    record_id: Annotated[str | None, Form()] = None,
    handle: Annotated[str | None, Form()] = None,
    claim: Annotated[str, Form()] = "",
) -> Response:
    """Dispute one column of one record with the department that owns it."""
    about = {
        "subject": subject,
        "region": str(visit.actor.region),
        "record": record,
        "recordId": record_id,
        "handle": handle,
        "columns": [column],
        "claim": claim,
    }
    try:
        told = (await visit.ask("dispute-record", about)).told
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    made = (told.data or {}).get("disputeRecord")
    if made is None:
        return visit.page("run_fault.html", status=422, fault=told.errors[0]["message"], run="")
    return RedirectResponse(f"/console/corrections/{made['id']}", status_code=303)


@router.post("/corrections/{id_}/answer")
async def answered(
    visit: Visiting,
    id_: str,
    state: Annotated[CorrectionState, Form()],
    text: Annotated[str, Form()] = "",
    letter: Annotated[str, Form()] = "",
) -> Response:
    """The department's answer, recorded."""
    desk, actor = visit.house.desk, visit.actor
    try:
        await answer(desk, actor, read_correction(desk, actor, id_), state=state, text=text, letter=letter)
    except BadRequest as error:
        return visit.page("run_fault.html", status=422, fault=str(error), run="")
    return RedirectResponse(f"/console/corrections/{id_}", status_code=303)


@router.post("/corrections/{id_}/withdraw")
async def taken_back(visit: Visiting, id_: str, reason: Annotated[str, Form()] = "") -> Response:
    """The dispute, taken back."""
    desk, actor = visit.house.desk, visit.actor
    try:
        await withdraw(desk, actor, read_correction(desk, actor, id_), reason=reason)
    except BadRequest as error:
        return visit.page("run_fault.html", status=422, fault=str(error), run="")
    return RedirectResponse(f"/console/corrections/{id_}", status_code=303)


async def _disputes(visit: Visit, state: CorrectionState | None, page: int) -> Page[Correction]:
    async def listed(first: int, offset: int) -> list[Correction]:
        return await corrections(visit.house.desk, visit.actor, state=state, first=first, offset=offset)

    return await page_of(listed, page)


async def _let_in(visit: Visit, what: str) -> None:
    if visit.role not in (Role.VERIFIER, Role.SUPERVISOR, Role.CLERK):
        raise NotAllowed("expected a post of casework")
    await visit.house.desk.read(visit.actor, what, rows=0)


def _source(house: House, department: Department, last: Mapping[str, tuple[str, datetime]]) -> Source:
    state, at = last.get(department.value, ("", None))
    checks = house.quality.of(records_of(department))
    return Source(department, department in house.office.connectors, state, at, checks)


async def _last_answers(visit: Visit) -> dict[str, tuple[str, datetime]]:
    """Each department's state in the newest outcome that asked it: whichever process asked."""
    desk = visit.house.log_desk
    size = size_of(await desk.log.checkpoint())

    def found() -> dict[str, tuple[str, datetime]]:
        last: dict[str, tuple[str, datetime]] = {}
        for _, entry in desk.entries(max(0, size - LATEST), size, holding=named("inquiry.outcome")):
            states = entry.fields.get("sources") if entry.event == "inquiry.outcome" else None
            for name, state in states.items() if isinstance(states, dict) else ():
                if state != "NOT_ASKED":
                    last[name] = str(state), entry.at
        return last

    return await asyncio.to_thread(found)
