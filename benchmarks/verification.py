"""How fast are the rules, for one household and for a city, against what one would write otherwise?

    python benchmarks/verification.py [--quick]

A city is drawn from a seed and written as Parquet files; every contender reads the same files by a
program of its own, which loads what it needs and nothing else, and gives findings, which must be
equal where they judge by the same rules. All do the same: they open the files and have findings (the
income, for OpenFisca) as columns in memory. *Inside* is the time of that; *wall* is the life of the
process, its start and the libraries that it loads included. What is done to compare them afterwards
is in neither. The last line is one JSON object. `--quick` takes a fifth of the city, once, and under a
minute on a machine that does nothing else.

    household_p50_ms      one household, whole catalogue, warm, in the compiled rules
    household_vs_duckdb   the same by the generated SQL on registered Arrow tables, against it
    city_vs_pandas        a pandas program for 14 rules, against the whole catalogue (wall)
    city_vs_hand_sql      SQL written by hand for 14 rules and the category and payable amount that their
                          evidence names, against ours of the same (inside): the findings and amounts
                          are equal
    city_vs_hand_sql_same_memory  the same with as much memory for the hand-written SQL as ours may hold: without
                          a limit it takes four times as much. Not with --quick, where the limit is none
    incremental_vs_full   a job over everything, against one after it with 1 % of households changed and
                          their departments saying which; incremental_digests_vs_full by digests alone;
                          both in a city of a tenth of the size
    city_vs_openfisca     OpenFisca-core for the income part of the law alone, against the whole catalogue
                          (wall)
    household_vs_openfisca the same for one household: CPU time of the same households, in turns on one core,
                          each turn's two figures next to each other; the median of the turns. null where it cannot be
                          installed: see what is printed
    peak_mib              of the process that judges the city by the whole catalogue, which may hold
                          656 MiB in its databases and lays the rest on disk
    growth_10x            its time against that of a city of a tenth of the size (inside)

`--ten-million` measures something else, and alone: a city of ten times the size (about 10 million people; half an
hour and 15 GB of disk), by the whole catalogue, once with 4 GiB for its database and once with 2 GiB, against the city of
1 million in the same run. `--households N` takes another size than 3.5 million, to try it. Its last line is one JSON
object, too:

    ten_million_growth    time inside against that of a city of a tenth of the size, both with the memory of above
    ten_million_growth_2_gib  the same with 2 GiB for that of the large city, in four shards; it spills
    ten_million_peak_mib, ten_million_peak_2_gib_mib  of the whole process, results included
"""

from __future__ import annotations

import argparse
import compileall
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.city import write_city
from benchmarks.city_ours import MEMORY_MIB, PACK, opened
from benchmarks.openfisca_rival import ratios
from benchmarks.peak import peak_mib
from verification.catalogue import CATALOGUE
from verification.language.to_python import Judge
from verification.runs.cases import cases_of
from verification.runs.district import Engine, cut, restricted
from verification.runs.tables import Snapshot

HOUSEHOLDS = 350_000
SEED = 20261116
_HERE = Path(__file__).parent
WITHIN = "hand SQL, our memory"
CONTENDERS = {
    "ours": ("city_ours.py",),
    "pandas": ("city_pandas.py",),
    "ours of 14": ("city_ours.py", "--fourteen"),
    "hand SQL": ("city_sql.py",),
    "job": ("city_job.py",),
}
"""The program of each."""


@dataclass(frozen=True)
class Effort:
    """How much is done of everything."""

    households: int
    rounds: int
    alone: int


