"""What became of the households from one run to another? Compared once, by whoever asks first; the result is kept.

Comparing asks civil affairs for the whole category history, and is noted like a run. It may take a
while: the page says so, and looks again by itself.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from gateway.console.house import Visit, Visiting
from gateway.console.runs import FAULTS, in_background, kept_run, let_in
from gateway.run_index import Sizes, UnderWay
from gateway.run_moves import moves_between
from verification.transitions import Move, Size, Tally
from vocabulary.codes import CategoryReason

router = APIRouter(prefix="/runs")

PATIENCE_S = 2.0
"""How long a page waits for a comparison before it says that one is under way."""


@router.post("/{run}/moves")
async def compare(visit: Visiting, run: str, before: Annotated[str, Form()]) -> Response:
    """Compare with an earlier run, unless somebody has."""
    await let_in(visit, "run-moves")
    await kept_run(visit, run)
    index = visit.house.run_index
    if await asyncio.to_thread(index.comparing, run, before, at=visit.house.clock()):
        task = in_background(visit, _compared(visit, run, before))
        await asyncio.wait([task], timeout=PATIENCE_S)
        if task.done() and (fault := task.exception()) is not None:
            if isinstance(fault, FAULTS):
                return visit.page("run_fault.html", status=409, fault=str(fault), run=run)
            raise fault
    return RedirectResponse(f"/console/runs/{run}/moves/{before}", status_code=303)


@router.get("/{run}/moves/{before}")
async def moves(visit: Visiting, run: str, before: str) -> Response:
    """What it came to, or that it is under way."""
    await let_in(visit, "run-moves")
    await kept_run(visit, run)
    found = await asyncio.to_thread(visit.house.run_index.moves, run, before, at=visit.house.clock())
    return visit.page(
        "run_moves.html", run=run, before=before, under_way=isinstance(found, UnderWay),
        sizes=found if isinstance(found, Sizes) else None, moves=list(Move), reasons=list(CategoryReason),
    )  # fmt: skip


async def _compared(visit: Visit, run: str, before: str) -> None:
    house = visit.house
    try:
        found = await moves_between(
            before,
            run,
            home=house.runs,
            connectors=house.office.connectors,
            trace=house.office.trace,
            caller=visit.session.account,
        )
    except BaseException:
        house.run_index.not_compared(run, before)
        raise
    await asyncio.to_thread(house.run_index.compared, run, before, _sizes(found.tally), found.transitions)


def _sizes(found: Tally) -> Sizes:
    def told(size: Size) -> tuple[int, int]:
        return size.households, size.persons

    return Sizes(
        {move.value: told(size) for move, size in found.moves.items()},
        {reason.value: told(size) for reason, size in found.reasons.items()},
    )
