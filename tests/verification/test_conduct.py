"""Each rule about those who ask and decide beside its nearest neighbour, and what is not known."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from verification.conduct import CONDUCT, LEVELS, UnknownFact, broken, refusing
from verification.language.kinds import Value
from verification.language.rule import Severity
from verification.pack import load_pack
from vocabulary.evidence import Answer

PACK = load_pack("demo-2026")
ON = date(2026, 11, 16)
IN_ORDER: dict[str, dict[str, Value]] = {
    "inquiry": {
        "on": ON, "hour": 10, "purpose_given": True, "case_given": True, "grant_in_force": True, "inside_grant": True,
        "to_third_party": False, "provider_agrees": False, "looked_up_within_hour": 60, "own_relative": False,
        "same_surname_and_address": False,
    },
    "trail": {"on": ON, "accesses_without_entry": 0, "entries_without_access": 0},
    "sample": {"on": ON, "confirmed": 10, "drawn": 3},
    "decision": {
        "on": ON, "adverse": True, "heard": True, "reasoned": True, "finding_confirmed": True, "window_closed": True,
        "second_person": True, "category_told": True, "facts_of_a_month": 1, "facts_of_longer": 12,
    },
}  # fmt: skip
"""What breaks no rule, as near to breaking one as can be."""

BREAKING: list[tuple[str, str, dict[str, Value]]] = [
    ("AUT-01", "inquiry", {"purpose_given": False}),
    ("AUT-01", "inquiry", {"case_given": False}),
    ("AUT-01", "inquiry", {"grant_in_force": False}),
    ("AUT-02", "inquiry", {"inside_grant": False}),
    ("AUT-03", "inquiry", {"to_third_party": True}),
    ("AUD-01", "inquiry", {"hour": 19}),
    ("AUD-01", "inquiry", {"hour": 5}),
    ("AUD-01", "inquiry", {"looked_up_within_hour": 61}),
    ("AUD-02", "inquiry", {"case_given": False}),
    ("AUD-02", "inquiry", {"own_relative": True}),
    ("AUD-02", "inquiry", {"same_surname_and_address": True}),
    ("AUD-03", "trail", {"accesses_without_entry": 1}),
    ("AUD-03", "trail", {"entries_without_access": 1}),
    ("AUD-04", "sample", {"drawn": 2}),
    ("AUD-04", "sample", {"confirmed": 11}),
    ("EXIT-04", "decision", {"heard": False}),
    ("EXIT-04", "decision", {"reasoned": False}),
    ("EXIT-04", "decision", {"finding_confirmed": False}),
    ("EXIT-04", "decision", {"window_closed": False}),
    ("EXIT-04", "decision", {"second_person": False}),
    ("CAT-07", "decision", {"category_told": False}),
    ("INC-08", "decision", {"facts_of_a_month": 0}),
]
NEAR: list[tuple[str, dict[str, Value]]] = [
    ("inquiry", {"hour": 18}),
    ("inquiry", {"hour": 6}),
    ("inquiry", {"to_third_party": True, "provider_agrees": True}),
    ("sample", {"confirmed": 0, "drawn": 0}),
    ("decision", {"adverse": False, "heard": False, "finding_confirmed": False, "facts_of_a_month": 0}),
    ("decision", {"facts_of_a_month": 0, "facts_of_longer": 0}),
]


def found(level: str, changed: dict[str, Value]) -> dict[str, Answer]:
    return {each.rule.number: each.answer for each in broken(level, {**IN_ORDER[level], **changed}, PACK)}


@pytest.mark.parametrize("level", IN_ORDER)
def test_what_is_in_order_breaks_nothing(level: str) -> None:
    assert IN_ORDER[level].keys() == LEVELS[level].definitions.keys()
    assert found(level, {}) == {}


@pytest.mark.parametrize(("rule", "level", "changed"), BREAKING)
def test_one_thing_otherwise_breaks_the_rule(rule: str, level: str, changed: dict[str, Value]) -> None:
    assert found(level, changed)[rule] is Answer.YES


@pytest.mark.parametrize(("level", "changed"), NEAR)
def test_the_nearest_neighbour_breaks_nothing(level: str, changed: dict[str, Value]) -> None:
    assert found(level, changed) == {}


def test_every_rule_of_conduct_is_broken_by_something() -> None:
    assert {rule for rule, _, _ in BREAKING} == {each.number for each in CONDUCT}


@pytest.mark.parametrize("level", IN_ORDER)
def test_a_fact_that_nobody_could_tell_makes_no_yes_and_no_no(level: str) -> None:
    whole = found(level, {})
    for missing, changes in product(
        IN_ORDER[level], [{}, *(changed for _, of, changed in BREAKING if of == level)]
    ):
        known = {**IN_ORDER[level], **changes}
        told = {each.rule.number: each.answer for each in broken(level, known, PACK)}
        without = broken(level, {name: value for name, value in known.items() if name != missing}, PACK)
        for each in without:
            assert each.answer is Answer.UNKNOWN or told[each.rule.number] is Answer.YES
        assert told.keys() <= {each.rule.number for each in without}
    assert whole == {}


def test_a_sample_of_exactly_the_share_is_enough_whatever_the_size() -> None:
    for confirmed in range(60):
        least = -(-confirmed * 30 // 100)
        assert found("sample", {"confirmed": confirmed, "drawn": least}) == {}
        if least:
            assert "AUD-04" in found("sample", {"confirmed": confirmed, "drawn": least - 1})


def test_a_city_cannot_ask_for_a_smaller_sample_than_the_law() -> None:
    with pytest.raises(ValueError, match="tekun_sample_percent: expected 30 to"):
        PACK.changed({"tekun_sample_percent": 29}, why="a test")


def test_a_fact_of_another_name_or_kind_is_refused() -> None:
    with pytest.raises(UnknownFact, match="expected one of on, adverse"):
        broken("decision", {"advers": True}, PACK)
    with pytest.raises(UnknownFact, match="expected flag of the decision, got `heard`"):
        broken("decision", {"heard": 1}, PACK)


def test_what_refuses_names_its_rule_and_article() -> None:
    (only,) = broken("decision", {**IN_ORDER["decision"], "heard": False}, PACK)
    assert only.clause == "EXIT-04 未听取意见: 社会救助法 art. 47–48"
    assert only.rule.severity is Severity.BLOCK
    assert only.evidence["heard"] is False


ASKED = ("purpose_given", "case_given", "grant_in_force", "inside_grant", "to_third_party", "provider_agrees")


@pytest.mark.parametrize("facts", list(product((True, False), repeat=6)), ids=str)
def test_a_question_is_refused_by_the_first_rule_that_it_breaks(facts: tuple[bool, ...]) -> None:
    purpose, case, grant, inside, onward, agrees = facts
    expected = (
        "AUT-01" if not (purpose and case and grant)
        else "AUT-02" if not inside
        else "AUT-03" if onward and not agrees
        else None
    )  # fmt: skip
    found = refusing(dict(zip(ASKED, facts, strict=True)))
    assert (found.number if found else None) == expected


def test_what_is_only_looked_at_afterwards_refuses_nobody() -> None:
    """AUD-01 and its like are of severity REVIEW, and EXIT-04 is about a decision."""
    facts = {name: IN_ORDER["inquiry"][name] for name in ASKED}
    assert refusing({**facts, "hour": 3, "own_relative": True, "looked_up_within_hour": 10_000}) is None


def test_nothing_lies_outside_an_agreement_that_is_not_there() -> None:
    given = IN_ORDER["inquiry"] | {"grant_in_force": False, "inside_grant": False}
    assert [each.rule.number for each in broken("inquiry", given, PACK)] == ["AUT-01"]
