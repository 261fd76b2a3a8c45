"""Who looked at me? A person asks at the window, and takes the answer home as a file that anybody can verify.

Whoever supervises asks the same of a person or of a whole household, and between two days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from audit.catalogue import EVENTS, Entry, parse_entry
from audit.statement import Statement
from casework.agreement import Purpose
from casework.desk import NotAllowed
from casework.role import Role
from gateway.console.house import Visit, Visiting
from gateway.console.typed import day_in
from gateway.log_desk import LogDesk, china_day
from gateway.person_log import statement_for, unsearched
from vocabulary.codes import Code
from vocabulary.errors import Malformed
from vocabulary.idnumber import IdNumber

router = APIRouter(prefix="/statement")


class Right(Code):
    """By which right a statement is asked for."""

    OWN = "PIPL-45", "本人查阅（个人信息保护法 第四十五条）"
    GUARDIAN = "PIPL-31", "监护人代为查阅（个人信息保护法 第三十一条）"
    AUDIT = "GDSR-29", "审计监督（政务数据共享条例 第二十九条）"


@dataclass(frozen=True, slots=True)
class Line:
    """One access: where the log has it, who, and why, as far as it is opened to the person."""

    index: int
    entry: Entry
    purpose: str
    reason: str


_MAY = {
    Role.CLERK: (Right.OWN, Right.GUARDIAN),
    Role.SUPERVISOR: (Right.OWN, Right.GUARDIAN),
    Role.LAWYER: (Right.AUDIT,),
    Role.EVALUATOR: (Right.AUDIT,),
}


@router.get("")
async def ask(visit: Visiting) -> Response:
    """The form."""
    return _page(visit, _rights(visit))


@router.post("")
async def tell(
    visit: Visiting,
    person: Annotated[str, Form(max_length=40)],
    basis: Annotated[Right, Form()],
    since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    take: Annotated[bool, Form()] = False,
) -> Response:
    """The statement on a page, or as the file that a verifier reads: all of it. That it was asked for is its last line."""
    rights = _rights(visit)
    if basis not in rights:
        raise NotAllowed("expected a right of this post")
    subject = subject_in(person, household=basis is Right.AUDIT)
    if subject is None:
        return _page(visit, rights, status=422, fault=True)
    desk = _desk(visit)
    statement = await statement_for(desk, subject, basis=basis.value)
    if take:
        headers = {"content-disposition": 'attachment; filename="hedui-statement.json"'}
        return Response(statement.to_bytes(), media_type="application/json", headers=headers)
    days = (day_in(since) or date.min, day_in(until) or date.max)
    lines = [each for each in _lines(statement) if days[0] <= china_day(each.entry.at) <= days[1]]
    return _page(visit, rights, lines=lines, gaps=await unsearched(desk))


def subject_in(text: str, *, household: bool) -> str | None:
    """Who is meant: an id number, or the number of a household where one may be asked about; None for neither.

    What looks like an id number and is none is no household, of which the log would say that nobody looked.

    >>> subject_in(" h-1 ", household=True), subject_in("H-1", household=False)
    ('h-1', None)
    >>> subject_in("529901198802189013", household=True) is None
    True
    """
    written = text.strip()
    try:
        return IdNumber.parse(written.upper())
    except Malformed:
        numeric = written.upper().removesuffix("X").isdigit()
        return written if household and written and not numeric else None


def _page(
    visit: Visit,
    rights: tuple[Right, ...],
    *,
    lines: Sequence[Line] | None = None,
    gaps: Sequence[str] = (),
    fault: bool = False,
    status: int = 200,
) -> Response:
    households = Right.AUDIT in rights
    return visit.page(
        "statement.html",
        status=status,
        rights=rights,
        lines=lines,
        gaps=gaps,
        fault=fault,
        households=households,
        events=EVENTS,
    )


def _rights(visit: Visit) -> tuple[Right, ...]:
    rights = _MAY.get(visit.role) if visit.role else None
    if rights is None:
        raise NotAllowed("expected a post that hands out statements")
    return rights


def _desk(visit: Visit) -> LogDesk:
    desk = visit.house.log_desk
    return LogDesk(
        desk.log,
        desk.book,
        desk.policy,
        desk.max_unwitnessed_s,
        by=visit.session.account,
        earlier=desk.earlier,
    )


def _lines(statement: Statement) -> list[Line]:
    lines = []
    for access in statement.accesses:
        opened = {each.name: each.value for each in access.opened}
        lines.append(
            Line(
                access.index,
                parse_entry(access.entry),
                _purpose(opened.get("purpose")),
                str(opened.get("reason") or opened.get("basis") or ""),
            )
        )
    return lines


def _purpose(code: object) -> str:
    """A purpose as people say it; one of another version stays a code."""
    text = str(code or "")
    return Purpose(text).term if text in Purpose.__members__ else text
