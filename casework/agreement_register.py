"""How does a sharing agreement change? A lawyer drafts a revision, a second person puts it in force; nothing is edited.

What is in force is the folder of agreements, each replaced by the newest revision that was put in force
here, and those that are new. A draft that is older than what is in force comes too late. A revision is
checked as the files are, and the whole set with it compiles, before it is drafted and once more before
it is put in force. An agreement ends by a revision whose last day has come.

Raises `CaseworkError` in its kinds, `casework.written.BadAgreement`, `casework.cedar.DoesNotCompile`,
`audit.errors.NotLogged`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from casework import tables
from casework.agreement import Agreement, hash_of, read_agreement
from casework.cedar import AgreementSet
from casework.desk import Desk, NotThere, new_id
from casework.finding import BadRequest, CaseworkError, Lack, NotNow
from casework.kept import Kept
from casework.role import Act, Actor
from casework.written import read_text
from vocabulary.codes import Code

LONGEST_TEXT = 100_000
"""Characters of an agreement."""


class Unreadable(CaseworkError):
    """The register could not be read; it may be in a moment."""


class RevisionState(Code):
    """Where a revision stands."""

    DRAFT = "DRAFT", "草拟"
    IN_FORCE = "IN_FORCE", "生效"
    REPLACED = "REPLACED", "已被替代"
    RETURNED = "RETURNED", "退回"


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of one agreement. `digest`: SHA-256 of what it says, whatever its comments."""

    id: str
    number: str
    revision: int
    text: str
    digest: str
    state: RevisionState
    drafted_by: str
    drafted_on: date
    second: str | None
    decided_on: date | None
    reason: str
    version: int

    @property
    def agreement(self) -> Agreement:
        """What it says."""
        return understood(self.text, file=self.number)


def understood(text: str, *, file: str) -> Agreement:
    """The agreement that a text says; `file` is what messages call it. Raises `BadAgreement`."""
    return read_agreement(read_text(text, file=file))


def in_force(kept: Kept, folder: Sequence[Agreement]) -> tuple[Agreement, ...]:
    """The agreements of the moment: those of the folder, and what was put in force here instead or besides.

    Raises `Unreadable`.
    """
    with _readable():
        found = _revisions(kept, RevisionState.IN_FORCE)
    newer = {each.number: each.agreement for each in found}
    return tuple(each for each in folder if each.number not in newer) + tuple(newer.values())


def mark_of(kept: Kept) -> tuple[str, ...]:
    """What tells whether something was put in force since: the ids of what is. Raises `Unreadable`."""
    table = tables.agreement
    query = sa.select(table.c.id).where(table.c.state == RevisionState.IN_FORCE.value)
    with _readable():
        return tuple(row["id"] for row in kept.rows(query.order_by(table.c.id)))


async def draft_revision(
    desk: Desk, actor: Actor, *, text: str, reason: str, folder: Sequence[Agreement]
) -> Revision:
    """A new revision of the agreement whose number the text names. Raises `BadRequest`, `NotNow` without a reason."""
    await desk.permit(actor, Act.EDIT_AGREEMENT)
    if not reason.strip():
        raise NotNow([Lack.NO_REASON])
    return await _drafted(desk, actor, _checked(desk, text, folder), reason=reason.strip())


async def draft_revisions(
    desk: Desk, actor: Actor, *, texts: Sequence[str], reason: str, folder: Sequence[Agreement]
) -> list[Revision]:
    """A revision of each agreement that says something else than what is in force; none where one cannot be.

    What waits already, with these very words, is not drafted again: an import that was killed goes on.
    Raises `BadRequest`, `BadAgreement`, `DoesNotCompile` and `NotNow` before anything is drafted.
    """
    await desk.permit(actor, Act.EDIT_AGREEMENT)
    if not reason.strip():
        raise NotNow([Lack.NO_REASON])
    now = {*in_force(desk.kept, folder)}
    waiting = {each.digest for each in drafts(desk.kept)}
    wanted = [text for text in texts if understood(text, file="text") not in now]
    checked = [_checked(desk, text, folder) for text in wanted]
    if len({each.agreement.number for each in checked}) < len(checked):
        raise BadRequest("expected each agreement once, got one several times")
    fresh = [each for each in checked if hash_of([each.agreement]) not in waiting]
    return [await _drafted(desk, actor, each, reason=reason.strip()) for each in fresh]


class _Checked(NamedTuple):
    """A text that can be drafted: what it says, its revision's number, and the set with it."""

    text: str
    agreement: Agreement
    revision: int
    whole: AgreementSet


def _checked(desk: Desk, text: str, folder: Sequence[Agreement]) -> _Checked:
    if len(text) > LONGEST_TEXT:
        raise BadRequest(f"expected an agreement of at most {LONGEST_TEXT} characters, got {len(text)}")
    agreement = understood(text, file="text")
    whole = _with(in_force(desk.kept, folder), agreement)
    earlier = revisions_of(desk.kept, agreement.number)
    if any(each.state is RevisionState.IN_FORCE and each.agreement == agreement for each in earlier) or (
        agreement in folder and not earlier
    ):
        raise BadRequest("expected a change, got what is in force")
    return _Checked(text, agreement, max((each.revision for each in earlier), default=0) + 1, whole)


