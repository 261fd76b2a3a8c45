"""How is a decision made? One person drafts it on a verdict, another makes it; an adverse one only after a hearing.

The conditions are `casework.decision`; here each act is one change with its entry, and the
database holds the same conditions once more. Raises `CaseworkError` in its kinds, `NotLogged`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from audit.alongside import Change
from casework import tables
from casework.cases import Case, CaseState, read_case
from casework.clocks import MET_BY_STATE, started_by
from casework.decision import DecisionKind, DecisionState, Grounds, is_publicized, require
from casework.desk import Desk, NotThere, new_id
from casework.finding import Lack, NotNow
from casework.findings import Finding, read_finding
from casework.periods import Facts, facts_of
from casework.role import Act, Actor
from vocabulary.codes import ApplicationKind, Category


@dataclass(frozen=True, slots=True)
class Basis:
    """The verification that a decision rests on, by digests; with them it can be replayed.

    `category`   None when the verification could not tell
    `visited`    whether the registers of applications and visits say that no visit by two is missing (HH-10)
    """

    category: Category | None
    payable_fen: int
    pack: str
    rules: str
    inputs: str
    result: str
    visited: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """决定: a draft until a second person makes it."""

    id: str
    case: Case
    kind: DecisionKind
    category: Category
    payable_fen: int
    reason: str
    visited: bool
    finding: str | None
    hearing: str | None
    pack: str
    rules: str
    inputs: str
    result: str
    drafted_by: str
    drafted_on: date
    second: str | None
    decided_on: date | None
    state: DecisionState
    version: int
    facts: Facts


async def hear(desk: Desk, actor: Actor, case: Case, *, record: str) -> str:
    """The id of a hearing held today: what the person said, as it was written down. Raises `NotNow` without text."""
    await desk.permit(actor, Act.HEAR, case.region)
    if not record.strip():
        raise NotNow([Lack.NO_HEARING])
    id_ = new_id()
    row = desk.kept.added(
        tables.hearing,
        id=id_,
        case_id=case.id,
        held_on=desk.today().isoformat(),
        record=record,
        by=actor.account,
        at=int(desk.clock().timestamp() * 1000),
    )
    await desk.write(
        "hearing.held",
        fields={**desk.who(actor), "day": desk.today().isoformat()},
        subjects=[case.household],
        committed={"case": case.number, "record": record},
        changes=[row],
    )
    return id_


async def draft(
    desk: Desk,
    actor: Actor,
    case: Case,
    *,
    kind: DecisionKind,
    basis: Basis,
    reason: str,
    finding: Finding | None = None,
) -> Decision:
    """A draft of a decision. Raises `NotNow` when the verification could not tell, or there is no reason.

    `NotThere` where the finding belongs to another case.
    """
    await desk.permit(actor, Act.DRAFT, case.region)
    if finding is not None and finding.case.id != case.id:
        raise NotThere("expected a finding of the case itself")
    lacks = [Lack.INDETERMINATE] if basis.category is None else []
    if not reason.strip():
        lacks.append(Lack.NO_REASON)
    if lacks or basis.category is None:
        raise NotNow(lacks)
    id_, state = new_id(), DecisionState.DRAFT.value
    row = _drafted(desk, actor, case, kind, basis, reason=reason, finding=finding, id_=id_)
    step = desk.step(actor, id_, before="-", after=state, reason=reason)
    await desk.write(
        "case.changed",
        fields={**desk.who(actor), "before": case.state.value, "after": f"{case.state.value}:DRAFT"},
        subjects=[case.household],
        committed={"case": case.number, "reason": reason},
        changes=[row, step],
    )
    return read_decision(desk, actor, id_)


def _drafted(
    desk: Desk,
    actor: Actor,
    case: Case,
    kind: DecisionKind,
    basis: Basis,
    *,
    reason: str,
    finding: Finding | None,
    id_: str,
) -> Change:
    facts = facts_of(finding.records) if finding else Facts()
    assert basis.category is not None, "nothing is drafted on what cannot be told"
    return desk.kept.added(
        tables.decision,
        id=id_,
        case_id=case.id,
        kind=kind.value,
        adverse=int(kind.adverse),
        category=basis.category.value,
        payable_fen=basis.payable_fen,
        reason=reason,
        visited=int(basis.visited),
        finding_id=finding.id if finding else None,
        pack=basis.pack,
        rules=basis.rules,
        inputs=basis.inputs,
        result=basis.result,
        drafted_by=actor.account,
        drafted_on=desk.today().isoformat(),
        state=DecisionState.DRAFT.value,
        version=1,
        facts_of_a_month=facts.of_a_month,
        facts_of_longer=facts.of_longer,
    )


def missing(desk: Desk, actor: Actor, decision: Decision) -> tuple[Lack, ...]:
    """What is still missing before this actor may make the decision; empty when nothing is."""
    try:
        require(decision.kind, _grounds(desk, actor, decision), today=desk.today())
    except NotNow as not_now:
        return not_now.lacks
    return ()


async def decide(desk: Desk, actor: Actor, decision: Decision) -> Decision:
    """The decision, made. Raises `NotNow` with everything that is missing."""
    await desk.permit(actor, Act.DECIDE, decision.case.region)
    if decision.state is not DecisionState.DRAFT or decision.case.state in _OVER:
        raise NotNow([Lack.WRONG_STATE])
    require(decision.kind, _grounds(desk, actor, decision), today=desk.today())
    await desk.write(
        "decision.made",
        fields={
            **desk.who(actor),
            "caller": decision.drafted_by,
            "second": actor.account,
            "kind": decision.kind.value,
            "pack": decision.pack,
            "rules": decision.rules,
            "region": str(decision.case.region),
        },
        subjects=[decision.case.household],
        committed={
            "case": decision.case.number,
            "reason": decision.reason,
            "outcome": {"category": decision.category.value, "payable_fen": decision.payable_fen},
            "inputs": decision.inputs,
            "result": decision.result,
        },
        changes=_made(desk, actor, decision),
    )
    return read_decision(desk, actor, decision.id)


_OVER = frozenset({CaseState.DECIDED, CaseState.CLOSED})
"""What was decided once is decided: a change of it is a case of its own."""


def _made(desk: Desk, actor: Actor, decision: Decision) -> list[Change]:
    """What a decision changes: itself, its case, and the clocks that it stops and starts."""
    case, made, decided = decision.case, DecisionState.CONFIRMED.value, CaseState.DECIDED.value
    row = desk.kept.changed(
        tables.decision,
        id=decision.id,
        version=decision.version,
        state=made,
        second=actor.account,
        decided_on=desk.today().isoformat(),
        hearing_id=_hearing(desk, case),
    )
    return [
        row,
        desk.kept.changed(tables.case, id=case.id, version=case.version, state=decided),
        *desk.clocks_met(MET_BY_STATE[decided], about=case.id),
        *desk.clocks_started(started_by(decided, case.kind), about=case.id, region=str(case.region)),
        desk.step(actor, case.id, before=case.state.value, after=decided, reason=decision.reason),
        desk.step(actor, decision.id, before=decision.state.value, after=made, reason=""),
    ]


async def send_back(desk: Desk, actor: Actor, decision: Decision, *, reason: str) -> Decision:
    """The draft, sent back to whoever drafted it. Raises `NotNow`."""
    await desk.permit(actor, Act.DECIDE, decision.case.region)
    lacks = [] if decision.state is DecisionState.DRAFT else [Lack.WRONG_STATE]
    if not reason.strip():
        lacks.append(Lack.NO_REASON)
    if lacks:
        raise NotNow(lacks)
    back, case = DecisionState.RETURNED.value, decision.case
    await desk.write(
        "case.changed",
        fields={**desk.who(actor), "before": f"{case.state.value}:DRAFT", "after": case.state.value},
        subjects=[case.household],
        committed={"case": case.number, "reason": reason},
        changes=[
            desk.kept.changed(tables.decision, id=decision.id, version=decision.version, state=back),
            desk.step(actor, decision.id, before=decision.state.value, after=back, reason=reason),
        ],
    )
    return read_decision(desk, actor, decision.id)


def read_decision(desk: Desk, actor: Actor, id_: str) -> Decision:
    """One decision. Raises `NotThere`, also for one outside the actor's region."""
    row = desk.kept.one(sa.select(tables.decision).where(tables.decision.c.id == id_))
    if row is None:
        raise NotThere("expected a decision of the actor's region")
    return _decision(row, read_case(desk, actor, row["case_id"]))


