"""What does a department's row say in our words? Decoded once, at the edge, with every range checked.

A row that does not decode spoils the answer about its own subject and nobody else's. A row
whose subject cannot be read might be anybody's, so it spoils them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from types import NoneType
from typing import Any, get_type_hints

import msgspec
import pyarrow as pa

from connectors.ask import Ask, carried
from connectors.failure import BrokenRow, broken
from connectors.forms import READERS, Form, NotInForm, read, shape
from connectors.mapping import Field, Table
from connectors.meanings import PERSONAL, Meanings
from connectors.whole import read_whole
from vocabulary.evidence import Found, NoRecord, Outcome, Provenance
from vocabulary.record import Column, ColumnKind, Record, columns_of, partial, read_word

Row = Sequence[object]
"""The values of one row, in the order of a decoder's `fields`."""

LONGEST_SUBJECT = 64
"""Characters of an id number or household number that may be asked for."""


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

    def decode(self, row: Row) -> Record:
        """Give the record that a row says. Raises `BrokenRow` naming record type, column, expected and shape."""
        values = {}
        for one, reader, value in zip(self.fields, self.readers, row, strict=True):
            try:
                values[one.column] = reader(value)
            except NotInForm as why:
                raise BrokenRow(self._place(one.column) + str(why)) from None
        try:
            return msgspec.convert(values, self.made, dec_hook=read_word)
        except msgspec.ValidationError as why:
            raise BrokenRow(self._complaint(str(why), row)) from None

    def words(self, rows: Sequence[Row]) -> list[Sequence[object]]:
        """Give what one or more rows say, by column, as `decode` reads them: whole columns at a time.

        Raises one of `UNREADABLE` when some row does not decode; `decode` then tells which, and why.
        """
        return [
            meanings.of(cells) for meanings, cells in zip(self.meanings, zip(*rows, strict=True), strict=True)
        ]

    def plain_words(self, rows: Sequence[Row]) -> list[Sequence[object]]:
        """As `words`, of rows whose cells are known to be of what `Meanings.kind` says."""
        return [meanings.plainly(cells) for meanings, cells in zip(self.meanings, zip(*rows), strict=True)]  # noqa: B905

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
def decoder(record: type[Record], table: Table, columns: frozenset[str]) -> Decoder:
    """Make the decoder of an answer that carries `columns`."""
    fields = table.select(carried(record, columns))
    made = partial(record, frozenset(one.column for one in fields))
    known = columns_of(record)
    readers = tuple(reader_of(one, known[one.column]) for one in fields)
    inputs = tuple(dict.fromkeys(name for one in fields for name in one.inputs))
    hints = get_type_hints(made, include_extras=True)
    meanings = tuple(
        Meanings(
            reader,
            hints[one.column],
            keeps=known[one.column].kind not in PERSONAL,
            reads_text=one.form is Form.TEXT and one.codes is None,
        )
        for one, reader in zip(fields, readers, strict=True)
    )
    at = {one.column: place for place, one in enumerate(fields)}
    order = tuple(at[name] for name in made.__struct_fields__)
    return Decoder(record, made, fields, readers, inputs, meanings, order, at)


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


def outcomes(ask: Ask, decode: Decoder, rows: Iterable[Row], *, at: datetime) -> dict[str, Outcome]:
    """Give one outcome for each id asked, from all rows that the department gave for them.

    Raises `Failed` where a row cannot be ascribed to a subject that was asked for.
    """
    came_from, given = provenance(ask.record, at=at), [*rows]
    if not given:
        return dict.fromkeys(ask.ids, NoRecord(came_from))
    try:
        return _all_at_once(ask, decode, decode.words(given), came_from)
    except UNREADABLE:
        return _row_by_row(ask, decode, given, came_from)


def plain_outcomes(ask: Ask, decode: Decoder, rows: Sequence[Row], *, at: datetime) -> dict[str, Outcome]:
    """As `outcomes`, of rows whose cells are of the types that `Meanings.kind` says. Raises one of `UNREADABLE`."""
    came_from = provenance(ask.record, at=at)
    if not rows:
        return dict.fromkeys(ask.ids, NoRecord(came_from))
    return _all_at_once(ask, decode, decode.plain_words(rows), came_from)


