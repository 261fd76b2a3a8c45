"""What does the API say of each record type? Generated from the vocabulary: a new column appears by itself.

For each record type two GraphQL types are made: the record, with one nullable field per
column, and its *sourced answer*, which always exists and says what the department
answered: found, nothing, not asked, failed, or withheld, and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

import graphene

from casework.resource import of_column, of_state
from gateway.executor.places import Case, Sought
from gateway.schema import scalars
from gateway.schema.claims import ClaimState, claim_type, verify_field
from gateway.schema.connections import place_of
from gateway.schema.told import OPEN, Told
from gateway.view import AnswerState, Sourced
from vocabulary.codes import Code, Department
from vocabulary.evidence import Found, NoRecord, SourceFailed
from vocabulary.record import Column, ColumnKind, Record, columns_of
from vocabulary.register import record_types

T = TypeVar("T")

FIRST = 100
"""How many records an answer gives unless told."""

_SCALARS: dict[ColumnKind, type[graphene.Scalar]] = {
    ColumnKind.TEXT: graphene.String,
    ColumnKind.ID_NUMBER: scalars.IdNumber,
    ColumnKind.CREDIT_CODE: scalars.CreditCode,
    ColumnKind.REGION: scalars.RegionCode,
    ColumnKind.FEN: scalars.Money,
    ColumnKind.NUMBER: graphene.Int,
    ColumnKind.MONTH: scalars.Month,
    ColumnKind.DATE: scalars.Date,
    ColumnKind.FLAG: graphene.Boolean,
}


@cache
def enumeration(codes: type[Code]) -> type[graphene.Enum]:
    """The GraphQL enumeration of a code list: its members' names, with term and code as description."""

    def describe(member: Any) -> str:
        if member is None:
            return _first_paragraph(codes.__doc__ or "")
        term: str = member.term
        return term if member.value == member.name else f"{term} (code {member.value})"

    made: type[graphene.Enum] = graphene.Enum.from_enum(codes, name=codes.__name__, description=describe)
    return made


_ANSWERED: tuple[type, ...] = (Found, NoRecord)

_OF_PROVENANCE = {
    name: dict.fromkeys(_ANSWERED, Case(f"provenance.{name}"))
    for name in ("department", "catalogue_id", "fetched_at")
}


class _Envelope:
    """What every sourced answer says, whatever the record type."""

    state = Told(
        graphene.NonNull(enumeration(AnswerState)),
        shows=OPEN,
        description="答复状态: which of the five answers it is.",
        cases={Found: Case(constant=AnswerState.FOUND), NoRecord: Case(constant=AnswerState.NO_RECORD)},
    )
    reason = Told(
        graphene.String,
        shows=OPEN,
        description="原因: why there are no records: the clause, or how the source failed.",
        cases={Found: Case(), NoRecord: Case()},
    )
    department = Told(
        graphene.NonNull(enumeration(Department)),
        shows=OPEN,
        description="部门: whose record it is.",
        resolver=lambda sourced, _info: sourced.record.department,
        cases=_OF_PROVENANCE["department"],
    )
    catalogue_id = Told(
        graphene.NonNull(graphene.String),
        shows=OPEN,
        description="Number in the shared catalogue (政务数据共享条例 art. 13).",
        resolver=lambda sourced, _info: sourced.record.catalogue_id,
        cases=_OF_PROVENANCE["catalogue_id"],
    )
    fetched_at = Told(
        scalars.Instant,
        shows=OPEN,
        description="反馈时间: when the department answered, or failed to.",
        resolver=lambda sourced, _info: _fetched_at(sourced),
        cases=_OF_PROVENANCE["fetched_at"],
    )
    as_of = Told(
        scalars.Date,
        shows=OPEN,
        description="The oldest 数据日期 among the records: the answer holds for no later day.",
        resolver=lambda sourced, _info: _as_of(sourced),
    )
    count = Told(
        graphene.NonNull(graphene.Int),
        shows=OPEN,
        description="记录数: how many records there are, of which `records` gives the first.",
        resolver=lambda sourced, _info: len(sourced.records),
    )


@cache
def answer_type(record: type[Record]) -> type[graphene.ObjectType]:
    """The sourced answer of a record type, `InsuranceAnswer`."""
    records = Told(
        graphene.NonNull(graphene.List(graphene.NonNull(record_type(record)))),
        shows=OPEN,
        description="记录, in the order of the register's own keys.",
        first=graphene.Int(default_value=FIRST, description="How many at most (条数上限), 1 to 500."),
        after=graphene.String(
            description="游标: behind which record to begin, by its place: `100` goes on behind the first hundred."
        ),
        resolver=_page,
        cases={Found: Case("records", cut="first"), NoRecord: Case(constant=())},
    )
    handles = Told(
        graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID))),
        shows=OPEN,
        description="句柄: what `disputeRecord` takes for each of `records`, in their order, where its key is hidden.",
        first=graphene.Int(default_value=FIRST, description="How many at most (条数上限), 1 to 500."),
        after=graphene.String(description="游标: as of `records`."),
        resolver=_handles,
    )
    says = f"{record.term}: what {record.department.term} answered."
    return type(
        f"{record.__name__}Answer",
        (_Envelope, graphene.ObjectType),
        {"__doc__": says, "records": records, "handles": handles},
    )


