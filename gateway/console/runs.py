"""How does a run over the district go? Start it, watch it, cancel it, take it up again; and what it came to.

A run is kept in the ledger, whoever started it: a restart of the gateway loses nothing, and what
is shown here is read from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from itertools import islice
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response, StreamingResponse

from casework.desk import NotAllowed, NotThere
from casework.role import Role
from connectors.ask import SnapshotFailed
from gateway.console.house import Visit, Visiting
from gateway.district_run import cancel_run, resume_run, run_district
from gateway.errors import CannotRun, NotLogged
from gateway.run_moves import Moves, moves_between
from gateway.run_results import counted, households_with
from verification.pack import NotInForce
from verification.runs.job import NoSuchRun, OtherRun, RunEnded
from verification.runs.ledger import KeptRun, RunState
from vocabulary.codes import Category

router = APIRouter(prefix="/runs")

LISTED = 500
LOOKS_EVERY_S = 0.5
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
    _in_background(
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
        ),
    )
    return RedirectResponse("/console/runs", status_code=303)


@router.get("/{run}")
async def one(visit: Visiting, run: str) -> Response:
    """One run: how far it is, or what it came to."""
    await let_in(visit, "run")
    kept = await _kept(visit, run)

    def results() -> tuple[Any, Any]:
        return counted(judged for _, judged in visit.house.runs.ledger.results(run))

    done = kept.state is RunState.DONE
    categories, rules = await asyncio.to_thread(results) if done else ({}, ())
    earlier = [each for each in await asyncio.to_thread(visit.house.runs.ledger.runs) if _before(each, kept)]
    return visit.page(
        "run.html",
        run=kept,
        done=done,
        under_way=kept.state is RunState.RUNNING,
        categories=sorted(categories.items(), key=lambda pair: str(pair[0])),
        rules=rules,
        earlier=earlier,
        may_start=visit.role is Role.SUPERVISOR,
    )


@router.get("/{run}/stream")
async def stream(visit: Visiting, run: str) -> Response:
    """The progress as server-sent events, each a part of the page, until the run has ended."""
    await let_in(visit, "run-progress")
    await _kept(visit, run)

    async def told() -> AsyncIterator[str]:
        while True:
            kept = await _kept(visit, run)
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
    await _kept(visit, run)
    house = visit.house
    _in_background(
        visit,
        resume_run(
            run,
            home=house.runs,
            pack=house.desk.pack,
            trace=house.office.trace,
            caller=visit.session.account,
            progress=lambda done, of: None,
        ),
    )
    return RedirectResponse(f"/console/runs/{run}", status_code=303)


@router.get("/{run}/households")
async def households(visit: Visiting, run: str, rule: str = "", category: str = "") -> Response:
    """The households of one row of the results, to be looked up one by one."""
    await let_in(visit, "run-households")
    await _kept(visit, run)
    wanted = Category(category) if category in Category.__members__ else None

    def found() -> list[str]:
        results = visit.house.runs.ledger.results(run)
        fits = households_with(results, rule=rule, category=wanted, told=bool(rule or wanted))
        return list(islice(fits, LISTED + 1))

    numbers = await asyncio.to_thread(found)
    return visit.page(
        "run_households.html",
        run=run,
        rule=rule,
        category=wanted,
        numbers=numbers[:LISTED],
        more=len(numbers) > LISTED,
    )


@router.post("/{run}/moves")
async def moves(visit: Visiting, run: str, before: Annotated[str, Form()]) -> Response:
    """What became of the households from an earlier run to this one."""
    await let_in(visit, "run-moves")
    house = visit.house
    try:
        found: Moves = await moves_between(
            before,
            run,
            home=house.runs,
            connectors=house.office.connectors,
            trace=house.office.trace,
            caller=visit.session.account,
        )
    except FAULTS as fault:
        return visit.page("run_fault.html", status=409, fault=str(fault), run=run)
    return visit.page("run_moves.html", moves=found, run=run, before=before)


async def _kept(visit: Visit, run: str) -> KeptRun:
    kept = await asyncio.to_thread(visit.house.runs.ledger.run, run)
    if kept is None:
        raise NotThere("expected a run that is kept")
    return kept


def _before(each: KeptRun, kept: KeptRun) -> bool:
    return each.id != kept.id and each.state is RunState.DONE and each.begun_at < kept.begun_at


def _in_background(visit: Visit, work: Coroutine[Any, Any, Any]) -> None:
    """Work on after the answer; what goes wrong is in the ledger and the log, and its kind in the server log."""
    tasks: set[asyncio.Task[Any]] = visit.request.app.state.tasks
    task = asyncio.create_task(work)
    tasks.add(task)

    def ended(done: asyncio.Task[Any]) -> None:
        tasks.discard(done)
        if not done.cancelled() and (fault := done.exception()) is not None:
            _log.error("run", kind=type(fault).__name__)

    task.add_done_callback(ended)
