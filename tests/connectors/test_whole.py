"""A column read as a whole says what its cells say one by one, or is not read as a whole."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from connectors.forms import Form, NotInForm, read
from connectors.whole import SHORTEST_LIMIT, read_whole
from vocabulary.idnumber import WrittenId
from vocabulary.money import LIMIT_FEN, Fen
from vocabulary.record import ColumnKind, read_word
from vocabulary.register import RECORD_TYPES

YUAN, TEXT, ID_NUMBER = (
    (Form.YUAN, ColumnKind.FEN, Fen),
    (Form.TEXT, ColumnKind.TEXT, str),
    (Form.TEXT, ColumnKind.ID_NUMBER, WrittenId),
)

plain = some.one_of(
    some.integers(-LIMIT_FEN, LIMIT_FEN).map(lambda fen: f"{fen // 100}.{abs(fen) % 100:02d}"),
    some.from_regex(r"[0-9]{17}[0-9Xx]", fullmatch=True),
    some.from_regex(r"[A-Z]{2}-?[0-9]{1,40}", fullmatch=True),
    some.from_regex(r"-?[0-9]{1,14}(\.[0-9]{0,3})?", fullmatch=True),
    some.from_regex(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+", fullmatch=True),
    some.text(max_size=6),
)

other = some.none() | some.integers() | some.floats() | some.booleans() | some.binary(max_size=4)


@given(
    some.sampled_from([YUAN, TEXT, ID_NUMBER]),
    some.lists(plain, min_size=1, max_size=3),
    some.lists(other, max_size=1),
)
@example(YUAN, ["-0.50", "0.00", "9999999999.99"], [])
@example(YUAN, ["12.00\n"], [])
@example(TEXT, ["5E17"], [])
@example(TEXT, ["AB-1\n"], [])
@example(ID_NUMBER, ["529901195001010007"], [b"529901195001010007"])
def test_what_is_read_as_a_whole_is_what_each_cell_says(
    way: tuple[Form, ColumnKind, type], written: list[object], odd: list[object]
) -> None:
    form, kind, meaning = way
    whole = read_whole(form, kind, [*written, *odd])
    if whole is not None:
        alone = [read(form, cell) for cell in (*written, *odd)]
        assert whole.to_pylist() == msgspec.convert(alone, list[meaning], dec_hook=read_word)


@pytest.mark.parametrize(
    ("way", "cells"),
    [
        (YUAN, ["0.00", "-12.34", "9999999999.99"]),
        (TEXT, ["MZ-001-00007-01", "x-1", "S-H8"]),
        (ID_NUMBER, ["529901195001010007", "52990119500101000X"]),
    ],
)
def test_the_plainest_writing_is_read_as_a_whole(
    way: tuple[Form, ColumnKind, type], cells: list[str]
) -> None:
    assert read_whole(way[0], way[1], cells) is not None


@pytest.mark.parametrize(
    ("way", "cell"),
    [
        (YUAN, "12"),
        (YUAN, "12.345"),
        (YUAN, " 12.00"),
        (YUAN, "12345678901.00"),
        (TEXT, "安一"),
        (TEXT, "=A1"),
        (TEXT, "5E17"),
        (TEXT, "A" * (SHORTEST_LIMIT + 1)),
        (ID_NUMBER, "52990119500101000x"),
        (ID_NUMBER, "5299011950010100"),
    ],
)
def test_one_cell_written_otherwise_sends_the_whole_column_the_other_way(
    way: tuple[Form, ColumnKind, type], cell: str
) -> None:
    good = {YUAN: "12.00", TEXT: "MZ-1", ID_NUMBER: "529901195001010007"}[way]
    assert read_whole(way[0], way[1], [good, cell, good]) is None


def test_no_text_may_be_shorter_than_the_limit_here() -> None:
    for record in RECORD_TYPES:
        for one in msgspec.inspect.type_info(record).fields:
            if isinstance(one.type, msgspec.inspect.StrType):
                assert one.type.max_length is None or one.type.max_length >= SHORTEST_LIMIT
                assert not one.type.min_length
                assert one.type.pattern is None


def test_a_form_that_is_not_read_as_a_whole_is_left_alone() -> None:
    with pytest.raises(NotInForm):
        read(Form.FEN, "x")
    assert read_whole(Form.FEN, ColumnKind.FEN, ["1"]) is None
    assert read_whole(Form.YUAN, ColumnKind.FEN, []) is None
