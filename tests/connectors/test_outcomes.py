"""What is read at once, by a function written for it, is what is read row by row."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import pytest

from connectors.ask import Ask, maskable
from connectors.decode import Decoder, decoder
from connectors.departments import TABLES
from connectors.failure import Failed
from connectors.http_pages import PlainPages
from connectors.outcomes import UNREADABLE, outcomes, plain_outcomes
from connectors.subjects import Subjects
from demo.registers.writing import written
from tests.connectors.conformance import ROWS, everything, subjects
from tests.connectors.rows import NOW
from vocabulary.evidence import Outcome
from vocabulary.idnumber import WrittenId
from vocabulary.record import Record
from vocabulary.register import RECORD_TYPES

PLAIN = [
    (record, by)
    for record in RECORD_TYPES
    for by in record.subjects
    if not any(one.expression for one in TABLES[record.department][record].fields)
]


def at_once(ask: Ask, decode: Decoder, rows: Sequence[Sequence[object]]) -> dict[str, Outcome] | None:
    """What a page of these rows says; None where it is not plain."""
    names = [one.physical for one in decode.fields]
    page = {"count": len(rows), "rows": [dict(zip(names, row, strict=True)) for row in rows], "next": None}
    pages = PlainPages((decode,), batch=False).rows(msgspec.json.encode(page))
    try:
        return None if pages is None else plain_outcomes(ask, decode, pages[0], at=NOW)
    except UNREADABLE:
        return None


def asked_about(ask: Ask, decode: Decoder) -> list[Sequence[object]]:
    """The department's rows of those who are asked about."""
    rows = map(tuple, written(TABLES[ask.record.department][ask.record], ROWS[ask.record]))
    return [row for row in rows if row[decode.position(ask.by)] in ask.ids]


def row_by_row(ask: Ask, decode: Decoder, rows: Sequence[Sequence[object]]) -> dict[str, Outcome] | None:
    """What they say, or None where that spoils the whole answer."""
    try:
        return outcomes(ask, decode, rows, at=NOW)
    except Failed:
        return None


@pytest.mark.parametrize(
    ("record", "by"), PLAIN, ids=lambda one: one if isinstance(one, str) else one.__name__
)
@pytest.mark.parametrize("hides", [False, True], ids=["clear", "masked"])
def test_a_page_says_the_same_at_once_and_row_by_row(record: type[Record], by: str, hides: bool) -> None:
    table, chance = TABLES[record.department][record], random.Random(5)
    ask = Ask(
        record, by, subjects(by, range(60)), everything(record), maskable(record) if hides else frozenset()
    )
    decode = decoder(record, table, ask.columns, ask.masked)
    rows = asked_about(ask, decode)
    in_order = outcomes(ask, decode, rows, at=NOW)
    for _ in range(3):
        found = at_once(ask, decode, rows)
        assert found is not None
        assert found == in_order
        assert [*found] == [*ask.ids]
        chance.shuffle(rows)


@pytest.mark.parametrize(
    ("record", "by"), PLAIN, ids=lambda one: one if isinstance(one, str) else one.__name__
)
def test_what_is_spoilt_is_never_taken_for_plain(record: type[Record], by: str) -> None:
    table, chance = TABLES[record.department][record], random.Random(6)
    ask = Ask(record, by, subjects(by, range(60)), everything(record))
    decode = decoder(record, table, ask.columns)
    sound = asked_about(ask, decode)
    for _ in range(40):
        rows = [*map(list, sound)]
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(
            ["", " ", "=1+1", "5.3E+17", None, 7, True, " 1 ", "x" * 99]
        )
        assert at_once(ask, decode, rows) in (None, row_by_row(ask, decode, rows))


def test_a_row_that_comes_twice_is_not_plain() -> None:
    record, by = PLAIN[0]
    table = TABLES[record.department][record]
    ask = Ask(record, by, subjects(by, range(60)), everything(record))
    decode = decoder(record, table, ask.columns)
    rows = asked_about(ask, decode)
    assert at_once(ask, decode, [*rows, rows[0]]) is None


def test_whoever_was_found_is_spoken_of_by_the_very_same_word() -> None:
    who = WrittenId("52990119900715902X")
    known = Subjects((who,)).known(WrittenId)
    assert known is not None
    assert known["52990119900715902X"] is who
    assert Subjects(("=1",)).known(str) is None
    assert Subjects((" 1",)).known(str) is None
    assert Subjects(("9" * 33,)).known(WrittenId) is None
    assert Subjects(("1",)).known(None) is None


def test_subjects_are_written_once_each() -> None:
    given = Subjects(("1", " 1 ", "x", "\x00"))
    assert (given.askable, given.encoded, given.tidied) == (["1", "X"], b'["1","X"]', ["1", "1", "X", "\x00"])
    assert Subjects(given) == given == ("1", " 1 ", "x", "\x00")
