"""Which table and field of a department is which record and column of ours?

A mapping is data: a table, and for each column the department's field, or what is worked out
from its fields, the form in which it is written and, for codes, the list that was agreed. It
is read from a contract file (`connectors.contract`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from connectors.expression import Expression
from connectors.forms import Form
from vocabulary.record import Record

Codes = Mapping[str, str]
"""The department's code → ours."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the department's: `physical` is its name there, `column` ours.

    `expression`   how it is worked out from other fields, where it is none itself; `physical` then names nothing
    """

    physical: str
    column: str
    form: Form = Form.TEXT
    codes: Codes | None = None
    expression: Expression | None = None
    examples: tuple[str, ...] = ()
    """What may stand in the one field of an expression, and comes to something."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The department's fields that it takes."""
        return (self.physical,) if self.expression is None else self.expression.inputs


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table, resource or file of the department's; equal only to itself."""

    physical: str
    fields: tuple[Field, ...]
    layout: str = ""
    """For files: `csv:utf-8-sig`, `csv:gb18030` or `xlsx:sheet name`."""
    of: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    """The fields by our column."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", MappingProxyType({one.column: one for one in self.fields}))

    def select(self, columns: frozenset[str]) -> tuple[Field, ...]:
        """The fields of these columns, in the table's own order. Raises `KeyError` for one not mapped."""
        for name in sorted(columns - self.of.keys()):
            raise KeyError(f"{self.physical} maps no column {name}")
        return tuple(one for one in self.fields if one.column in columns)


Tables = Mapping[type[Record], Table]