def _all_at_once(
    ask: Ask, decode: Decoder, columns: Sequence[Sequence[object]], came_from: Provenance
) -> dict[str, Outcome]:
    """As `_row_by_row`, where every row decodes and none comes twice. Raises one of `UNREADABLE` where not."""
    asked, at = _tidied(ask.ids), decode.places
    wanted = set(asked)
    grouped: dict[str, list[Record]] = {}
    keys = columns[at["record_id"]]
    ordered = keys == sorted(keys) and len(set(keys)) == len(keys)  # type: ignore[type-var]  # all are text
    made = map(decode.made, *[columns[place] for place in decode.order])
    for subject, record in zip(columns[at[ask.by]], made, strict=True):
        # A word of the vocabulary is tidy already; only what stands as plain text may not be.
        if subject not in wanted:
            subject = tidy(str(subject))
            if subject not in wanted:
                raise NotInForm
        grouped.setdefault(subject, []).append(record)
    nothing = NoRecord(came_from)
    return {
        one: Found(tuple(grouped[key]) if ordered else _in_order(grouped[key]), came_from)
        if key in grouped
        else nothing
        for one, key in zip(ask.ids, asked, strict=True)
    }


def _in_order(records: list[Record]) -> tuple[Record, ...]:
    """The records of one subject by `record_id`. Raises `NotInForm` when one comes twice."""
    if len(records) > 1:
        records.sort(key=_BY_RECORD_ID)
        if len({record.record_id for record in records}) < len(records):
            raise NotInForm
    return tuple(records)


def _row_by_row(ask: Ask, decode: Decoder, rows: Sequence[Row], came_from: Provenance) -> dict[str, Outcome]:
    wanted = {tidy(one): one for one in ask.ids}
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        subject = decode.subject(row, ask.by)
        if subject not in wanted:
            raise broken(f"`{ask.record.__name__}`: expected only subjects that were asked for, got another")
        grouped.setdefault(subject, []).append(row)
    return {one: _outcome(decode, grouped.get(tidy(one), ()), came_from) for one in ask.ids}


def provenance(record: type[Record], *, at: datetime) -> Provenance:
    """Give where an answer about `record` comes from."""
    return Provenance(record.department, record.catalogue_id, record.sharing_class, at)


def askable(ids: Iterable[str]) -> list[str]:
    """Give each subject once, tidied, without those that no register can hold: they have no record anywhere."""
    tidied = dict.fromkeys(_tidied((*ids,)))
    if "".join(tidied).isprintable() and all(tidied) and max(map(len, tidied), default=0) <= LONGEST_SUBJECT:
        return [*tidied]
    return [one for one in tidied if 0 < len(one) <= LONGEST_SUBJECT and one.isprintable()]


@lru_cache(maxsize=8)
def _tidied(ids: tuple[str, ...]) -> Sequence[str]:
    """Give each tidied; mostly all are already, which is seen at one look."""
    together = "".join(ids)
    if len(together.split()) == 1 and together == together.upper():
        return [*map(str, ids)]
    return [*map(tidy, ids)]


def tidy(subject: str) -> str:
    """Give the form in which subjects are compared: registers differ in blanks and in the case of an X."""
    return subject.strip().upper()


def _outcome(decode: Decoder, rows: Sequence[Row], came_from: Provenance) -> Outcome:
    if not rows:
        return NoRecord(came_from)
    try:
        records = sorted((decode.decode(row) for row in rows), key=_BY_RECORD_ID)
        if len({record.record_id for record in records}) < len(records):
            raise BrokenRow(f"`{decode.record.__name__}.record_id`: expected each once, got one twice")
    except BrokenRow as why:
        return why.value(came_from.department, at=came_from.fetched_at)
    return Found(tuple(records), came_from)


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


_PATH = re.compile(r"`\$\.(\w+)`")
_BY_RECORD_ID = attrgetter("record_id")


UNREADABLE = (NotInForm, msgspec.ValidationError, ValueError)
"""What is raised by rows that do not decode; a row of another length than the others is a `ValueError`."""
