"""Which verified households does an evaluator look at? Drawn by commit and reveal, stratum by stratum, in the log.

The frame is every outcome of an inquiry, or of those of some days; its stratum is the category that was verified. The
evaluator brings the SHA-256 of a secret, and shows the secret only when a quorum outside has
cosigned a head over that promise: nobody could then have chosen.

    Exception
    └── CannotSample     too early, another secret, or not an entry of this kind
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import islice

from audit.catalogue import Entry
from audit.commitment import Json, canonical, parse_canonical
from audit.errors import NotCanonical
from audit.log import Receipt
from audit.lookup import Lookup
from audit.sample import Frame, Plan, SampleRecord, commit_fields, drawn_from, head_for
from gateway.log_desk import LogDesk, china_day, size_of

FRAME_KIND = "outcomes-by-category"
SHREDDED, UNJUDGED = "SHREDDED", "UNJUDGED"
"""Strata of outcomes whose category nobody can open any more, and of those without one."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days in China, both included; None is open."""

    since: date | None = None
    until: date | None = None

    @property
    def whole(self) -> bool:
        """Tell whether it leaves nothing out."""
        return self.since is None and self.until is None

    def holds(self, day: date) -> bool:
        """Tell whether a day lies in it."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def frame_kind(self) -> str:
        """The code that a commit names its frame by: what is drawn from, and of which days."""
        return FRAME_KIND if self.whole else f"{FRAME_KIND}:{self.since or ''}..{self.until or ''}"


WHOLE = Period()
_AT_ONCE = 256


class CannotSample(Exception):
    """The sample cannot be committed to, revealed or drawn now; the message says what is missing."""


async def commit(
    desk: LogDesk, *, promise: str, count: int, shares: Mapping[str, int], period: Period = WHOLE
) -> tuple[Receipt, Frame]:
    """Note what will be drawn, then have the head witnessed; the receipt and the frame.

    `promise`  SHA-256 of the evaluator's secret of 32 bytes, 64 hex digits
    `shares`   stratum → least share in per cent
    `period`   days whose outcomes are drawn from; only those are read
    Raises `CannotSample`, `SampleImpossible`, `EntryRefused`.
    """
    frame = await asyncio.to_thread(_frame, desk, size_of(await desk.log.checkpoint()), period)
    fields = commit_fields(promise, frame=frame, plan=Plan(count, shares))
    receipt = await desk.note("sample.commit", {**fields, "frame_kind": period.frame_kind()})
    await desk.witness()
    return receipt, frame


async def reveal(desk: LogDesk, *, commit_index: int, secret: bytes) -> Receipt:
    """Note the secret. Raises `CannotSample` for another secret, and as long as no head was witnessed since.

    Before that the operator, who would know the secret, could try heads until one suits.
    """
    entries = await _since(desk, commit_index)
    if sha256(secret).hexdigest() != entries[0][1].text("secret"):
        raise CannotSample(f"expected the secret that entry `{commit_index}` commits to")
    head_for(commit_index, entries, origin=desk.log.origin)
    return await desk.note("sample.reveal", {"commit": commit_index, "secret": secret.hex()})


async def draw(desk: LogDesk, *, commit_index: int, frame: Frame) -> SampleRecord:
    """The sample that follows from the log and the frame: whoever draws it gets the same.

    Raises `CannotSample` when the secret was not revealed, `WrongSample` when the entries do not agree.
    """
    entries = await _since(desk, commit_index)
    witnessed, _ = head_for(commit_index, entries, origin=desk.log.origin)
    revealed = [
        (index, entry)
        for index, entry in entries
        if entry.event == "sample.reveal" and entry.number("commit") == commit_index
    ]
    if not revealed:
        raise CannotSample(f"expected the secret of entry `{commit_index}` to be revealed, got no such entry")
    by_index = dict(entries)
    return drawn_from(
        entries[0], (witnessed, by_index[witnessed]), revealed[0], frame=frame, origin=desk.log.origin
    )


def frame_bytes(frame: Frame) -> bytes:
    """A frame as a file; its SHA-256 is in the commit."""
    return canonical(frame.as_json())


def read_frame(data: bytes) -> Frame:
    """Read back `frame_bytes`. Raises `CannotSample`, `MalformedSample`."""
    try:
        return Frame.from_json(parse_canonical(data))
    except NotCanonical:
        raise CannotSample("expected a frame in canonical JSON") from None


def _frame(desk: LogDesk, size: int, period: Period) -> Frame:
    # A day in China begins at 16:00 UTC of the day before.
    since = period.since and period.since - timedelta(days=1)
    first, end = (0, size) if period.whole else Lookup(desk.log.reader, size=size).days(since, period.until)
    items: list[tuple[int, str]] = []
    outcomes = (pair for pair in desk.entries(first, end) if pair[1].event == "inquiry.outcome")
    of_period = (pair for pair in outcomes if period.holds(china_day(pair[1].at)))
    while some := list(islice(of_period, _AT_ONCE)):
        opened = desk.vault().values_of(some)
        items += [(index, _stratum(opened[index])) for index, _ in some]
    if not items:
        raise CannotSample("expected outcomes to draw from, got none")
    return Frame(tuple(items))


def _stratum(values: Mapping[str, Json] | None) -> str:
    """The verified category; `values` is None where a subject was shredded."""
    if values is None:
        return SHREDDED
    category = values.get("category")
    return category if isinstance(category, str) else UNJUDGED


async def _since(desk: LogDesk, commit_index: int) -> list[tuple[int, Entry]]:
    """The commit and all entries after it. Raises `CannotSample` when there is no commit at the index."""
    size = size_of(await desk.log.checkpoint())
    entries = await asyncio.to_thread(lambda: list(desk.entries(max(0, commit_index), size)))
    if commit_index < 0 or not entries or entries[0][1].event != "sample.commit":
        raise CannotSample(f"expected `sample.commit` at index `{commit_index}`")
    return entries
