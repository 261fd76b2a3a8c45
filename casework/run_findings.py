"""How do the findings of a whole run come to be worked on? Into each household's case, once, many in one commit.

A household that has an open case keeps it, another gets one for a review. What is registered already
is left as somebody left it: of this run, whatever became of its case since; of any run, while the case
is open. Nothing of the run is held but the households at hand.

Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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

    Raises `NotAllowed`.
    """
    await desk.permit(actor, Act.ADD_FINDING)
    await desk.permit(actor, Act.OPEN_CASE)
    mine = [each for each in suspected if actor.covers(each.region)]
    open_cases = _open_cases(desk, [each.household for each in mine])
    known = _known(desk, run, [each.household for each in mine], open_cases)
    acts: list[tuple[Registered, Coroutine[Any, Any, None]]] = []
    there = 0
    for each in mine:
        fresh = _fresh(desk, each, known)
        there += len(each.found) - len(fresh)
        case = open_cases.get(each.household)
        if case is None and fresh:
            case = _review(desk, actor, run, each)
            acts.append((Registered(cases=1), note_opened(desk, actor, case)))
        for one, person in fresh:
            assert case is not None, "opened above where there was none"
            acts.append((Registered(findings=1), note_found(desk, actor, case, one, person, run=run)))
    return Registered(known=there) + await _done(acts)


async def _done(acts: Sequence[tuple[Registered, Coroutine[Any, Any, None]]]) -> Registered:
    """What came of acts that were begun in their order; what somebody else did at this moment is known."""
    # INVARIANT: tasks begin in their order, so a case's entry stands before those of its findings.
    came = await asyncio.gather(*(act for _, act in acts), return_exceptions=True)
    done = Registered()
    for (each, _), outcome in zip(acts, came, strict=True):
        if outcome is None:
            done += each
        elif isinstance(outcome, ChangedMeanwhile):
            done += Registered(known=each.findings)
        else:
            raise outcome
    return done


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


def _review(desk: Desk, actor: Actor, run: str, suspected: Suspected) -> Case:
    return Case(
        id=new_id(),
        number=f"{run}/{suspected.household}",
        household=suspected.household,
        region=suspected.region,
        kind=ApplicationKind.REVIEW,
        state=CaseState.ACCEPTED,
        near_relative=False,
        opened_on=desk.today(),
        opened_by=actor.account,
        assigned=None,
        version=1,
    )