QUICK = Effort(households=HOUSEHOLDS // 5, rounds=1, alone=300)
FULL = Effort(households=HOUSEHOLDS, rounds=3, alone=2_000)


def main() -> None:
    """Measure, tell, and print the ratios."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a fifth of the city, under a minute")
    options.add_argument("--ten-million", action="store_true", help="how a city of ten times the size grows")
    options.add_argument("--households", type=int, default=HOUSEHOLDS * 10, help="of that city")
    given = options.parse_args()
    _compile()
    with tempfile.TemporaryDirectory(prefix="hedui-bench-") as name:
        figures = (
            ten_million(Path(name), households=given.households)
            if given.ten_million
            else measured(Path(name), QUICK if given.quick else FULL, quick=given.quick)
        )
    print(json.dumps({key: None if value is None else round(value, 4) for key, value in figures.items()}))


def _compile() -> None:
    """Have our modules compiled, as the libraries of all contenders are, and ours where hedui is installed."""
    for package in ("benchmarks", "verification", "vocabulary"):
        compileall.compile_dir(_HERE.parent / package, quiet=2)


def measured(folder: Path, effort: Effort, *, quick: bool) -> dict[str, float | None]:
    """Every figure of the table."""
    load = os.getloadavg()
    print(f"load average {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}, {os.cpu_count()} cores")
    large, small = folder / "city", folder / "tenth"
    rows = written(large, households=effort.households)
    written(small, households=effort.households // 10)
    print(f"{'a fifth of the city' if quick else 'the city'}: {effort.households:,} households,"
          f" {rows['Membership']:,} people listed, {sum(rows.values()) - rows['cases']:,} records")  # fmt: skip
    city = opened(large)
    few = restricted(city, city.cases.sort_by("household").slice(0, effort.alone))
    judge = Judge(CATALOGUE, PACK)
    alone = household(few, judge)
    gc.collect()
    ran, wall = cities(large, small, effort, quick=quick)
    fisca = ratios(large, few, ours_city_s=wall, judge=judge.judge)
    return {**alone, **ran, **fisca}


# ------------------------------------------------------------------ one household


def household(few: Snapshot, judge: Judge) -> dict[str, float]:
    """The median of one household in the rules, and of the same by SQL on Arrow tables."""
    count = len(few.cases)
    waits = [timed(lambda case=case: judge.judge(case)) for case in list(cases_of(few)) * 3]
    ours = median(waits[count:])
    waits = []
    for one in cut(few.cases, 1)[:3]:
        with Engine(restricted(few, one), CATALOGUE, PACK) as engine:
            list(engine.load(one))
            waits.append(timed(lambda engine=engine, one=one: (list(engine.load(one)), engine.tables())))
    tell("one household, rules", ours * 1e3, "ms")
    tell("one household, DuckDB SQL", median(waits) * 1e3, "ms")
    return {"household_p50_ms": ours * 1e3, "household_vs_duckdb": median(waits) / ours}


# ------------------------------------------------------------------ a city


def cities(large: Path, small: Path, effort: Effort, *, quick: bool) -> tuple[dict[str, float], float]:
    """Every contender in interleaved rounds, each in its own process; and the wall time of the whole catalogue."""
    runs: dict[str, list[dict[str, float]]] = {}
    for _ in range(effort.rounds):
        for name in ("ours", "pandas", "ours of 14", "hand SQL"):
            runs.setdefault(name, []).append(process(name, large))
        if not quick:
            runs.setdefault(WITHIN, []).append(process("hand SQL", large, str(MEMORY_MIB)))
        runs.setdefault("ours, a tenth", []).append(process("ours", small))
        runs.setdefault("job, a tenth", []).append(process("job", small))
    inside = {name: median(each["seconds"] for each in found) for name, found in runs.items()}
    walls = {name: median(each["wall"] for each in found) for name, found in runs.items()}
    for name, found in runs.items():
        peak = median(each["peak"] for each in found)
        tell(name, inside[name], f"s inside, {walls[name]:.2f} s wall, {peak:,.0f} MiB at most")
    within = () if quick else (WITHIN,)
    _agree(runs, "findings", ("ours of 14", "pandas", "hand SQL", *within))
    _agree(runs, "amounts", ("ours of 14", "hand SQL", *within))
    full, job = inside["job, a tenth"], runs["job, a tenth"]
    for how in ("deltas", "digests"):
        tell(f"job after another, 1 %, {how}", median(each[how] for each in job), "s")
    return {
        "city_vs_pandas": walls["pandas"] / walls["ours"],
        "city_vs_hand_sql": inside["hand SQL"] / inside["ours of 14"],
        **({} if quick else {"city_vs_hand_sql_same_memory": inside[WITHIN] / inside["ours of 14"]}),
        "incremental_vs_full": full / median(each["deltas"] for each in job),
        "incremental_digests_vs_full": full / median(each["digests"] for each in job),
        "peak_mib": max(each["peak"] for each in runs["ours"]),
        "growth_10x": inside["ours"] / inside["ours, a tenth"],
    }, walls["ours"]


def _agree(runs: dict[str, list[dict[str, float]]], what: str, names: tuple[str, ...]) -> None:
    """Say whether contenders came to the same, and stop where they did not."""
    same = len({each[what] for name in names for each in runs[name]}) == 1
    print(f"{what} by {', '.join(names)}: {'equal' if same else 'DIFFERENT'}")
    if not same:
        raise SystemExit(1)


def process(name: str, folder: Path, *more: str) -> dict[str, float]:
    """What a contender says of itself, and how long its process lived."""
    program, *which = CONTENDERS[name]
    command = [sys.executable, str(_HERE / program), str(folder), *which, *more]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall = time.perf_counter() - begun
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "wall": wall - told["aside"]}


def ten_million(folder: Path, *, households: int) -> dict[str, float | None]:
    """How the whole catalogue grows from a tenth of a city to all of it, and within 2 GiB."""
    large, small = folder / "city", folder / "tenth"
    begun = time.perf_counter()
    rows = written(large, households=households)
    written(small, households=households // 10)
    print(f"{households:,} households, {rows['Membership']:,} people listed, {sum(rows.values()) - rows['cases']:,}"
          f" records; written in {time.perf_counter() - begun:.0f} s, {peak_mib():,.0f} MiB at most")  # fmt: skip
    ran = {}
    for name, city, memory, shard in (
        ("a tenth", small, MEMORY_MIB, households),
        ("4 GiB", large, 4096, households),
        ("2 GiB", large, 2048, -(-households // 4)),
    ):
        ran[name] = process("ours", city, "--memory", str(memory), "--shard", str(shard))
        wall, peak = ran[name]["wall"], ran[name]["peak"]
        tell(f"ours, {name}", ran[name]["seconds"], f"s inside, {wall:.0f} s wall, {peak:,.0f} MiB at most")
    _agree({name: [ran[name]] for name in ran}, "findings", ("4 GiB", "2 GiB"))
    tenth = ran["a tenth"]["seconds"]
    return {
        "ten_million_growth": ran["4 GiB"]["seconds"] / tenth,
        "ten_million_growth_2_gib": ran["2 GiB"]["seconds"] / tenth,
        "ten_million_peak_mib": ran["4 GiB"]["peak"],
        "ten_million_peak_2_gib_mib": ran["2 GiB"]["peak"],
    }


# ------------------------------------------------------------------ files


def written(folder: Path, *, households: int) -> dict[str, int]:
    """A city as Parquet files: rows by record type, and `cases`."""
    folder.mkdir()
    return write_city(folder, SEED, households=households)


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def tell(what: str, value: float, unit: str) -> None:
    """One line of the table."""
    print(f"{what:32s} {value:12,.2f} {unit}", flush=True)


if __name__ == "__main__":
    main()
