"""What does a department's row say in our words? Decoded once, at the edge, with every range checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from functools import partial as partial_of
from types import NoneType
from typing import Any, get_type_hints

import msgspec
import pyarrow as pa

from connectors.ask import carried
from connectors.failure import BrokenRow
from connectors.forms import READERS, Form, NotInForm, read, shape
from connectors.mapping import Field, Table
from connectors.meanings import PERSONAL, Meanings
from connectors.subjects import tidy
from connectors.whole import read_whole
from vocabulary.masked import masked as part_shown
from vocabulary.record import Column, ColumnKind, Record, columns_of, partial, read_word

Row = Sequence[object]
"""The values of one row, in the order of a decoder's `fields`."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """Reads rows of one table into `partial(record, columns)`; made once by `decoder`, and equal only to itself."""

    record: type[Record]
    made: type[Record]
    fields: tuple[Field, ...]
    readers: tuple[Callable[[object], object], ...]
    inputs: tuple[str, ...]
    """What is asked of a department that computes nothing itself: its own fields, each once."""
    meanings: tuple[Meanings, ...]
    order: tuple[int, ...]
    """Where in a row the columns of `made` stand."""
    places: Mapping[str, int]
    """Where in a row each column stands."""
    hidden: tuple[Column, ...]
    """The columns of which only a part is shown."""

    def decode(self, row: Row) -> Record:
        """Give the record that a row says. Raises `BrokenRow` naming record type, column, expected and shape."""
        values = {}
        for one, reader, value in zip(self.fields, self.readers, row, strict=True):
            try:
                values[one.column] = reader(value)
            except NotInForm as why:
                raise BrokenRow(self._place(one.column) + str(why)) from None
        try:
            record = msgspec.convert(values, self.made, dec_hook=read_word)
        except msgspec.ValidationError as why:
            raise BrokenRow(self._complaint(str(why), row)) from None
        return shown_in_part(record, self.hidden) if self.hidden else record

    def arrays(
        self, columns: Sequence[Sequence[object] | pa.Array], types: Mapping[str, pa.DataType]
    ) -> dict[str, pa.Array]:
        """Give many rows at once, by column: as `decode` reads them, and several times as fast. Raises `BrokenRow`."""
        hints, known = _hints(self.made), columns_of(self.record)
        arrays: dict[str, pa.Array] = {}
        try:
            for one, reader, cells in zip(self.fields, self.readers, columns, strict=True):
                array = read_whole(one.form, known[one.column].kind, cells) if one.codes is None else None
                if array is None:
                    array = _read_each(reader, cells, hints[one.column], types[one.column])
                arrays[one.column] = array
        except (NotInForm, msgspec.ValidationError):
            for row in zip(*map(list_of, columns), strict=True):
                self.decode(row)
            raise
        return arrays

    def subject(self, row: Row, by: str) -> str | None:
        """Give whose row it is, or None where the field is empty. Raises `BrokenRow`."""
        at = self.position(by)
        if row[at] is None or row[at] == "":
            return None
        try:
            return tidy(str(self.readers[at](row[at])))
        except NotInForm as why:
            raise BrokenRow(self._place(by) + str(why)) from None

    def position(self, column: str) -> int:
        """Where in a row the column stands."""
        return self.places[column]

    def _place(self, column: str) -> str:
        return f"`{self.record.__name__}.{column}`: "

    def _complaint(self, why: str, row: Row) -> str:
        # msgspec's own text may repeat a value, so only the place is taken from it.
        found = _PATH.search(why)
        if found is None:
            return f"`{self.record.__name__}`: expected the columns agreed, got others"
        column = found[1]
        kind = columns_of(self.record)[column].kind
        expected = "a code of the list" if kind is ColumnKind.CODE else f"{kind.value} within its range"
        return self._place(column) + f"expected {expected}, got {shape(row[self.position(column)])}"


