"""How does a lawyer change a sharing agreement at the browser? The text, what it changes, and a second person's signature.

Whoever signs puts it in force: the next question is decided by it here, and in other processes within
about a second. Nothing is edited in place; each revision stays on file with who drafted and who signed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Form, UploadFile
from starlette.responses import RedirectResponse, Response

from casework.agreement import Agreement, as_text, differences
from casework.agreement_register import (
    Revision,
    RevisionState,
    draft_revision,
    draft_revisions,
    drafts,
    in_force,
    put_in_force,
    read_revision,
    revisions_of,
    send_back,
    understood,
)
from casework.agreement_sheet import LARGEST, read_sheet, write_sheet
from casework.cases import steps_of
from casework.cedar import DoesNotCompile
from casework.desk import NotThere
from casework.role import Act
from casework.written import BadAgreement
from gateway.console.house import Visit, Visiting

router = APIRouter(prefix="/agreements")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("")
async def agreements(visit: Visiting) -> Response:
    """What is in force, whose it is, until when, and which revisions wait for a second person."""
    await _let_in(visit, "agreements")
    return _listing(visit)


@router.get("/export.xlsx")
async def export(visit: Visiting) -> Response:
    """All that is in force, as an Excel file."""
    await _let_in(visit, "agreements-export")
    data = write_sheet(sorted(_now(visit), key=lambda each: each.number))
    named = {"content-disposition": 'attachment; filename="agreements.xlsx"'}
    return Response(data, media_type=XLSX, headers=named)


@router.post("/import")
async def import_sheet(visit: Visiting, file: UploadFile, reason: Annotated[str, Form()] = "") -> Response:
    """Draft a revision of each agreement of an Excel file that says something else than what is in force, or none."""
    house, actor = visit.house, visit.actor
    await house.desk.permit(actor, Act.EDIT_AGREEMENT)
    try:
        found = read_sheet(await file.read(LARGEST + 1), file=(file.filename or "-")[:80])
        made = await draft_revisions(
            house.desk,
            actor,
            texts=[as_text(each) for each in found],
            reason=reason,
            folder=house.offices.folder.agreements,
        )
    except (BadAgreement, DoesNotCompile) as error:
        return _listing(visit, wrong=error, status=422)
    return _listing(visit, drafted=len(made))


@router.get("/{number}")
async def one(visit: Visiting, number: str) -> Response:
    """One agreement as it is in force, its revisions, and the text to begin the next one with."""
    await _let_in(visit, "agreement")
    return _page(visit, number, text=_text(visit, number))


@router.post("/{number}")
async def draft(
    visit: Visiting, number: str, text: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:
    """A new revision; what is wrong with the text is said by line and key, and the text is not lost."""
    house = visit.house
    text = text.replace("\r\n", "\n")
    try:
        if understood(text, file="text").number != number:
            raise BadAgreement(
                file="text", line=1, key="协议编号", expected=f"`{number}`", got="another number"
            )
        made = await draft_revision(
            house.desk, visit.actor, text=text, reason=reason, folder=house.offices.folder.agreements
        )
    except (BadAgreement, DoesNotCompile) as error:
        return _page(visit, number, text=text, reason=reason, wrong=error, status=422)
    return RedirectResponse(f"/console/agreements/revisions/{made.id}", status_code=303)


@router.get("/revisions/{id_}")
async def revision(visit: Visiting, id_: str) -> Response:
    """One revision beside what is in force, for whoever is to sign it."""
    await _let_in(visit, "agreement")
    found, actor = read_revision(visit.house.desk.kept, id_), visit.actor
    waits = found.state is RevisionState.DRAFT
    return visit.page(
        "agreement_revision.html",
        revision=found,
        differences=differences(_agreed(visit, found.number), found.agreement) if waits else [],
        changes=list(_changes(visit, found)) if waits else [],
        steps=steps_of(visit.house.desk, id_),
        may_sign=waits and actor.may(Act.SIGN_AGREEMENT),
        own=found.drafted_by == actor.account,
    )


@router.post("/revisions/{id_}/signed")
async def sign(visit: Visiting, id_: str, version: Annotated[int, Form()]) -> Response:
    """The revision, put in force by this person: it decides from now on."""
    house = visit.house
    found = read_revision(house.desk.kept, id_)
    visit.require_version(found.version, version)
    await put_in_force(house.desk, visit.actor, found, folder=house.offices.folder.agreements)
    await house.offices.look()
    return RedirectResponse(f"/console/agreements/{found.number}", status_code=303)


@router.post("/revisions/{id_}/back")
async def back(
    visit: Visiting, id_: str, version: Annotated[int, Form()], reason: Annotated[str, Form()] = ""
) -> Response:
    """The draft, back to who drafted it."""
    found = read_revision(visit.house.desk.kept, id_)
    visit.require_version(found.version, version)
    folder = visit.house.offices.folder.agreements
    await send_back(visit.house.desk, visit.actor, found, reason=reason, folder=folder)
    return RedirectResponse("/console/agreements", status_code=303)


async def _let_in(visit: Visit, what: str) -> None:
    await visit.house.desk.permit(visit.actor, Act.SIGN_AGREEMENT)
    await visit.house.desk.read(visit.actor, what, rows=0)


def _now(visit: Visit) -> tuple[Agreement, ...]:
    return in_force(visit.house.desk.kept, visit.house.offices.folder.agreements)


def _agreed(visit: Visit, number: str) -> Agreement | None:
    """The agreement of a number as it is in force."""
    return next((each for each in _now(visit) if each.number == number), None)


def _listing(
    visit: Visit,
    *,
    wrong: BadAgreement | DoesNotCompile | None = None,
    drafted: int | None = None,
    status: int = 200,
) -> Response:
    return visit.page(
        "agreements.html",
        status=status,
        agreements=sorted(_now(visit), key=lambda each: each.number),
        drafts=drafts(visit.house.desk.kept),
        hash=visit.house.office.agreements.hash,
        today=visit.house.desk.today(),
        may_edit=visit.actor.may(Act.EDIT_AGREEMENT),
        wrong=wrong,
        drafted=drafted,
    )


def _page(
    visit: Visit,
    number: str,
    *,
    text: str,
    reason: str = "",
    wrong: BadAgreement | DoesNotCompile | None = None,
    status: int = 200,
) -> Response:
    agreement = _agreed(visit, number)
    if agreement is None and wrong is None:
        raise NotThere("expected an agreement in force")
    return visit.page(
        "agreement.html",
        status=status,
        number=number,
        agreement=agreement,
        revisions=revisions_of(visit.house.desk.kept, number),
        text=text,
        reason=reason,
        wrong=wrong,
        may_edit=visit.actor.may(Act.EDIT_AGREEMENT),
    )


def _text(visit: Visit, number: str) -> str:
    """What is in force, as it was written. Raises `NotThere`."""
    for each in revisions_of(visit.house.desk.kept, number):
        if each.state is RevisionState.IN_FORCE:
            return each.text
    agreement = next((each for each in visit.house.offices.folder.agreements if each.number == number), None)
    if agreement is None:
        raise NotThere("expected an agreement in force")
    return visit.house.offices.folder.texts.get(number) or as_text(agreement)


def _changes(visit: Visit, revision: Revision) -> Iterator[tuple[str, str]]:
    """Lines of a difference from what is in force, each with its sign: added, taken away, as it was."""
    try:
        before = _text(visit, revision.number).splitlines()
    except NotThere:
        before = []
    for line in difflib.unified_diff(before, revision.text.splitlines(), lineterm="", n=2):
        if not line.startswith(("---", "+++", "@@")):
            yield line[0], line[1:]
