"""A row is decoded alike alone and among many, and what is wrong with it is told without telling it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.arrow import decoded, schema_of
from connectors.ask import Ask
from connectors.decode import decoder
from connectors.departments import TABLES
from connectors.derived import derived
from connectors.failure import BrokenRow, Failed
from connectors.outcomes import outcomes
from connectors.subjects import LONGEST_SUBJECT, Subjects
from demo.registers.writing import written
from tests.connectors.conformance import ROWS, everything
from tests.connectors.rows import NOW, person
from vocabulary.evidence import Found, NoRecord, SourceFailed
from vocabulary.record import Record
from vocabulary.records.disability import Certificate, DisabilitySubsidy
from vocabulary.register import RECORD_TYPES


@pytest.mark.parametrize("record", RECORD_TYPES, ids=lambda record: record.__name__)
def test_what_is_written_in_a_department_s_words_is_read_back_the_same(record: type[Record]) -> None:
    table = TABLES[record.department][record]
    decode = decoder(record, table, everything(record))
    rows = [*derived(decode, written(table, ROWS[record]))]
    read_back = [
        record(**{name: getattr(row, name) for name in row.__struct_fields__})
        for row in map(decode.decode, rows)
    ]
    assert read_back == sorted(ROWS[record], key=lambda row: row.record_id)
    batch = decoded(decode, rows)
    for name in batch.schema.names:
        assert batch.column(name).to_pylist() == [getattr(row, name) for row in read_back]


SUBSIDY = TABLES[DisabilitySubsidy.department][DisabilitySubsidy]
PLACES = {one.column: at for at, one in enumerate(SUBSIDY.fields)}


TYPES = {one.name: one.type for one in schema_of(DisabilitySubsidy, everything(DisabilitySubsidy))}


def subsidies(**changed: object) -> list[list[object]]:
    """Good rows, and a last one in which one field is changed."""
    rows = [list(row) for row in written(SUBSIDY, ROWS[DisabilitySubsidy])[:3]]
    for column, value in changed.items():
        rows[-1][PLACES[column]] = value
    return rows


@given(
    some.sampled_from(sorted(PLACES)),
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=40),
)
def test_many_rows_are_refused_exactly_when_one_of_them_is(column: str, value: object) -> None:
    decode = decoder(DisabilitySubsidy, SUBSIDY, everything(DisabilitySubsidy))
    rows = subsidies(**{column: value})
    alone, among_many = (
        result_of(lambda: decode.decode(rows[-1])),
        result_of(lambda: decode.arrays([*zip(*rows, strict=True)], TYPES)),
    )
    if isinstance(alone, str):
        assert among_many == alone
        assert f"`DisabilitySubsidy.{column}`" in alone
    else:
        assert among_many[column][-1].as_py() == getattr(alone, column)


def result_of(decoding: Callable[[], Any]) -> Any:
    """What was decoded, or the text of what is wrong."""
    try:
        return decoding()
    except BrokenRow as why:
        return why.detail


def test_a_float_that_equals_another_row_s_integer_is_still_refused() -> None:
    decode = decoder(DisabilitySubsidy, SUBSIDY, everything(DisabilitySubsidy))
    rows = subsidies(amount_fen=100.0)
    rows[0][PLACES["amount_fen"]] = 100
    with pytest.raises(BrokenRow, match="expected whole fen, got a float"):
        decode.arrays([*zip(*rows, strict=True)], TYPES)


@pytest.mark.parametrize(
    ("column", "value", "detail"),
    [
        ("grade", 5, "`Certificate.grade`: expected number within its range, got a int"),
        (
            "number",
            "9" * 33,
            "`Certificate.number`: expected text within its range, got text of 33 characters",
        ),
        (
            "person",
            "9" * 33,
            "`Certificate.person`: expected id number within its range, got text of 33 characters",
        ),
        (
            "category",
            "聋哑",
            "`Certificate.category`: expected one of the 7 codes agreed, got text of 2 characters",
        ),
        ("issued_on", None, "`Certificate.issued_on`: expected a date as 2026/10/31, got nothing"),
        ("name", None, "`Certificate.name`: expected text, got nothing"),
    ],
)
def test_a_broken_row_names_its_column_and_what_was_expected(column: str, value: object, detail: str) -> None:
    table = TABLES[Certificate.department][Certificate]
    decode = decoder(Certificate, table, everything(Certificate))
    row = list(written(table, ROWS[Certificate])[0])
    row[decode.position(column)] = value
    with pytest.raises(BrokenRow) as why:
        decode.decode(row)
    assert why.value.detail == detail


def test_rows_of_nobody_who_was_asked_for_spoil_the_answer() -> None:
    ask = Ask(DisabilitySubsidy, "person", (person(1),), everything(DisabilitySubsidy))
    decode = decoder(DisabilitySubsidy, SUBSIDY, ask.columns)
    with pytest.raises(Failed, match="expected only subjects that were asked for"):
        outcomes(ask, decode, subsidies(), at=NOW)


def test_the_order_of_rows_does_not_matter() -> None:
    ask = Ask(DisabilitySubsidy, "person", tuple(map(person, range(10))), everything(DisabilitySubsidy))
    decode = decoder(DisabilitySubsidy, SUBSIDY, ask.columns)
    rows = [row for row in written(SUBSIDY, ROWS[DisabilitySubsidy]) if row[PLACES["person"]] in ask.ids]
    in_order = outcomes(ask, decode, rows, at=NOW)
    random.Random(3).shuffle(rows)
    assert outcomes(ask, decode, rows, at=NOW) == in_order
    assert {type(outcome) for outcome in in_order.values()} == {Found, NoRecord}


def test_a_broken_row_fails_its_subject_only() -> None:
    ids = tuple(dict.fromkeys(str(row[PLACES["person"]]) for row in subsidies()))
    ask = Ask(DisabilitySubsidy, "person", ids, everything(DisabilitySubsidy))
    decode = decoder(DisabilitySubsidy, SUBSIDY, ask.columns)
    answers = outcomes(ask, decode, subsidies(amount_fen="?"), at=NOW)
    assert [type(answers[one]) for one in ids] == [Found, SourceFailed]


def test_what_no_register_can_hold_is_not_asked_for() -> None:
    longest = "9" * LONGEST_SUBJECT
    assert Subjects((" x", "X", "", "5\x00", "\ud800", longest, longest + "9")).askable == ["X", longest]
