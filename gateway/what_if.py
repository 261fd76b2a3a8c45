"""What would another policy pack change for every household of the district? Two runs over one snapshot, both noted.

The registers are asked once, for what the categories need and no more; whoever has authorized
nothing is not asked about, as in any run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from gateway.days import require_in_force
from gateway.district_asked import Asked, District
from verification.pack import Pack
from verification.runs.district import Progress
from verification.whatif import FACTS, WhatIf, what_if
from vocabulary.codes import Department

Tell = Callable[[int, int], None]


async def ask_what_if(
    district: District, *, before: Pack, after: Pack, progress: Tell
) -> tuple[WhatIf, Mapping[Department, str]]:
    """What changes from one pack to the other on a day, and which departments failed and how.

    `progress`   is told households done and in all, of both runs together
    Raises `NotInForce`, `CannotRun`, `NotLogged`, `verification.language.kinds.PackGap`, `OSError`.
    """
    for pack in (before, after):
        require_in_force(pack, on=district.on)
    asked = Asked(district, *[await _started(district, pack) for pack in (before, after)])

    def work() -> tuple[WhatIf, Mapping[Department, str]]:
        taken = asked.take(FACTS.reads())
        households = taken.snapshot.cases.num_rows
        tell = _of_both(progress, households, run=0), _of_both(progress, households, run=1)
        return what_if(taken.snapshot, before, after, progress=tell), taken.failed

    try:
        found, failed = await asyncio.to_thread(work)
    except BaseException:
        await asked.ended("FAILED", households=0)
        raise
    await asked.ended("DONE", households=len(found.before.standings))
    return found, failed


async def _started(district: District, pack: Pack) -> int:
    return await district.trace.run_started(
        by=district.caller, run="whatif", pack=pack.hash, rules=FACTS.hash, households=0, day=district.on
    )


def _of_both(progress: Tell, households: int, *, run: int) -> Callable[[Progress], None]:
    """Tells how far one of the two runs is, of both together."""

    def tell(now: Progress) -> None:
        progress(households * run + households * now.done // max(now.of, 1), households * 2)

    return tell
