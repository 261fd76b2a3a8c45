"""How heavy are the pages, and how long does the server take for one, in a district of many households?

    python benchmarks/console.py [--quick] [--households N]

The tables of casework and of two runs hold 100,000 households, the log many entries; the registers
are in memory and hold one household, so that no department's time is in it. Every page that somebody
can open is asked for in this process; what is done
once a run, by whoever opens it first, is timed apart. The last line is one JSON object.

    page_ms           server time of a page: of every page the median of its rounds, of these the median
    page_ms_max       … and the slowest, whose name is `page_ms_max_page`
    page_cpu_ms_max   the slowest in processor time: on a machine that does other things too, the fairer one
    page_weight_kib   bytes of the page and of all that it loads, as they travel (gzip where we compress),
                      without headers, for a browser that has nothing yet; the heaviest page, whose name is
                      `page_weight_page`. GraphiQL is apart, as `graphiql_weight_kib`: a developer's editor
                      that brings React with it, and weighs more than a page should
    households        in the tables
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx2

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.console_district import casework_of, log_of, runs_of
from gateway.district_run import run_district
from tests.gateway.console.houses import Console
from tests.gateway.console.test_decision_pages import TOLD, console_of

SEED = 20261122
_LINKED = re.compile(r'<(?:link|script)[^>]+(?:href|src)="(/console/static/[^"]+)"')


@dataclass(frozen=True)
class Shown:
    """One page: whose it is, its name, how it is asked for."""

    who: str
    name: str
    ask: Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]


@dataclass(frozen=True)
class Took:
    """What a page took: wall and processor time of each round in ms, and what travels at first, in bytes."""

    name: str
    wall_ms: list[float]
    cpu_ms: list[float]
    weight: int


def pages(before: str, after: str, size: int) -> list[Shown]:
    """Every page that reads, with its filters, and the look-up, which is a form."""
    household, run = f"household/{TOLD.household}", f"runs/{after}"
    asked: dict[str, list[str]] = {
        "verifier": [
            "", household, f"{household}/social_security", f"{household}/civil_affairs",
            f"{household}/verdict", f"{household}/report",
            "findings", "findings?rule=INC-03", "findings?severity=CONFLICT&state=SUSPECTED",
            "findings?region=529901003", "findings?before=2026-01-01", "findings?mine=true",
            f"findings/f{0:019}",
            "cases", "cases?state=COMPARED", f"cases?after=HD-2026-{size // 2:07}", f"cases/c{0:019}",
            "runs", run, f"{run}/households?rule=CAT-02", f"{run}/households?category=DIBAO",
            f"{run}/moves/{before}", f"{run}/households?move=UP&before={before}", "cases/overdue",
            "sources", "sources/social_security/report", f"corrections/d{0:019}",
            "likenesses", f"likenesses/l{0:019}", "policy", "policy?other=demo-2026", "graphql",
        ],
        "clerk": ["statement"],
        "evaluator": [
            "evaluator", "evaluator/trail", "evaluator/trail?event=inquiry.outcome", "evaluator/entry/0",
            "evaluator/misuse", "evaluator/sample", "evaluator/verify", "evaluator/replay",
        ],
    }  # fmt: skip
    read = [Shown(who, path, _get(f"/console/{path}")) for who, paths in asked.items() for path in paths]
    return [
        Shown("nobody", "login", _get("/console/login")),
        *read,
        Shown("verifier", "household (form)", _post("/console/household", {"asked": TOLD.household})),
    ]


def _get(path: str) -> Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]:
    return lambda browser: browser.get(path)


def _post(path: str, data: dict[str, str]) -> Callable[[httpx2.AsyncClient], Awaitable[httpx2.Response]]:
    return lambda browser: browser.post(path, data=data)


async def measured(console: Console, shown: list[Shown], *, rounds: int) -> list[Took]:
    """Every page, in rounds over all of them; the first round warms up and is not counted."""
    browsers = {who: await console.signed_in(who) for who in {each.who for each in shown} - {"nobody"}}
    browsers["nobody"] = console.browser()
    weights, wall, cpu = {}, {each.name: [] for each in shown}, {each.name: [] for each in shown}
    for number in range(rounds + 1):
        for each in shown:
            browser = browsers[each.who]
            began, busy = time.perf_counter(), time.process_time()
            page = await each.ask(browser)
            took, used = (time.perf_counter() - began) * 1000, (time.process_time() - busy) * 1000
            assert page.status_code == 200, (each.name, page.status_code)
            if number == 0:
                weights[each.name] = await _weight(browser, page)
            else:
                wall[each.name].append(took)
                cpu[each.name].append(used)
    return [Took(name, wall[name], cpu[name], weights[name]) for name in wall]


async def _weight(browser: httpx2.AsyncClient, page: httpx2.Response) -> int:
    """Bytes of a page and of what it names, as they travel to a browser that takes gzip."""
    total = page.num_bytes_downloaded
    for address in dict.fromkeys(_LINKED.findall(page.text)):
        loaded = await browser.get(address, headers={"accept-encoding": "gzip"})
        assert loaded.status_code == 200, address
        total += loaded.num_bytes_downloaded
    return total


async def benchmark(folder: Path, *, households: int, entries: int, rounds: int) -> list[Took]:
    """Build the district, then open every page of it."""
    async with console_of(folder, TOLD) as console:
        house = console.house
        began = time.perf_counter()
        await run_district(
            house.office.connectors, home=house.runs, pack=house.desk.pack, on=house.desk.today(),
            today=house.desk.today(), trace=house.office.trace, caller="benchmark", progress=lambda _, __: None,
            authorized=None,
        )  # fmt: skip
        [first] = house.runs.ledger.runs()
        [(_, judgement)] = house.runs.ledger.results(first.id)
        casework_of(house, f"sqlite:///{folder / 'audit.sqlite'}", households=households, seed=SEED)
        before, after = runs_of(house, judgement, households=households, seed=SEED)
        await log_of(house, entries=entries, seed=SEED)
        print(
            f"{households:,} households and {entries:,} entries written in {time.perf_counter() - began:.0f} s"
        )
        await prepared(console, before, after)
        return await measured(console, pages(before, after, households), rounds=rounds)


async def prepared(console: Console, before: str, after: str) -> None:
    """What is done once a run, by whoever comes first: count its results, and compare it with another."""
    browser, began = await console.signed_in("supervisor"), time.perf_counter()
    await browser.get(f"/console/runs/{after}")
    counted = time.perf_counter()
    address = f"/console/runs/{after}/moves"
    await browser.post(address, data={"before": before})
    while console.house.run_index.compared_with(after) != {before}:
        await asyncio.sleep(0.1)
    print(
        f"once a run: counted in {counted - began:.1f} s, compared in {time.perf_counter() - counted:.1f} s"
    )


def main() -> None:
    """Print a line a page, and all of them as one JSON object."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true", help="fewer rounds and entries: under a minute")
    asked.add_argument("--households", type=int, default=100_000)
    given = asked.parse_args()
    entries, rounds = (5_000, 3) if given.quick else (200_000, 15)
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(
            benchmark(Path(folder), households=given.households, entries=entries, rounds=rounds)
        )
    print(f"{'page':64} {'wall ms':>8} {'cpu ms':>8} {'KiB':>8}")
    for each in took:
        print(
            f"{each.name:64} {median(each.wall_ms):8.1f} {median(each.cpu_ms):8.1f} {each.weight / 1024:8.1f}"
        )
    slow = max(took, key=lambda each: median(each.wall_ms))
    [editor] = [each for each in took if each.name == "graphql"]
    heavy = max((each for each in took if each is not editor), key=lambda each: each.weight)
    print(
        json.dumps(
            {
                "page_ms": round(median(median(each.wall_ms) for each in took), 1),
                "page_ms_max": round(median(slow.wall_ms), 1),
                "page_ms_max_page": slow.name,
                "page_cpu_ms_max": round(max(median(each.cpu_ms) for each in took), 1),
                "page_weight_kib": round(heavy.weight / 1024, 1),
                "page_weight_page": heavy.name,
                "graphiql_weight_kib": round(editor.weight / 1024, 1),
                "households": given.households,
            }
        )
    )


if __name__ == "__main__":
    main()
