"""How does what somebody decides come about? With its audit entry, in one transaction, or not at all.

CaseworkError                (casework.finding)
├── NotAllowed               the actor's role or region does not include it; logged like an answer
├── NotThere                 no such case, finding or decision, or none in the actor's region
├── ChangedMeanwhile         somebody else changed it first: read it again
└── NotNow                   (casework.finding) what is missing, all of it
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from audit.alongside import Change
from audit.commitment import Json
from audit.entry import EntryBook
from audit.errors import ChangeRefused
from audit.log import Log, Receipt
from casework import tables
from casework.clocks import started
from casework.finding import CaseworkError
from casework.kept import Kept
from casework.role import Act, Actor
from verification.pack import Pack
from vocabulary.region import RegionCode


class NotAllowed(CaseworkError):
    """The actor's role does not include the act, or the household lives outside their region."""


class NotThere(CaseworkError):
    """No such thing, or none that the actor may know of: both look the same from outside."""


class ChangedMeanwhile(CaseworkError):
    """Somebody else changed it after it was read; nothing was written."""


@dataclass(frozen=True)
class Desk:
    """Where people work on cases.

    `code_of`   writes a post as the short public code that an entry may hold
    `today`     the day by which clocks and windows are judged
    """

    kept: Kept
    log: Log
    book: EntryBook
    pack: Pack
    clock: Callable[[], datetime]
    today: Callable[[], date]
    code_of: Callable[[str], str]

    async def permit(self, actor: Actor, act: Act, region: RegionCode | None = None) -> None:
        """Return when the actor may do this to a household of the region. Raises `NotAllowed`, and logs it."""
        clause = None
        if not actor.may(act):
            clause = "ROLE"
        elif region is not None and not actor.covers(region):
            clause = "REGION"
        if clause is None:
            return
        fields: dict[str, Json] = {**self.who(actor), "clause": clause, "asked": [f"casework.{act.value}"]}
        await self.write("inquiry.refused", fields=fields)
        raise NotAllowed(f"expected a post that may do `{act.term}` there, got `{actor.post}` ({clause})")

    async def read(self, actor: Actor, what: str, *, rows: int, case: str | None = None) -> None:
        """Note that somebody looks at casework, before anything is shown."""
        committed: dict[str, Json] = {} if case is None else {"case": case}
        fields: dict[str, Json] = {**self.who(actor), "what": what, "rows": rows, "region": str(actor.region)}
        await self.write("case.read", fields=fields, committed=committed)

    async def write(
        self,
        event: str,
        *,
        fields: Mapping[str, Json],
        subjects: Iterable[str] = (),
        tags: Iterable[str] = (),
        committed: Mapping[str, Json] | None = None,
        changes: Sequence[Change] = (),
    ) -> Receipt:
        """The receipt of an entry that is durable together with its changes.

        `tags`   pseudonyms of those concerned, where nothing else of them is known here

        Raises `ChangedMeanwhile`, `audit.errors.NotLogged`; then neither is there.
        """
        made = self.book.entry(
            event, at=self.clock(), fields=fields, subjects=subjects, tags=tags, committed=committed or {}
        )
        try:
            return await self.log.append(made.bytes, (*made.alongside, *changes))
        except ChangeRefused as error:
            raise ChangedMeanwhile("expected it as it was when it was read: somebody changed it") from error

    def who(self, actor: Actor) -> dict[str, Json]:
        """The actor, as an entry names one."""
        return {
            "caller": actor.account,
            "department": actor.department.value,
            "post": self.code_of(actor.post),
        }

    def step(self, actor: Actor, about: str, *, before: str, after: str, reason: str) -> Change:
        """A line of the history of a case, a finding or a decision."""
        return self.kept.added(
            tables.step,
            about=about,
            at=int(self.clock().timestamp() * 1000),
            by=actor.account,
            post=actor.post,
            before=before,
            after=after,
            reason=reason,
        )

    def clocks_started(self, kinds: tuple[str, ...], *, about: str, region: str) -> list[Change]:
        """Clocks that start today, for a case or a finding. Raises `BeyondCalendar`."""
        return [
            self.kept.added(
                tables.clock,
                id=new_id(),
                about=about,
                region=region,
                kind=each.clock,
                started_on=each.start.isoformat(),
                due_on=each.due.isoformat(),
                cite=each.cite,
            )
            for each in started(kinds, on=self.today(), pack=self.pack)
        ]

    def clocks_restarted(self, kinds: tuple[str, ...], *, about: str) -> list[Change]:
        """Clocks that had stopped and run once more, from today. Raises `BeyondCalendar`."""
        clock = tables.clock
        return [
            self.kept.set(
                clock,
                clock.c.about == about,
                clock.c.kind == each.clock,
                started_on=each.start.isoformat(),
                due_on=each.due.isoformat(),
                cite=each.cite,
                met_on=None,
            )
            for each in started(kinds, on=self.today(), pack=self.pack)
        ]

    def clocks_met(self, kinds: tuple[str, ...], *, about: str) -> list[Change]:
        """Running clocks of these kinds that stop today."""
        clock = tables.clock
        running = self.kept.rows(
            sa.select(clock.c.id).where(
                clock.c.about == about, clock.c.kind.in_(kinds), clock.c.met_on.is_(None)
            )
        )
        day = self.today().isoformat()
        return [self.kept.set(clock, clock.c.id == row["id"], met_on=day) for row in running]


def new_id() -> str:
    """An id that says nothing: 80 random bits."""
    return secrets.token_hex(10)
