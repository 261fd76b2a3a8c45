"""How does an evaluator check the trail? The signed head, entries under pseudonyms, proofs, misuse, a bundle to take away.

Nobody here sees a person: entries are pseudonymous, and what was committed to stays closed.
Reading the log is noted in the log before anything of it is shown.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, Query
from starlette.responses import Response, StreamingResponse

from audit.catalogue import EVENTS, Entry
from audit.contents import Contents
from audit.lookup import Lookup
from casework.desk import NotAllowed
from casework.role import Role
from gateway.conduct import Conduct, of_entries
from gateway.console.house import Visit, Visiting
from gateway.console.typed import day_in
from gateway.evidence import Opening, export
from gateway.log_desk import LogDesk, china_day, named, size_of
from gateway.progress import LogVerification, verify_log
from gateway.replay import Replayed, replayed
from verification.conduct import CONDUCT

router = APIRouter(prefix="/evaluator")

A_PAGE = 50
AT_ONCE = 1024
PIECE_BYTES = 1 << 20
LOOKED_THROUGH = 20_000
"""Entries that one page looks through for those that fit; it says where to go on."""
NAMES = {rule.number: rule for rule in CONDUCT}
_PSEUDONYM = re.compile(r"[0-9a-f]{32}").fullmatch


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the trail: entries, the newest first, and the index before which to go on; None at the end."""

    entries: tuple[tuple[int, Entry], ...]
    before: int | None


async def let_in(visit: Visit, what: str) -> None:
    """Return when the visitor is an evaluator, having noted that they read the log. Raises `NotAllowed`."""
    if visit.role is not Role.EVALUATOR:
        raise NotAllowed("expected an evaluator")
    await visit.house.log_desk.note("audit.read", {"what": what, "caller": visit.session.account})


@router.get("")
async def front(visit: Visiting) -> Response:
    """The signed head, who witnessed it, and what can be done."""
    await let_in(visit, "head")
    desk = visit.house.log_desk
    note = await desk.log.checkpoint()
    cosigned = await desk.log.cosigned()
    return visit.page(
        "evaluator.html",
        note=note.decode(),
        size=size_of(note),
        cosigned=cosigned.decode() if cosigned else None,
        cosigned_size=size_of(cosigned) if cosigned else 0,
        policy=desk.policy is not None,
        short=cosigned is not None and desk.is_short_of_witnesses(cosigned),
        today=visit.house.desk.today(),
    )


