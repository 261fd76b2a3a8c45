"""What did somebody say who applied? Kept with the case, as it was asked, once; what a source tells was not asked.

Raises `CaseworkError` in its kinds, `audit.errors.NotLogged`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from casework import tables
from casework.ask_once import Form, answered
from casework.cases import Case, read_case
from casework.desk import Desk, new_id
from casework.role import Act, Actor


@dataclass(frozen=True, slots=True)
class Declaration:
    """申报: what was said, amounts in fen, and what was left to departments, by item and clause."""

    id: str
    number: int
    answers: Mapping[str, str | int]
    unasked: Mapping[str, str]
    made_on: date
    taken_by: str


async def declare(desk: Desk, actor: Actor, case: Case, form: Form, said: Mapping[str, str]) -> Declaration:
    """What was said to a form, as the next declaration of a case.

    Raises `NotAllowed`, `BadRequest`, `ChangedMeanwhile` where somebody took one at the same moment.
    """
    await desk.permit(actor, Act.OPEN_CASE, case.region)
    answers = json.dumps(answered(form, said), ensure_ascii=False, sort_keys=True)
    unasked = json.dumps({each.item.code: each.clause for each in form.told}, ensure_ascii=False)
    made = Declaration(
        new_id(),
        _count(desk, case) + 1,
        json.loads(answers),
        json.loads(unasked),
        desk.today(),
        actor.account,
    )
    row = desk.kept.added(
        tables.declaration,
        id=made.id,
        case_id=case.id,
        number=made.number,
        answers=answers,
        unasked=unasked,
        made_on=made.made_on.isoformat(),
        taken_by=made.taken_by,
    )
    state = case.state.value
    digest = hashlib.sha256(answers.encode()).hexdigest()
    step = desk.step(actor, case.id, before=state, after=state, reason=f"申报 {made.number}")
    await desk.write(
        "case.changed",
        fields={**desk.who(actor), "before": state, "after": f"{state}:DECLARED"},
        subjects=[case.household],
        committed={"case": case.number, "reason": {"declaration": made.id, "answers": digest}},
        changes=[row, step],
    )
    return made


def declarations_of(desk: Desk, actor: Actor, case: Case) -> list[Declaration]:
    """The declarations of one case, the newest first."""
    read_case(desk, actor, case.id)
    table = tables.declaration
    query = sa.select(table).where(table.c.case_id == case.id).order_by(table.c.number.desc())
    return [
        Declaration(
            row["id"],
            row["number"],
            json.loads(row["answers"]),
            json.loads(row["unasked"]),
            date.fromisoformat(row["made_on"]),
            row["taken_by"],
        )
        for row in desk.kept.rows(query)
    ]


def _count(desk: Desk, case: Case) -> int:
    return desk.kept.count(sa.select(tables.declaration.c.id).where(tables.declaration.c.case_id == case.id))
