"""Does a delivery keep what was agreed, and in how many rows not? Checked by Great Expectations.

The expectations follow from the record type and the mapping: what must be there, which codes
were agreed, in what form a value is written, in what range it lies, what is unique. It runs
in a worker or from the command line on whole deliveries, never in the gateway: loading Great
Expectations takes ten seconds. What comes out are counts; the results that Great Expectations
keeps hold id numbers, and none of them leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.decode import Row
from connectors.forms import NotInForm, read
from connectors.mapping import Field, Table
from vocabulary.idnumber import WrittenId
from vocabulary.record import ColumnKind, Record, columns_of

IN_FORM = "expect_column_values_to_be_in_form"
"""Ours: the value can be read in the form that was agreed."""

WRITTEN_ID_LENGTH = (1, 32)
"""Characters of an id number as a register may write it; see `vocabulary.idnumber.WrittenId`."""


class NotChecked(Exception):
    """Great Expectations could not work out an expectation: a fault of ours, not of the delivery."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One expectation and how it was kept.

    `expectation`   its name at Great Expectations, or `IN_FORM`
    `critical`      the row's key or subject is concerned: who is meant cannot be told
    `rows`          all rows of the delivery
    `failing_rows`  0 when it was kept
    """

    record: str
    column: str
    expectation: str
    critical: bool
    rows: int
    failing_rows: int

    @property
    def success(self) -> bool:
        """Whether every row keeps it."""
        return self.failing_rows == 0


def check(record: type[Record], table: Table, rows: Iterable[Row]) -> tuple[Checked, ...]:
    """Give every expectation of a record type with the number of rows that fail it.

    `rows` are as delivered, with every field of `table` in its order, as `delivered` of a
    connector gives them. Empty cells are `None` or the empty text.
    """
    # Imported here, since it takes ten seconds and only this function needs it.
    import great_expectations
    import pandas
    from great_expectations.data_context.types.base import ProgressBarsConfig

    frame = pandas.DataFrame(_columns(table, rows, record), dtype=object)
    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("delivery").add_dataframe_asset(record.__name__)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    suite = great_expectations.ExpectationSuite(name=record.__name__, expectations=[*_suite(record, table)])
    # BASIC would list failing values; none is asked for, and only counts are taken.
    results = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    return tuple(_checked(record, one, rows=len(frame)) for one in results.results)


def _columns(table: Table, rows: Iterable[Row], record: type[Record]) -> dict[str, list[object]]:
    """Give each field three times: as it was written, whether that is in form, and what can be measured of it."""
    known = columns_of(record)
    written = [*zip(*rows, strict=True)] or [()] * len(table.fields)
    columns: dict[str, list[object]] = {}
    for one, values in zip(table.fields, written, strict=True):
        text_may_be_empty = known[one.column].kind is ColumnKind.TEXT
        cells = [_cell(value, text_may_be_empty=text_may_be_empty) for value in values]
        meanings = [_meaning(one, cell) for cell in cells]
        columns[one.column] = cells if one.codes is None else [_code(cell) for cell in cells]
        columns[one.column + _IN_FORM] = [meaning is not _UNREADABLE or None for meaning in meanings]
        columns[one.column + _MEASURED] = [_measure(meaning) for meaning in meanings]
    return columns


def _cell(value: object, *, text_may_be_empty: bool) -> object:
    return None if value == "" and not text_may_be_empty else value


def _code(cell: object) -> object:
    return cell if cell is None else str(cell).strip()


def _meaning(one: Field, cell: object) -> object:
    if cell is None or one.codes is not None:
        return None
    try:
        return read(one.form, cell)
    except NotInForm:
        return _UNREADABLE


def _measure(meaning: object) -> int | None:
    """A number is measured by itself and a text by its length."""
    if isinstance(meaning, str):
        return len(meaning)
    return meaning if type(meaning) is int else None


def _suite(record: type[Record], table: Table) -> Iterator[dict[str, Any]]:
    """Give the expectations of each column, from its type and from the mapping, as Great Expectations stores them."""
    limits = _limits(record)
    for name, column in columns_of(record).items():
        told = {"column": name, "critical": name in ("record_id", *record.subjects)}
        if not column.optional:
            yield _expected("expect_column_values_to_not_be_null", told, column=name)
        if name == "record_id":
            yield _expected("expect_column_values_to_be_unique", told, column=name)
        agreed = table.of[name].codes
        if agreed is not None:
            yield _expected("expect_column_values_to_be_in_set", told, column=name, value_set=sorted(agreed))
        else:
            in_form = {**told, "expectation": IN_FORM}
            yield _expected("expect_column_values_to_not_be_null", in_form, column=name + _IN_FORM)
        if name in limits:
            low, high = limits[name]
            measured = {"column": name + _MEASURED, "min_value": low, "max_value": high}
            yield _expected("expect_column_values_to_be_between", told, **measured)


def _expected(kind: str, told: dict[str, object], **arguments: object) -> dict[str, Any]:
    return {"type": kind, "kwargs": arguments, "meta": told}


def _limits(record: type[Record]) -> dict[str, tuple[int, int]]:
    """Give the ranges that the type lays down: of a number its values, of a text its length."""
    limits = {}
    for one in msgspec.inspect.type_info(record).fields:  # type: ignore[attr-defined]  # a struct's info has fields
        kinds = one.type.types if isinstance(one.type, msgspec.inspect.UnionType) else (one.type,)
        for kind in kinds:
            if isinstance(kind, msgspec.inspect.IntType) and kind.ge is not None and kind.le is not None:
                limits[one.name] = (kind.ge, kind.le)
            elif isinstance(kind, msgspec.inspect.StrType) and kind.max_length is not None:
                limits[one.name] = (kind.min_length or 0, kind.max_length)
            elif isinstance(kind, msgspec.inspect.CustomType) and kind.cls is WrittenId:
                limits[one.name] = WRITTEN_ID_LENGTH
    return limits


def _checked(record: type[Record], result: Any, *, rows: int) -> Checked:
    """Take the counts of one result and nothing else."""
    config = result.expectation_config
    if result.exception_info.get("raised_exception"):
        raise NotChecked(f"`{record.__name__}.{config.meta['column']}`: expected counts, got none")
    name = config.meta.get("expectation", config.type)
    failing = int(result.result.get("unexpected_count", 0))
    return Checked(record.__name__, config.meta["column"], name, config.meta["critical"], rows, failing)


_IN_FORM, _MEASURED = " in form", " measured"
_UNREADABLE = object()
