"""Does a batch keep what was agreed, and which rows do not? Checked by Great Expectations.

The expectations follow from the record type, from the mapping and from the contract's quality
section: what must be there, which codes were agreed, in what form a value is written, in what
range it lies, what is unique, and what was agreed beyond that. It runs from the command line or
in a worker on whole tables, never in the gateway: loading Great Expectations takes ten seconds.
What comes out are counts and the register's own keys; the results that Great Expectations keeps
hold id numbers, and none of them leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from connectors.contract import Quality
from connectors.decode import Row
from connectors.forms import NotInForm, read
from connectors.mapping import Field, Table
from connectors.quality import BatchCheck, Checked, Gravity, key_shown
from connectors.quality_rules import PRESENT, Bound, agreed
from vocabulary.idnumber import WrittenId
from vocabulary.record import ColumnKind, Record, columns_of

IN_FORM = "expect_column_values_to_be_in_form"
"""Ours: the value can be read in the form that was agreed."""

FRESH = "expect_newest_as_of_within_latency"
"""Ours: the newest row is not older than the contract's latency allows."""

WRITTEN_ID_LENGTH = (1, 32)
"""Characters of an id number as a register may write it; see `vocabulary.idnumber.WrittenId`."""


NONE_FAILS = Bound("mustBe", 0)
"""What holds for every expectation that follows from the record type and the mapping."""


class NotChecked(Exception):
    """Great Expectations could not work out an expectation: a fault of ours, not of the delivery."""


def check(
    record: type[Record],
    table: Table,
    rows: Iterable[Row],
    *,
    rules: Sequence[Quality] = (),
    batch: str = "",
    fresh_since: date | None = None,
    at: datetime,
) -> BatchCheck:
    """Give how each expectation of a record type was kept.

    `rows`    as delivered, with every field of `table` in its order, as `delivered` of a connector
              gives them; empty cells are `None` or the empty text
    `rules`   of the contract; those of other record types are left out
    `batch`   which delivery; empty for a register that answers live
    `fresh_since`   the day from which on the newest row should be, by the contract's latency
    """
    given = list(rows)
    columns = _columns(table, given, record)
    own = [rule for rule in rules if rule.record is record]
    suite = [*((one, NONE_FAILS) for one in _suite(record, table)), *agreed(own)]
    newest = _newest(table, given)
    checked = _validated(record, columns, suite, rows=len(given)) + _fresh(newest, fresh_since, len(given))
    return BatchCheck(
        department=record.department,
        record=record.__name__,
        batch=batch,
        checked_at=at,
        rows=len(given),
        newest=newest,
        checked=checked,
    )


def _validated(
    record: type[Record],
    columns: dict[str, list[object]],
    suite: Sequence[tuple[dict[str, Any], Bound]],
    *,
    rows: int,
) -> tuple[Checked, ...]:
    # Imported here, since it takes ten seconds and only this function needs it.
    import great_expectations
    import pandas
    from great_expectations.data_context.types.base import ProgressBarsConfig

    frame = pandas.DataFrame(columns, dtype=object)
    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("delivery").add_dataframe_asset(record.__name__)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    numbered = [{**one, "meta": {**one["meta"], "number": at}} for at, (one, _) in enumerate(suite)]
    expected = great_expectations.ExpectationSuite(name=record.__name__, expectations=numbered)
    # COMPLETE says which rows fail; the values that it says as well are left behind in `_checked`.
    results = batch.validate(expected, result_format={"result_format": "COMPLETE"}).results
    # They come in an order of their own.
    in_order = sorted(results, key=_number)
    keys = columns["record_id"]
    return tuple(
        _checked(record, one, bound, keys, rows=rows) for one, (_, bound) in zip(in_order, suite, strict=True)
    )


def _fresh(newest: date | None, since: date | None, rows: int) -> tuple[Checked, ...]:
    """Tell whether the newest row is as new as agreed. A warning: how old is too old, each rule says for itself."""
    if since is None or newest is None:
        return ()
    return (
        Checked(
            column="as_of",
            expectation=FRESH,
            severity=Gravity.WARNING,
            rows=rows,
            failing_rows=0 if newest >= since else rows,
            kept=newest >= since,
        ),
    )


def _newest(table: Table, rows: Sequence[Row]) -> date | None:
    """The last day for which a row says that it is true; what cannot be read is left out."""
    place = next(at for at, one in enumerate(table.fields) if one.column == "as_of")
    told = {row[place] for row in rows}
    days = [_meaning(table.fields[place], cell) for cell in told]
    return max((day for day in days if isinstance(day, date)), default=None)


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
        columns[one.column + PRESENT] = [None if _is_blank(cell) else True for cell in cells]
        columns[one.column + _MEASURED] = [_measure(meaning) for meaning in meanings]
    return columns


def _cell(value: object, *, text_may_be_empty: bool) -> object:
    return None if value == "" and not text_may_be_empty else value


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


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
        decides = name in ("record_id", *record.subjects)
        told = {"column": name, "severity": (Gravity.CRITICAL if decides else Gravity.ERROR).value}
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


def _expected(kind: str, told: Mapping[str, object], **arguments: object) -> dict[str, Any]:
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


def _checked(
    record: type[Record], result: Any, bound: Bound, keys: Sequence[object], *, rows: int
) -> Checked:
    """Take the counts of one result and which rows fail, and nothing else."""
    config = result.expectation_config
    told = config.meta
    counted = bound.of_rows or "unexpected_count" in result.result or rows == 0
    if _raised(result.exception_info) or not counted:
        raise NotChecked(f"`{record.__name__}.{told['column']}`: expected counts, got none")
    failing = result.result.get("unexpected_index_list") or []
    count = int(result.result.get("unexpected_count", 0))
    return Checked(
        column=told["column"],
        expectation=told.get("expectation", config.type),
        severity=Gravity(told["severity"]),
        rows=rows,
        failing_rows=count,
        kept=bound.holds(failing=count, rows=rows),
        keys=tuple(key_shown(keys[at], row=at + 1) for at in failing),
    )


def _number(result: Any) -> int:
    return int(result.expectation_config.meta["number"])


def _raised(info: Mapping[str, Any]) -> bool:
    """Tell whether something was raised: said plainly, or once for each metric that it takes."""
    several = [one.get("raised_exception") for one in info.values() if isinstance(one, dict)]
    return bool(info.get("raised_exception")) or any(several)


_IN_FORM, _MEASURED = " in form", " measured"
_UNREADABLE = object()
