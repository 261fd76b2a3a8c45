"""What is wrong with a delivered row? A finding whose subject is the department's own key of it, and no person.

A check of a delivery (`connectors.expectations`) finds rows that fail an expectation. Each is kept
until a person disputes it with the department (校核, `casework.corrections`) or sets it aside with a
reason. The same row, rule and delivery are found once; one that is still open is not found anew in
the next delivery either. Many are registered in one entry of the log: one a rule and 500 rows.

Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import sqlalchemy as sa

from audit.alongside import Change
from casework import tables
from casework.corrections import Dispute, written
from casework.desk import ChangedMeanwhile, Desk, NotThere, new_id
from casework.finding import BadRequest, Lack, NotNow
from casework.role import Act, Actor
from vocabulary.codes import Code, Department
from vocabulary.record import columns_of
from vocabulary.register import record_types

AT_ONCE = 500
"""Rows of one entry; the log takes 1,000 subjects."""


class RowState(Code):
    """Where a finding about a row stands."""

    SUSPECTED = "SUSPECTED", "待处理"
    CONFIRMED = "CONFIRMED", "已提请校核"
    WITHDRAWN = "WITHDRAWN", "不予处理"


@dataclass(frozen=True, slots=True)
class RowSuspicion:
    """A row that fails an expectation.

    `record`     name of the record type
    `record_id`  the register's own key, 1 to 64 characters, or its place (`row 17`): never an id number
    `batch`      digest of the delivery, or `live`
    `rule`       `Q-<department>-<record>-<column>-<expectation>`, 1 to 64 characters of a code
    """

    department: Department
    record: str
    record_id: str
    batch: str
    rule: str
    severity: str


@dataclass(frozen=True, slots=True)
class RowFinding:
    """数据质量疑点, as it is kept. `correction`: id of the request (校核) by which it was disputed."""

    id: str
    what: RowSuspicion
    state: RowState
    found_on: date
    correction: str | None
    decided_by: str | None
    decided_on: date | None
    reason: str | None
    version: int


async def add_row_findings(desk: Desk, actor: Actor, found: Iterable[RowSuspicion]) -> int:
    """Register rows that failed; how many were new. Takes any number without holding them all."""
    await desk.permit(actor, Act.ADD_FINDING)
    new, rows = 0, iter(found)
    while chunk := list(islice(rows, AT_ONCE)):
        for rule, of_rule in _by_rule(_unknown(desk, chunk)):
            new += await _add(desk, actor, rule, of_rule)
    return new


async def decide_row_finding(
    desk: Desk, actor: Actor, finding: RowFinding, *, confirmed: bool, reason: str
) -> RowFinding:
    """The finding, disputed with the department or set aside, with a reason.

    A dispute is a request for correction (校核), whose clock runs from today: both are there, or neither.
    Raises `NotAllowed`, `NotNow`, `ChangedMeanwhile`, and what `casework.corrections.dispute` raises.
    """
    await desk.permit(actor, Act.REVIEW if confirmed else Act.WITHDRAW)
    lacks = [] if finding.state is RowState.SUSPECTED else [Lack.WRONG_STATE]
    lacks += [] if reason.strip() else [Lack.NO_REASON]
    if lacks:
        raise NotNow(lacks)
    if confirmed:
        await _disputed(desk, actor, finding, reason=reason.strip())
    else:
        await _set_aside(desk, actor, finding, reason=reason.strip())
    return read_row_finding(desk, actor, finding.id)


def read_row_finding(desk: Desk, actor: Actor, id_: str) -> RowFinding:
    """One finding about a row. Raises `NotThere`, also for who may not look at casework."""
    row = desk.kept.one(sa.select(tables.row_finding).where(tables.row_finding.c.id == id_))
    if row is None or not actor.may(Act.READ):
        raise NotThere("expected a finding about a delivered row")
    return _finding(row)


async def row_findings(
    desk: Desk,
    actor: Actor,
    *,
    department: Department | None = None,
    state: RowState | None = None,
    first: int | None = None,
    offset: int = 0,
) -> list[RowFinding]:
    """Findings about rows, the oldest first; noted before they are given. Raises `NotAllowed`.

    `first`   how many at most, from `offset` on; all unless given
    """
    await desk.permit(actor, Act.READ)
    table = tables.row_finding
    query = sa.select(table)
    if department is not None:
        query = query.where(table.c.source == department.value)
    if state is not None:
        query = query.where(table.c.state == state.value)
    rows = desk.kept.rows(query.order_by(table.c.found_on, table.c.id).limit(first).offset(offset))
    await desk.read(actor, "row-findings", rows=len(rows))
    return [_finding(row) for row in rows]


async def _disputed(desk: Desk, actor: Actor, finding: RowFinding, *, reason: str) -> None:
    what = finding.what
    record = next((one for one in record_types() if one.__name__ == what.record), None)
    if record is None:
        raise BadRequest(f"expected `record` as one of {', '.join(one.__name__ for one in record_types())}")
    request = Dispute(
        subject=_subject(what),
        region=actor.region,
        record=record,
        record_id=what.record_id,
        columns=(next((part for part in what.rule.split("-") if part in columns_of(record)), "record_id"),),
        claim=f"{reason}（检查规则 {what.rule}，交付批次 {what.batch[:12]}）",
    )
    after = RowState.CONFIRMED
    await written(
        desk,
        actor,
        request,
        beside=lambda id_: _moved(desk, actor, finding, after, reason, correction_id=id_),
    )


async def _set_aside(desk: Desk, actor: Actor, finding: RowFinding, *, reason: str) -> None:
    before, after = finding.state, RowState.WITHDRAWN
    await desk.write(
        "finding.changed",
        fields={
            **desk.who(actor),
            "rule": finding.what.rule,
            "before": before.value,
            "after": after.value,
        },
        subjects=[_subject(finding.what)],
        committed={"reason": reason, "finding": finding.id},
        changes=_moved(desk, actor, finding, after, reason),
    )


def _moved(
    desk: Desk, actor: Actor, finding: RowFinding, after: RowState, reason: str, **others: str
) -> list[Change]:
    moved = desk.kept.changed(
        tables.row_finding,
        id=finding.id,
        version=finding.version,
        state=after.value,
        decided_by=actor.account,
        decided_on=desk.today().isoformat(),
        reason=reason,
        **others,
    )
    return [
        moved,
        desk.step(actor, finding.id, before=finding.state.value, after=after.value, reason=reason),
    ]


async def _add(desk: Desk, actor: Actor, rule: str, found: Sequence[RowSuspicion]) -> int:
    """One entry for all of a rule; where somebody else registers the same at this moment, one for each."""
    changes: list[Change] = []
    for each in found:
        changes += _changes(desk, actor, each)
    try:
        await desk.write(
            "finding.changed",
            fields={**desk.who(actor), "rule": rule, "before": "-", "after": RowState.SUSPECTED.value},
            subjects={_subject(each) for each in found},
            changes=changes,
        )
    except ChangedMeanwhile:
        if len(found) == 1:
            return 0  # it is known now, as somebody else registered it
        return sum([await _add(desk, actor, rule, [each]) for each in found])
    return len(found)


def _changes(desk: Desk, actor: Actor, found: RowSuspicion) -> list[Change]:
    id_, state = new_id(), RowState.SUSPECTED.value
    row = desk.kept.added(
        tables.row_finding,
        id=id_,
        source=found.department.value,
        record=found.record,
        record_id=found.record_id,
        batch=found.batch,
        rule=found.rule,
        severity=found.severity,
        state=state,
        found_on=desk.today().isoformat(),
        version=1,
    )
    return [row, desk.step(actor, id_, before="-", after=state, reason="")]


def _unknown(desk: Desk, found: Iterable[RowSuspicion]) -> list[RowSuspicion]:
    """Those that are not on file: of this delivery, or still open from an earlier one."""
    by_key = {(each.department.value, each.record, each.record_id, each.rule): each for each in found}
    table = tables.row_finding
    key = (table.c.source, table.c.record, table.c.record_id, table.c.rule)
    ids = {each.record_id for each in by_key.values()}
    query = sa.select(*key, table.c.batch, table.c.state).where(table.c.record_id.in_(ids))
    for row in desk.kept.rows(query):
        at = (row["source"], row["record"], row["record_id"], row["rule"])
        same = by_key.get(at)
        if same and (row["batch"] == same.batch or row["state"] == RowState.SUSPECTED.value):
            del by_key[at]
    return list(by_key.values())


def _by_rule(found: Iterable[RowSuspicion]) -> Iterator[tuple[str, list[RowSuspicion]]]:
    rules: defaultdict[str, list[RowSuspicion]] = defaultdict(list)
    for each in found:
        rules[each.rule].append(each)
    return iter(rules.items())


def _subject(found: RowSuspicion) -> str:
    """What stands for a row in the log, as a pseudonym: a department's key may say something of a person."""
    return f"{found.department.value}/{found.record}/{found.record_id}"


def _finding(row: sa.RowMapping) -> RowFinding:
    what = RowSuspicion(
        Department(row["source"]), row["record"], row["record_id"], row["batch"], row["rule"], row["severity"]
    )
    return RowFinding(
        id=row["id"],
        what=what,
        state=RowState(row["state"]),
        found_on=date.fromisoformat(row["found_on"]),
        correction=row["correction_id"],
        decided_by=row["decided_by"],
        decided_on=None if row["decided_on"] is None else date.fromisoformat(row["decided_on"]),
        reason=row["reason"],
        version=row["version"],
    )
