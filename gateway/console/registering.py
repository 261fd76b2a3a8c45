"""How do the findings of a run come to be worked on? By rule and region, in the background, as far as it has got."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from casework.role import Act
from casework.run_findings import registered_of
from gateway.console.findings import NAMES
from gateway.console.house import Visit, Visiting
from gateway.console.runs import counts_of, in_background, kept_run, let_in
from gateway.run_findings import Wanted, register_run
from verification.runs.ledger import RunState
from vocabulary.errors import Malformed
from vocabulary.region import RegionCode

router = APIRouter(prefix="/runs")


@router.get("/{run}/findings")
async def findings(visit: Visiting, run: str) -> Response:
    """What the run found by rule, and how much of it is registered by now."""
    await let_in(visit, "run-findings")
    kept = await kept_run(visit, run)
    desk, actor = visit.house.desk, visit.actor
    done = kept.state is RunState.DONE
    counts = await counts_of(visit.house, run) if done else None
    return visit.page(
        "run_findings.html",
        run=kept,
        done=done,
        rules=[each for each in counts.rules if each.found] if counts else [],
        registered=registered_of(desk, actor, run),
        under_way=run in _under_way(visit),
        may_register=actor.may(Act.ADD_FINDING) and actor.may(Act.OPEN_CASE),
    )


@router.post("/{run}/findings")
async def register(
    visit: Visiting,
    run: str,
    rule: Annotated[str, Form()] = "",
    region: Annotated[str, Form()] = "",
) -> Response:
    """Register what the run found, of one rule or region where one is given; it goes on when the page is left."""
    await let_in(visit, "run-register")
    await kept_run(visit, run)
    house, actor = visit.house, visit.actor
    await house.desk.permit(actor, Act.ADD_FINDING)
    try:
        wanted = Wanted(rule if rule in NAMES else "", RegionCode.parse(region) if region.strip() else None)
    except Malformed as fault:
        return visit.page("run_fault.html", status=422, fault=str(fault), run=run)
    if run not in _under_way(visit):
        in_background(visit, _registered(visit, run, wanted))
    return RedirectResponse(f"/console/runs/{run}/findings", status_code=303)


async def _registered(visit: Visiting, run: str, wanted: Wanted) -> None:
    house, under_way = visit.house, _under_way(visit)
    under_way.add(run)
    try:
        await register_run(
            run, wanted, home=house.runs, desk=house.desk, actor=visit.actor, office=house.office
        )
    finally:
        under_way.discard(run)


def _under_way(visit: Visit) -> set[str]:
    """The runs that this process is registering; what others register shows in the count alone."""
    runs: set[str] = visit.request.app.state.registering
    return runs
