"""What does the whole dossier (一户一档) of a household say? Every department's sheet on one page, to print or as a PDF.

Put together when it is read and kept nowhere: each department is asked by a question of its own,
under the access and with the entries of that question. One that refuses or fails says so in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from casework.desk import NotThere
from casework.letters import USE
from casework.paper import Paper, Part
from gateway.access import Refused
from gateway.console.dossier import Cell, Table, tables_of
from gateway.console.house import Visit, Visiting
from gateway.console.lookup import DEPARTMENTS
from gateway.console.papers import leaving
from gateway.console.report import STATES, relation_of
from gateway.console.terms import fault
from gateway.console.words import say
from gateway.errors import InquiryError
from vocabulary.codes import Department

router = APIRouter()


@dataclass(frozen=True, slots=True)
class About:
    """What a department says about one subject: the household, or a member by relation and id number as shown."""

    relation: str
    id_number: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One department's sheet: what it says of everybody, or why it says nothing."""

    department: Department
    about: tuple[About, ...] = ()
    refused: Refused | None = None
    fault: str = ""


@router.get("/household/{number}/dossier")
async def dossier(visit: Visiting, number: str) -> Response:
    """All sheets, one under the other."""
    sheets = await _sheets(visit, number)
    if refused := _refused_everywhere(sheets):
        return visit.refused(refused)
    return visit.page("dossier.html", number=number, sheets=sheets, on=visit.house.desk.today())


@router.get("/household/{number}/dossier.pdf")
async def dossier_file(visit: Visiting, number: str) -> Response:
    """The same as a file."""
    sheets = await _sheets(visit, number)
    if refused := _refused_everywhere(sheets):
        return visit.refused(refused)
    parts = tuple(part for sheet in sheets for part in parts_of(sheet))
    head = Part("说明", (f"家庭 {number}，{visit.house.desk.today()} 汇集，不留存副本。",))
    paper = Paper("一户一档", visit.session.case, (head, *parts), USE)
    return await leaving(visit, paper, what="dossier")


def parts_of(sheet: Sheet) -> Iterator[Part]:
    """What a file says of one department, all of it in Chinese."""
    if sheet.refused is not None:
        yield Part(sheet.department.term, (f"{say('Hidden from your post', 'zh')}：{sheet.refused.clause}",))
    elif sheet.fault:
        yield Part(sheet.department.term, (f"未能查询：{fault(sheet.fault, 'zh')}结果未知，并非没有。",))
    for one in sheet.about:
        for table in one.tables:
            yield _part(sheet.department, one, table)


async def _sheets(visit: Visit, number: str) -> list[Sheet]:
    """One department after the other, as somebody would open them."""
    return [await _sheet(visit, number, department) for department in DEPARTMENTS]


def _refused_everywhere(sheets: Sequence[Sheet]) -> Refused | None:
    """The refusal, where no department may be asked at all: without a purpose, for one."""
    refused = [sheet.refused for sheet in sheets if sheet.refused is not None]
    return refused[0] if len(refused) == len(sheets) else None


async def _sheet(visit: Visit, number: str, department: Department) -> Sheet:
    """Raises `NotThere` where there is no such household for the caller."""
    try:
        answered = await visit.ask(f"dossier_{department.value}", {"number": number})
    except Refused as refused:
        return Sheet(department, refused=refused)
    except InquiryError as error:
        return Sheet(department, fault=error.code)
    found = (answered.told.data or {}).get("household")
    if found is None:
        raise NotThere("expected a household that the caller may ask about")

    def about(subject: Mapping[str, Any], path: str) -> About:
        schema = visit.house.office.schema
        tables = tables_of(subject, answered, department=department, path=path, schema=schema)
        return About(relation_of(subject), subject.get("idNumber") or "", tuple(tables))

    everybody = [about(found, "household")]
    everybody += [about(member, "household.members") for member in found["members"] or ()]
    return Sheet(department, tuple(one for one in everybody if one.tables))


def _part(department: Department, one: About, table: Table) -> Part:
    said = STATES[table.state] + (f"（{table.count} 条）" if table.count else "")
    if table.as_of:
        said += f"，数据日期 {table.as_of}"
    rows = tuple(tuple(_said(cell) for cell in row) for row in table.rows)
    who = " ".join(word for word in (one.relation, one.id_number) if word)
    return Part(f"{department.term} · {table.term} · {who}", (said,), table.heads if rows else (), rows)


def _said(cell: Cell) -> str:
    if cell.outcome in ("DENIED", "VERIFY_ONLY"):
        return f"{say(cell.outcome, 'zh')} {cell.clause}"
    return cell.text or "—"
