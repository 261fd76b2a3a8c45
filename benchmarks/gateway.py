"""How much does an answer of the gateway cost, against what one would use otherwise?

    python benchmarks/gateway.py [--quick] [--only ours graphene …] [--within 50] [--requests 1000000]

CPU of the serving process per request (user and system, all its threads and children), in interleaved
rounds, medians of them; ratios are taken inside one run. Every contender asks the same registers over HTTP
(`gateway_sources.py`), ours through the project's own connectors. Their answers' `data` must be the same
byte for byte: 40 households and two lists of 50 before anything is measured, and every single
answer while it is. Ours has authentication, access, consent and both audit entries on. The peers check the same token
with the same key, and remember it until it expires as ours does; they have no access, consent or log.
`executor` and `graphene_open` have no authentication either.

Each peer is set up as its own documentation does it, with NODE_ENV=production, and where that knows a faster way with
that one: mercurius with `jit: 1`, loaders and undici, Hive with the planner in Rust. Only `apollo_kindest` is what
nobody deploys; it shows what of Apollo's cost is its gateway and not its server. Apollo and Hive are asked less of
than they can do, and more than the others: they plan against a supergraph, and their subgraphs are prepared text.

Households are asked for over 16 connections and lists over 2, each with one question at a time. What is counted is
CPU and not waiting, so the number matters only where a server gathers work: ours writes the entries of several
inquiries with one commit.

The last line is one JSON object; a peer that cannot be installed is null, with the reason above, and so is
`apollo_kindest` in a quick run. What is installed goes to a scratch folder that is kept between runs (`--scratch`):
installing takes a minute or two the first time and is no part of the time that `--quick` or `--within` gives to all
the rest.

    household_vs_graphene           one household: stock graphene + FastAPI + aiodataloader, by ours
    list_vs_graphene                fifty households in one question
    …_vs_mercurius_jit              mercurius (Node) with its JIT and loaders
    …_vs_apollo                     Apollo Gateway as its documentation sets it up: standalone server, default fetcher
    …_vs_apollo_kindest             the same without its HTTP layer (bare `node:http`) and with undici as its fetcher
    …_vs_hive                       Hive Gateway's runtime, as documented for programs, with its Rust planner
    executor_household_vs_graphene  our executor and connectors alone, without authentication, access and log
    memory_growth                   resident memory of ours at the end of many requests, by that after warming up
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from statistics import median

import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.gateway_asking import QUERIES, Asking, Contender, Differs, Questions, figures
from benchmarks.gateway_peers import NAMES, NODE, begun, commands, running
from casework.agreement import Recipient
from gateway.token import JWKS_FILE, Issuer, open_issuer
from vocabulary.region import RegionCode

HERE = Path(__file__).parent
OURS = ("ours", "executor")
QUICK_S = 40.0
"""Of which starting takes what it takes, memory a quarter of the rest, and warming up a quarter of what is left.
Comparing answers and stopping everybody come on top."""
SHORT_ROUNDS = 3
UNHURRIED = "apollo_kindest"
"""Left out of a quick run, unless they are asked for."""
COMPILES = {*NODE}
"""Node compiles what it has seen often enough, and Python does not: they warm up longer,"""
COMPILED_AFTER = {"household": 200, "list": 10}
"""and with so many questions at least."""


def main() -> None:
    """Measure, and print."""
    options = _options()
    names = options.only or [*OURS, *NAMES]
    if options.quick and not options.only:
        names = [name for name in names if name != UNHURRIED]
        print(f"{UNHURRIED} is not measured: a minute is too short for one more")
    options.scratch.mkdir(parents=True, exist_ok=True)
    peers = commands([name for name in NAMES if name in names], scratch=options.scratch)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as things:
        contenders = _contenders(things, names, peers, Path(folder))
        left = options.within and options.within - (time.monotonic() - began)
        growth = uvloop.run(_measured(contenders, options, left))
    print(f"it took {time.monotonic() - began:.0f} s")
    print(json.dumps(_told({one.name: one for one in contenders}, growth)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="CPU per request of the gateway and of its peers")
    parser.add_argument("--quick", action="store_true", help="all of it within a minute")
    parser.add_argument("--only", nargs="+", choices=[*OURS, *NAMES], help="these contenders alone")
    parser.add_argument(
        "--within", type=float, help="seconds for all but installing; else rounds of --seconds"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load in a round, for each question")
    parser.add_argument("--requests", type=int, default=1_000_000, help="over which memory is watched")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "hedui-peers")
    options = parser.parse_args()
    if options.quick and options.within is None:
        options.within = QUICK_S
    if options.within is not None:
        options.rounds = min(options.rounds, SHORT_ROUNDS)
    return options


def _contenders(
    things: ExitStack, names: list[str], peers: dict[str, list[str]], folder: Path
) -> list[Contender]:
    """All that could be started. graphene stands there twice where ours does: asked with a token, and without."""
    issuer = open_issuer(folder, name="benchmark", audience="hedui", environment="dev")
    ours = {name: _ours(name, folder) for name in OURS if name in names}
    sources = {"sources": [sys.executable, str(HERE / "gateway_sources.py")]}
    processes = things.enter_context(begun(sources | ours | peers))
    (source,) = running({"sources": processes.pop("sources")}, {}).values()
    jwks = json.loads((folder / JWKS_FILE).read_text(encoding="utf-8"))
    told = {
        "sources": source.port,
        "words": source.told["words"],
        "jwks": jwks,
        "issuer": "benchmark",
        "audience": "hedui",
    }
    found = running(processes, told)
    bearer, purpose = _headers(issuer)
    headers = {"ours": bearer | purpose, "executor": {}}
    contenders = [
        replace(one, headers=headers.get(name, bearer), cased=name == "ours") for name, one in found.items()
    ]
    if {"executor", "graphene"} <= found.keys():
        contenders.append(replace(found["graphene"], name="graphene_open", path="/open", cpu_ms=figures()))
    return contenders


def _ours(name: str, folder: Path) -> list[str]:
    program = [sys.executable, str(HERE / "gateway_ours.py"), "--folder", str(folder)]
    return program if name == "ours" else [*program, "--bare"]


def _headers(issuer: Issuer) -> tuple[dict[str, str], dict[str, str]]:
    """Who asks, and what for."""
    token = issuer.mint(
        subject="mz-0042",
        department=Recipient.CIVIL_AFFAIRS,
        post="核对员",
        region=RegionCode("529901"),
        at=datetime.now(UTC),
        lifetime_s=12 * 3_600,
    )
    bearer = {"Authorization": f"Bearer {token}"}
    return bearer, {"X-Hedui-Purpose": "PERIODIC_REVIEW"}


async def _measured(
    contenders: list[Contender], options: argparse.Namespace, left: float | None
) -> float | None:
    """Compare, warm up, measure in rounds, watch memory: in what is left of the time. What memory grew by."""
    ends = None if left is None else time.monotonic() + left
    questions = Questions(seed=1)
    # The executor answers soonest, so that it is the one whose answers the others are held against.
    await questions.compare(sorted(contenders, key=lambda one: one.name != "executor"))
    sizes = {what: sum(map(len, told)) // len(told) for what, told in questions.agreed.items()}
    print(f"{len(contenders)} contenders tell the same: {sizes} bytes on average")
    slots = [(Asking(one, questions), what) for one in contenders for what in QUERIES]
    warming = [slot for slot in slots for _ in range(4 if slot[0].contender.name in COMPILES else 1)]
    shares = _slices(_part(ends, 1 / 4), len(warming), options.seconds)
    for (asks, what), seconds in zip(warming, shares, strict=True):
        least = COMPILED_AFTER[what] // 4 if asks.contender.name in COMPILES else 0
        await asks.load(what, seconds=seconds, least=least)
    rounds = [slots[number % len(slots) :] + slots[: number % len(slots)] for number in range(options.rounds)]
    measured = [slot for one in rounds for slot in one]
    shares = _slices(_part(ends, 2 / 3), len(measured), options.seconds)
    for (asks, what), seconds in zip(measured, shares, strict=True):
        asks.contender.cpu_ms[what].append(await asks.load(what, seconds=seconds))
    for one in contenders:
        _show(one)
    return await _growth(slots[0][0], options.requests, ends)


def _part(ends: float | None, share: float) -> float | None:
    """When a share of what is left is over."""
    return None if ends is None else time.monotonic() + share * max(0.0, ends - time.monotonic())


def _slices(until: float | None, count: int, otherwise: float) -> Iterator[float]:
    """Seconds for each of so many: what is left, shared; `otherwise` where there is no end."""
    for left in range(count, 0, -1):
        yield otherwise if until is None else max(0.0, until - time.monotonic()) / left


def _show(one: Contender) -> None:
    shown = ", ".join(
        f"{what} {median(found):.3f} [{min(found):.3f}] ms" for what, found in one.cpu_ms.items()
    )
    print(f"{one.name:14} CPU a request: {shown}; {one.resident_mb():.0f} MB; {one.answered:,} answers")


async def _growth(ours: Asking, most: int, ends: float | None) -> float | None:
    """Resident memory after many requests, by that after what came before, or after a tenth of them."""
    one = ours.contender
    if one.name != "ours":
        return None
    if ends is None:
        await ours.load("household", seconds=inf, most=most // 10)
    warm, before = one.answered, one.resident_mb()
    seconds = inf if ends is None else max(0.0, ends - time.monotonic())
    await ours.load("household", seconds=seconds, most=most - most // 10)
    after = one.resident_mb()
    print(f"memory: {before:.1f} MB after {warm:,} requests, {after:.1f} MB after {one.answered:,}")
    return after / before


def _told(found: dict[str, Contender], growth: float | None) -> dict[str, float | None]:
    def ratio(what: str, peer: str, ours: str) -> float | None:
        if not {peer, ours} <= found.keys():
            return None
        return round(median(found[peer].cpu_ms[what]) / median(found[ours].cpu_ms[what]), 2)

    told: dict[str, float | None] = {}
    for peer, name in (
        ("graphene", "graphene"),
        ("mercurius", "mercurius_jit"),
        ("apollo", "apollo"),
        ("apollo_kindest", "apollo_kindest"),
        ("hive", "hive"),
    ):
        for what in QUERIES:
            told[f"{what}_vs_{name}"] = ratio(what, peer, "ours")
    for what in QUERIES:
        told[f"executor_{what}_vs_graphene"] = ratio(what, "graphene_open", "executor")
    for what in QUERIES:
        told[f"{what}_cpu_ms"] = round(median(found["ours"].cpu_ms[what]), 3) if "ours" in found else None
    return {**told, "memory_growth": None if growth is None else round(growth, 3)}


if __name__ == "__main__":
    try:
        main()
    except Differs as error:
        raise SystemExit(str(error)) from None
