"""Is a record wrong? Whoever uses it disputes it with the department that owns it (校核), which answers in time.

政务数据共享条例 art. 26: the user asks, the provider checks and answers within ten working days.
The record is not changed here: it stays the department's, which corrects it at home, where the
next question finds it. A request, an answer and its clock are written with their entries or not
at all, and nothing in them names a person: who is meant is known by the record's own key.

    CaseworkError
    ├── NotAllowed, NotThere, ChangedMeanwhile, NotNow     as everywhere in casework
    └── BadRequest       (casework.finding)                says what of the request is missing or unknown
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from audit.alongside import Change
from casework import tables
from casework.agreement import Recipient
from casework.cases import Case
from casework.desk import Desk, NotThere, new_id
from casework.finding import BadRequest, Lack, NotNow
from casework.role import Act, Actor
from verification.clock import deadline
from vocabulary.codes import Code, Department
from vocabulary.record import Record, columns_of
from vocabulary.region import RegionCode

CLOCK = "correction"

LONGEST_TEXT = 2_000
"""Characters of a claim or an answer."""


class CorrectionState(Code):
    """校核状态: where a request for correction stands."""

    ASKED = "ASKED", "待答复"
    CORRECTED = "CORRECTED", "已更正"
    UPHELD = "UPHELD", "核实无误"
    WITHDRAWN = "WITHDRAWN", "撤回"


ANSWERS = (CorrectionState.CORRECTED, CorrectionState.UPHELD)
"""What the department may answer."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """What is disputed.

    `subject`   id number or household number that the record was found under; kept as a pseudonym
    `record_id` the department's own key of the row
    `columns`   which of its columns, one or more
    `claim`     what is said to be right and on what grounds; no id number and no name belongs in it
    `handle`    what the record was named by instead, where whoever disputes it may not see the key
    """

    subject: str
    region: RegionCode
    record: type[Record]
    record_id: str
    columns: tuple[str, ...]
    claim: str
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """校核申请, as it is kept.

    `record_id`   the department's own key; to those for whom it was disputed by its handle, that (`by_handle`)
    """

    id: str
    case_id: str | None
    region: RegionCode
    source: Department
    record: str
    record_id: str
    columns: tuple[str, ...]
    claim: str
    state: CorrectionState
    asked_by: str
    asked_on: date
    due_on: date
    answer: str | None
    letter: str | None
    answered_by: str | None
    answered_on: date | None
    version: int
    by_handle: bool
    person: str
    """Pseudonym."""

    def overdue_on(self, day: date) -> bool:
        """Tell whether the answer is late on a day; the last day is still in time."""
        return self.state is CorrectionState.ASKED and day > self.due_on


async def dispute(desk: Desk, actor: Actor, what: Dispute, *, case: Case | None = None) -> Correction:
    """A request that the department has from today on, with its clock running.

    Raises `NotAllowed`, `BadRequest`, `BeyondCalendar` where nobody can say yet which days are worked.
    """
    await desk.permit(actor, Act.DISPUTE, what.region)
    return await written(desk, actor, what, case=case)


async def written(
    desk: Desk,
    actor: Actor,
    what: Dispute,
    *,
    case: Case | None = None,
    beside: Callable[[str], Sequence[Change]] = lambda id_: (),
) -> Correction:
    """The same of somebody who was permitted already.

    `beside`   what else changes with it, or neither does: given the id of the request
    """
    _require_sound(what)
    id_ = new_id()
    due = deadline(CLOCK, start=desk.today(), pack=desk.pack).due
    step = desk.step(actor, id_, before="-", after=CorrectionState.ASKED.value, reason="")
    clocks = desk.clocks_started((CLOCK,), about=id_, region=str(what.region))
    await desk.write(
        "correction.changed",
        fields={
            **desk.who(actor),
            "source": what.record.department.value,
            "record": what.record.__name__,
            "before": "-",
            "after": CorrectionState.ASKED.value,
            "due": due.isoformat(),
        },
        subjects=[what.subject],
        committed={
            "correction": id_,
            "record_id": what.record_id,
            "claim": what.claim.strip(),
            "case": None if case is None else case.number,
        },
        changes=[_row(desk, actor, what, id_=id_, case=case, due=due), step, *clocks, *beside(id_)],
    )
    return read_correction(desk, actor, id_)


async def answer(
    desk: Desk, actor: Actor, correction: Correction, *, state: CorrectionState, text: str, letter: str = ""
) -> Correction:
    """The request with the department's answer, one of `ANSWERS`, in its own words. It is taken when late, too.

    `letter`   number of the department's letter, where somebody else records what it wrote

    Raises `NotAllowed`, `NotThere`, `NotNow`, `BadRequest`.
    """
    await desk.permit(actor, Act.ANSWER, correction.region)
    read_correction(desk, actor, correction.id)  # another department's is not there
    if state not in ANSWERS:
        raise BadRequest(f"expected the answer as one of {', '.join(ANSWERS)}, got `{state}`")
    _require_text("answer", text)
    if not _is_of(actor, correction.source) and not 0 < len(letter.strip()) <= LONGEST_TEXT:
        raise BadRequest("expected the number of the department's letter, got none")
    values = {"answer": text.strip(), "letter": letter.strip() or None}
    return await _close(desk, actor, correction, state, committed={"answer": text.strip()}, values=values)


async def withdraw(desk: Desk, actor: Actor, correction: Correction, *, reason: str) -> Correction:
    """The request, taken back by the side that asked. Raises `NotAllowed`, `NotNow`, `BadRequest`."""
    await desk.permit(actor, Act.DISPUTE, correction.region)
    _require_text("reason", reason)
    return await _close(
        desk, actor, correction, CorrectionState.WITHDRAWN,
        committed={"answer": reason.strip()}, values={"answer": reason.strip()},
    )  # fmt: skip


def read_correction(desk: Desk, actor: Actor, id_: str) -> Correction:
    """One request. Raises `NotThere`, also for one that the actor may not know of."""
    row = desk.kept.one(sa.select(tables.correction).where(tables.correction.c.id == id_, *_seen_by(actor)))
    if row is None:
        raise NotThere("expected a correction request of the actor's region and department")
    return _correction(row, actor)


async def corrections(
    desk: Desk,
    actor: Actor,
    *,
    state: CorrectionState | None = None,
    first: int | None = None,
    offset: int = 0,
) -> list[Correction]:
    """Requests that the actor may know of, what is due first; noted before they are given. Raises `NotAllowed`.

    Whoever asks sees those of the region, the department that provides the records those about its own.
    `first`   how many at most, from `offset` on; all unless given
    """
    await desk.permit(actor, Act.ANSWER if _provides(actor) else Act.READ)
    table = tables.correction
    query = sa.select(table).where(*_seen_by(actor))
    if state is not None:
        query = query.where(table.c.state == state.value)
    rows = desk.kept.rows(query.order_by(table.c.due_on, table.c.id).limit(first).offset(offset))
    await desk.read(actor, "corrections", rows=len(rows))
    return [_correction(row, actor) for row in rows]


async def _close(
    desk: Desk,
    actor: Actor,
    correction: Correction,
    state: CorrectionState,
    *,
    committed: dict[str, str],
    values: dict[str, str | None],
) -> Correction:
    if correction.state is not CorrectionState.ASKED:
        raise NotNow([Lack.WRONG_STATE])
    answered = {"answered_by": actor.account, "answered_on": desk.today().isoformat()}
    changes: Sequence[Change] = [
        desk.kept.changed(
            tables.correction,
            id=correction.id,
            version=correction.version,
            state=state.value,
            **answered,
            **values,
        ),
        desk.step(actor, correction.id, before=correction.state.value, after=state.value, reason=""),
        *desk.clocks_met((CLOCK,), about=correction.id),
    ]
    await desk.write(
        "correction.changed",
        fields={
            **desk.who(actor),
            "source": correction.source.value,
            "record": correction.record,
            "before": correction.state.value,
            "after": state.value,
        },
        tags=[correction.person],
        committed={"correction": correction.id, **committed},
        changes=changes,
    )
    return read_correction(desk, actor, correction.id)


def _row(desk: Desk, actor: Actor, what: Dispute, *, id_: str, case: Case | None, due: date) -> Change:
    return desk.kept.added(
        tables.correction,
        id=id_,
        case_id=None if case is None else case.id,
        region=str(what.region),
        source=what.record.department.value,
        record=what.record.__name__,
        record_id=what.record_id,
        handle=what.handle or None,
        columns=json.dumps(what.columns),
        person=desk.book.pseudonym(what.subject),
        claim=what.claim.strip(),
        state=CorrectionState.ASKED.value,
        asked_by=actor.account,
        asked_on=desk.today().isoformat(),
        due_on=due.isoformat(),
        version=1,
    )


def _require_sound(what: Dispute) -> None:
    _require_text("claim", what.claim)
    if not 0 < len(what.record_id) <= 64:
        raise BadRequest("expected the record's key of 1 to 64 characters")
    known = columns_of(what.record)
    if not what.columns or not set(what.columns) <= known.keys():
        raise BadRequest(f"expected one or more columns of {what.record.__name__}: {', '.join(known)}")


def _require_text(name: str, text: str) -> None:
    if not 0 < len(text.strip()) <= LONGEST_TEXT:
        raise BadRequest(f"expected `{name}` of 1 to {LONGEST_TEXT} characters")


def _is_of(actor: Actor, source: Department) -> bool:
    return actor.department.value == source.value


def _provides(actor: Actor) -> bool:
    return actor.department is not Recipient.CIVIL_AFFAIRS


def _seen_by(actor: Actor) -> list[sa.ColumnElement[bool]]:
    table = tables.correction
    seen = [table.c.region.startswith(str(actor.region))]
    return [*seen, table.c.source == actor.department.value] if _provides(actor) else seen


def _correction(row: sa.RowMapping, actor: Actor) -> Correction:
    hidden = row["handle"] is not None and not actor.may(Act.ANSWER)
    return Correction(
        id=row["id"],
        case_id=row["case_id"],
        region=RegionCode(row["region"]),
        source=Department(row["source"]),
        record=row["record"],
        record_id=row["handle"] if hidden else row["record_id"],
        columns=tuple(json.loads(row["columns"])),
        claim=row["claim"],
        state=CorrectionState(row["state"]),
        asked_by=row["asked_by"],
        asked_on=date.fromisoformat(row["asked_on"]),
        due_on=date.fromisoformat(row["due_on"]),
        answer=row["answer"],
        letter=row["letter"],
        answered_by=row["answered_by"],
        answered_on=None if row["answered_on"] is None else date.fromisoformat(row["answered_on"]),
        version=row["version"],
        by_handle=hidden,
        person=row["person"],
    )
