"""What is a record, and which columns does a record type have?

A record type is a class with typed columns; the same class tells a connector which columns
to ask for, decodes what came (once, at the edge, with ranges checked), tells the rules what
they may read, and gives the API its fields. `partial` is the same type with fewer columns,
so that nothing is carried that nobody asked for.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache, lru_cache
from typing import Any, ClassVar, cast

import msgspec

from vocabulary.codes import Code, Department, SharingClass
from vocabulary.creditcode import CreditCode
from vocabulary.errors import Malformed
from vocabulary.idnumber import IdNumber, WrittenId
from vocabulary.month import Month
from vocabulary.region import RegionCode
from vocabulary.terms import COLUMN_TERMS


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a department's register: the two columns that every row has."""

    department: ClassVar[Department]
    term: ClassVar[str]
    """Official Chinese name of the record."""
    catalogue_id: ClassVar[str]
    """Number in the shared catalogue, 政务数据共享条例 art. 13."""
    sharing_class: ClassVar[SharingClass]
    subjects: ClassVar[tuple[str, ...]]
    """Columns by which it can be looked up: `person`, `household` or both, the first being its own."""
    terms: ClassVar[Mapping[str, str]] = {}
    """What columns are called that `COLUMN_TERMS` does not know, or calls otherwise."""

    record_id: str
    """The register's own key for the row; unique within department and record type."""
    as_of: date
    """The day for which the department says that the row is true."""


class ColumnKind(Enum):
    """What a column holds; engines and schemas are told by this."""

    TEXT = "text"
    CODE = "code"
    ID_NUMBER = "id number"
    CREDIT_CODE = "credit code"
    REGION = "region"
    FEN = "fen"
    NUMBER = "number"
    MONTH = "month"
    DATE = "date"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `optional` means that the register may leave it empty."""

    name: str
    kind: ColumnKind
    optional: bool
    codes: type[Code] | None
    term: str


_KINDS: dict[type, ColumnKind] = {
    str: ColumnKind.TEXT,
    IdNumber: ColumnKind.ID_NUMBER,
    WrittenId: ColumnKind.ID_NUMBER,
    CreditCode: ColumnKind.CREDIT_CODE,
    RegionCode: ColumnKind.REGION,
    int: ColumnKind.NUMBER,
    Month: ColumnKind.MONTH,
    date: ColumnKind.DATE,
    bool: ColumnKind.FLAG,
}


@cache
def columns_of(record: type[Record]) -> dict[str, Column]:
    """The columns of a record type by name, in the order of declaration."""
    hints = typing.get_type_hints(record, include_extras=True)
    return {
        f.name: _column(f.name, hints[f.name], record.terms.get(f.name) or COLUMN_TERMS[f.name])
        for f in msgspec.structs.fields(record)
    }


@lru_cache(maxsize=512)
def partial(record: type[Record], columns: frozenset[str]) -> type[Record]:
    """The record type with only `columns` (besides `record_id` and `as_of`), for one question.

    Raises `KeyError` naming a column that the type does not have.
    """
    hints = typing.get_type_hints(record, include_extras=True)
    known = columns_of(record)
    for name in columns - known.keys():
        raise KeyError(f"{record.__name__} has no column {name}")
    fields = [(name, hints[name]) for name in known if name in columns | {"record_id", "as_of"}]
    constants = {
        name: getattr(record, name)
        for name in ("department", "term", "catalogue_id", "sharing_class", "subjects", "terms")
    }
    # No column has a default here, so values can be given in order too, which many rows make use of.
    made = msgspec.defstruct(record.__name__, fields, frozen=True, gc=False, namespace=constants)
    return cast("type[Record]", made)


def read_word(kind: type[Any], text: Any) -> Any:
    """Decode hook for msgspec: a word of this vocabulary from its written form.

    Raises `NotImplementedError` for a type that is not ours, `Malformed` for a bad value.
    """
    if kind is Month and isinstance(text, int):
        return Month(text)
    if kind in (IdNumber, WrittenId, CreditCode, RegionCode, Month):
        if not isinstance(text, str):
            raise Malformed(f"expected a text for {kind.__name__}, got {type(text).__name__}")
        return kind.parse(text)
    raise NotImplementedError(f"no decoder for {kind.__name__}")


def _column(name: str, hint: Any, term: str) -> Column:
    """Read one annotation. A range (`Annotated`) does not change the kind, except that `_fen` names money."""
    options = (
        typing.get_args(hint)
        if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
        else (hint,)
    )
    (inner,) = (option for option in options if option is not type(None))
    if typing.get_origin(inner) is typing.Annotated:
        inner = typing.get_args(inner)[0]
    is_code = isinstance(inner, type) and issubclass(inner, Code)
    kind = ColumnKind.CODE if is_code else ColumnKind.FEN if name.endswith("_fen") else _KINDS[inner]
    return Column(name, kind, len(options) > 1, inner if is_code else None, term)
