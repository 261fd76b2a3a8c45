"""Who looked at me? A person asks at the window, and takes the answer home as a file that anybody can verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from audit.catalogue import Entry, parse_entry
from audit.statement import Statement
from casework.desk import NotAllowed
from casework.role import Role
from gateway.console.house import Visit, Visiting
from gateway.log_desk import LogDesk
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
    """One access: where the log has it, who, and what for, as far as it is opened to the person."""

    index: int
    entry: Entry
    purpose: str
    case: str


_MAY = {
    Role.CLERK: (Right.OWN, Right.GUARDIAN),
    Role.SUPERVISOR: (Right.OWN, Right.GUARDIAN),
    Role.EVALUATOR: (Right.AUDIT,),
}


@router.get("")
async def ask(visit: Visiting) -> Response:
    """The form."""
    return visit.page("statement.html", rights=_rights(visit), lines=None, gaps=(), fault=False)


@router.post("")
async def tell(
    visit: Visiting,
    person: Annotated[str, Form(max_length=18)],
    basis: Annotated[Right, Form()],
    take: Annotated[bool, Form()] = False,
) -> Response:
    """The statement on a page, or as the file that a verifier reads. That it was asked for is its own last line."""
    rights = _rights(visit)
    if basis not in rights:
        raise NotAllowed("expected a right of this post")
    try:
        number = IdNumber.parse(person.strip().upper())
    except Malformed:
        return visit.page("statement.html", status=422, rights=rights, lines=None, gaps=(), fault=True)
    desk = _desk(visit)
    statement = await statement_for(desk, number, basis=basis.value)
    if take:
        headers = {"content-disposition": 'attachment; filename="hedui-statement.json"'}
        return Response(statement.to_bytes(), media_type="application/json", headers=headers)
    gaps = await unsearched(desk)
    return visit.page("statement.html", rights=rights, lines=_lines(statement), gaps=gaps, fault=False)


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
                str(opened.get("purpose") or ""),
                str(opened.get("case") or ""),
            )
        )
    return lines
