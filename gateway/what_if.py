"""What would another policy pack change for every household of the district? Two runs over one snapshot, both noted.

The registers are asked once, for what the categories need and no more; whoever has authorized
nothing is not asked about, as in any run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date

from casework.authorized import Authorized
from connectors.ask import Connector
from gateway.days import require_in_force
from gateway.snapshot import Taken, take_snapshot
from gateway.trace import Trace
from verification.pack import Pack
from verification.runs.district import Progress
from verification.runs.tables import Snapshot
from verification.whatif import FACTS, CaseloadRun, WhatIf, compare, run_caseload
from vocabulary.codes import Department

Tell = Callable[[int, int], None]


async def ask_what_if(
    connectors: Mapping[Department, Connector],
    *,
    before: Pack,
    after: Pack,
    on: date,
    today: date,
    trace: Trace,
    caller: str,
    progress: Tell,
    authorized: Authorized | None,
) -> tuple[WhatIf, Mapping[Department, str]]:
    """What changes from one pack to the other on a day, and which departments failed and how.

    `today`      the day of asking, on which authorizations must hold
    `progress`   is told households done and in all, of both runs together
    `authorized` our own register of authorizations, beside civil affairs'; None where there is none
    Raises `NotInForce`, `CannotRun`, `NotLogged`, `verification.language.kinds.PackGap`.
    """
    for pack in (before, after):
        require_in_force(pack, on=on)
    started = [await _started(trace, pack, caller=caller, on=on) for pack in (before, after)]

    def take() -> tuple[WhatIf, Mapping[Department, str]]:
        taken = take_snapshot(connectors, FACTS.reads(), on=on, today=today, authorized=authorized)
        return _work(taken, before, after, progress)

    try:
        found, failed = await asyncio.to_thread(take)
    except BaseException:
        for each in started:
            await trace.run_finished(each, state="FAILED", households=0, found={})
        raise
    for each in started:
        await trace.run_finished(each, state="DONE", households=len(found.before.standings), found={})
    return found, failed


async def _started(trace: Trace, pack: Pack, *, caller: str, on: date) -> int:
    return await trace.run_started(
        by=caller, run="whatif", pack=pack.hash, rules=FACTS.hash, households=0, day=on
    )


def _work(taken: Taken, before: Pack, after: Pack, progress: Tell) -> tuple[WhatIf, Mapping[Department, str]]:
    snapshot, failed = taken.snapshot, taken.failed
    runs = [
        _judged(snapshot, pack, progress, number=number, of=2) for number, pack in enumerate((before, after))
    ]
    return compare(*runs), failed


def _judged(snapshot: Snapshot, pack: Pack, progress: Tell, *, number: int, of: int) -> CaseloadRun:
    households = snapshot.cases.num_rows

    def tell(now: Progress) -> None:
        progress(households * number + households * now.done // max(now.of, 1), households * of)

    return run_caseload(snapshot, pack, progress=tell)
