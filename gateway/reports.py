"""What do benefits beside each other, aids and causes come to in the district? One snapshot, noted as a run.

The reports propose and count; nothing is decided by them. Whoever has authorized nothing is
not asked about, and stands among those who cannot be told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gateway.days import require_in_force
from gateway.district_asked import Asked, District
from gateway.snapshot import Taken
from verification import holdings
from verification.aids import AIDS
from verification.causes import CAUSES, CauseTable, Line, ledger, primary_of, table
from verification.holdings import DUE, Holdings, Unsure
from verification.language.to_python import Found
from verification.pack import Pack
from verification.runs.ageing import aged
from verification.runs.cases import cases_of
from verification.runs.district import judge_district
from verification.stacking import Proposal, Sums, propose, sums
from vocabulary.codes import Category, Department

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HouseholdStacking:
    """One household's proposals that change something, and what cannot be told of its people."""

    household: str
    proposals: tuple[Proposal, ...]
    cannot_tell: tuple[Unsure, ...]


@dataclass(frozen=True)
class StackingReport:
    """Overpaid and forgone over the district, the list behind the sums, and departments that failed."""

    households: int
    sums: Sums
    listed: tuple[HouseholdStacking, ...]
    failed: Mapping[Department, str]


@dataclass(frozen=True)
class AidReport:
    """Aids that are open and of which no register shows anything, or cannot tell, by household; departments that failed."""

    households: int
    listed: tuple[tuple[str, Found], ...]
    failed: Mapping[Department, str]


@dataclass(frozen=True)
class CauseReport:
    """Households by primary cause and by line of the ledger, and departments that failed."""

    table: CauseTable
    ledger: Mapping[Category | None, Line]
    failed: Mapping[Department, str]


async def report_stacking(district: District, *, pack: Pack) -> StackingReport:
    """What was drawn too much and what is due and not drawn, of every household on file on a day.

    Raises `NotInForce`, `CannotRun`, `NotLogged`, `OSError`, `verification.stacking.TooManyClaims`.
    """
    return await _noted(
        lambda asked: _stacking(asked.take(holdings.reads()), pack),
        lambda report: report.households,
        district=district, run="stacking", pack=pack, rules=DUE.hash,
    )  # fmt: skip


async def report_aids(district: District, *, pack: Pack) -> AidReport:
    """Which aid (社会救助法 art. 24–27) is open and not given. Raises `NotInForce`, `CannotRun`, `NotLogged`, `OSError`."""
    return await _noted(
        lambda asked: _aids(asked.take(AIDS.reads()), pack),
        lambda report: report.households,
        district=district, run="aids", pack=pack, rules=AIDS.hash,
    )  # fmt: skip


async def report_causes(district: District, *, pack: Pack) -> CauseReport:
    """致困类别统计表: one primary cause a household. Raises `NotInForce`, `CannotRun`, `NotLogged`, `OSError`."""
    return await _noted(
        lambda asked: _causes(asked.take(CAUSES.reads()), pack),
        lambda report: report.table.households,
        district=district, run="causes", pack=pack, rules=CAUSES.hash,
    )  # fmt: skip


async def _noted(
    work: Callable[[Asked], T],
    households: Callable[[T], int],
    *,
    district: District,
    run: str,
    pack: Pack,
    rules: str,
) -> T:
    """Work in a thread between two entries of the log: none of it happens unnoted."""
    require_in_force(pack, on=district.on)
    started = await district.trace.run_started(
        by=district.caller, run=run, pack=pack.hash, rules=rules, households=0, day=district.on
    )
    asked = Asked(district, started)
    try:
        report = await asyncio.to_thread(work, asked)
    except BaseException:
        await asked.ended("FAILED", households=0)
        raise
    await asked.ended("DONE", households=households(report))
    return report


def _stacking(taken: Taken, pack: Pack) -> StackingReport:
    snapshot, failed = taken.snapshot, taken.failed
    teller, every, listed = Holdings(pack), list[Proposal](), []
    for case in cases_of(aged(snapshot, pack)):
        held = teller.of(case)
        found = [each for each in propose(held.claims, pack) if each.overpaid_fen or each.forgone_fen]
        every += found
        if found or held.cannot_tell:
            listed.append(HouseholdStacking(case.household, tuple(found), held.cannot_tell))
    return StackingReport(snapshot.cases.num_rows, sums(every), tuple(listed), failed)


def _aids(taken: Taken, pack: Pack) -> AidReport:
    judged = judge_district(aged(taken.snapshot, pack), AIDS, pack)
    listed = tuple((each.household, found) for each in judged for found in each.found)
    return AidReport(taken.snapshot.cases.num_rows, listed, taken.failed)


def _causes(taken: Taken, pack: Pack) -> CauseReport:
    snapshot, failed = taken.snapshot, taken.failed
    judged = list(judge_district(aged(snapshot, pack), CAUSES, pack))
    return CauseReport(table(map(primary_of, judged)), ledger(judged), failed)
