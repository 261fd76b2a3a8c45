"""How do the findings of a kept run reach those who work on them? Read from the run, placed by the register, registered.

The run is read in the order of households, some at a time. Where each household is kept is asked of
civil affairs now, noted in the log before and after like a run; a household of which it does not say
so is left out, and counted. Doing it again registers nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from casework.desk import Desk
from casework.findings import Suspicion
from casework.role import Actor
from casework.run_findings import AT_ONCE, Registered, Suspected, register_found
from connectors.ask import Ask
from connectors.federation import ask_all
from gateway.errors import CannotRun
from gateway.office import Office
from gateway.run_home import RunHome
from verification.catalogue import CATALOGUE
from verification.language.rule import Rule, Severity
from verification.runs.job import NoSuchRun
from verification.runs.ledger import KeptRun, RunState
from vocabulary.codes import Department
from vocabulary.evidence import Answer
from vocabulary.records.civil_affairs import HouseholdFile, Membership
from vocabulary.region import RegionCode

_RECORDS = "_records"
ANY = "*"
"""Instead of a record id: whichever records of the type the household or the person has."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings of a run: of a rule and in a region, where one is given."""

    rule: str = ""
    region: RegionCode | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `unplaced`: households of which the register did not say where they are kept."""

    registered: Registered
    unplaced: int


async def register_run(
    run: str, wanted: Wanted, *, home: RunHome, desk: Desk, actor: Actor, office: Office
) -> Outcome:
    """Register the findings of a run that is done. Raises `NoSuchRun`, `CannotRun`, `NotLogged`, `CaseworkError`."""
    kept = _done(home, run)
    started = await office.trace.run_started(
        by=actor.account, run="findings", pack=kept.terms.pack, rules=kept.terms.rules,
        households=kept.households, day=kept.terms.day,
    )  # fmt: skip
    registered, unplaced, placed = Registered(), 0, 0
    state = "FAILED"
    try:
        found = _found(home, run, wanted)
        while batch := await asyncio.to_thread(lambda: list(islice(found, AT_ONCE))):
            regions = await _regions(office, [household for household, _ in batch])
            placed += len(regions)
            unplaced += len(batch) - len(regions)
            registered += await register_found(
                desk, actor, run=run, suspected=_suspected(batch, regions, wanted)
            )
        state = "DONE"
    finally:
        asked = {Department.CIVIL_AFFAIRS: placed}
        home.count(started, asked)
        await office.trace.run_finished(
            started, state=state, households=placed, found={},
            sources={each.value: "ANSWERED" for each in asked} if placed else {},
            persons={each.value: count for each, count in asked.items() if count},
        )  # fmt: skip
    return Outcome(registered, unplaced)


def suspicions_in(canonical: bytes, *, rule: str = "") -> tuple[Suspicion, ...]:
    """What a kept judgement found, as casework takes it; of one rule where one is given."""
    return tuple(
        Suspicion(
            rule=each.rule,
            severity=Severity(each.severity),
            person=each.person,
            evidence={
                name: value
                for name, value in each.evidence.items()
                if not name.endswith(_RECORDS) and isinstance(value, int | str | None)
            },
            records=_rests_on(_RULES[each.rule], each.evidence),
        )
        for each in _judged(canonical).found
        if each.answer is Answer.YES and rule in ("", each.rule) and each.rule in _RULES
    )


class _FoundOf(msgspec.Struct):
    rule: str
    answer: Answer
    severity: str
    person: str | None
    evidence: dict[str, Any]


class _Judged(msgspec.Struct):
    found: list[_FoundOf]


_judged = msgspec.json.Decoder(_Judged).decode
_RULES: Mapping[str, Rule] = {rule.number: rule for rule in CATALOGUE.rules}


def _done(home: RunHome, run: str) -> KeptRun:
    kept = home.ledger.run(run)
    if kept is None:
        raise NoSuchRun(f"expected a run that is kept, got `{run}`")
    if kept.state is not RunState.DONE:
        raise CannotRun(f"expected a run that is done, got `{run}`, which is {kept.state.lower()}")
    return kept


def _found(home: RunHome, run: str, wanted: Wanted) -> Iterator[tuple[str, tuple[Suspicion, ...]]]:
    """Household and findings, of the households in which something was found."""
    for household, canonical in home.ledger.results(run):
        if found := suspicions_in(canonical, rule=wanted.rule):
            yield household, found


async def _regions(office: Office, households: Sequence[str]) -> dict[str, RegionCode]:
    """Where each household is kept, of those of which civil affairs says so."""
    asked = Ask(HouseholdFile, "household", tuple(households), frozenset({"street"}))
    evidence = await ask_all(
        office.connectors, [asked], timeout_s=office.register_timeout_s, clock=office.clock
    )
    files = ((number, evidence.records(HouseholdFile, number)) for number in households)
    return {number: rows[0].street for number, rows in files if rows}


def _suspected(
    batch: Sequence[tuple[str, tuple[Suspicion, ...]]],
    regions: Mapping[str, RegionCode],
    wanted: Wanted,
) -> list[Suspected]:
    return [
        Suspected(household, regions[household], found)
        for household, found in batch
        if household in regions and (wanted.region is None or regions[household].within(wanted.region))
    ]


def _rests_on(rule: Rule, evidence: Mapping[str, Any]) -> tuple[str, ...]:
    """The records that the rule names itself; else the types that its condition reads."""
    named = [
        f"{name.removesuffix(_RECORDS).title().replace('_', '')}/{record_id}"
        for name, ids in evidence.items()
        if name.endswith(_RECORDS) and isinstance(ids, str)
        for record_id in ids.split(",")
        if record_id
    ]
    types = {record.__name__ for _, record in rule.doubts} - {Membership.__name__}
    return tuple(sorted(named)) or tuple(f"{name}/{ANY}" for name in sorted(types))
