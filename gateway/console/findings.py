"""Which findings wait for somebody, and what is done with one? The verifier's pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form
from starlette.responses import RedirectResponse, Response

from casework.cases import clocks_of, steps_of
from casework.finding import FindingState
from casework.findings import (
    COUNTED,
    Filter,
    Finding,
    assign,
    confirm,
    object_to,
    queue,
    read_finding,
    review,
    tell,
    withdraw,
)
from casework.role import Act
from gateway.access import Refused
from gateway.console.house import Visit, Visiting
from gateway.console.sides import Sides, sides_of
from gateway.console.typed import day_in
from gateway.errors import InquiryError
from verification.catalogue import CATALOGUE
from verification.language.rule import Severity

router = APIRouter()

A_PAGE = 50
ACTS = {
    "tell": Act.TELL,
    "object": Act.OBJECT,
    "review": Act.REVIEW,
    "confirm": Act.CONFIRM,
    "withdraw": Act.WITHDRAW,
}

NAMES = {rule.number: rule for rule in CATALOGUE.rules}


@dataclass(frozen=True, slots=True)
class Sought:
    """Which findings somebody works through: the filter, as addresses hold it, so that it is not lost on the way."""

    which: Filter
    query: str

    @property
    def behind(self) -> str:
        """What stands behind an address."""
        return f"?{self.query}" if self.query else ""


def sought(  # one argument a filter
    visit: Visiting,
    rule: str = "",
    severity: str = "",
    state: str = "",
    region: str = "",
    before: str = "",
    mine: bool = False,
) -> Sought:
    """What an address asks for; what is no such thing is not asked for."""
    which = Filter(
        rule=rule if rule in NAMES else None,
        severity=Severity(severity) if severity in Severity.__members__ else None,
        state=FindingState(state) if state in FindingState.__members__ else None,
        region=region if region.isascii() and region.isdigit() else None,
        found_before=day_in(before),
        assigned=visit.session.account if mine else None,
    )
    told = {
        "rule": which.rule,
        "severity": which.severity and which.severity.value,
        "state": which.state and which.state.value,
        "region": which.region,
        "before": which.found_before and which.found_before.isoformat(),
        "mine": "true" if mine else None,
    }
    return Sought(which, urlencode({name: value for name, value in told.items() if value}))


Seeking = Annotated[Sought, Depends(sought)]


@router.get("/findings")
async def findings(visit: Visiting, seeking: Seeking, after: str = "") -> Response:
    """The queue: the oldest first, filtered by rule, severity, state, region, age and who works on it."""
    await visit.house.desk.permit(visit.actor, Act.READ)
    found = queue(visit.house.desk, visit.actor, seeking.which, first=A_PAGE, after=after)
    await visit.house.desk.read(visit.actor, "findings", rows=len(found.findings))
    return visit.page(
        "findings_rows.html" if visit.partial else "findings.html",
        queue=found,
        counted=COUNTED,
        which=seeking.which,
        query=seeking.query,
        here=after,
        rules=NAMES,
        severities=list(Severity),
        states=list(FindingState),
        may_assign=visit.actor.may(Act.ASSIGN),
    )


@router.post("/findings/assign")
async def assign_some(
    visit: Visiting,
    seeking: Seeking,
    to: Annotated[str, Form()],
    finding: Annotated[list[str], Form()] = [],  # noqa: B006
) -> Response:
    """Give the chosen findings to one account."""
    desk = visit.house.desk
    chosen = [read_finding(desk, visit.actor, id_) for id_ in finding]
    issuer = visit.session.caller.issuer
    await assign(desk, visit.actor, chosen, to=to if " " in to else f"{issuer} {to}")
    return RedirectResponse(f"/console/findings{seeking.behind}", status_code=303)


@router.get("/findings/{id_}")
async def one(visit: Visiting, seeking: Seeking, id_: str) -> Response:
    """One finding: what it rests on, where it stands, what can be done now. The sources come when they are asked for."""
    desk = visit.house.desk
    await desk.permit(visit.actor, Act.READ)
    finding = read_finding(desk, visit.actor, id_)
    await desk.read(visit.actor, "finding", rows=1, case=finding.case.number)
    return _page(visit, finding, seeking, sides=None)


@router.get("/findings/{id_}/next")
async def following(visit: Visiting, seeking: Seeking, id_: str) -> Response:
    """On to the one behind it in the queue, or back to the queue where there is none."""
    await visit.house.desk.permit(visit.actor, Act.READ)
    found = queue(visit.house.desk, visit.actor, seeking.which, first=1, after=id_).findings
    then = f"/{found[0].id}" if found else ""
    return RedirectResponse(f"/console/findings{then}{seeking.behind}", status_code=303)


@router.get("/findings/{id_}/sides")
async def sides(visit: Visiting, seeking: Seeking, id_: str) -> Response:
    """The records of a finding side by side, asked of their departments now."""
    finding = read_finding(visit.house.desk, visit.actor, id_)
    try:
        found = await sides_of(visit, finding)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    return _page(visit, finding, seeking, sides=found)


@router.post("/findings/{id_}/{act}")
async def do(
    visit: Visiting,
    seeking: Seeking,
    id_: str,
    act: str,
    version: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """One act on a finding as it was when the page was read: who comes second is told so."""
    desk, actor = visit.house.desk, visit.actor
    finding = read_finding(desk, actor, id_)
    visit.require_version(finding.version, version)
    match act:
        case "tell":
            await tell(desk, actor, finding)
        case "object":
            await object_to(desk, actor, finding, reason=reason)
        case "review":
            await review(desk, actor, finding)
        case "confirm":
            await confirm(desk, actor, finding, reason=reason)
        case "withdraw":
            await withdraw(desk, actor, finding, reason=reason)
        case _:
            return visit.page("fault.html", status=404, code="NO_SUCH_ACT")
    return RedirectResponse(f"/console/findings/{id_}{seeking.behind}", status_code=303)


def _page(visit: Visit, finding: Finding, seeking: Sought, *, sides: Sides | None) -> Response:
    desk = visit.house.desk
    return visit.page(
        "finding.html",
        finding=finding,
        query=seeking.query,
        rule=NAMES.get(finding.rule),
        steps=steps_of(desk, finding.id),
        clocks=clocks_of(desk, finding.id),
        sides=sides,
        today=desk.today(),
        may={name for name, act in ACTS.items() if visit.actor.may(act)},
    )
