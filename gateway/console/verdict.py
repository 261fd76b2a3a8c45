"""What do the records of one household say together? The verdict on a page, and its findings into a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.cases import Case, case_numbered, open_case
from casework.desk import NotThere
from casework.findings import Suspicion, add_findings
from gateway.access import Refused
from gateway.console.house import Visit, Visiting
from gateway.console.place import region_of
from gateway.errors import InquiryError
from gateway.office import Answered
from verification.language.rule import Severity
from vocabulary.codes import ApplicationKind
from vocabulary.idnumber import passes_check

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict as the person at the browser may see it."""

    answered: Answered
    household: Mapping[str, Any]

    @property
    def verdict(self) -> Mapping[str, Any]:
        """The verification itself; empty where nothing of it may be shown."""
        return self.household.get("verification") or {}


@router.get("/household/{number}/verdict")
async def verdict(visit: Visiting, number: str) -> Response:
    """The verdict on one household, computed now, with its arithmetic."""
    try:
        told = await told_of(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    return visit.page(
        "verdict.html",
        number=number,
        told=told,
        verdict=told.verdict,
        case=case_or_none(visit),
        kinds=list(ApplicationKind),
        severities={each.value: each for each in Severity},
    )


@router.post("/household/{number}/findings")
async def register(
    visit: Visiting,
    number: str,
    kind: Annotated[ApplicationKind | None, Form()] = None,
) -> Response:
    """Register what the rules find now with the case that stands on every page; open it where there is none."""
    try:
        told = await told_of(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    case = case_or_none(visit)
    if case is None:
        try:
            region = await region_of(visit, number)
        except (Refused, InquiryError) as error:
            return visit.refused(error)
        case = await open_case(
            visit.house.desk,
            visit.actor,
            number=visit.session.case,
            household=number,
            region=region,
            kind=kind or ApplicationKind.REVIEW,
        )
    if case.household != number:
        return visit.page("other_case.html", status=409, case=case, number=number)
    await add_findings(visit.house.desk, visit.actor, case, suspicions(told.verdict))
    return RedirectResponse(f"/console/cases/{case.id}", status_code=303)


async def told_of(visit: Visit, number: str) -> Told:
    """The verdict on a household. Raises `Refused` and `InquiryError`; `NotThere` where there is no such household."""
    answered = await visit.ask("verification", {"number": number})
    household = (answered.told.data or {}).get("household")
    if household is None:
        raise NotThere("expected a household that the caller may ask about")
    return Told(answered, household)


def suspicions(verdict: Mapping[str, Any]) -> list[Suspicion]:
    """The findings of a verdict as casework takes them. Whoever sees id numbers masked registers none about a person."""
    return [
        Suspicion(
            rule=each["rule"],
            severity=Severity(each["severity"]),
            person=each["person"],
            evidence={value["name"]: value["value"] for value in each["evidence"]},
            records=tuple(each["records"]),
        )
        for each in verdict.get("findings") or ()
        if each["person"] is None or passes_check(each["person"])
    ]


def case_or_none(visit: Visit) -> Case | None:
    """The case that the errand names, where casework has it."""
    try:
        return case_numbered(visit.house.desk, visit.actor, visit.session.case)
    except NotThere:
        return None