def decisions_of(desk: Desk, actor: Actor, case: Case) -> list[Decision]:
    """The decisions on one case, oldest first."""
    table = tables.decision
    query = sa.select(table).where(table.c.case_id == case.id).order_by(table.c.drafted_on, table.c.id)
    read_case(desk, actor, case.id)
    return [_decision(row, case) for row in desk.kept.rows(query)]


def hearings_of(desk: Desk, actor: Actor, case: Case) -> list[sa.RowMapping]:
    """The hearings of one case, oldest first."""
    read_case(desk, actor, case.id)
    table = tables.hearing
    return list(desk.kept.rows(sa.select(table).where(table.c.case_id == case.id).order_by(table.c.at)))


def _grounds(desk: Desk, actor: Actor, decision: Decision) -> Grounds:
    finding = read_finding(desk, actor, decision.finding) if decision.finding else None
    case = decision.case
    applied = case.kind is not ApplicationKind.REVIEW
    return Grounds(
        finding=finding.standing if finding else None,
        heard=_hearing(desk, case) is not None,
        reason=decision.reason,
        drafted_by=decision.drafted_by,
        second=actor.account,
        publicized=_publicized(desk, case) if is_publicized(decision.kind, application=applied) else None,
        visited=decision.visited,
        judged=bool(decision.inputs and decision.result),
        entitled=decision.category is not Category.NONE,
        facts=decision.facts,
    )


