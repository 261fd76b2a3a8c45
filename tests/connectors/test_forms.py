"""Each form reads what was agreed and refuses its nearest neighbour, and the demo writes what it reads."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.forms import READERS, Form, NotInForm, read, shape
from demo.registers.writing import _WRITERS
from vocabulary.money import LIMIT_FEN
from vocabulary.month import FIRST, LAST, Month


@pytest.mark.parametrize(
    ("form", "value", "meaning"),
    [
        (Form.TEXT, " 安一\u3000", "安一"),
        (Form.INTEGER, "12", 12),
        (Form.INTEGER, 12, 12),
        (Form.FEN, 63600, 63600),
        (Form.YUAN, "636", 63600),
        (Form.YUAN, "-0.01", -1),
        (Form.YUAN, "636.5", 63650),
        (Form.YUAN, " 636.50 ", 63650),
        (Form.ISO_DATE, "2024-02-29", date(2024, 2, 29)),
        (Form.COMPACT_DATE, 20240229, date(2024, 2, 29)),
        (Form.SLASH_DATE, "2024/2/9", date(2024, 2, 9)),
        (Form.DATE_AND_TIME, "2024-02-29 23:59:59", date(2024, 2, 29)),
        (Form.COMPACT_MONTH, "202612", Month.parse("2026-12")),
        (Form.ISO_MONTH, "2026-01", Month.parse("2026-01")),
        (Form.SCHOOL_YEAR, "2025-2026", 2025),
        (Form.ONE_ZERO, 1, True),
        (Form.ONE_ZERO, "0", False),
        (Form.ONE_ZERO, True, True),
        (Form.YUAN, Decimal("636.5"), 63650),
        (Form.SQUARE_METRES, Decimal("89.50"), 8950),
        (Form.INTEGER, Decimal("12.00"), 12),
        (Form.ISO_DATE, date(2024, 2, 29), date(2024, 2, 29)),
        (Form.COMPACT_DATE, date(2024, 2, 29), date(2024, 2, 29)),
        (Form.SLASH_DATE, date(2024, 2, 29), date(2024, 2, 29)),
        (
            Form.DATE_AND_TIME,
            datetime(2024, 2, 29, 23, 59, tzinfo=UTC).replace(tzinfo=None),
            date(2024, 2, 29),
        ),
        (Form.YES_NO, "否", False),
        (Form.PADDED_REGION, "529901000000", "529901"),
        (Form.PADDED_REGION, "529901003000", "529901003"),
        (Form.PADDED_REGION, "529901003010", "529901003010"),
        (Form.PADDED_REGION, "520000000000", "52"),
    ],
)
def test_a_form_reads_what_was_agreed(form: Form, value: object, meaning: object) -> None:
    assert read(form, value) == meaning
    assert type(read(form, value)) is type(meaning)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (Form.TEXT, 7),
        (Form.TEXT, "=A1"),
        (Form.TEXT, "5.29901E+17"),
        (Form.INTEGER, 12.0),
        (Form.INTEGER, True),
        (Form.INTEGER, "1e3"),
        (Form.INTEGER, "１２"),
        (Form.FEN, "636.00"),
        (Form.YUAN, 636),
        (Form.YUAN, "636.001"),
        (Form.YUAN, "123456789012.00"),
        (Form.YUAN, "６３６.00"),
        (Form.YUAN, "1,636.00"),
        (Form.YUAN, "￥636.00"),
        (Form.ISO_DATE, "2023-02-29"),
        (Form.ISO_DATE, "2024-W09-4"),
        (Form.ISO_DATE, "20240229"),
        (Form.COMPACT_DATE, "20230229"),
        (Form.COMPACT_DATE, "-2024022"),
        (Form.COMPACT_DATE, 2024022),
        (Form.SLASH_DATE, "2024/2/30"),
        (Form.SLASH_DATE, "2/9/2024"),
        (Form.DATE_AND_TIME, "2024-02-29"),
        (Form.COMPACT_MONTH, "202600"),
        (Form.COMPACT_MONTH, "202613"),
        (Form.ISO_MONTH, "2026-1"),
        (Form.ISO_MONTH, 202601),
        (Form.SCHOOL_YEAR, "2025-2027"),
        (Form.SCHOOL_YEAR, "2025"),
        (Form.ONE_ZERO, "2"),
        (Form.ONE_ZERO, Decimal(1)),
        (Form.INTEGER, Decimal("12.5")),
        (Form.INTEGER, Decimal("1E+30")),
        (Form.YUAN, Decimal("636.001")),
        (Form.YUAN, Decimal("NaN")),
        (Form.ISO_DATE, datetime(2024, 2, 29, tzinfo=UTC)),
        (Form.DATE_AND_TIME, datetime(2024, 2, 29, 20, tzinfo=UTC)),
        (Form.ONE_ZERO, "是"),
        (Form.YES_NO, "不详"),
        (Form.PADDED_REGION, "529901"),
    ],
)
def test_a_form_refuses_its_neighbour_and_does_not_repeat_it(form: Form, value: object) -> None:
    with pytest.raises(NotInForm, match=r"expected .* got ") as refused:
        read(form, value)
    assert str(value) not in str(refused.value).removeprefix(f"expected {form.value}")


@given(some.sampled_from(Form), some.none() | some.booleans() | some.integers() | some.floats() | some.text())
def test_whatever_comes_a_form_raises_nothing_but_its_own_error(form: Form, value: object) -> None:
    with suppress(NotInForm):
        assert read(form, value) is not None
    assert not isinstance(value, str) or len(value) < 6 or value not in shape(value)


_VALUES = {
    Form.TEXT: some.sampled_from(["安一", "𠮷田·安", "x y"]),
    Form.INTEGER: some.integers(-(10**17), 10**17),
    Form.FEN: some.integers(-LIMIT_FEN, LIMIT_FEN),
    Form.YUAN: some.integers(-LIMIT_FEN + 1, LIMIT_FEN - 1),
    Form.SQUARE_METRES: some.integers(0, 10_000_000),
    Form.COMPACT_MONTH: some.integers(FIRST, LAST).map(Month),
    Form.ISO_MONTH: some.integers(FIRST, LAST).map(Month),
    Form.SCHOOL_YEAR: some.integers(1950, 2199),
    Form.ONE_ZERO: some.booleans(),
    Form.YES_NO: some.booleans(),
    Form.PADDED_REGION: some.sampled_from(["52", "5299", "529901", "529901003", "529901003010"]),
}


@given(some.data(), some.sampled_from(Form))
def test_what_the_demo_writes_a_form_reads(data: some.DataObject, form: Form) -> None:
    days = some.dates(date(1900, 1, 1), date(2199, 12, 31))
    value = data.draw(_VALUES.get(form, days))
    assert read(form, _WRITERS[form](value)) == value


def test_every_form_has_a_reader_and_a_writer() -> None:
    assert READERS.keys() == _WRITERS.keys() == set(Form)
