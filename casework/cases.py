"""What happens to a case? 受理 → 入户调查 → 核对完成 → 公示 → 已决定 → 结案, each step with its clocks.

Every function does one act of one actor: it asks whether they may, reads what is there, and
writes the change with its entry. Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from casework import tables
from casework.clocks import MET_BY_STATE, STARTED_BY_OPENING, started_by
from casework.desk import Desk, NotThere, new_id
from casework.finding import Lack, NotNow
from casework.kept import within
from casework.role import Act, Actor
from vocabulary.codes import ApplicationKind, Code
from vocabulary.region import RegionCode


class CaseState(Code):
    """Where a case stands."""

    ACCEPTED = "ACCEPTED", "受理"
    SURVEYING = "SURVEYING", "入户调查"
    COMPARED = "COMPARED", "核对完成"
    PUBLICIZED = "PUBLICIZED", "公示"
    DECIDED = "DECIDED", "已决定"
    CLOSED = "CLOSED", "结案"


FOLLOWS: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.ACCEPTED: frozenset({CaseState.SURVEYING, CaseState.COMPARED}),
    CaseState.SURVEYING: frozenset({CaseState.COMPARED}),
    CaseState.COMPARED: frozenset({CaseState.PUBLICIZED, CaseState.SURVEYING}),
    CaseState.PUBLICIZED: frozenset({CaseState.COMPARED}),
    CaseState.DECIDED: frozenset({CaseState.CLOSED}),
    CaseState.CLOSED: frozenset(),
}
"""Which states a person may move a case to; only a decision makes it decided."""


@dataclass(frozen=True, slots=True)
class Case:
    """案件: one household's application or review."""

    id: str
    number: str
    household: str
    region: RegionCode
    kind: ApplicationKind
    state: CaseState
    opened_on: date
    opened_by: str
    assigned: str | None
    version: int


async def open_case(
    desk: Desk,
    actor: Actor,
    *,
    number: str,
    household: str,
    region: RegionCode,
    kind: ApplicationKind,
) -> Case:
    """A new case, accepted today, with its clocks running. `ChangedMeanwhile` when the number is taken."""
    await desk.permit(actor, Act.OPEN_CASE, region)
    case = Case(
        new_id(), number, household, region, kind, CaseState.ACCEPTED, desk.today(), actor.account, None, 1,
    )  # fmt: skip
    await note_opened(desk, actor, case)
    return case


async def note_opened(desk: Desk, actor: Actor, case: Case) -> None:
    """Write a new case with its clocks and its entry, for whoever was permitted to open it."""
    row = desk.kept.added(
        tables.case,
        id=case.id,
        number=case.number,
        household=case.household,
        region=str(case.region),
        kind=case.kind.value,
        state=case.state.value,
        opened_on=case.opened_on.isoformat(),
        opened_by=actor.account,
        version=1,
    )
    clocks = desk.clocks_started(STARTED_BY_OPENING[case.kind], about=case.id, region=str(case.region))
    step = desk.step(actor, case.id, before="-", after=case.state.value, reason="")
    await desk.write(
        "case.changed",
        fields={**desk.who(actor), "before": "-", "after": case.state.value},
        subjects=[case.household],
        committed={"case": case.number},
        changes=[row, *clocks, step],
    )


async def move_case(desk: Desk, actor: Actor, case: Case, *, to: CaseState, reason: str = "") -> Case:
    """The case in its next state. Raises `NotNow` when that state does not follow."""
    await desk.permit(actor, Act.MOVE_CASE, case.region)
    if to not in FOLLOWS[case.state]:
        raise NotNow([Lack.WRONG_STATE])
    changed = desk.kept.changed(tables.case, id=case.id, version=case.version, state=to.value)
    met = {clock["kind"]: clock["met_on"] is not None for clock in clocks_of(desk, case.id)}
    kinds = started_by(to.value, case.kind)
    first = tuple(kind for kind in kinds if kind not in met)
    changes = [
        changed,
        *desk.clocks_met(MET_BY_STATE.get(to.value, ()), about=case.id),
        *desk.clocks_started(first, about=case.id, region=str(case.region)),
        *desk.clocks_restarted(tuple(kind for kind in kinds if met.get(kind)), about=case.id),
        desk.step(actor, case.id, before=case.state.value, after=to.value, reason=reason),
    ]
    await desk.write(
        "case.changed",
        fields={**desk.who(actor), "before": case.state.value, "after": to.value},
        subjects=[case.household],
        committed={"case": case.number, "reason": reason},
        changes=changes,
    )
    return read_case(desk, actor, case.id)


