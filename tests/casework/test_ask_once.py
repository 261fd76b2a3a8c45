"""Is nobody asked for what a source can tell, and everybody for what none can?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from casework.agreement import Purpose, load_agreements
from casework.ask_once import ITEMS, PURPOSES, Answer, answered, form
from casework.cedar import AgreementSet
from casework.declarations import declarations_of, declare
from casework.desk import NotAllowed
from casework.finding import BadRequest
from casework.resource import resources
from tests.casework.desks import CLERK, NEIGHBOUR, VERIFIER, Calendar, a_case, desk_opened
from vocabulary.codes import ApplicationKind, Department

ON = date(2026, 11, 16)
SHIPPED = load_agreements()
AGREEMENTS = AgreementSet(SHIPPED)
ALL = frozenset(resources())
DIBAO = form(ApplicationKind.DIBAO, delivered=ALL, agreements=AGREEMENTS, on=ON)


def test_every_column_that_an_item_names_is_one() -> None:
    for item in ITEMS:
        assert set(item.told_by) <= ALL, item.code
    assert len({item.code for item in ITEMS}) == len(ITEMS)
    assert PURPOSES.keys() == set(ApplicationKind)


def test_with_every_source_only_what_none_can_tell_is_asked() -> None:
    assert {item.code for item in DIBAO.asked} == {item.code for item in ITEMS if not item.told_by}
    told = {each.item.code: each for each in DIBAO.told}
    assert told["wage"].department is Department.SOCIAL_SECURITY
    assert told["wage"].clause.endswith("社会保险缴费.缴费基数")


def test_whatever_is_asked_or_told_each_item_is_one_of_the_two() -> None:
    for kind in ApplicationKind:
        for delivered in (ALL, frozenset[str](), frozenset(sorted(ALL)[::3])):
            made = form(kind, delivered=delivered, agreements=AGREEMENTS, on=ON)
            assert {*(item.code for item in made.asked), *(each.item.code for each in made.told)} == {
                item.code for item in ITEMS
            }
            for each in made.told:
                assert set(each.item.told_by) & delivered


def test_what_a_department_does_not_deliver_is_asked() -> None:
    without = form(
        ApplicationKind.DIBAO, delivered=ALL - {"社会保险缴费.缴费基数"}, agreements=AGREEMENTS, on=ON
    )
    assert "wage" in {item.code for item in without.asked}


def test_what_no_agreement_shares_for_the_purpose_is_asked_and_from_its_first_day_not() -> None:
    until_then = [
        replace(each, purposes=(Purpose.PERIODIC_REVIEW,)) if each.provider is Department.HEALTH else each
        for each in SHIPPED
    ]
    agreed = AgreementSet(until_then)
    applying = form(ApplicationKind.DIBAO, delivered=ALL, agreements=agreed, on=ON)
    reviewed = form(ApplicationKind.REVIEW, delivered=ALL, agreements=agreed, on=ON)
    assert "illness" in {item.code for item in applying.asked}
    assert "illness" not in {item.code for item in reviewed.asked}
    day_before = form(ApplicationKind.DIBAO, delivered=ALL, agreements=AGREEMENTS, on=date(2026, 6, 30))
    assert "wage" in {item.code for item in day_before.asked}


def test_what_is_not_asked_is_not_taken_whatever_sends_it() -> None:
    assert answered(DIBAO, {"business": " 320.50 ", "rent": "", "circumstances": "无"}) == {
        "business": 32_050,
        "circumstances": "无",
    }
    for said in (
        {"wage": "1"},
        {"password": "x"},
        {"business": "1.234"},
        {"business": "-1"},
        {"rent": "若干"},
    ):
        with pytest.raises(BadRequest):
            answered(DIBAO, said)
    with pytest.raises(BadRequest):
        answered(DIBAO, {"circumstances": "长" * 501})


def test_what_was_said_is_kept_with_the_case_in_its_order(url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_opened(url, tmp_path, Calendar()) as desk:
            case = await a_case(desk)
            await declare(desk, CLERK, case, DIBAO, {"business": "320.50"})
            await declare(desk, VERIFIER, case, DIBAO, {"circumstances": "房屋漏雨"})
            second, first = declarations_of(desk, CLERK, case)
            assert (first.number, first.answers) == (1, {"business": 32_050})
            assert (second.number, second.answers) == (2, {"circumstances": "房屋漏雨"})
            assert "wage" in second.unasked
            assert "wage" not in second.answers
            with pytest.raises(NotAllowed):
                await declare(desk, NEIGHBOUR, case, DIBAO, {})

    asyncio.run(story())


def test_amounts_are_asked_as_amounts() -> None:
    assert {item.answer for item in ITEMS} == set(Answer)
