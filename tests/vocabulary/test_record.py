"""Record types: their columns, their terms, and the same type with fewer columns."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from vocabulary.codes import Department
from vocabulary.evidence import NOT_IN_THIS_INQUIRY, Answer, Evidence, NotAsked
from vocabulary.household import Household
from vocabulary.month import Month
from vocabulary.record import ColumnKind, Record, columns_of, partial, read_word
from vocabulary.records.civil_affairs import Membership
from vocabulary.records.social_security import Insurance
from vocabulary.register import RECORD_TYPES, records_of


@pytest.mark.parametrize("record", RECORD_TYPES, ids=lambda record: record.__name__)
def test_every_column_has_a_kind_and_a_chinese_term(record: type[Record]) -> None:
    columns = columns_of(record)
    assert all(column.term for column in columns.values())
    assert len({column.term for column in columns.values()}) == len(columns), "two columns share a term"
    assert set(record.subjects) <= columns.keys()
    assert all(columns[name].kind is ColumnKind.FEN for name in columns if name.endswith("_fen"))


def test_terms_of_records_and_catalogue_numbers_are_unique() -> None:
    assert (
        len({r.term for r in RECORD_TYPES})
        == len({r.catalogue_id for r in RECORD_TYPES})
        == len(RECORD_TYPES)
    )
    assert sum(len(records_of(department)) for department in Department) == len(RECORD_TYPES)


def test_a_partial_record_carries_only_what_was_asked() -> None:
    asked = partial(Insurance, frozenset({"month", "base_fen"}))
    raw = {"record_id": "1", "as_of": "2026-10-31", "month": "2026-10", "base_fen": 400000}
    row = msgspec.convert(raw, asked, dec_hook=read_word)
    assert msgspec.structs.asdict(row) == {
        "record_id": "1",
        "as_of": date(2026, 10, 31),
        "month": Month.parse("2026-10"),
        "base_fen": 400000,
    }
    assert asked.department is Department.SOCIAL_SECURITY


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(KeyError, match="Insurance has no column wage"):
        partial(Insurance, frozenset({"wage"}))


@pytest.mark.parametrize("base", [10**13 + 1, "4000", 1.5, None])
def test_an_amount_outside_its_range_or_type_is_refused(base: object) -> None:
    raw = {"record_id": "1", "as_of": "2026-10-31", "base_fen": base}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(raw, partial(Insurance, frozenset({"base_fen"})), dec_hook=read_word)


def test_who_was_not_asked_about_is_not_without_records() -> None:
    outcome = Evidence().of(Insurance, "S-1")
    assert outcome == NotAsked(Department.SOCIAL_SECURITY, NOT_IN_THIS_INQUIRY)


def test_an_answer_has_no_truth_value() -> None:
    assert [Answer.of(value) for value in (True, False, None)] == [Answer.YES, Answer.NO, Answer.UNKNOWN]
    with pytest.raises(TypeError):
        assert Answer.NO


def member(person: str, **changes: object) -> Membership:
    raw = {
        "record_id": person,
        "as_of": "2026-10-31",
        "household": "S-1",
        "person": person,
        "relation": "0",
        "kind": "COHABIT",
        "joined_on": "2020-01-01",
        **changes,
    }
    return msgspec.convert(raw, Membership, dec_hook=read_word)


def test_a_household_is_who_is_listed_on_the_day() -> None:
    rows = [
        member("B", relation="1"),
        member("A"),
        member("LEFT", left_on="2026-11-16"),
        member("STILL", left_on="2026-11-17", relation="3"),
        member("LATER", joined_on="2026-11-17"),
        member("OUTSIDE", kind="OBLIGOR", relation="2"),
        member("OTHER", household="S-2"),
    ]
    household = Household.listed("S-1", rows, on=date(2026, 11, 16))
    assert household.cohabiting == ("A", "B", "STILL")
    assert household.obligors == ("OUTSIDE",)


def test_a_type_that_is_not_of_the_vocabulary_is_no_bad_value() -> None:
    """msgspec tells a ValueError of a hook as a fault of the data; this one is a fault of the program."""
    with pytest.raises(NotImplementedError, match="no decoder for complex"):
        msgspec.convert("1", complex, dec_hook=read_word)
