"""How do the findings of a whole run come to be worked on? Into each household's case, once, many in one commit.

A household that has an open case keeps it, another gets one for a review, and of two runs that are
registered at the same moment only one opens it. What is registered already is left as somebody left it:
of this run, whatever became of its case since; of any run, while the case is open. Nothing of the run is
held but the households at hand.

Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple

import sqlalchemy as sa

from casework import tables
from casework.cases import Case, CaseState, case_in, note_opened
from casework.desk import ChangedMeanwhile, Desk, new_id
from casework.findings import Suspicion, note_found
from casework.role import Act, Actor
from vocabulary.codes import ApplicationKind
from vocabulary.region import RegionCode

AT_ONCE = 100
"""Households of one commit, about: with their cases and findings some hundred entries."""

_TRIES = 10

_OVER = (CaseState.DECIDED.value, CaseState.CLOSED.value)


@dataclass(frozen=True, slots=True)
class Suspected:
    """What a run found in one household. `region`: where the household is kept, by the register."""

    household: str
    region: RegionCode
    found: tuple[Suspicion, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of it: cases opened, findings registered, findings that were known."""

    cases: int = 0
    findings: int = 0
    known: int = 0

    def __add__(self, other: Registered) -> Registered:
        """Both together."""
        return Registered(self.cases + other.cases, self.findings + other.findings, self.known + other.known)


async def register_found(desk: Desk, actor: Actor, *, run: str, suspected: Sequence[Suspected]) -> Registered:
    """Register what a run found in some households, `AT_ONCE` of them at most; those outside the region are left out.

    Raises `NotAllowed`, `ChangedMeanwhile` when others are always quicker to open the cases.
    """
    await desk.permit(actor, Act.ADD_FINDING)
    await desk.permit(actor, Act.OPEN_CASE)
    left, done = [each for each in suspected if actor.covers(each.region)], Registered()
    for _ in range(_TRIES):
        came, elsewhere = await _register(desk, actor, run, left)
        done += came
        # Another run opens a case for these at this moment: they have it as soon as it is durable.
        left = [each for each in left if each.household in elsewhere]
        if not left:
            return done
    raise ChangedMeanwhile("expected the number of a new case, got one that is taken, time and again")


class _Act(NamedTuple):
    """Something to be written for a household, and what it counts for."""

    household: str
    counts: Registered
    written: Coroutine[Any, Any, None]


async def _register(
    desk: Desk, actor: Actor, run: str, suspected: Sequence[Suspected]
) -> tuple[Registered, set[str]]:
    """What came of it, and the households for whose case somebody else was quicker."""
    households = [each.household for each in suspected]
    # INVARIANT: first the numbers, then the cases: who sees a number as taken sees the case that took it.
    numbers, open_cases = _numbers(desk, households), _open_cases(desk, households)
    known = _known(desk, run, households, open_cases)
    acts: list[_Act] = []
    there: Counter[str] = Counter()
    for each in suspected:
        fresh = _fresh(desk, each, known)
        there[each.household] += len(each.found) - len(fresh)
        case = open_cases.get(each.household)
        if case is None and fresh:
            case = _review(desk, actor, each, numbers[each.household])
            acts.append(_Act(each.household, Registered(cases=1), note_opened(desk, actor, case)))
        for one, person in fresh:
            assert case is not None, "opened above where there was none"
            noted = note_found(desk, actor, case, one, person, run=run)
            acts.append(_Act(each.household, Registered(findings=1), noted))
    done, elsewhere = await _done(acts)
    there_already = sum(known for household, known in there.items() if household not in elsewhere)
    return done + Registered(known=there_already), elsewhere


async def _done(acts: Sequence[_Act]) -> tuple[Registered, set[str]]:
    """What came of acts that were begun in their order; a finding that somebody else noted at this moment is known."""
    # INVARIANT: tasks begin in their order, so a case's entry stands before those of its findings.
    came = await asyncio.gather(*(act.written for act in acts), return_exceptions=True)
    done, elsewhere = Registered(), set[str]()
    for act, outcome in zip(acts, came, strict=True):
        if outcome is None:
            done += act.counts
        elif not isinstance(outcome, ChangedMeanwhile):
            raise outcome
        elif act.counts.cases:
            elsewhere.add(act.household)
        elif act.household not in elsewhere:
            done += Registered(known=act.counts.findings)
    return done, elsewhere


def registered_of(desk: Desk, actor: Actor, run: str) -> int:
    """How many findings of a run are registered in the actor's region."""
    finding, case = tables.finding, tables.case
    both = finding.join(case, case.c.id == finding.c.case_id)
    of_run = sa.select(finding.c.id).select_from(both)
    return desk.kept.count(of_run.where(finding.c.run == run, case.c.region.startswith(str(actor.region))))


def _open_cases(desk: Desk, households: Iterable[str]) -> dict[str, Case]:
    """The newest open case of each household that has one."""
    case = tables.case
    query = sa.select(case).where(case.c.household.in_(list(households)), case.c.state.not_in(_OVER))
    rows = desk.kept.rows(query.order_by(case.c.opened_on, case.c.id))
    return {row["household"]: case_in(row) for row in rows}


def _known(
    desk: Desk, run: str, households: Iterable[str], open_cases: Mapping[str, Case]
) -> set[tuple[str, str, str]]:
    """Household, rule and person of what is registered: of this run in any case, and in the open cases of any."""
    finding, case = tables.finding, tables.case
    query = (
        sa.select(case.c.household, finding.c.rule, finding.c.person)
        .select_from(finding.join(case, case.c.id == finding.c.case_id))
        .where(
            case.c.household.in_(list(households)),
            sa.or_(finding.c.run == run, finding.c.case_id.in_([each.id for each in open_cases.values()])),
        )
    )
    return {(row["household"], row["rule"], row["person"]) for row in desk.kept.rows(query)}


def _fresh(desk: Desk, suspected: Suspected, known: set[tuple[str, str, str]]) -> list[tuple[Suspicion, str]]:
    """What is not registered yet, each with the pseudonym of its person, and is known from here on."""
    fresh = []
    for one in suspected.found:
        person = "" if one.person is None else desk.book.pseudonym(one.person)
        key = (suspected.household, one.rule, person)
        if key not in known:
            known.add(key)
            fresh.append((one, person))
    return fresh


def _numbers(desk: Desk, households: Iterable[str]) -> dict[str, str]:
    """The first number of a review that no case has, of each household; who asks at the same moment gets the same."""
    asked, free, column = set(households), dict[str, str](), tables.case.c.number
    for nth in count(1):
        wanted = {f"{household}/R{nth}": household for household in asked - free.keys()}
        if not wanted:
            break
        taken = {row["number"] for row in desk.kept.rows(sa.select(column).where(column.in_(list(wanted))))}
        free |= {household: number for number, household in wanted.items() if number not in taken}
    return free


def _review(desk: Desk, actor: Actor, suspected: Suspected, number: str) -> Case:
    """The household's next review. Of two that are opened at once the second is refused, as its number is taken."""
    return Case(
        id=new_id(),
        number=number,
        household=suspected.household,
        region=suspected.region,
        kind=ApplicationKind.REVIEW,
        state=CaseState.ACCEPTED,
        opened_on=desk.today(),
        opened_by=actor.account,
        assigned=None,
        version=1,
    )