@router.get("/trail")
async def trail(
    visit: Visiting,
    event: str = "",
    day: str = "",
    who: str = "",
    before: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Entries, the newest first: by kind, by day, by the pseudonym of a caller or of somebody concerned."""
    await let_in(visit, "trail")
    desk = visit.house.log_desk
    size = size_of(await desk.log.checkpoint())
    wanted = event if event in EVENTS else ""

    def found() -> Leaf:
        finds = Lookup(desk.log.reader, size=size)
        indexes = _indexes(finds, size=size, day=day_in(day), who=who, before=before)
        return _leaf(desk, indexes, event=wanted, day=day_in(day), who=who)

    leaf = await asyncio.to_thread(found)
    return visit.page(
        "trail.html", leaf=leaf, full=len(leaf.entries) == A_PAGE, events=EVENTS, event=wanted, day=day, who=who,
    )  # fmt: skip


@router.get("/entry/{index}")
async def entry(visit: Visiting, index: int) -> Response:
    """One entry with its meaning, and the proof that the log holds it."""
    await let_in(visit, "entry")
    desk = visit.house.log_desk
    found = await asyncio.to_thread(desk.entry, index)
    if found is None:
        return visit.page("nothing.html", status=404, errors=())
    proof = await desk.log.proof(index)
    return visit.page("entry.html", index=index, entry=found, event=EVENTS[found.event], proof=proof)


@router.get("/verify")
async def verify(visit: Visiting) -> Response:
    """Every entry hashed again under the newest head, with progress; without a script, on one slow page."""
    await let_in(visit, "verify")
    return visit.page("verify.html", result=None)


@router.post("/verify")
async def verify_now(visit: Visiting) -> Response:
    """The same at once."""
    await let_in(visit, "verify")
    results = [result async for result in verify_log(visit.house.log_desk.log)]
    return visit.page("verify.html", result=results[-1])


@router.get("/verify/stream")
async def verify_stream(visit: Visiting) -> Response:
    """The progress as server-sent events, each a part of the page."""
    await let_in(visit, "verify")

    async def told() -> AsyncIterator[str]:
        async for result in verify_log(visit.house.log_desk.log):
            yield _event(visit, result)

    return StreamingResponse(told(), media_type="text/event-stream")


@router.get("/misuse")
async def misuse(visit: Visiting, day: str = "") -> Response:
    """Look-ups of a day that break a rule of conduct: out of hours, too many, without a case, of somebody close."""
    await let_in(visit, "misuse")
    desk, which = visit.house.log_desk, day_in(day) or china_day(visit.house.clock())
    size = size_of(await desk.log.checkpoint())

    def found() -> Conduct:
        # A day in China begins at 16:00 UTC of the day before.
        span = Lookup(desk.log.reader, size=size).days(which - timedelta(days=1), which)
        inquiries = desk.entries(*span, holding=named("inquiry.", whole=False))
        return of_entries(inquiries, visit.house.desk.pack, day=which)

    return visit.page("misuse.html", conduct=await asyncio.to_thread(found), day=which, rules=NAMES)


@router.post("/bundle")
async def bundle(visit: Visiting) -> Response:
    """The evidence bundle, as a file: nothing of anybody is opened in it."""
    await let_in(visit, "bundle")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        await _export(visit, path, opening=None)
        file = path.open("rb")  # it stays until it is closed, and nothing is left of it whoever hangs up
    length = os.fstat(file.fileno()).st_size
    headers = {
        "content-disposition": 'attachment; filename="hedui-bundle.zip"',
        "content-length": str(length),
    }
    return StreamingResponse(_pieces_of(file), media_type="application/zip", headers=headers)


@router.get("/replay")
async def replay_page(visit: Visiting) -> Response:
    """Where a decision is named to be reached again."""
    await let_in(visit, "replay")
    return visit.page("replay.html", index=None, results=None)


@router.post("/replay")
async def replay(visit: Visiting, index: Annotated[int, Form(ge=0)]) -> Response:
    """One recorded decision reached again from its sealed inputs: agree, differ, shredded. The inputs stay here."""
    await let_in(visit, "replay")
    found = await asyncio.to_thread(visit.house.log_desk.entry, index)
    if found is None:
        return visit.page("replay.html", status=404, index=index, results=())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "replay.zip"
        await _export(visit, path, opening=Opening([index], frozenset({"inputs", "result"})))
        results = await asyncio.to_thread(_replayed, path, visit.house.log_desk.log.origin, index)
    return visit.page("replay.html", index=index, results=results)


async def _export(visit: Visit, path: Path, *, opening: Opening | None) -> None:
    desk = visit.house.log_desk
    await export(
        path,
        log=desk.log,
        book=desk.book,
        versions=visit.house.evidence.versions(),
        policy=visit.house.evidence.policy(),
        caller=visit.session.account,
        at=visit.house.clock(),
        opening=opening,
    )


def _pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """A file piece by piece: one of gigabytes leaves a process that is small."""
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _replayed(path: Path, origin: str, index: int) -> list[Replayed]:
    return [each for each in replayed(Contents(path, origin=origin)) if each.index == index]


def _indexes(
    finds: Lookup, *, size: int, day: date | None, who: str, before: int | None
) -> range | list[int]:
    """Where entries may stand that fit, ascending."""
    end = size if before is None else min(size, before)
    if _PSEUDONYM(who):
        named = [index for index in finds.naming([who]) if index < end]
        if named:
            return named
    if day is None:
        return range(end)
    span = finds.days(day - timedelta(days=1), day)
    return range(span.first, min(span.end, end))


def _leaf(desk: LogDesk, indexes: range | list[int], *, event: str, day: date | None, who: str) -> Leaf:
    """The newest of these entries that fit, and where the next page begins."""
    holding, found = who or (event and named(event)), []
    for first, end in _pieces(indexes):
        piece = list(desk.entries(first, end, holding=holding))
        for index, entry in reversed(piece):
            if _fits(entry, event, day=day, who=who):
                found.append((index, entry))
                if len(found) == A_PAGE:
                    return Leaf(tuple(found), index)
        if indexes[-1] - first >= LOOKED_THROUGH and first > indexes[0]:
            return Leaf(tuple(found), first)
    return Leaf(tuple(found), None)


def _pieces(indexes: range | list[int]) -> Iterator[tuple[int, int]]:
    """Stretches of the log to be read, the newest first."""
    if isinstance(indexes, list):
        yield from ((index, index + 1) for index in reversed(indexes))
    else:
        for end in range(indexes.stop, indexes.start, -AT_ONCE):
            yield max(indexes.start, end - AT_ONCE), end


def _fits(entry: Entry, event: str, *, day: date | None, who: str) -> bool:
    if event and entry.event != event:
        return False
    if day is not None and china_day(entry.at) != day:
        return False
    return not who or who in entry.subjects or who in (entry.fields.get("caller"), entry.fields.get("second"))


def _event(visit: Visit, result: LogVerification) -> str:
    """One event whose data is a part of the page, which htmx puts into its place."""
    part = bytes(visit.page("verify_progress.html", result=result).body).decode()
    return "".join(f"data: {line}\n" for line in part.splitlines()) + "\n"
