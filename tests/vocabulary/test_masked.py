"""Is a masked value the same when it is masked again, and does it tell no more than it may?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from vocabulary.masked import masked
from vocabulary.record import Column, ColumnKind

COLUMNS = [
    Column(name, kind, optional=True, codes=None, term="")
    for name, kind in (
        ("name", ColumnKind.TEXT),
        ("number", ColumnKind.TEXT),
        ("spouse", ColumnKind.ID_NUMBER),
        ("employer", ColumnKind.CREDIT_CODE),
    )
]


@given(some.sampled_from(COLUMNS), some.text(max_size=40))
def test_masked_again_it_is_the_same(column: Column, value: str) -> None:
    once = masked(column, value)
    assert masked(column, once) == once


@given(some.sampled_from(COLUMNS), some.text(alphabet="0123456789X", min_size=9, max_size=18))
def test_what_is_hidden_is_of_the_same_length_and_shows_the_ends_alone(column: Column, value: str) -> None:
    shown = masked(column, value)
    ends = 1 if column.name == "name" else 8
    assert len(shown) == len(value)
    assert sum(sign != "*" for sign in shown) == ends
