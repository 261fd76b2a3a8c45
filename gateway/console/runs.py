"""How does a run over the district go? Start it, watch it, cancel it, take it up again; and what it came to.

A run is kept in the ledger, whoever started it: a restart of the gateway loses nothing, and what
is shown here is read from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response, StreamingResponse

from casework.desk import NotAllowed, NotThere
from casework.role import Role
from connectors.ask import SnapshotFailed
from gateway.console.house import House, Visit, Visiting
from gateway.district_run import RunResult, cancel_run, resume_run, run_district
from gateway.errors import CannotRun, NotLogged
from gateway.run_index import Counts, of_category, of_move, of_rule
from verification.language.rule import Severity
from verification.pack import NotInForce
from verification.runs.job import NoSuchRun, OtherRun, RunEnded
from verification.runs.ledger import KeptRun, RunState
from verification.transitions import Move
from vocabulary.codes import Category

router = APIRouter(prefix="/runs")

LISTED = 500
LOOKS_EVERY_S = 0.5
WAITS = 4
"""Looks after which a page no longer waits for a run to begin."""
FAULTS = (CannotRun, NotInForce, NotLogged, NoSuchRun, OtherRun, RunEnded, SnapshotFailed)

_log = structlog.get_logger("hedui.console")


async def let_in(visit: Visit, what: str, *, starts: bool = False) -> None:
    """Return when the visitor may see runs, or start them, having noted it. Raises `NotAllowed`.

    A run is of the whole district: only who works for all of it may.
    """
    roles = {Role.SUPERVISOR} if starts else {Role.VERIFIER, Role.SUPERVISOR}
    if visit.role not in roles or not visit.works_for_all:
        raise NotAllowed("expected a post that may see runs of the district")
    await visit.house.desk.read(visit.actor, what, rows=0)


@router.get("")
async def runs(visit: Visiting) -> Response:
    """Every run that is kept, the newest first."""
    await let_in(visit, "runs")
    kept = await asyncio.to_thread(visit.house.runs.ledger.runs)
    return visit.page(
        "runs.html", runs=kept, may_start=visit.role is Role.SUPERVISOR, day=visit.house.desk.today()
    )


@router.post("")
async def start(visit: Visiting) -> Response:
    """A run of today begins; it goes on when the page is left."""
    await let_in(visit, "run-start", starts=True)
    house, desk = visit.house, visit.house.desk
    known = {each.id for each in house.runs.ledger.runs()}
    task = in_background(
        visit,
        _run_and_count(
            visit,
            run_district(
                house.office.connectors,
                home=house.runs,
                pack=desk.pack,
                on=desk.today(),
                today=desk.today(),
                trace=house.office.trace,
                caller=visit.session.account,
                progress=lambda done, of: None,
                authorized=house.office.authorized,
            ),
        ),
    )
    begun = await _begun(visit.house, known, task)
    return RedirectResponse(f"/console/runs/{begun}" if begun else "/console/runs", status_code=303)


@router.get("/{run}")
async def one(visit: Visiting, run: str, beside: str = "") -> Response:
    """One run: how far it is, or what it came to, beside an earlier one: by default that of a month before."""
    await let_in(visit, "run")
    kept = await kept_run(visit, run)
    done = kept.state is RunState.DONE
    earlier = await asyncio.to_thread(earlier_runs, visit.house, kept) if done else []
    other = next((each for each in earlier if each.id == beside), None) or a_month_before(kept, earlier)
    return visit.page(
        "run.html",
        run=kept,
        done=done,
        under_way=kept.state is RunState.RUNNING,
        counts=await counts_of(visit.house, run) if done else None,
        other=other,
        before=await counts_of(visit.house, other.id) if other else None,
        categories=[*Category, None],
        earlier=earlier,
        compared=visit.house.run_index.compared_with(run),
        severities={each.value: each for each in Severity},
        may_start=visit.role is Role.SUPERVISOR,
    )


@router.get("/{run}/stream")
async def stream(visit: Visiting, run: str) -> Response:
    """The progress as server-sent events, each a part of the page, until the run has ended."""
    await let_in(visit, "run-progress")
    await kept_run(visit, run)

    async def told() -> AsyncIterator[str]:
        while True:
            kept = await kept_run(visit, run)
            part = bytes(visit.page("run_progress.html", run=kept).body).decode()
            yield "".join(f"data: {line}\n" for line in part.splitlines()) + "\n"
            if kept.state is not RunState.RUNNING:
                return
            await asyncio.sleep(LOOKS_EVERY_S)

    return StreamingResponse(told(), media_type="text/event-stream")


@router.post("/{run}/cancel")
async def cancel(visit: Visiting, run: str) -> Response:
    """End a run; what it has judged so far stays."""
    await let_in(visit, "run-cancel", starts=True)
    try:
        await cancel_run(run, home=visit.house.runs, trace=visit.house.office.trace)
    except FAULTS as fault:
        return visit.page("run_fault.html", status=409, fault=str(fault), run=run)
    return RedirectResponse(f"/console/runs/{run}", status_code=303)


@router.post("/{run}/resume")
async def resume(visit: Visiting, run: str) -> Response:
    """Take up a run that was stopped, over the inputs that it began with."""
    await let_in(visit, "run-resume", starts=True)
    await kept_run(visit, run)
    house = visit.house
    in_background(
        visit,
        _run_and_count(
            visit,
            resume_run(
                run,
                home=house.runs,
                pack=house.desk.pack,
                trace=house.office.trace,
                caller=visit.session.account,
                progress=lambda done, of: None,
            ),
        ),
    )
    return RedirectResponse(f"/console/runs/{run}", status_code=303)


@router.get("/{run}/households")
async def households(
    visit: Visiting,
    run: str,
    rule: str = "",
    category: str = "",
    move: str = "",
    before: str = "",
    after: str = "",
) -> Response:
    """The households of one row of the results, to be looked up one by one."""
    await let_in(visit, "run-households")
    kept = await kept_run(visit, run)
    wanted = Category(category) if category in Category.__members__ else None
    moved = Move(move) if move in Move.__members__ and before else None
    row = of_move(before, moved) if moved else of_rule(rule) if rule else of_category(wanted)

    def found() -> list[str]:
        if kept.state is RunState.DONE:
            visit.house.run_index.counts(run, visit.house.runs.ledger.results(run))
        return visit.house.run_index.households(run, row, first=LISTED + 1, after=after)

    numbers = await asyncio.to_thread(found)
    return visit.page(
        "run_households.html",
        run=run,
        of=rule or (moved or wanted),
        asked={"rule": rule, "category": category, "move": move, "before": before},
        numbers=numbers[:LISTED],
        after=numbers[LISTED - 1] if len(numbers) > LISTED else "",
    )


async def kept_run(visit: Visit, run: str) -> KeptRun:
    """A run that is kept. Raises `NotThere`."""
    kept = await asyncio.to_thread(visit.house.runs.ledger.run, run)
    if kept is None:
        raise NotThere("expected a run that is kept")
    return kept


def earlier_runs(house: House, kept: KeptRun) -> list[KeptRun]:
    """The runs that were done before one, the newest first."""
    return [each for each in house.runs.ledger.runs() if _before(each, kept)]


def a_month_before(kept: KeptRun, earlier: list[KeptRun]) -> KeptRun | None:
    """Of the earlier runs the newest that is of a month before or older; else the one just before; None without any."""
    month = kept.terms.day - timedelta(days=28)
    return next((each for each in earlier if each.terms.day <= month), earlier[0] if earlier else None)


async def counts_of(house: House, run: str) -> Counts:
    """What a run that is done came to."""
    return await asyncio.to_thread(lambda: house.run_index.counts(run, house.runs.ledger.results(run)))


def _before(each: KeptRun, kept: KeptRun) -> bool:
    return each.id != kept.id and each.state is RunState.DONE and each.begun_at < kept.begun_at


async def _begun(house: House, known: set[str], task: asyncio.Task[Any]) -> str:
    """The run that has just begun, once it is in the ledger; empty where its snapshot takes longer than we wait."""
    for _ in range(WAITS):
        fresh = [each.id for each in await asyncio.to_thread(house.runs.ledger.runs) if each.id not in known]
        if fresh or task.done():
            return fresh[0] if fresh else ""
        await asyncio.sleep(LOOKS_EVERY_S)
    return ""


async def _run_and_count(visit: Visit, work: Coroutine[Any, Any, RunResult]) -> None:
    """Judge, and count at once, so that nobody waits for it who opens the page."""
    result, house = await work, visit.house
    house.run_index.keep_only(each.id for each in house.runs.ledger.runs())
    kept = await kept_run(visit, result.run)
    if kept.state is RunState.DONE:
        await counts_of(house, result.run)


def in_background(visit: Visit, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Work on after the answer; what goes wrong is in the ledger and the log, and its kind in the server log."""
    tasks: set[asyncio.Task[Any]] = visit.request.app.state.tasks
    task = asyncio.create_task(work)
    tasks.add(task)

    def ended(done: asyncio.Task[Any]) -> None:
        tasks.discard(done)
        if not done.cancelled() and (fault := done.exception()) is not None:
            _log.error("run", kind=type(fault).__name__)

    task.add_done_callback(ended)
    return task