@lru_cache(maxsize=512)
def decoder(
    record: type[Record], table: Table, columns: frozenset[str], masked: frozenset[str] = frozenset()
) -> Decoder:
    """Make the decoder of an answer that carries `columns`, some of them `masked`."""
    fields = table.select(carried(record, columns))
    made = partial(record, frozenset(one.column for one in fields))
    known = columns_of(record)
    readers = tuple(reader_of(one, known[one.column]) for one in fields)
    inputs = tuple(dict.fromkeys(name for one in fields for name in one.inputs))
    hints = get_type_hints(made, include_extras=True)
    hidden = tuple(known[name] for name in sorted(masked))
    meanings = tuple(
        Meanings(
            reader,
            hints[one.column],
            keeps=known[one.column].kind not in PERSONAL,
            reads_text=one.form is Form.TEXT and one.codes is None,
            spellings=_spellings(one, known[one.column]),
            hides=partial_of(part_shown, known[one.column]) if one.column in masked else None,
        )
        for one, reader in zip(fields, readers, strict=True)
    )
    at = {one.column: place for place, one in enumerate(fields)}
    order = tuple(at[name] for name in made.__struct_fields__)
    return Decoder(record, made, fields, readers, inputs, meanings, order, at, hidden)


def _spellings(one: Field, column: Column) -> Sequence[str]:
    """All texts that a field may hold, where they are few and known."""
    if one.codes is not None:
        return [*one.codes]
    if one.form is Form.TEXT and column.codes is not None:
        return [code.value for code in column.codes]
    return _MONTHS.get(one.form, ())


def shown_in_part(record: Record, hidden: Iterable[Column]) -> Record:
    """Give a record with only what is shown masked of the values of some columns."""
    values = {one: getattr(record, one.name) for one in hidden}
    shown = {one.name: part_shown(one, str(value)) for one, value in values.items() if value is not None}
    return msgspec.structs.replace(record, **shown)


def reader_of(one: Field, column: Column) -> Callable[[object], object]:
    """Make what reads a field's value: empty, a code of theirs, or a value in its form. It raises `NotInForm`."""
    form, codes, meaning = one.form, one.codes, READERS[one.form]
    empty_text = column.kind is ColumnKind.TEXT and not column.optional

    def reader(value: object) -> object:
        if value is None or (value == "" and not empty_text):
            if column.optional:
                return None
            raise NotInForm(f"expected {form.value}, got nothing")
        if codes is None:
            try:
                return meaning(value)
            except (ValueError, TypeError):
                return read(form, value)
        local = str(value).strip() if isinstance(value, str | int) else ""
        if local not in codes:
            raise NotInForm(f"expected one of the {len(codes)} codes agreed, got {shape(value)}")
        return codes[local]

    return reader


@lru_cache(maxsize=512)
def _hints(made: type[Record]) -> dict[str, Any]:
    """Give for each column of a record type the type of a list of its values."""
    hints = get_type_hints(made, include_extras=True)
    return {name: list[hints[name]] for name in made.__struct_fields__}  # type: ignore[valid-type]  # made at run time


def list_of(cells: Sequence[object] | pa.Array) -> Sequence[object]:
    """Give the cells of a column as Python's own values."""
    return cells.to_pylist() if isinstance(cells, pa.Array) else cells


def _read_each(
    reader: Callable[[object], object], cells: Sequence[object] | pa.Array, hint: Any, kind: pa.DataType
) -> pa.Array:
    """Read one column, each different value once."""
    if not isinstance(cells, pa.Array):
        return pa.array(_meanings(reader, cells, hint), type=kind)
    if cells.null_count:
        reader(None)
    coded = cells.dictionary_encode()
    meant = pa.array(_meanings(reader, coded.dictionary.to_pylist(), hint), type=kind)
    return meant.take(coded.indices)


def _meanings(reader: Callable[[object], object], cells: Sequence[object], hint: Any) -> Sequence[object]:
    """Read one column. Months, codes, amounts and persons repeat by the thousand: each value is read once."""
    if len(set(map(type, cells)) - {NoneType}) > 1:
        # 1, 1.0 and True are one key of a dictionary, but not one value.
        read_all: Sequence[object] = msgspec.convert([*map(reader, cells)], hint, dec_hook=read_word)
        return read_all
    different = [*set(cells)]
    meant = msgspec.convert([*map(reader, different)], hint, dec_hook=read_word)
    return [*map(dict(zip(different, meant, strict=True)).__getitem__, cells)]


_MONTHS: Mapping[Form, Sequence[str]] = {
    form: [f"{year}{between}{month:02}" for year in range(1990, 2060) for month in range(1, 13)]
    for form, between in ((Form.COMPACT_MONTH, ""), (Form.ISO_MONTH, "-"))
}
"""Mostly it is one of these; another is read as ever."""

_PATH = re.compile(r"`\$\.(\w+)`")
