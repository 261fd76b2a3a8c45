"""What do the records of a finding say, side by side, and where do they differ?

The records are asked of their departments when the page wants them, under the purpose and the
case of the person at the browser: a finding keeps their keys, not what stood in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLSchema

from casework.findings import Finding
from gateway.console.dossier import Cell, Table, tables_of
from gateway.console.house import Visit
from gateway.office import Answered
from gateway.run_findings import ANY
from vocabulary.codes import Department
from vocabulary.register import BY_NAME

MONTH = "月份"
_NOT_COMPARED = frozenset({"记录编号", "数据日期", MONTH})
_AMOUNT = re.compile(r"-?\d+\.\d\d").fullmatch


@dataclass(frozen=True, slots=True)
class Side:
    """One record: whose it is, and its columns under their terms. `differs` holds those in which the sides disagree."""

    department: Department
    term: str
    record_id: str
    columns: tuple[tuple[str, Cell], ...]
    differs: frozenset[str] = frozenset()

    @property
    def source(self) -> str:
        """Department and record type, as the head of a column."""
        return f"{self.department.term} · {self.term}"

    @property
    def month(self) -> str:
        """The month it is about, empty for a record that is about none."""
        return next((cell.text for head, cell in self.columns if head == MONTH), "")

    def told(self) -> list[str]:
        """Its values beside the month, those that are shown and not empty."""
        return [cell.text for head, cell in self.columns if head not in _NOT_COMPARED and cell.text]


@dataclass(frozen=True, slots=True)
class Months:
    """Records of months, one row a month and one column a source. `differs`: two sources name other amounts."""

    sources: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], bool], ...]


@dataclass(frozen=True, slots=True)
class Sides:
    """The records of a finding: those of months laid month by month, the others card by card."""

    months: Months | None
    others: tuple[Side, ...]


async def sides_of(visit: Visit, finding: Finding) -> Sides:
    """The records that a finding rests on. Raises `Refused`, `InquiryError`."""
    keys = [key.split("/", 1) for key in finding.records]
    departments = dict.fromkeys(BY_NAME[name].department for name, _ in keys if name in BY_NAME)
    wanted = {(BY_NAME[name].term, record_id) for name, record_id in keys if name in BY_NAME}
    found: list[Side] = []
    for department in departments:
        answered = await visit.ask(f"dossier_{department.value}", {"number": finding.case.household})
        for table in _tables(answered, department, visit.house.office.schema):
            found += _rows(table, department, wanted)
    return laid(found)


def laid(sides: list[Side]) -> Sides:
    """Records side by side, with what differs marked."""
    monthly = [side for side in sides if side.month]
    return Sides(_months(monthly) if monthly else None, tuple(_marked([s for s in sides if not s.month])))


def _months(sides: list[Side]) -> Months:
    sources = tuple(dict.fromkeys(side.source for side in sides))
    rows = []
    for month in sorted({side.month for side in sides}):
        here = [side for side in sides if side.month == month]
        told = tuple("；".join(" ".join(s.told()) for s in here if s.source == source) for source in sources)
        amounts = [
            {text for s in here if s.source == source for text in s.told() if _AMOUNT(text)}
            for source in sources
        ]
        said = [each for each in amounts if each]
        rows.append((month, told, len(said) > 1 and any(each != said[0] for each in said)))
    return Months(sources, tuple(rows))


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
        if (table.term, record_id) in wanted or (table.term, ANY) in wanted:
            sides.append(Side(department, table.term, record_id, columns))
    return sides


def _marked(sides: list[Side]) -> list[Side]:
    """The sides with the columns in which they disagree: those that two of them have, with different values."""
    values: dict[str, set[str]] = {}
    for side in sides:
        for head, cell in side.columns:
            if head not in _NOT_COMPARED and not cell.outcome:
                values.setdefault(head, set()).add(cell.text)
    differ = frozenset(head for head, texts in values.items() if len(texts) > 1)
    return [Side(side.department, side.term, side.record_id, side.columns, differ) for side in sides]
