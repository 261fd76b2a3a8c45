"""What do the records of a finding say, side by side, and where do they differ?

The records are asked of their departments when the page wants them, under the purpose and the
case of the person at the browser: a finding keeps their keys, not what stood in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLSchema

from casework.findings import Finding
from gateway.console.dossier import Cell, Table, tables_of
from gateway.console.house import Visit
from gateway.office import Answered
from vocabulary.codes import Department
from vocabulary.register import BY_NAME


@dataclass(frozen=True, slots=True)
class Side:
    """One record: whose it is, and its columns under their terms. `differs` holds those in which the sides disagree."""

    department: Department
    term: str
    record_id: str
    columns: tuple[tuple[str, Cell], ...]
    differs: frozenset[str]


async def sides_of(visit: Visit, finding: Finding) -> list[Side]:
    """The records that a finding rests on. Raises `Refused`, `InquiryError`."""
    keys = [key.split("/", 1) for key in finding.records]
    departments = dict.fromkeys(BY_NAME[name].department for name, _ in keys if name in BY_NAME)
    wanted = {(BY_NAME[name].term, record_id) for name, record_id in keys if name in BY_NAME}
    found: list[Side] = []
    for department in departments:
        answered = await visit.ask(f"dossier_{department.value}", {"number": finding.case.household})
        for table in _tables(answered, department, visit.house.office.schema):
            found += _rows(table, department, wanted)
    return _marked(found)


def _tables(answered: Answered, department: Department, schema: GraphQLSchema) -> Iterator[Table]:
    """Every table of one department's answer: of the household, and of everybody in it."""
    household = (answered.told.data or {}).get("household")
    if household is None:
        return
    yield from tables_of(household, answered, department=department, path="household", schema=schema)
    for member in household["members"] or ():
        yield from tables_of(member, answered, department=department, path="household.members", schema=schema)


def _rows(table: Table, department: Department, wanted: set[tuple[str, str]]) -> list[Side]:
    sides = []
    for row in table.rows:
        columns = tuple(zip(table.heads, row, strict=True))
        record_id = next((cell.text for head, cell in columns if head == "记录编号"), "")
        if (table.term, record_id) in wanted:
            sides.append(Side(department, table.term, record_id, columns, frozenset()))
    return sides


def _marked(sides: list[Side]) -> list[Side]:
    """The sides with the columns in which they disagree: those that two of them have, with different values."""
    values: dict[str, set[str]] = {}
    for side in sides:
        for head, cell in side.columns:
            if head not in ("记录编号", "数据日期") and not cell.outcome:
                values.setdefault(head, set()).add(cell.text)
    differ = frozenset(head for head, texts in values.items() if len(texts) > 1)
    return [Side(side.department, side.term, side.record_id, side.columns, differ) for side in sides]