def read_case(desk: Desk, actor: Actor, id_: str) -> Case:
    """One case by its id. Raises `NotThere`, also for a case outside the actor's region."""
    row = desk.kept.one(sa.select(tables.case).where(tables.case.c.id == id_))
    if row is None or not actor.covers(RegionCode(row["region"])):
        raise NotThere("expected a case of the actor's region")
    return case_in(row)


def case_numbered(desk: Desk, actor: Actor, number: str) -> Case:
    """One case by its number. Raises `NotThere`."""
    row = desk.kept.one(sa.select(tables.case.c.id).where(tables.case.c.number == number))
    if row is None:
        raise NotThere("expected a case of the actor's region")
    return read_case(desk, actor, row["id"])


def cases_in(
    desk: Desk, actor: Actor, *, state: CaseState | None = None, first: int = 50, after: str = ""
) -> Sequence[Case]:
    """Cases of the actor's region, by number, from behind the number `after`."""
    case = tables.case
    query = sa.select(case).where(within(case.c.region, actor.region), case.c.number > after)
    if state is not None:
        query = query.where(case.c.state == state.value)
    return [case_in(row) for row in desk.kept.rows(query.order_by(case.c.number).limit(first))]


def clocks_of(desk: Desk, about: str) -> Sequence[sa.RowMapping]:
    """The clocks of a case or a finding, the nearest deadline first."""
    clock = tables.clock
    return desk.kept.rows(sa.select(clock).where(clock.c.about == about).order_by(clock.c.due_on))


@dataclass(frozen=True, slots=True)
class Late:
    """How many clocks of one kind a unit has let run out, and since when the oldest."""

    region: RegionCode
    clock: str
    count: int
    oldest: date


def late_by_unit(desk: Desk, actor: Actor) -> list[Late]:
    """What nobody met in time in the actor's region, by unit and clock."""
    clock = tables.clock
    query = (
        sa.select(
            clock.c.region,
            clock.c.kind,
            sa.func.count().label("count"),
            sa.func.min(clock.c.due_on).label("oldest"),
        )
        .where(*_missed(desk, actor.region))
        .group_by(clock.c.region, clock.c.kind)
        .order_by(clock.c.region, clock.c.kind)
    )
    return [
        Late(RegionCode(row["region"]), row["kind"], row["count"], date.fromisoformat(row["oldest"]))
        for row in desk.kept.rows(query)
    ]


def overdue(
    desk: Desk, actor: Actor, *, region: RegionCode | None = None, kind: str = "", first: int = 50
) -> Sequence[sa.RowMapping]:
    """Clocks that nobody met in time, the longest overdue first; of one unit and kind where they are given."""
    clock = tables.clock
    inside = _missed(desk, actor.region)
    if region is not None:
        inside.append(within(clock.c.region, region))
    if kind:
        inside.append(clock.c.kind == kind)
    return desk.kept.rows(
        sa.select(clock).where(*inside).order_by(clock.c.due_on, clock.c.region, clock.c.id).limit(first)
    )


def _missed(desk: Desk, region: RegionCode) -> list[sa.ColumnElement[bool]]:
    clock = tables.clock
    return [
        within(clock.c.region, region),
        clock.c.met_on.is_(None),
        clock.c.due_on < desk.today().isoformat(),
        clock.c.kind != "publicity",  # its end is reached, not missed
    ]


def steps_of(desk: Desk, about: str) -> Sequence[sa.RowMapping]:
    """What happened to a case, a finding or a decision, oldest first: when, by whom, from, to, why."""
    step = tables.step
    return desk.kept.rows(sa.select(step).where(step.c.about == about).order_by(step.c.id))


def case_in(row: sa.RowMapping, *, prefix: str = "") -> Case:
    """The case that a row holds, under column names with a prefix."""
    return Case(
        id=row[f"{prefix}id"],
        number=row[f"{prefix}number"],
        household=row[f"{prefix}household"],
        region=RegionCode(row[f"{prefix}region"]),
        kind=ApplicationKind(row[f"{prefix}kind"]),
        state=CaseState(row[f"{prefix}state"]),
        opened_on=date.fromisoformat(row[f"{prefix}opened_on"]),
        opened_by=row[f"{prefix}opened_by"],
        assigned=row[f"{prefix}assigned"],
        version=row[f"{prefix}version"],
    )