async def _drafted(desk: Desk, actor: Actor, checked: _Checked, *, reason: str) -> Revision:
    id_, number = new_id(), checked.agreement.number
    row = desk.kept.added(
        tables.agreement,
        id=id_,
        number=number,
        revision=checked.revision,
        text=checked.text,
        digest=hash_of([checked.agreement]),
        state=RevisionState.DRAFT.value,
        drafted_by=actor.account,
        drafted_on=desk.today().isoformat(),
        reason=reason,
        version=1,
    )
    step = desk.step(actor, id_, before="-", after=RevisionState.DRAFT.value, reason=reason)
    await desk.write(
        "grant.changed",
        fields=_fields(actor.account, number, "-", f"DRAFT-{checked.revision}", checked.whole),
        committed={"reason": reason},
        changes=[row, step],
    )
    return read_revision(desk.kept, id_)


async def put_in_force(
    desk: Desk, actor: Actor, revision: Revision, *, folder: Sequence[Agreement]
) -> AgreementSet:
    """The agreements with this revision in force, compiled. Raises `NotNow`: by another person, and not too late."""
    await desk.permit(actor, Act.SIGN_AGREEMENT)
    before = _one_in_force(desk.kept, revision.number)
    lacks = [] if revision.state is RevisionState.DRAFT else [Lack.WRONG_STATE]
    if before is not None and before.revision > revision.revision:
        lacks.append(Lack.OVERTAKEN)
    if actor.account == revision.drafted_by:
        lacks.append(Lack.NO_SECOND)
    if lacks:
        raise NotNow(lacks)
    whole = _with(in_force(desk.kept, folder), revision.agreement)
    changed, today = [], desk.today().isoformat()
    if before is not None:
        replaced = RevisionState.REPLACED.value
        changed = [
            desk.kept.changed(tables.agreement, id=before.id, version=before.version, state=replaced),
            desk.step(actor, before.id, before=before.state.value, after=replaced, reason=""),
        ]
    after = RevisionState.IN_FORCE.value
    row = desk.kept.changed(
        tables.agreement, id=revision.id, version=revision.version, state=after,
        second=actor.account, decided_on=today,
    )  # fmt: skip
    old = "-" if before is None else f"IN_FORCE-{before.revision}"
    fields = _fields(revision.drafted_by, revision.number, old, f"IN_FORCE-{revision.revision}", whole)
    await desk.write(
        "grant.changed",
        fields={**fields, "second": actor.account},
        committed={"reason": revision.reason},
        changes=[
            *changed,
            row,
            desk.step(actor, revision.id, before=revision.state.value, after=after, reason=""),
        ],
    )
    return whole


async def send_back(
    desk: Desk, actor: Actor, revision: Revision, *, reason: str, folder: Sequence[Agreement]
) -> Revision:
    """The draft, sent back to who drafted it, who may draft another. Raises `NotNow`."""
    await desk.permit(actor, Act.SIGN_AGREEMENT)
    lacks = [] if revision.state is RevisionState.DRAFT else [Lack.WRONG_STATE]
    lacks += [] if reason.strip() else [Lack.NO_REASON]
    if lacks:
        raise NotNow(lacks)
    before, after = revision.state.value, RevisionState.RETURNED.value
    row = desk.kept.changed(
        tables.agreement, id=revision.id, version=revision.version, state=after,
        second=None if actor.account == revision.drafted_by else actor.account,
    )  # fmt: skip
    stays = AgreementSet(in_force(desk.kept, folder))
    await desk.write(
        "grant.changed",
        fields=_fields(actor.account, revision.number, f"DRAFT-{revision.revision}", after, stays),
        committed={"reason": reason.strip()},
        changes=[row, desk.step(actor, revision.id, before=before, after=after, reason=reason.strip())],
    )
    return read_revision(desk.kept, revision.id)


def read_revision(kept: Kept, id_: str) -> Revision:
    """One revision. Raises `NotThere`."""
    row = kept.one(sa.select(tables.agreement).where(tables.agreement.c.id == id_))
    if row is None:
        raise NotThere("expected a revision of an agreement")
    return _revision(row)


def revisions_of(kept: Kept, number: str) -> list[Revision]:
    """The revisions of one agreement, the newest first."""
    table = tables.agreement
    query = sa.select(table).where(table.c.number == number).order_by(table.c.revision.desc())
    return [_revision(row) for row in kept.rows(query)]


def drafts(kept: Kept) -> list[Revision]:
    """The revisions that wait for a second person, by number."""
    return _revisions(kept, RevisionState.DRAFT)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise Unreadable(f"expected the register of agreements, got {type(error).__name__}") from error


def _revisions(kept: Kept, state: RevisionState) -> list[Revision]:
    table = tables.agreement
    query = sa.select(table).where(table.c.state == state.value)
    return [_revision(row) for row in kept.rows(query.order_by(table.c.number, table.c.revision))]


def _one_in_force(kept: Kept, number: str) -> Revision | None:
    return next((each for each in revisions_of(kept, number) if each.state is RevisionState.IN_FORCE), None)


def _with(agreements: Iterable[Agreement], one: Agreement) -> AgreementSet:
    """A set with one agreement in place of that of its number. Raises `DoesNotCompile`."""
    return AgreementSet([*(each for each in agreements if each.number != one.number), one])


def _fields(caller: str, number: str, before: str, after: str, whole: AgreementSet) -> dict[str, str]:
    return {"caller": caller, "grant": number, "before": before, "after": after, "agreements": whole.hash}


def _revision(row: sa.RowMapping) -> Revision:
    return Revision(
        id=row["id"],
        number=row["number"],
        revision=row["revision"],
        text=row["text"],
        digest=row["digest"],
        state=RevisionState(row["state"]),
        drafted_by=row["drafted_by"],
        drafted_on=date.fromisoformat(row["drafted_on"]),
        second=row["second"],
        decided_on=None if row["decided_on"] is None else date.fromisoformat(row["decided_on"]),
        reason=row["reason"],
        version=row["version"],
    )
