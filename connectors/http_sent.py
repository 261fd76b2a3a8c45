"""What becomes of questions that were sent at once? Their answers, or the patient way where those are no answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from connectors.ask import Ask
from connectors.decode import Decoder
from connectors.failure import Failed
from connectors.guard import Guard, late
from connectors.http_client import HttpAnswer, Stale, Underway
from connectors.mapping import Table
from vocabulary.evidence import Outcome


class Wording(NamedTuple):
    """A question in the department's own words, but for its subjects: they stand between `before` and `behind`."""

    decode: Decoder
    before: bytes
    behind: bytes


def worded(ask: Ask, table: Table, decode: Decoder, *, batch: bool) -> Wording:
    """The wording of a question; in a batch it says of which table."""
    named = {"table": table.physical} if batch else {}
    before = msgspec.json.encode({**named, "by": table.of[ask.by].physical})
    behind = msgspec.json.encode({"fields": decode.inputs, "after": None})
    return Wording(decode, before[:-1] + b',"ids":', b"," + behind[1:])


class Patient(Protocol):
    """Who goes on where a question that was sent at once has no plain answer."""

    async def go_on(
        self, asks: Sequence[Ask], *, failed: Failed | None, first: HttpAnswer | None
    ) -> Sequence[Mapping[str, Outcome]]:
        """The answers. The first attempt has `failed`, or come to the answer `first`, or neither."""
        ...

    def plainly(
        self, asks: Sequence[Ask], wordings: Sequence[Wording], answer: HttpAnswer
    ) -> Sequence[Mapping[str, Outcome]] | None:
        """The answers, where all is as it mostly is; None where it must be looked at patiently."""
        ...


class Sent:
    """Questions to one source, on their way. See `connectors.ask.Begun`."""

    def __init__(
        self,
        patient: Patient,
        guard: Guard,
        asks: Sequence[Ask],
        wordings: Sequence[Wording],
        underway: Underway,
    ) -> None:
        self._patient, self._guard, self._asks = patient, guard, asks
        self._wordings, self._underway = wordings, underway
        self._over = False
        self.limit_s = guard.limit_s

    async def answers(self, *, ends_at: float) -> Sequence[Mapping[str, Outcome]]:
        """See `Begun.answers`."""
        failed, first = None, None
        try:
            answer = await self._underway.answer()
        except Stale:
            pass
        except Failed as why:
            if self._over:  # we had no more time: that says nothing of the source
                raise
            failed = why
        else:
            found = self._patient.plainly(self._asks, self._wordings, answer)
            if found is not None:
                return found
            first = answer
        finally:
            self._guard.leave()
        async with asyncio.timeout_at(ends_at):
            return await self._patient.go_on(self._asks, failed=failed, first=first)

    def give_up(self, after_s: float) -> None:
        """See `Begun.give_up`."""
        self._over = after_s < self._guard.limit_s
        self._underway.fail(late(after_s))

    def drop(self) -> None:
        """See `Begun.drop`."""
        self._underway.drop()
        self._guard.leave()
