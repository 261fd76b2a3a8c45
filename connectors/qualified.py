"""What is an answer worth, by the check of the batch that it comes from? Each carries what is known of it.

A record of a doubtful batch is still given, with that word on it, and so is "no record": rules
then cannot tell. A whole district is not read from a doubtful batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import msgspec

from connectors.ask import (
    Ask,
    Begun,
    Clock,
    Connector,
    Prompt,
    Snapshot,
    SnapshotFailed,
    Together,
    Worth,
    unchecked,
)
from connectors.failure import Failed, broken
from connectors.quality import QualityBook
from connectors.search import Find, Finds, Searched, unsearchable
from vocabulary.codes import Department
from vocabulary.evidence import Found, NoRecord, Outcome, Provenance, Quality, SourceFailed
from vocabulary.record import Record


@runtime_checkable
class Delivered(Protocol):
    """A connector that answers from deliveries and can say from which."""

    @property
    def answered_from(self) -> str:
        """The delivery that this task's last answer came from; empty before the first."""
        ...

    def batch(self) -> str:
        """The newest delivery, looked up. Raises `Failed`."""
        ...


class Qualified:
    """A connector whose answers carry what the newest check said of their batch."""

    def __init__(self, inner: Connector, book: QualityBook, *, clock: Clock) -> None:
        self._inner, self._book, self._clock = inner, book, clock
        self._worth = partial(book.quality, batch="")
        # Whether somebody keeps a protocol takes longer to tell than to decode an answer, so it is told once.
        self._delivered = inner if isinstance(inner, Delivered) else None
        # A question is not sent at once where only its answer tells which delivery it comes from.
        self._begin = inner.begin if isinstance(inner, Prompt) and self._delivered is None else None
        self.asks_together = isinstance(inner, Together) and inner.asks_together
        """See `Together.asks_together`."""

    @property
    def department(self) -> Department:
        """See `Connector.department`."""
        return self._inner.department

    async def fetch(self, ask: Ask) -> Mapping[str, Outcome]:
        """See `Connector.fetch`."""
        return self._stamped(ask, await self._inner.fetch(ask))

    async def fetch_all(self, asks: Sequence[Ask]) -> list[Mapping[str, Outcome]]:
        """See `Together.fetch_all`."""
        assert isinstance(self._inner, Together)
        return [*map(self._stamped, asks, await self._inner.fetch_all(asks))]

    def begin(self, asks: Sequence[Ask], *, worth: Worth = unchecked) -> Begun | None:
        """See `Prompt.begin`. The answers are stamped as they are made, and with our book's word, whatever `worth` says."""
        return None if self._begin is None else self._begin(asks, worth=self._worth)

    async def find(self, wanted: Find) -> Finds:
        """See `Searched.find`."""
        if not isinstance(self._inner, Searched):
            return unsearchable().value(self.department, at=self._clock())
        found = await self._inner.find(wanted)
        if isinstance(found, SourceFailed) or not found:
            return found
        ask = Ask(wanted.record, wanted.by, tuple(found), wanted.columns)
        return self._stamped(ask, found)

    def snapshot(self, record: type[Record], columns: frozenset[str], since: str = "") -> Snapshot:
        """See `Connector.snapshot`. Raises `SnapshotFailed` for a doubtful batch."""
        try:
            batch = self._delivered.batch() if self._delivered is not None else ""
            if self._book.quality(record, batch) is Quality.DOUBTFUL:
                raise broken(
                    f"`{record.__name__}`: expected a batch that keeps what is critical, got another"
                )
        except Failed as why:
            raise SnapshotFailed(why.value(self.department, at=self._clock())) from None
        return self._inner.snapshot(record, columns, since)

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        await self._inner.aclose()

    def _stamped(self, ask: Ask, answer: Mapping[str, Outcome]) -> Mapping[str, Outcome]:
        batch = self._delivered.answered_from if self._delivered is not None else ""
        quality = self._book.quality(ask.record, batch)
        return answer if quality is Quality.UNCHECKED else stamped(answer, quality)


def stamped(answer: Mapping[str, Outcome], quality: Quality) -> dict[str, Outcome]:
    """Give the same answer with this word on every outcome that has a provenance."""
    told: dict[str, Outcome] = {}
    came_from: Provenance | None = None
    for subject, outcome in answer.items():
        if not isinstance(outcome, (Found, NoRecord)):  # a union would be made anew for each
            told[subject] = outcome
            continue
        if outcome.provenance is not came_from:  # mostly one for all
            came_from = outcome.provenance
            known = msgspec.structs.replace(came_from, quality=quality)
            nothing = NoRecord(known)
        told[subject] = Found(outcome.records, known) if isinstance(outcome, Found) else nothing
    return told
