"""Do casework and the catalogue say the same of a decision? EXIT-04, INC-08 and CAT-07 on every combination of grounds."""

from __future__ import annotations

from datetime import date
from itertools import product

from casework.decision import DecisionKind, Grounds, require
from casework.finding import FindingState, Lack, NotNow, Standing
from casework.periods import Facts
from verification.conduct import broken
from verification.language.kinds import Value
from verification.pack import load_pack

TODAY = date(2026, 11, 16)
PACK = load_pack("demo-2026")
YESTERDAY, TODAY_STILL = date(2026, 11, 15), TODAY
BY_LAW = {Lack.NO_REASON, Lack.NO_FINDING, Lack.NO_HEARING, Lack.NO_SECOND, Lack.NOT_TOLD, Lack.WINDOW_OPEN}
FINDINGS = [
    None,
    *(Standing(state, until) for state in FindingState for until in (None, TODAY_STILL, YESTERDAY)),
]


def lacks(kind: DecisionKind, grounds: Grounds) -> set[Lack]:
    try:
        require(kind, grounds, today=TODAY)
    except NotNow as error:
        return set(error.lacks)
    return set()


def found(kind: DecisionKind, grounds: Grounds) -> set[str]:
    finding = grounds.finding
    facts: dict[str, Value] = {
        "on": TODAY,
        "adverse": kind.adverse,
        "heard": grounds.heard,
        "reasoned": bool(grounds.reason.strip()),
        "finding_confirmed": finding is not None and finding.state is FindingState.CONFIRMED,
        "window_closed": finding is not None and finding.window_closed(TODAY),
        "second_person": grounds.second != grounds.drafted_by,
        "category_told": grounds.judged,
        "facts_of_a_month": grounds.facts.of_a_month,
        "facts_of_longer": grounds.facts.of_longer,
    }
    return {each.rule.number for each in broken("decision", facts, PACK)}


def test_an_adverse_decision_lacks_something_exactly_when_exit_04_is_found() -> None:
    for finding, heard, reason, second in product(FINDINGS, (True, False), ("理由", " "), ("a", "b")):
        grounds = Grounds(
            finding, heard, reason, "a", second, None, visited=True, judged=True, entitled=True, facts=Facts()
        )
        for kind in DecisionKind:
            missing = lacks(kind, grounds) & BY_LAW
            assert ("EXIT-04" in found(kind, grounds)) is (kind.adverse and bool(missing)), (kind, grounds)


def test_nobody_decides_on_what_cannot_be_told() -> None:
    for kind, judged in product(DecisionKind, (True, False)):
        grounds = Grounds(
            Standing(FindingState.CONFIRMED, YESTERDAY),
            True,
            "理由",
            "a",
            "b",
            None,
            True,
            judged,
            True,
            Facts(),
        )
        assert (
            (Lack.INDETERMINATE in lacks(kind, grounds)) is ("CAT-07" in found(kind, grounds)) is (not judged)
        )


def test_values_laid_over_months_are_never_the_only_grounds() -> None:
    standing = Standing(FindingState.CONFIRMED, YESTERDAY)
    for of_a_month, of_longer in product((0, 1), (0, 1, 5)):
        facts = Facts(of_a_month, of_longer)
        grounds = Grounds(
            standing, True, "理由", "a", "b", None, visited=True, judged=True, entitled=True, facts=facts
        )
        for kind in DecisionKind:
            only = kind.adverse and of_longer > 0 and of_a_month == 0
            assert (Lack.ONLY_AVERAGES in lacks(kind, grounds)) is ("INC-08" in found(kind, grounds)) is only
