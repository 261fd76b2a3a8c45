"""What must hold between two verifications, whatever they come to: cut in two, added to, made to fail.

That the order of records and members never matters, that one more failed source makes nothing more
certain, and that more income never lowers what a head has, stands in `test_crosscheck.py`.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pyarrow as pa
import pytest

from tests.verification.drawing import ON
from tests.verification.households import (
    POLICIES,
    Drawn,
    case_of,
    evidence_of,
    pack_of,
    seeded,
    snapshot_of,
)
from tests.verification.oracle import at_least
from tests.verification.silence import some_silence
from verification.catalogue import CATALOGUE
from verification.crosscheck import crosscheck
from verification.language.seal import canonical
from verification.language.to_python import Judge
from verification.runs.district import judge_district, restricted
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Declaration, Funeral
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import InjuryBenefit, Insurance, Pension, UnemploymentBenefit

SPEAK_OF_INCOME: list[type[Record]] = [
    Declaration, Insurance, Pension, UnemploymentBenefit, InjuryBenefit, Death, Funeral, Enrolment,
]  # fmt: skip
MONTHLY = (Declaration, Insurance, Pension, UnemploymentBenefit, InjuryBenefit)


def test_households_split_over_two_runs_are_judged_as_in_one() -> None:
    """Cut anywhere, also between two households that list the same person."""
    homes, pack = seeded(31, 240), pack_of(POLICIES[0])
    whole = snapshot_of(homes, some_silence(random.Random(31), homes))
    expected = {each.household: canonical(each) for each in judge_district(whole, CATALOGUE, pack)}
    by = random.Random(32)
    cut = [by.random() < 0.5 for _ in homes]
    told: dict[str, bytes] = {}
    for half in (cut, [not each for each in cut]):
        run = restricted(whole, whole.cases.filter(pa.array(half)))
        told |= {each.household: canonical(each) for each in judge_district(run, CATALOGUE, pack)}
    assert told == expected
    assert len(expected) == 240
    assert some_are_listed_on_both_sides(homes, cut)


def some_are_listed_on_both_sides(homes: list[Drawn], cut: list[bool]) -> bool:
    sides = [{person for home, half in zip(homes, cut, strict=True) if half is side for person in home.people}
             for side in (True, False)]  # fmt: skip
    return bool(sides[0] & sides[1])


@pytest.mark.parametrize("place", [0, 5])
def test_a_year_split_in_two_adds_up(place: int) -> None:
    """A month's income is that month's own: nothing is spread over other months, or filled in from them."""
    judge = Judge(CATALOGUE, pack_of(POLICIES[place]))
    for home in seeded(33, 300, POLICIES[place]):
        at = random.Random(home.household).choice(
            [row.month for row in home.records if hasattr(row, "month")] or [0]
        )
        first, second = (
            replace(
                home,
                records=tuple(row for row in home.records if not monthly(row) or (row.month < at) is early),
            )
            for early in (True, False)
        )
        whole, *halves = (judge.judge(case_of(each)).facts for each in (home, first, second))
        for name in ("annual_fen", "gross_annual_fen", "declared_annual_fen"):
            assert whole[name] == halves[0][name] + halves[1][name], (home.household, name)


def monthly(row: Record) -> bool:
    return isinstance(row, MONTHLY)


def test_what_is_proven_is_the_least_that_any_answer_would_leave() -> None:
    """Against every answer that a silent register could give: nothing, an amount of nothing, the smallest wage."""
    by, bound = random.Random(34), 0
    for home in seeded(34, 500):
        silent = frozenset(by.sample(SPEAK_OF_INCOME, by.randint(1, 3)))
        verdict = crosscheck(evidence_of(home, failed=silent), home.household, ON, pack_of(home.policy))
        least = at_least(home.records, home.household, ON, home.policy, silent)
        if verdict.annual_fen is not None:
            assert verdict.lower_bound_fen == verdict.annual_fen == least, home.household
        elif Declaration in silent:
            assert verdict.lower_bound_fen is None, home.household
        else:
            assert verdict.lower_bound_fen == (least if least > 0 else None), home.household
            bound += verdict.lower_bound_fen is not None
    assert bound > 50, "a bound that is never proven is no test of it"
