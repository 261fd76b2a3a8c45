"""How does an evaluator draw a sample at the browser? Promise, commit, reveal, draw: each step an entry of the log.

The secret stays with the evaluator until the second step: only its SHA-256 is asked for in the
first. What is drawn from is kept under its digest, which the commit names.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from audit.catalogue import Entry
from audit.errors import AuditError
from audit.sample import SampleRecord
from gateway.console.evaluator import let_in
from gateway.console.house import Visit, Visiting
from gateway.log_desk import named, size_of
from gateway.sampling import CannotSample, commit, draw, frame_bytes, read_frame, reveal

router = APIRouter(prefix="/evaluator/sample")

LATEST = 20_000
"""Entries from the end of the log in which commits are looked for."""


@router.get("")
async def samples(visit: Visiting) -> Response:
    """The commits of late, and the form of a new one."""
    await let_in(visit, "samples")
    return visit.page("samples.html", commits=await _commits(visit), fault=None)


@router.post("")
async def promise(
    visit: Visiting,
    promise: Annotated[str, Form(pattern="^[0-9a-f]{64}$")],
    count: Annotated[int, Form(ge=1, le=100_000)],
    tekun: Annotated[int, Form(ge=0, le=100)] = 30,
) -> Response:
    """Commit to a promise and a plan; the law asks for 30 per cent of the 特困."""
    await let_in(visit, "sample-commit")
    shares = {"TEKUN": tekun} if tekun else {}
    try:
        receipt, frame = await commit(visit.house.log_desk, promise=promise, count=count, shares=shares)
    except (CannotSample, AuditError) as error:
        return visit.page("samples.html", status=409, commits=await _commits(visit), fault=str(error))
    folder = visit.house.evidence.frames
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{frame.digest()}.json").write_bytes(frame_bytes(frame))
    return RedirectResponse(f"/console/evaluator/sample/{receipt.index}", status_code=303)


@router.get("/{index}")
async def one(visit: Visiting, index: int) -> Response:
    """One sample: how far it is, and what was drawn when it is done."""
    await let_in(visit, "sample")
    return await _page(visit, index, fault=None)


@router.post("/{index}/reveal")
async def show(
    visit: Visiting, index: int, secret: Annotated[str, Form(pattern="^[0-9a-fA-F]{64}$")]
) -> Response:
    """Reveal the secret: refused for another one, and before a witnessed head covers the commit."""
    await let_in(visit, "sample-reveal")
    try:
        await reveal(visit.house.log_desk, commit_index=index, secret=bytes.fromhex(secret))
    except (CannotSample, AuditError) as error:
        return await _page(visit, index, fault=str(error))
    return RedirectResponse(f"/console/evaluator/sample/{index}", status_code=303)


async def _page(visit: Visit, index: int, *, fault: str | None) -> Response:
    entry = await asyncio.to_thread(visit.house.log_desk.entry, index)
    if entry is None or entry.event != "sample.commit":
        return visit.page("nothing.html", status=404, errors=())
    record, why = await _drawn(visit, index, entry)
    strata = dict(record.frame.items) if record else {}
    return visit.page(
        "sample.html", status=409 if fault else 200, index=index, entry=entry, record=record, why=why,
        strata=strata, fault=fault,
    )  # fmt: skip


async def _drawn(visit: Visit, index: int, entry: Entry) -> tuple[SampleRecord | None, str]:
    """The sample, or why there is none yet."""
    path = visit.house.evidence.frames / f"{entry.text('frame')}.json"
    try:
        frame = read_frame(await asyncio.to_thread(path.read_bytes))
        return await draw(visit.house.log_desk, commit_index=index, frame=frame), ""
    except OSError:
        return None, "expected the frame that the commit names, got none on this machine"
    except (CannotSample, AuditError) as error:
        return None, str(error)


async def _commits(visit: Visit) -> list[tuple[int, Entry]]:
    desk = visit.house.log_desk
    size = size_of(await desk.log.checkpoint())

    def found() -> list[tuple[int, Entry]]:
        late = desk.entries(max(0, size - LATEST), size, holding=named("sample.commit"))
        return [pair for pair in late if pair[1].event == "sample.commit"][::-1]

    return await asyncio.to_thread(found)