def _page(sourced: Sourced, _info: Any, first: int | None, after: str | None = None) -> tuple[Record, ...]:
    return _cut(sourced.records, first, after)


def _handles(sourced: Sourced, _info: Any, first: int | None, after: str | None = None) -> list[str]:
    return list(_cut(sourced.handles, first, after))


def _cut(told: tuple[T, ...], first: int | None, after: str | None) -> tuple[T, ...]:
    begins = place_of(after)
    return told[begins : begins + (FIRST if first is None else first)]


@cache
def record_type(record: type[Record]) -> type[graphene.ObjectType]:
    """The GraphQL type of a record: one nullable field per column; null means empty or not to be seen."""
    fields: dict[str, Any] = {"__doc__": _told_of(record)}
    for column in columns_of(record).values():
        fields[api_name(column)] = _column_field(record, column)
    fields["verify"] = verify_field(_claims(record))
    return type(record.__name__, (graphene.ObjectType,), fields)


def api_name(column: Column) -> str:
    """The name of a column in the API: the unit is left to the type, so `base_fen` is `base`."""
    return column.name.removesuffix("_fen") if column.kind is ColumnKind.FEN else column.name


def answers(subject: str) -> dict[str, Told]:
    """The fields that ask each department about a `person` or a `household`, by record type."""
    return {
        field_name(record): Told(
            graphene.NonNull(answer_type(record)),
            shows=of_state(record),
            description=f"{record.term}: {_words(record)}, by {record.department.term}.",
            resolver=_asks(record),
            sought=Sought("evidence.outcomes", record, _SUBJECT[subject], _ANSWERED),
        )
        for record in record_types()
        if record.subjects[0] == subject and record.__name__ != "Membership"
    }


_SUBJECT = {"person": "row.person", "household": "number"}
"""Where the views have their own subject (`gateway.view`)."""


def field_name(record: type[Record]) -> str:
    """`EmploymentRegistration` is asked for as `employment_registration`."""
    name = record.__name__
    return name[0].lower() + "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name[1:])


def _asks(record: type[Record]) -> Callable[..., Sourced]:
    def resolve(subject: Any, _info: Any) -> Sourced:
        answer: Sourced = subject.answer(record)
        return answer

    return resolve


_KEYS = frozenset({"record_id", "as_of"})
"""What the register says of its own row: nobody has it to claim."""


def _claims(record: type[Record]) -> type[graphene.ObjectType]:
    columns = [column for column in columns_of(record).values() if column.name not in _KEYS]
    claimed = [(api_name(column), column, _kind(column)) for column in columns]
    return claim_type(record, claimed, enumeration(ClaimState))


def _kind(column: Column) -> Any:
    return enumeration(column.codes) if column.codes else _SCALARS[column.kind]


def _column_field(record: type[Record], column: Column) -> Told:
    return Told(
        _kind(column),
        shows=of_column(record, column.name),
        description=f"{column.term}: {_english(column)}.",
        # A column that was not asked for is not on the row at all (`vocabulary.record.partial`).
        reads=column.name,
    )


def _english(column: Column) -> str:
    """The name of a column as words: `base_fen` is `base, in yuan`."""
    words = api_name(column).replace("_", " ")
    return f"{words}, in yuan" if column.kind is ColumnKind.FEN else words


def _fetched_at(sourced: Sourced) -> datetime | None:
    match sourced.outcome:
        case Found(provenance=provenance) | NoRecord(provenance=provenance) if sourced.withheld is None:
            return provenance.fetched_at
        case SourceFailed(at=at) if sourced.withheld is None:
            return at
        case _:
            return None


def _as_of(sourced: Sourced) -> date | None:
    return min((record.as_of for record in sourced.records), default=None)


def _words(record: type[Record]) -> str:
    """The name of a record type as words: `IllnessRecognition` is `illness recognition`."""
    return field_name(record).replace("_", " ")


def _told_of(record: type[Record]) -> str:
    """What a record type is, in English beside its Chinese name."""
    said = _first_paragraph(record.__doc__ or "")
    named = said if record.term in said else f"{record.term}: {said}"
    return named if re.search(r"[A-Za-z]{2}", named) else f"{named.rstrip('.')}: {_words(record)}."


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
