"""What does a department's sheet of the dossier (一户一档) show? All that it owns, column by column, and what is hidden.

The dossier is put together when it is read and kept nowhere. Its questions are trusted documents,
one a department, generated from the schema: a new column appears by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from gateway.office import Answered
from vocabulary.codes import Department
from vocabulary.record import Column, Record, columns_of
from vocabulary.register import BY_NAME, records_of

ROWS = 50
"""Records of one type that a sheet shows; it says how many there are."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a record. `outcome` and `clause` say how it was withheld; both empty when it is shown in clear."""

    text: str
    outcome: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What one department answered about one subject: the state of its answer, and rows under their terms.

    `handles`   what names each row in a dispute
    """

    term: str
    state: str
    reason: str
    as_of: str
    fetched_at: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    count: int
    record: str
    columns: tuple[str, ...]
    handles: tuple[str, ...]

    @property
    def disputable(self) -> Sequence[tuple[str, str]]:
        """The columns that may be disputed, as name and term: not the row's key, and nothing that is denied."""
        shown = self.rows[0] if self.rows else ()
        named = zip(self.columns, self.heads, shown, strict=bool(shown))
        return [
            (name, head) for name, head, cell in named if name != "record_id" and cell.outcome != "DENIED"
        ]

    @property
    def named(self) -> Sequence[tuple[str, str, str]]:
        """For each row under what a dispute names it: `record_id` or `handle`, that name, and what people see of it."""
        return [
            ("record_id", row[0].text, row[0].text)
            if row[0].text and not row[0].outcome
            else ("handle", handle, " · ".join([f"{at}", *_seen(row)]))
            for at, (row, handle) in enumerate(zip(self.rows, self.handles, strict=True), 1)
        ]


def document_of(department: Department, schema: GraphQLSchema) -> str:
    """The trusted document that asks one department about a household and everybody in it."""
    name = "".join(word.title() for word in department.value.split("_"))
    of_household = "\n".join(f"    {line}" for line in _asked(schema, "Household", department))
    of_member = "\n".join(f"      {line}" for line in _asked(schema, "Member", department))
    return (
        f"# What does {department.value} ({department.term}) say about a household, and about everybody in it?\n"
        f"query Dossier{name}($number: ID, $on: Date) {{\n"
        "  household(number: $number, on: $on) {\n    number\n    on\n"
        + (f"{of_household}\n" if of_household else "")
        + "    members {\n      idNumber\n      relation\n      kind\n"
        + (f"{of_member}\n" if of_member else "")
        + "    }\n  }\n}\n"
    )


def tables_of(
    subject: Mapping[str, Any],
    answered: Answered,
    *,
    department: Department,
    path: str,
    schema: GraphQLSchema,
) -> list[Table]:
    """The tables of one department about a household or a member, from the answer to its document.

    `path`  where the subject stands in the answer, `household` or `household.members`
    """
    withheld = {each["field"]: each for each in answered.told.access}
    kind = "Member" if path.endswith("members") else "Household"
    return [
        _table(record, subject[field], path=f"{path}.{field}", withheld=withheld)
        for field, record in _answers(schema, kind, department)
        if field in subject
    ]


def _seen(row: Sequence[Cell]) -> list[str]:
    """The first of what is shown of a row in clear, behind its key and its date."""
    return [cell.text for cell in row[2:] if cell.text and not cell.outcome][:3]


def _asked(schema: GraphQLSchema, kind: str, department: Department) -> Iterator[str]:
    for field, record in _answers(schema, kind, department):
        columns = " ".join(_camel(name) for name in _shown(record))
        envelope = f"state reason asOf fetchedAt count handles(first: {ROWS}) records(first: {ROWS})"
        yield f"{field} {{ {envelope} {{ {columns} }} }}"


def _answers(schema: GraphQLSchema, kind: str, department: Department) -> Iterator[tuple[str, type[Record]]]:
    """The fields of a type that hold a department's answers, with the record type of each."""
    owner = schema.type_map[kind]
    assert isinstance(owner, GraphQLObjectType), "Household and Member are objects"
    owned = {record.__name__ for record in records_of(department)}
    for name, field in owner.fields.items():
        record = get_named_type(field.type).name.removesuffix("Answer")
        if record in owned and get_named_type(field.type).name != record:
            yield name, BY_NAME[record]


def _shown(record: type[Record]) -> list[str]:
    """The columns of a sheet: not the subject again, which stands above it."""
    return [name for name in columns_of(record) if name not in ("person", "household")]


def _table(record: type[Record], told: Mapping[str, Any], *, path: str, withheld: Mapping[str, Any]) -> Table:
    columns = [columns_of(record)[name] for name in _shown(record)]
    rows = [
        tuple(_cell(column, row.get(_camel(column.name)), f"{path}.records", withheld) for column in columns)
        for row in told["records"]
    ]
    return Table(
        term=record.term,
        state=told["state"],
        reason=told["reason"] or "",
        as_of=told["asOf"] or "",
        fetched_at=told["fetchedAt"] or "",
        heads=tuple(map(_head, columns)),
        rows=tuple(rows),
        count=told["count"],
        record=record.__name__,
        columns=tuple(column.name for column in columns),
        handles=tuple(told["handles"]),
    )


def _head(column: Column) -> str:
    """What a column is called, with its unit."""
    return f"{column.term}（元）" if column.name.endswith("_fen") else column.term


def _cell(column: Column, value: object, path: str, withheld: Mapping[str, Any]) -> Cell:
    said = withheld.get(f"{path}.{_camel(column.name)}", {})
    return Cell(_text(column, value), said.get("outcome", ""), said.get("clause", ""))


def _text(column: Column, value: object) -> str:
    """A value as people read it: a code as its official term, yes and no in a word."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if column.codes is not None and isinstance(value, str) and value in column.codes.__members__:
        return column.codes[value].term
    return str(value)


def _camel(name: str) -> str:
    first, *rest = name.removesuffix("_fen").split("_")
    return first + "".join(word.title() for word in rest)


def documents(schema: GraphQLSchema, departments: Sequence[Department]) -> dict[str, str]:
    """File name to text, for every department: what stands in `gateway/documents/`."""
    return {f"dossier_{one.value}.graphql": document_of(one, schema) for one in departments}
