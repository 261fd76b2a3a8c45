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
from vocabulary.evidence import Found, Outcome
from vocabulary.idnumber import WrittenId
from vocabulary.record import Record
from vocabulary.records.social_security import Insurance
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
    told = PlainPages((decode,), batch=False).rows(msgspec.json.encode(page))
    try:
        return None if told is None else plain_outcomes(ask, decode, told[0][0], at=NOW, spelled=told[1])
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


def insurance(**written: object) -> tuple[Ask, Decoder, dict[str, object], bytes]:
    """A question, what reads it, a row and the page of it, with some fields written otherwise."""
    who = WrittenId("52990119900715902X")
    ask = Ask(Insurance, "person", (who,), frozenset({"month", "status"}))
    decode = decoder(Insurance, TABLES[Insurance.department][Insurance], ask.columns)
    row = {
        "baz001": "1",
        "aac147": str(who),
        "aae003": "202610",
        "aac031": "1",
        "aae036": "20261031",
        **written,
    }
    return ask, decode, row, msgspec.json.encode({"count": 1, "rows": [row], "next": None})


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ({}, True),
        ({"aac147": " 52990119900715902x"}, True),
        ({"aae003": 202610}, False),
        ({"aae003": "198912"}, False),
        ({"aae003": "199001"}, True),
        ({"aac031": " 1 "}, False),
    ],
)
def test_codes_and_months_mean_the_same_spelled_and_written_otherwise(
    written: dict[str, object], spelled: bool
) -> None:
    ask, decode, row, body = insurance(**written)
    told = PlainPages((decode,), batch=False).rows(body)
    assert told is not None
    assert told[1] is spelled
    found = plain_outcomes(ask, decode, told[0][0], at=NOW, spelled=spelled)
    assert found == outcomes(ask, decode, [[row[one.physical] for one in decode.fields]], at=NOW)
    assert isinstance(found[ask.ids[0]], Found)


def test_who_spells_otherwise_is_not_tried_again_and_nonsense_says_nothing_of_spelling() -> None:
    _, decode, _, plain = insurance()
    *_, otherwise = insurance(aae003=202610)
    pages = PlainPages((decode,), batch=False)
    assert pages.rows(b'{"count": 1}') is None
    told = [pages.rows(body) for body in (plain, otherwise, plain)]
    assert [one and one[1] for one in told] == [True, False, False]


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
