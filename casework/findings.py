"""What do people do with a finding? Register it, tell the person, take an objection, review, confirm, withdraw.

The states and their conditions are `casework.finding`; here each act is one change with its entry.
Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from audit.alongside import Change
from casework import tables
from casework.cases import Case, case_in, read_case
from casework.desk import Desk, NotThere, new_id
from casework.finding import FindingState, Standing, next_state
from casework.kept import within
from casework.role import Act, Actor
from verification.clock import deadline
from verification.language.rule import Severity

CLOCK = "objection"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a rule found, as it is registered with a case.

    `person`     the id number it is about, None for the household; kept as a pseudonym
    `evidence`   names to numbers, days and codes
    `records`    what it rests on, as `record type/record id`
    """

    rule: str
    severity: Severity
    person: str | None
    evidence: Mapping[str, int | str | bool | None]
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """疑点, as it is kept: 疑似 until a person confirms it."""

    id: str
    case: Case
    rule: str
    severity: Severity
    person: str
    evidence: Mapping[str, int | str | bool | None]
    records: tuple[str, ...]
    state: FindingState
    found_on: date
    told_on: date | None
    objection_until: date | None
    assigned: str | None
    version: int

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return Standing(self.state, self.objection_until)


async def add_findings(desk: Desk, actor: Actor, case: Case, found: Iterable[Suspicion]) -> int:
    """Register what rules found; how many were new. A finding of the same rule and person is kept as it is."""
    await desk.permit(actor, Act.ADD_FINDING, case.region)
    known = {(each.rule, each.person) for each in findings_of(desk, actor, case)}
    new = 0
    for each in found:
        person = "" if each.person is None else desk.book.pseudonym(each.person)
        if (each.rule, person) in known:
            continue
        known.add((each.rule, person))
        await note_found(desk, actor, case, each, person)
        new += 1
    return new


async def note_found(
    desk: Desk, actor: Actor, case: Case, found: Suspicion, person: str, *, run: str | None = None
) -> None:
    """Write a new finding with its entry, for whoever was permitted to add it.

    `person`   pseudonym, or empty for the household
    `run`      the run over the district that found it, if one did
    """
    id_ = new_id()
    row = desk.kept.added(
        tables.finding,
        id=id_,
        case_id=case.id,
        rule=found.rule,
        severity=found.severity.value,
        person=person,
        evidence=json.dumps(found.evidence, ensure_ascii=False, sort_keys=True, default=str),
        records=json.dumps(found.records),
        state=FindingState.SUSPECTED.value,
        found_on=desk.today().isoformat(),
        version=1,
        run=run,
    )
    step = desk.step(actor, id_, before="-", after=FindingState.SUSPECTED.value, reason=run or "")
    await _note(desk, actor, case, found.rule, before="-", after="SUSPECTED", reason="", changes=[row, step])


async def tell(desk: Desk, actor: Actor, finding: Finding) -> Finding:
    """The finding, told to the person today: the time to object runs from here. Raises `BeyondCalendar`."""
    due = deadline(CLOCK, start=desk.today(), pack=desk.pack).due
    clocks = desk.clocks_started((CLOCK,), about=finding.id, region=str(finding.case.region))
    told = {"told_on": desk.today().isoformat(), "objection_until": due.isoformat()}
    return await _move(desk, actor, Act.TELL, finding, reason="", changes=clocks, **told)


async def object_to(desk: Desk, actor: Actor, finding: Finding, *, reason: str) -> Finding:
    """The finding with the person's objection, in their words."""
    return await _move(desk, actor, Act.OBJECT, finding, reason=reason)


async def review(desk: Desk, actor: Actor, finding: Finding) -> Finding:
    """The finding, under review by this actor."""
    return await _move(desk, actor, Act.REVIEW, finding, reason="", assigned=actor.account)


async def confirm(desk: Desk, actor: Actor, finding: Finding, *, reason: str) -> Finding:
    """The finding, confirmed by a person. Raises `NotNow` while the person was not told or may still object."""
    met = desk.clocks_met((CLOCK,), about=finding.id)
    return await _move(desk, actor, Act.CONFIRM, finding, reason=reason, changes=met)


async def withdraw(desk: Desk, actor: Actor, finding: Finding, *, reason: str) -> Finding:
    """The finding, withdrawn: it weighs nothing any more."""
    met = desk.clocks_met((CLOCK,), about=finding.id)
    return await _move(desk, actor, Act.WITHDRAW, finding, reason=reason, changes=met)


async def assign(desk: Desk, actor: Actor, findings: Iterable[Finding], *, to: str) -> int:
    """Give findings to one account; how many. Each is a change of its own: one that changed meanwhile stops it."""
    done = 0
    for finding in findings:
        await desk.permit(actor, Act.ASSIGN, finding.case.region)
        changed = desk.kept.changed(tables.finding, id=finding.id, version=finding.version, assigned=to)
        state = finding.state.value
        step = desk.step(actor, finding.id, before=state, after=state, reason=f"分派：{to}")
        await _note(
            desk, actor, finding.case, finding.rule,
            before=state, after=f"{state}:ASSIGNED", reason="", changes=[changed, step],
        )  # fmt: skip
        done += 1
    return done


