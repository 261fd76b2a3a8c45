"""Which papers leave the house, and how? A page to print, or a PDF whose leaving the log notes."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

from fastapi import APIRouter
from starlette.responses import Response

from casework.decisions import hearings_of, read_decision
from casework.findings import findings_of, read_finding
from casework.letters import decision_letter
from casework.paper import Paper
from casework.role import Act
from gateway.access import Refused
from gateway.console.findings import NAMES
from gateway.console.house import Visit, Visiting
from gateway.console.pdf import pdf_of
from gateway.console.report import report_of
from gateway.console.verdict import case_or_none, told_of
from gateway.errors import InquiryError
from verification.citation import in_chinese

router = APIRouter()


@router.get("/decisions/{id_}/letter")
async def letter(visit: Visiting, id_: str) -> Response:
    """The letter of a decision, to be read and printed."""
    paper = await _letter(visit, id_)
    return visit.page("paper.html", paper=paper, pdf=f"/console/decisions/{id_}/letter.pdf")


@router.get("/decisions/{id_}/letter.pdf")
async def letter_file(visit: Visiting, id_: str) -> Response:
    """The same as a file."""
    return await leaving(visit, await _letter(visit, id_), what="decision-letter")


@router.get("/household/{number}/report")
async def report(visit: Visiting, number: str) -> Response:
    """The 核对报告 on a household, computed now."""
    try:
        paper = await _report(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    return visit.page("paper.html", paper=paper, pdf=f"/console/household/{number}/report.pdf")


@router.get("/household/{number}/report.pdf")
async def report_file(visit: Visiting, number: str) -> Response:
    """The same as a file."""
    try:
        paper = await _report(visit, number)
    except (Refused, InquiryError) as error:
        return visit.refused(error)
    return await leaving(visit, paper, what="cross-check-report")


async def _letter(visit: Visit, id_: str) -> Paper:
    desk, actor = visit.house.desk, visit.actor
    await desk.permit(actor, Act.READ)
    decision = read_decision(desk, actor, id_)
    await desk.read(actor, "decision-letter", rows=1, case=decision.case.number)
    return decision_letter(
        decision,
        finding=read_finding(desk, actor, decision.finding) if decision.finding else None,
        rule_names={number: rule.zh for number, rule in NAMES.items()},
        articles={number: in_chinese(rule.cite) for number, rule in NAMES.items()},
        heard_on=[date.fromisoformat(row["held_on"]) for row in hearings_of(desk, actor, decision.case)],
    )


async def _report(visit: Visit, number: str) -> Paper:
    told = await told_of(visit, number)
    answered = await visit.ask("report", {"number": number})
    case = case_or_none(visit)
    findings = findings_of(visit.house.desk, visit.actor, case) if case and case.household == number else []
    return report_of(
        (answered.told.data or {})["household"],
        told.verdict,
        case=visit.session.case,
        objections_until=max(
            (each.objection_until for each in findings if each.objection_until), default=None
        ),
        schema=visit.house.office.schema,
    )


async def leaving(visit: Visit, paper: Paper, *, what: str) -> Response:
    """A paper as a file; that it leaves is in the log before it does."""
    data = pdf_of(paper)
    fields = {"caller": visit.actor.account, "what": what, "contents": sha256(data).hexdigest()}
    await visit.house.desk.write("export", fields=fields, committed={"case": paper.number})
    # The name says nothing of anybody: it is seen in lists of downloads.
    headers = {"content-disposition": f'attachment; filename="{what}.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)
