"""An ask about what a record type does not have is a mistake of ours and is refused where it is made."""

from __future__ import annotations

import pytest

from connectors.ask import Ask, carried
from connectors.departments import TABLES
from vocabulary.codes import Department
from vocabulary.records.civil_affairs import Benefit, Person, Visit


def test_an_answer_carries_key_day_and_every_subject() -> None:
    ask = Ask(Benefit, "household", ("JT-1",), frozenset({"amount_fen"}))
    assert ask.carried == {"record_id", "as_of", "household", "person", "amount_fen"}
    assert carried(Visit, frozenset()) == {"record_id", "as_of", "household"}


@pytest.mark.parametrize(
    ("by", "columns", "refused"),
    [
        ("person", frozenset(), "Visit is not looked up by person"),
        ("visitors", frozenset(), "Visit is not looked up by visitors"),
        ("household", frozenset({"visited_on", "amount_fen"}), "Visit has no column amount_fen"),
    ],
)
def test_what_the_type_does_not_have_is_refused(by: str, columns: frozenset[str], refused: str) -> None:
    with pytest.raises(KeyError, match=refused):
        Ask(Visit, by, ("JT-1",), columns)


@pytest.mark.parametrize("name", ["record_id", "household", "month", "amount_fen"])
def test_keys_subjects_and_what_is_no_text_are_not_asked_for_masked(name: str) -> None:
    with pytest.raises(KeyError, match=f"Benefit is not asked for {name} masked"):
        Ask(Benefit, "household", ("JT-1",), frozenset({name}), frozenset({name}))


def test_nothing_is_masked_that_is_not_asked_for() -> None:
    with pytest.raises(KeyError, match="Person is not asked for name masked"):
        Ask(Person, "person", ("1",), frozenset(), frozenset({"name"}))


def test_a_table_selects_in_its_own_order_and_refuses_what_it_does_not_map() -> None:
    table = TABLES[Department.CIVIL_AFFAIRS][Visit]
    assert [one.physical for one in table.select(frozenset({"next_due", "record_id"}))] == ["XH", "XCDQ"]
    with pytest.raises(KeyError, match="MZ_RHDC maps no column amount_fen"):
        table.select(frozenset({"amount_fen"}))
