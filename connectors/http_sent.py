"""What becomes of questions that were sent at once? Their answers, or the patient way where those are no answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import msgspec

from connectors.ask import Ask, Worth
from connectors.decode import Decoder
from connectors.failure import Failed
from connectors.guard import Guard, late
from connectors.http_client import Connection, HttpAnswer, Stale
from connectors.http_pages import PlainPages
from connectors.mapping import Table
from vocabulary.evidence import Outcome


class Wording(msgspec.Struct, frozen=True):
    """One question or a batch of them in the department's own words, but for the subjects: they stand between `parts`.

    `pages`   reads what is answered
    """

    path: str
    parts: Sequence[bytes]
    decoders: Sequence[Decoder]
    pages: PlainPages


def worded(told: Sequence[tuple[Ask, Table, Decoder]], *, path: str, batch: bool) -> Wording:
    """The wording of some questions; in a batch each says of which table it is."""
    texts = [_text(ask, table, decode, batch=batch) for ask, table, decode in told]
    parts = [texts[0][0]]
    for (_, behind), (before, _) in pairwise(texts):
        parts.append(behind + b"," + before)
    parts.append(texts[-1][1])
    if batch:
        parts[0], parts[-1] = b'{"questions":[' + parts[0], parts[-1] + b"]}"
    decoders = [decode for _, _, decode in told]
    return Wording(path, parts, decoders, PlainPages(decoders, batch=batch))


def _text(ask: Ask, table: Table, decode: Decoder, *, batch: bool) -> tuple[bytes, bytes]:
    """What stands before the subjects, and what behind."""
    named = {"table": table.physical} if batch else {}
    before = msgspec.json.encode({**named, "by": table.of[ask.by].physical})
    behind = msgspec.json.encode({"fields": decode.inputs, "after": None})
    return before[:-1] + b',"ids":', b"," + behind[1:]


class Patient(Protocol):
    """Who goes on where a question that was sent at once has no plain answer."""

    async def go_on(
        self, asks: Sequence[Ask], *, worth: Worth, failed: Failed | None, first: HttpAnswer | None
    ) -> Sequence[Mapping[str, Outcome]]:
        """The answers. The first attempt has `failed`, or come to the answer `first`, or neither."""
        ...

    def plainly(
        self, asks: Sequence[Ask], wording: Wording, answer: HttpAnswer, *, worth: Worth
    ) -> Sequence[Mapping[str, Outcome]] | None:
        """The answers, where all is as it mostly is; None where it must be looked at patiently."""
        ...


class Sent:
    """Questions to one source, on their way over a connection. See `connectors.ask.Begun`."""

    __slots__ = (
        "_asks",
        "_connection",
        "_guard",
        "_over",
        "_patient",
        "_waiting",
        "_wording",
        "_worth",
        "limit_s",
    )

    def __init__(
        self,
        patient: Patient,
        guard: Guard,
        asks: Sequence[Ask],
        wording: Wording,
        worth: Worth,
        connection: Connection,
    ) -> None:
        self._patient, self._guard, self._asks, self._wording = patient, guard, asks, wording
        self._worth = worth
        self._connection, self._waiting = connection, connection.waiting
        self._over = False
        self.limit_s = guard.limit_s

    async def answers(self, *, ends_at: float) -> Sequence[Mapping[str, Outcome]]:
        """See `Begun.answers`."""
        failed, first = None, None
        try:
            first = await self._waiting
        except Stale:
            self.drop()
        except Failed as why:
            self.drop()
            if self._over:  # we had no more time: that says nothing of the source
                raise
            failed = why
        except BaseException:
            self.drop()
            raise
        else:
            self._connection.client.ended(self._connection)
            self._guard.leave()
            found = self._patient.plainly(self._asks, self._wording, first, worth=self._worth)
            if found is not None:
                return found
        async with asyncio.timeout_at(ends_at):
            return await self._patient.go_on(self._asks, worth=self._worth, failed=failed, first=first)

    def give_up(self, after_s: float) -> None:
        """See `Begun.give_up`."""
        self._over = after_s < self.limit_s
        if (
            not self._waiting.done()
        ):  # what is done is no more ours to end: the connection may carry another question
            self._waiting.set_exception(late(after_s))

    def drop(self) -> None:
        """See `Begun.drop`."""
        self._connection.close()
        self._guard.leave()
