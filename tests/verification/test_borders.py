"""Every comparison that a rule has for itself is tested at both of its borders: equal, and one unit beside."""

from __future__ import annotations

import pytest

from demo.story import load_all
from tests.verification.borders import BESIDE, EQUAL, UNITS, borders, noticed
from tests.verification.neighbours import NEIGHBOURS, found
from tests.verification.neighbours_at_borders import AT_BORDERS
from tests.verification.neighbours_of_lines import LINES
from verification.catalogue import CATALOGUE

NOBODY_CAN_STAND_AT = {
    "EXIT-01 number gt (parameter exit_months at day of the question > 0)": "a pack asks for one month or more",
}
"""Comparisons at whose border no records can be, and why."""
RULES = sorted({border.rule.number for border in borders()})


@pytest.mark.parametrize(
    ("rule", "whom", "yes", "no"), AT_BORDERS, ids=[f"{n}-{case[0]}" for n, case in enumerate(AT_BORDERS)]
)
def test_it_is_found_at_the_border_and_not_beside_it(
    rule: str, whom: str, yes: dict[str, str], no: dict[str, str]
) -> None:
    assert (rule, whom) in found(**yes)
    assert (rule, whom) not in found(**no)


@pytest.mark.parametrize("rule", RULES)
def test_each_comparison_moved_by_one_unit_is_noticed(rule: str) -> None:
    unnoticed = [
        (border.name, where)
        for border in borders()
        if border.rule.number == rule and border.name not in NOBODY_CAN_STAND_AT
        for where in (EQUAL, BESIDE)
        if not noticed(border, where)
    ]
    assert not unnoticed


def test_what_nobody_can_stand_at_is_there() -> None:
    assert NOBODY_CAN_STAND_AT.keys() <= {border.name for border in borders()}


def test_every_rule_compares_at_a_border_or_is_told_by_its_codes() -> None:
    """Which rules have no comparison of their own: they ask whether somebody or something is there, or which it is."""
    without = {rule.number for rule in CATALOGUE.rules} - set(RULES)
    beside = {case[0] for case in [*NEIGHBOURS, *LINES, *AT_BORDERS]}
    assert without - beside <= BY_TESTS_OF_THEIR_OWN
    assert {UNITS[border.nodes[0].args[0].kind] for border in borders()} == {"fen", "day", "month", "number"}


BY_TESTS_OF_THEIR_OWN = {"ID-01", "ID-02", "HH-04", "CAT-01"}
"""A digit, a birth date, a status, an age: `test_rules.py`."""


def test_every_worked_example_of_the_domain_is_a_story() -> None:
    told = {story.id for story in load_all()}
    examples = {"H1", "H2", "H2b", "H2c", "H2d", "H3", "H4", "H5", "H6", "H7", "H7b", "H8", "H8b", "H8c"}
    assert examples | {"H9", "H10", "H11", "H12", "H13", "H14"} <= told
