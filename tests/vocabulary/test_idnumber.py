"""Id numbers: accepted ones, and for each its nearest neighbour that is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocabulary.codes import Sex
from vocabulary.errors import Malformed, MalformedIdNumber
from vocabulary.idnumber import IdNumber, WrittenId, mask, passes_check

STANDARDS_EXAMPLE = "11010519491231002X"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_character(seventeen: str) -> str:
    """The check character by the standard's own table of weights, written apart from the product's."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, WEIGHTS, strict=True)) % 11]


def test_the_standards_own_example_is_accepted() -> None:
    number = IdNumber.parse(STANDARDS_EXAMPLE)
    assert (number.birth, number.sex, number.region) == (date(1949, 12, 31), Sex.FEMALE, "110105")


@pytest.mark.parametrize("last", [c for c in "0123456789" if c != "X"])
def test_every_other_check_digit_is_refused(last: str) -> None:
    with pytest.raises(MalformedIdNumber):
        IdNumber.parse(STANDARDS_EXAMPLE[:17] + last)


def test_a_lower_case_x_and_blanks_are_forgiven() -> None:
    assert IdNumber.parse(" 11010519491231002x ") == STANDARDS_EXAMPLE


def test_a_legacy_number_is_raised_to_eighteen() -> None:
    number = IdNumber.parse("110105491231002")
    assert number == STANDARDS_EXAMPLE


@pytest.mark.parametrize("birth", ["19490229", "20230229", "20001301", "20000431", "00000000"])
def test_a_birth_date_that_never_was_is_refused(birth: str) -> None:
    body = f"529901{birth}001"
    with pytest.raises(MalformedIdNumber, match="birth date"):
        IdNumber.parse(body + check_character(body))


def test_a_leap_day_is_a_birthday() -> None:
    body = "52990120000229001"
    assert IdNumber.parse(body + check_character(body)).birth == date(2000, 2, 29)


@pytest.mark.parametrize(
    "text", ["", "1", "1101051949123100", STANDARDS_EXAMPLE + "1", "１１010519491231002X"]
)
def test_other_lengths_and_alphabets_are_refused(text: str) -> None:
    with pytest.raises(MalformedIdNumber):
        IdNumber.parse(text)


@given(st.text(max_size=24))
def test_parsing_raises_our_error_only_and_never_repeats_the_text(text: str) -> None:
    said = ""
    try:
        IdNumber.parse(text)
    except Malformed as refusal:
        said = str(refusal)
    assert len(text) < 9 or text not in said


@given(st.from_regex(r"5299(01|02)[0-9]{11}", fullmatch=True))
def test_the_check_agrees_with_the_table_of_weights(seventeen: str) -> None:
    right = check_character(seventeen)
    assert passes_check(seventeen + right)
    assert not any(passes_check(seventeen + wrong) for wrong in "0123456789X" if wrong != right)


def test_a_mask_hides_the_birth_date() -> None:
    assert mask(STANDARDS_EXAMPLE) == "1101**********002X"
    assert mask("12345678") == "********"


def test_a_mistyped_number_of_a_register_is_kept() -> None:
    assert WrittenId.parse(" 52990119780304013x") == "52990119780304013X"
    with pytest.raises(MalformedIdNumber):
        WrittenId.parse("  ")