def _hearing(desk: Desk, case: Case) -> str | None:
    table = tables.hearing
    query = sa.select(table.c.id).where(table.c.case_id == case.id).order_by(table.c.at.desc()).limit(1)
    row = desk.kept.one(query)
    return row["id"] if row else None


def _publicized(desk: Desk, case: Case) -> bool:
    """Tell whether the natural days of 公示 are over; its last day still belongs to it. Cut short, it counts for nothing."""
    clock = tables.clock
    running = sa.select(clock.c.due_on).where(
        clock.c.about == case.id, clock.c.kind == "publicity", clock.c.met_on.is_(None)
    )
    row = desk.kept.one(running)
    return row is not None and row["due_on"] < desk.today().isoformat()


def _decision(row: sa.RowMapping, case: Case) -> Decision:
    return Decision(
        id=row["id"],
        case=case,
        kind=DecisionKind(row["kind"]),
        category=Category(row["category"]),
        payable_fen=row["payable_fen"],
        reason=row["reason"],
        visited=bool(row["visited"]),
        finding=row["finding_id"],
        hearing=row["hearing_id"],
        pack=row["pack"],
        rules=row["rules"],
        inputs=row["inputs"],
        result=row["result"],
        drafted_by=row["drafted_by"],
        drafted_on=date.fromisoformat(row["drafted_on"]),
        second=row["second"],
        decided_on=None if row["decided_on"] is None else date.fromisoformat(row["decided_on"]),
        state=DecisionState(row["state"]),
        version=row["version"],
        facts=Facts(row["facts_of_a_month"], row["facts_of_longer"]),
    )
