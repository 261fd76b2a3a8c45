"""Who of a household has agreed to be asked about? Signed papers recorded, and taken back, at the window.

Whom a paper is for is read from the register when the page is opened: nobody types an id number, and none
stands in an address. What is recorded or taken back counts at the next question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from casework.authorizations import (
    Authorization,
    Paper,
    Signature,
    authorizations_of,
    minor,
    record_authorization,
    withdraw_consent,
)
from casework.finding import BadRequest
from casework.role import Act
from gateway.access import Refused
from gateway.console.house import Visit, Visiting
from gateway.console.place import region_in
from gateway.errors import InquiryError
from vocabulary.codes import Department, MemberKind, SignatureMethod
from vocabulary.idnumber import IdNumber, passes_check
from vocabulary.region import RegionCode
from vocabulary.register import RECORD_TYPES

router = APIRouter()

DEPARTMENTS = tuple(dict.fromkeys(record.department for record in RECORD_TYPES))


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody of the household as the page shows them. `place`: how the form calls them."""

    place: int
    person: IdNumber
    name: str
    kind: MemberKind
    minor: bool
    held: tuple[Authorization, ...]


@router.get("/household/{number}/authorizations")
async def authorizations(visit: Visiting, number: str) -> Response:
    """Who signed, for which departments, until when; and the form for the next paper."""
    desk, actor = visit.house.desk, visit.actor
    try:
        listed, region = await _listed(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    return visit.page(
        "authorizations.html",
        number=number,
        region=region,
        listed=listed,
        departments=DEPARTMENTS,
        methods=list(SignatureMethod),
        today=desk.today(),
        may=actor.may(Act.AUTHORIZE),
    )


@router.post("/household/{number}/authorizations")
async def record(visit: Visiting, number: str) -> Response:
    """A paper that was signed, on file from now on."""
    sent = await visit.request.form()
    try:
        listed, region = await _listed(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    await record_authorization(visit.house.desk, visit.actor, _paper(sent, number, region, listed))
    return RedirectResponse(f"/console/household/{number}/authorizations", status_code=303)


@router.post("/household/{number}/authorizations/back")
async def take_back(visit: Visiting, number: str) -> Response:
    """What one person signed, taken back from now on; no reason is asked for."""
    sent = await visit.request.form()
    try:
        listed, region = await _listed(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    chosen = _chosen(listed, sent.get("person"))
    await withdraw_consent(
        visit.house.desk, visit.actor, household=number, region=region, person=chosen.person
    )
    return RedirectResponse(f"/console/household/{number}/authorizations", status_code=303)


async def _listed(visit: Visit, number: str) -> tuple[list[Listed], RegionCode]:
    """Those of the household whose id numbers this person may see, with what is on file of each."""
    desk = visit.house.desk
    answered = await visit.ask("members", {"number": number})
    household = (answered.told.data or {}).get("household") or {}
    region = region_in(household)
    kept = await authorizations_of(desk, visit.actor, household=number, region=region)
    members = [each for each in household.get("members") or () if passes_check(each["idNumber"] or "")]
    return [
        _one(visit, place, each, kept, desk.today()) for place, each in enumerate(members) if each["kind"]
    ], region


def _one(
    visit: Visit, place: int, member: Mapping[str, Any], kept: Sequence[Authorization], today: date
) -> Listed:
    person = IdNumber.parse(member["idNumber"])
    tag = visit.house.desk.book.pseudonym(person)
    records: Sequence[Mapping[str, Any]] = (member["person"] or {}).get("records") or ()
    return Listed(
        place,
        person,
        next((each["name"] for each in records if each.get("name")), ""),
        MemberKind(member["kind"]),
        minor(person, on=today),
        tuple(each for each in kept if each.person == tag),
    )


def _paper(sent: FormData, number: str, region: RegionCode, listed: Sequence[Listed]) -> Paper:
    """What the form says. Raises `BadRequest`."""
    signed = [_chosen(listed, value) for value in sent.getlist("person")]
    known = {each.value: each for each in Department}
    return Paper(
        household=number,
        region=region,
        signatures=tuple(
            Signature(each.person, each.kind, _guardian(sent.get(f"guardian-{each.place}"), listed))
            for each in signed
        ),
        departments=frozenset(known[str(name)] for name in sent.getlist("department") if name in known),
        method=_method(str(sent.get("method") or "")),
        valid_from=_day(sent.get("valid_from")) or date.max,
        valid_until=_day(sent.get("valid_until")),
        scan=str(sent.get("scan") or "").strip().lower(),
    )


def _guardian(place: object, listed: Sequence[Listed]) -> IdNumber | None:
    return _chosen(listed, place).person if place else None


def _chosen(listed: Sequence[Listed], place: object) -> Listed:
    for each in listed:
        if str(each.place) == place:
            return each
    raise BadRequest("expected somebody who is listed with the household")


def _method(text: str) -> SignatureMethod:
    if text not in SignatureMethod.__members__:
        raise BadRequest(f"expected `method` as one of {', '.join(SignatureMethod.__members__)}")
    return SignatureMethod[text]


def _day(text: object) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise BadRequest("expected a day such as `2026-11-16`") from None