async def _move(
    desk: Desk,
    actor: Actor,
    act: Act,
    finding: Finding,
    *,
    reason: str,
    changes: Sequence[Change] = (),
    **values: str,
) -> Finding:
    await desk.permit(actor, act, finding.case.region)
    after = next_state(act, finding.standing, reason=reason, today=desk.today())
    changed = desk.kept.changed(
        tables.finding, id=finding.id, version=finding.version, state=after.value, **values
    )
    step = desk.step(actor, finding.id, before=finding.state.value, after=after.value, reason=reason)
    await _note(
        desk,
        actor,
        finding.case,
        finding.rule,
        before=finding.state.value,
        after=f"{after.value}:TOLD" if act is Act.TELL else after.value,
        reason=reason,
        changes=[changed, step, *changes],
    )
    return read_finding(desk, actor, finding.id)


async def _note(
    desk: Desk,
    actor: Actor,
    case: Case,
    rule: str,
    *,
    before: str,
    after: str,
    reason: str,
    changes: Sequence[Change],
) -> None:
    await desk.write(
        "finding.changed",
        fields={**desk.who(actor), "rule": rule, "before": before, "after": after},
        subjects=[case.household],
        committed={"case": case.number, "reason": reason},
        changes=changes,
    )


def read_finding(desk: Desk, actor: Actor, id_: str) -> Finding:
    """One finding. Raises `NotThere`, also for one outside the actor's region."""
    row = desk.kept.one(sa.select(tables.finding).where(tables.finding.c.id == id_))
    if row is None:
        raise NotThere("expected a finding of the actor's region")
    return _finding(row, read_case(desk, actor, row["case_id"]))


def findings_of(desk: Desk, actor: Actor, case: Case) -> list[Finding]:
    """The findings of one case, by rule."""
    table = tables.finding
    query = sa.select(table).where(table.c.case_id == case.id).order_by(table.c.rule, table.c.person)
    read_case(desk, actor, case.id)
    return [_finding(row, case) for row in desk.kept.rows(query)]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings of a queue: all of what is given must fit. `found_before`: how old, at least."""

    rule: str | None = None
    severity: Severity | None = None
    state: FindingState | None = None
    region: str | None = None
    found_before: date | None = None
    assigned: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of findings, the oldest first.

    `total`   how many fit in all, counted up to `COUNTED` and one
    `after`   behind which finding the next page begins, empty on the last one
    """

    findings: tuple[Finding, ...]
    total: int
    after: str


COUNTED = 10_000
"""Findings that a queue counts exactly: nobody works through more, and counting all would be what a page costs."""


def queue(desk: Desk, actor: Actor, which: Filter, *, first: int = 50, after: str = "") -> Queue:
    """Findings of the actor's region, the oldest first, from behind the finding `after`."""
    finding, case = tables.finding, tables.case
    both = finding.join(case, case.c.id == finding.c.case_id)
    fits = [within(case.c.region, actor.region), *_fits(which)]
    of_case = [column.label(f"of_{column.name}") for column in case.c]
    query = sa.select(finding, *of_case).select_from(both).where(*fits, *_behind(desk, after))
    rows = desk.kept.rows(query.order_by(*_ORDER).limit(first + 1))
    found = [_finding(row, case_in(row, prefix="of_")) for row in rows[:first]]
    total = desk.kept.count(sa.select(finding.c.id).select_from(both).where(*fits).limit(COUNTED + 1))
    return Queue(tuple(found), total, found[-1].id if len(rows) > first else "")


_ORDER = (tables.finding.c.found_on, tables.finding.c.rule, tables.finding.c.id)


def _behind(desk: Desk, after: str) -> list[sa.ColumnElement[bool]]:
    """What comes behind a finding in the order of the queue; of one that is not there, everything."""
    last = desk.kept.one(sa.select(*_ORDER).where(tables.finding.c.id == after)) if after else None
    return [] if last is None else [sa.tuple_(*_ORDER) > sa.tuple_(*last.values())]


def _fits(which: Filter) -> list[sa.ColumnElement[bool]]:
    finding, case = tables.finding, tables.case
    fits: list[sa.ColumnElement[bool]] = []
    for column, wanted in (
        (finding.c.rule, which.rule),
        (finding.c.severity, which.severity and which.severity.value),
        (finding.c.state, which.state and which.state.value),
        (finding.c.assigned, which.assigned),
    ):
        if wanted:
            fits.append(column == wanted)
    if which.region:
        fits.append(within(case.c.region, which.region))
    if which.found_before:
        fits.append(finding.c.found_on < which.found_before.isoformat())
    return fits


def _finding(row: sa.RowMapping, case: Case) -> Finding:
    return Finding(
        id=row["id"],
        case=case,
        rule=row["rule"],
        severity=Severity(row["severity"]),
        person=row["person"],
        evidence=json.loads(row["evidence"]),
        records=tuple(json.loads(row["records"])),
        state=FindingState(row["state"]),
        found_on=date.fromisoformat(row["found_on"]),
        told_on=_day(row["told_on"]),
        objection_until=_day(row["objection_until"]),
        assigned=row["assigned"],
        version=row["version"],
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
