"""Money, months, regions, credit codes: what is accepted and its nearest neighbour that is not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocabulary.creditcode import CreditCode
from vocabulary.errors import (
    Malformed,
    MalformedCreditCode,
    MalformedMoney,
    MalformedMonth,
    MalformedRegionCode,
)
from vocabulary.money import LIMIT_FEN, Money
from vocabulary.month import FIRST, LAST, Month
from vocabulary.region import RegionCode


@given(st.integers(-LIMIT_FEN, LIMIT_FEN))
def test_money_survives_writing_and_reading(fen: int) -> None:
    assert Money.from_yuan(str(Money(fen))).fen == fen


@pytest.mark.parametrize(
    "text", ["636.000", "6,360", "1e3", "", ".5", "636.", "nan", "６３６", "+1", "--1", "1 000"]
)
def test_what_is_not_plain_yuan_is_refused(text: str) -> None:
    with pytest.raises(MalformedMoney):
        Money.from_yuan(text)


def test_a_float_is_never_money() -> None:
    with pytest.raises(MalformedMoney):
        Money(636.0)  # type: ignore[arg-type]  # that it is refused at run time is the point
    with pytest.raises(MalformedMoney):
        Money(LIMIT_FEN + 1)


@given(st.integers(FIRST, LAST))
def test_a_month_survives_writing_and_reading(ordinal: int) -> None:
    assert Month.parse(str(Month(ordinal))) == ordinal


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "202610", "2026-10-01", "26-10", ""])
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(MalformedMonth):
        Month.parse(text)


def test_a_year_of_months_crosses_the_new_year() -> None:
    application = Month.of(date(2026, 11, 16))
    assert [str(application.plus(-12)), str(application.plus(-1))] == ["2025-11", "2026-10"]
    assert application.plus(-12).first_day == date(2025, 11, 1)


@pytest.mark.parametrize("text", ["5", "529", "52990", "5299010", "52990100", "5299010011", "abcdef", ""])
def test_a_region_of_another_length_is_refused(text: str) -> None:
    with pytest.raises(MalformedRegionCode):
        RegionCode.parse(text)


def test_a_province_written_with_zeros_holds_its_districts() -> None:
    assert RegionCode.parse("529901001002").within(RegionCode.parse("520000"))
    assert not RegionCode.parse("530101").within(RegionCode.parse("520000"))


def test_an_unknown_region_is_kept_and_can_be_found() -> None:
    assert not RegionCode.parse("529903").known_on(date(2026, 11, 16))
    assert RegionCode.parse("529901001").known_on(date(2026, 11, 16))
    assert not RegionCode.parse("520302").known_on(date(1990, 1, 1))


def test_a_credit_code_one_character_off_is_refused() -> None:
    assert CreditCode.parse("9111 0000 6000 37341L") == "91110000600037341L"
    with pytest.raises(MalformedCreditCode):
        CreditCode.parse("91110000600037341M")


@given(st.text(max_size=24))
def test_every_word_raises_our_errors_only(text: str) -> None:
    for parse in (Money.from_yuan, Month.parse, RegionCode.parse, CreditCode.parse):
        try:
            parse(text)
        except Malformed:
            continue
