"""Does a value that the asker claims agree with the record? 一致, 不一致 or 无法核验, and never the value (仅核验).

Each record has a field `verify` with one field for each of its columns, which takes a claimed value
of the column's own type. Whoever may see the column may compare as well; whoever may only compare
learns nothing else of it. How often somebody may guess is limited (`gateway.pace`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import graphene

from casework.resource import of_column
from gateway.schema.told import OPEN, Told
from vocabulary.codes import Code
from vocabulary.record import Column, Record

SUFFIX = "Verify"
"""How the types end whose fields compare with a claimed value."""


class ClaimState(Code):
    """核验结果: whether a claimed value agrees with the record."""

    MATCH = "MATCH", "一致"
    MISMATCH = "MISMATCH", "不一致"
    CANNOT_TELL = "CANNOT_TELL", "无法核验: the record does not say, which is neither"


class Selected(Protocol):
    """A field that a question selects."""

    @property
    def owner(self) -> str:
        """Its type."""
        ...


class Wanted(Protocol):
    """A question, as far as it is looked at here."""

    @property
    def selected(self) -> Iterable[Selected]:
        """All that it selects."""
        ...


def claims_in(wanted: Wanted) -> int:
    """How many values a question claims."""
    return sum(selected.owner.endswith(SUFFIX) for selected in wanted.selected)


def compared(claimed: object, value: object) -> ClaimState:
    """What is told of a claimed value. An empty column says nothing.

    >>> compared("A", "B"), compared("A", None)
    (<ClaimState.MISMATCH: 'MISMATCH'>, <ClaimState.CANNOT_TELL: 'CANNOT_TELL'>)
    """
    if value is None:
        return ClaimState.CANNOT_TELL
    return ClaimState.MATCH if claimed == value else ClaimState.MISMATCH


def claim_type(
    record: type[Record], columns: Iterable[tuple[str, Column, Any]], state: Any
) -> type[graphene.ObjectType]:
    """The type of a record's `verify`: name, column and GraphQL type of each value that may be claimed.

    `state`   the enumeration of `ClaimState`
    """
    fields: dict[str, Any] = {
        "__doc__": f"{record.term}核验: whether claimed values agree with this record; never the values."
    }
    for name, column, kind in columns:
        fields[name] = Told(
            state,
            shows=of_column(record, column.name),
            compares=True,
            description=f"{column.term}: whether the claimed one agrees.",
            claimed=graphene.Argument(graphene.NonNull(kind), description=f"{column.term}, as claimed."),
            resolver=lambda row, _info, claimed, column=column.name: compared(claimed, getattr(row, column)),
        )
    return type(f"{record.__name__}{SUFFIX}", (graphene.ObjectType,), fields)


def verify_field(kind: type[graphene.ObjectType]) -> Told:
    """The field that holds them."""
    return Told(
        graphene.NonNull(kind),
        shows=OPEN,
        description="仅核验: compare with claimed values.",
        resolver=lambda held, _info: held,
    )
