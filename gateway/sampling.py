"""Which verified households does an evaluator look at? Drawn by commit and reveal, stratum by stratum, in the log.

The frame is every outcome of an inquiry; its stratum is the category that was verified. The
evaluator brings the SHA-256 of a secret, and shows the secret only when a quorum outside has
cosigned a head over that promise: nobody could then have chosen.

    Exception
    └── CannotSample     too early, another secret, or not an entry of this kind
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256

from audit.catalogue import Entry
from audit.commitment import canonical, parse_canonical
from audit.errors import NotCanonical, Shredded
from audit.log import Receipt
from audit.sample import Frame, Plan, SampleRecord, drawn_from, head_for
from gateway.log_desk import LogDesk, size_of

FRAME_KIND = "outcomes-by-category"
SHREDDED, UNJUDGED = "SHREDDED", "UNJUDGED"
"""Strata of outcomes whose category nobody can open any more, and of those without one."""


class CannotSample(Exception):
    """The sample cannot be committed to, revealed or drawn now; the message says what is missing."""


async def commit(
    desk: LogDesk, *, promise: str, count: int, shares: Mapping[str, int]
) -> tuple[Receipt, Frame]:
    """Note what will be drawn, then have the head witnessed; the receipt and the frame.

    `promise`  SHA-256 of the evaluator's secret of 32 bytes, 64 hex digits
    `shares`   stratum → least share in per cent
    Raises `CannotSample`, `SampleImpossible`, `EntryRefused`.
    """
    frame = await asyncio.to_thread(_frame, desk, size_of(await desk.log.checkpoint()))
    Plan(count, shares).allocate(frame.strata)
    receipt = await desk.note(
        "sample.commit",
        {
            "secret": promise,
            "frame": frame.digest(),
            "frame_kind": FRAME_KIND,
            "population": len(frame.items),
            "count": count,
            "shares": dict(shares),
        },
    )
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


def _frame(desk: LogDesk, size: int) -> Frame:
    items = [
        (index, _stratum(desk, index))
        for index, entry in desk.entries(size)
        if entry.event == "inquiry.outcome"
    ]
    if not items:
        raise CannotSample("expected outcomes to draw from, got a log without any")
    return Frame(tuple(items))


def _stratum(desk: LogDesk, index: int) -> str:
    try:
        category = desk.vault().values(index).get("category")
    except Shredded:
        return SHREDDED
    return category if isinstance(category, str) else UNJUDGED


async def _since(desk: LogDesk, commit_index: int) -> list[tuple[int, Entry]]:
    """The commit and all entries after it. Raises `CannotSample` when there is no commit at the index."""

    def read(size: int) -> list[tuple[int, Entry]]:
        return [(index, entry) for index, entry in desk.entries(size) if index >= commit_index]

    entries = await asyncio.to_thread(read, size_of(await desk.log.checkpoint()))
    if commit_index < 0 or not entries or entries[0][1].event != "sample.commit":
        raise CannotSample(f"expected `sample.commit` at index `{commit_index}`")
    return entries
