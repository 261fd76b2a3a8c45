"""Is a department's row about this person? Proposed by likeness with its evidence, decided by somebody, never merged.

What `connectors.linkage` finds under an id number that is missing or mistyped is kept here until a
person confirms or rejects it. Nothing reads a link as if the row had the number: the department is
asked to mend it (`casework.corrections`), and then it answers by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from casework import tables
from casework.desk import Desk, NotThere, new_id
from casework.finding import Lack, NotNow
from casework.role import Act, Actor
from connectors.linkage import How
from vocabulary.codes import Code, Department
from vocabulary.record import Record
from vocabulary.region import RegionCode


class LinkState(Code):
    """Where a link stands."""

    PROPOSED = "PROPOSED", "待确认"
    CONFIRMED = "CONFIRMED", "确认为同一人"
    REJECTED = "REJECTED", "不是同一人"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is proposed.

    `person`      id number of ours; kept as a pseudonym
    `record_id`   the department's own key of the row
    `per_mille`   how likely a statistical linker holds it, 0 to 1,000; None where none was asked
    """

    record: type[Record]
    record_id: str
    person: str
    how: How
    names_agree: bool | None
    per_mille: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """疑似同一人, as it is kept."""

    id: str
    region: RegionCode
    source: Department
    record: str
    record_id: str
    person: str
    how: How
    names_agree: bool | None
    state: LinkState
    proposed_on: date
    decided_by: str | None
    decided_on: date | None
    reason: str | None
    version: int
    per_mille: int | None = None


async def propose(desk: Desk, actor: Actor, found: Iterable[Likeness]) -> int:
    """Register what was found; how many were new. A row and person that are known stay as somebody left them."""
    await desk.permit(actor, Act.ADD_FINDING)
    link = tables.link
    known = {
        (row["record"], row["record_id"], row["person"])
        for row in desk.kept.rows(sa.select(link.c.record, link.c.record_id, link.c.person))
    }
    new = 0
    for one in found:
        person = desk.book.pseudonym(one.person)
        if (one.record.__name__, one.record_id, person) not in known:
            known.add((one.record.__name__, one.record_id, person))
            await _add(desk, actor, one, person)
            new += 1
    return new


async def _add(desk: Desk, actor: Actor, found: Likeness, person: str) -> None:
    id_ = new_id()
    row = desk.kept.added(
        tables.link,
        id=id_,
        region=str(actor.region),
        source=found.record.department.value,
        record=found.record.__name__,
        record_id=found.record_id,
        person=person,
        how=found.how.value,
        names_agree=None if found.names_agree is None else int(found.names_agree),
        per_mille=found.per_mille,
        state=LinkState.PROPOSED.value,
        proposed_on=desk.today().isoformat(),
        version=1,
    )
    await desk.write(
        "link.changed",
        fields={
            **desk.who(actor),
            "source": found.record.department.value,
            "record": found.record.__name__,
            "how": found.how.value,
            "before": "-",
            "after": LinkState.PROPOSED.value,
        },
        tags=[person],
        committed={"link": id_, "record_id": found.record_id},
        changes=[row, desk.step(actor, id_, before="-", after=LinkState.PROPOSED.value, reason="")],
    )


async def decide(desk: Desk, actor: Actor, link: Link, *, same: bool, reason: str) -> Link:
    """The link, confirmed or rejected with a reason. Raises `NotAllowed`, `NotNow`, `ChangedMeanwhile`."""
    await desk.permit(actor, Act.CONFIRM if same else Act.WITHDRAW, link.region)
    lacks = [] if link.state is LinkState.PROPOSED else [Lack.WRONG_STATE]
    lacks += [] if reason.strip() else [Lack.NO_REASON]
    if lacks:
        raise NotNow(lacks)
    after = LinkState.CONFIRMED if same else LinkState.REJECTED
    changed = desk.kept.changed(
        tables.link,
        id=link.id,
        version=link.version,
        state=after.value,
        decided_by=actor.account,
        decided_on=desk.today().isoformat(),
        reason=reason.strip(),
    )
    await desk.write(
        "link.changed",
        fields={
            **desk.who(actor),
            "source": link.source.value,
            "record": link.record,
            "how": link.how.value,
            "before": link.state.value,
            "after": after.value,
        },
        tags=[link.person],
        committed={"link": link.id, "record_id": link.record_id, "reason": reason.strip()},
        changes=[
            changed,
            desk.step(actor, link.id, before=link.state.value, after=after.value, reason=reason),
        ],
    )
    return read_link(desk, actor, link.id)


def read_link(desk: Desk, actor: Actor, id_: str) -> Link:
    """One link. Raises `NotThere`, also for one outside the actor's region."""
    row = desk.kept.one(sa.select(tables.link).where(tables.link.c.id == id_))
    if row is None or not actor.covers(RegionCode(row["region"])):
        raise NotThere("expected a link of the actor's region")
    return _link(row)


async def links(
    desk: Desk, actor: Actor, *, state: LinkState | None = None, first: int | None = None, offset: int = 0
) -> list[Link]:
    """Links of the actor's region, the oldest first; noted before they are given. Raises `NotAllowed`.

    `first`   how many at most, from `offset` on; all unless given
    """
    await desk.permit(actor, Act.READ)
    table = tables.link
    query = sa.select(table).where(table.c.region.startswith(str(actor.region)))
    if state is not None:
        query = query.where(table.c.state == state.value)
    rows = desk.kept.rows(query.order_by(table.c.proposed_on, table.c.id).limit(first).offset(offset))
    await desk.read(actor, "links", rows=len(rows))
    return [_link(row) for row in rows]


def _link(row: sa.RowMapping) -> Link:
    return Link(
        id=row["id"],
        region=RegionCode(row["region"]),
        source=Department(row["source"]),
        record=row["record"],
        record_id=row["record_id"],
        person=row["person"],
        how=How(row["how"]),
        names_agree=None if row["names_agree"] is None else bool(row["names_agree"]),
        state=LinkState(row["state"]),
        proposed_on=date.fromisoformat(row["proposed_on"]),
        decided_by=row["decided_by"],
        decided_on=None if row["decided_on"] is None else date.fromisoformat(row["decided_on"]),
        reason=row["reason"],
        version=row["version"],
        per_mille=row["per_mille"],
    )
