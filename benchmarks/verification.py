"""How fast are the rules, for one household and for a city, against what one would write otherwise?

    python benchmarks/verification.py [--quick]

A city is drawn from a seed and written as Parquet files; every contender reads the same files
in a process of its own and gives findings, which must be equal where they judge by the same
rules. All do the same: they open the files and have findings (the income, for OpenFisca) as
columns in memory. *Inside* is the time of that; *wall* is the life of the process, its start and
the libraries that it loads included. What is done to compare them afterwards is in neither.
The last line is one JSON object. `--quick` takes a tenth of the city and under a minute.

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
    household_vs_openfisca the same for one household: CPU time of the same households, in turns, each turn's
                          two figures next to each other; the median of the turns. null where it cannot be
                          installed: see what is printed
    peak_mib              of the process that judges the city by the whole catalogue, which may hold
                          560 MiB in its database and lays the rest on disk
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
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import dataset

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.city import FOURTEEN_RULES, digest_of_findings, write_city
from benchmarks.openfisca_rival import ratios
from benchmarks.peak import peak_mib
from verification.catalogue import CATALOGUE
from verification.language.rule import Catalogue
from verification.language.to_python import Judge
from verification.pack import load_pack
from verification.runs.cases import cases_of
from verification.runs.district import Engine, cut, restricted
from verification.runs.job import Job
from verification.runs.ledger import Ledger
from verification.runs.sealed import Tables, joined
from verification.runs.tables import Rows, Snapshot
from vocabulary.record import Record
from vocabulary.register import RECORD_TYPES

HOUSEHOLDS = 350_000
SEED = 20261116
PACK = load_pack("demo-2026")
FOURTEEN = Catalogue(
    CATALOGUE.member,
    CATALOGUE.household,
    [each for each in CATALOGUE.rules if each.number in FOURTEEN_RULES],
    [CATALOGUE.household.category, CATALOGUE.household.payable_fen],
)
MEMORY_MIB = 560
"""What the database of a run may hold: with Python, Arrow and the results its process stays below 1 GiB."""


@dataclass(frozen=True)
class Effort:
    """How much is done of everything."""

    households: int
    rounds: int
    alone: int


QUICK = Effort(households=HOUSEHOLDS // 10, rounds=1, alone=300)
FULL = Effort(households=HOUSEHOLDS, rounds=3, alone=2_000)


def main() -> None:
    """Measure, tell, and print the ratios; or be one contender, in a process of its own."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a tenth of the city, under a minute")
    options.add_argument("--ten-million", action="store_true", help="how a city of ten times the size grows")
    options.add_argument("--households", type=int, default=HOUSEHOLDS * 10, help="of that city")
    options.add_argument("--memory", type=int, default=MEMORY_MIB, help=argparse.SUPPRESS)
    options.add_argument("--shard", type=int, default=HOUSEHOLDS * 10, help=argparse.SUPPRESS)
    options.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options.add_argument("--city", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.contender:
        print(json.dumps(contend(given.contender, given.city, given.memory, given.shard)))
        return
    with tempfile.TemporaryDirectory(prefix="hedui-bench-") as name:
        figures = (
            ten_million(Path(name), households=given.households)
            if given.ten_million
            else measured(Path(name), QUICK if given.quick else FULL, quick=given.quick)
        )
    print(json.dumps({key: None if value is None else round(value, 4) for key, value in figures.items()}))


def measured(folder: Path, effort: Effort, *, quick: bool) -> dict[str, float | None]:
    """Every figure of the table."""
    load = os.getloadavg()
    print(f"load average {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}, {os.cpu_count()} cores")
    large, small = folder / "city", folder / "tenth"
    rows = written(large, households=effort.households)
    written(small, households=effort.households // 10)
    print(f"{'a tenth of the city' if quick else 'the city'}: {effort.households:,} households,"
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
    begun = time.perf_counter()
    program = [__file__, "--contender"] if name in CONTENDERS else [str(_RIVALS)]
    city = ["--city"] if name in CONTENDERS else []
    command = [sys.executable, *program, name, *city, str(folder), *more]
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


def contend(name: str, folder: Path, memory_mib: int, shard: int) -> dict[str, object]:
    """Be one contender: seconds, those spent aside on comparing, peak MiB, and a digest of the findings."""
    found = CONTENDERS[name](folder, memory_mib, shard)
    return {"peak": peak_mib(), **found}


def ours(folder: Path, memory_mib: int, shard: int, catalogue: Catalogue = CATALOGUE) -> dict[str, object]:
    """All facts and findings of a catalogue, as columns; digests of the findings and of what is payable."""
    begun = time.perf_counter()
    snapshot = opened(folder)
    shards = cut(snapshot.cases, shard) if shard < len(snapshot.cases) else [snapshot.cases]
    with Engine(snapshot, catalogue, PACK, memory_mib=memory_mib, many=len(shards) > 1) as engine:
        found = []
        for cases in shards:
            for _ in engine.load(cases):
                pass
            found.append(engine.tables())
        tables = joined(found)
        took = time.perf_counter() - begun
    peak = peak_mib()
    digests = _digests(tables)
    return {"seconds": took, "aside": time.perf_counter() - begun - took, "peak": peak, **digests}


def _digests(tables: Tables) -> dict[str, object]:
    """Of the findings, and of the category and what is payable, as the rivals digest theirs."""
    found = set()
    for rule, table in tables.answers.items():
        sure = table.filter(pc.field("answer"))
        people = sure["person"].cast(pa.string()).fill_null("").to_pylist()
        found |= set(zip([rule] * len(sure), sure["household"].to_pylist(), people, strict=True))
    told = tables.told["household"]
    columns = (told[name].to_pylist() for name in ("category", "household", "payable_fen"))
    amounts = {(category, household, str(fen)) for category, household, fen in zip(*columns, strict=True)}
    return {"findings": digest_of_findings(found), "amounts": digest_of_findings(amounts)}


def jobs(folder: Path, _memory_mib: int, _shard: int) -> dict[str, object]:
    """A whole job; one after it with 1 % of households changed, told of them; and one that compares digests."""
    before, after = opened(folder), altered(opened(folder))
    seconds = []
    with tempfile.TemporaryDirectory(prefix="hedui-job-") as name:
        ledger = Ledger(f"sqlite:///{name}/runs.db")
        changed = after.cases.sort_by("household")["household"].to_pylist()[::100]
        for run, inputs, earlier, touched in (
            ("full", before, None, None),
            ("deltas", after, "full", changed),
            ("digests", after, "full", None),
        ):
            job = Job(ledger, run, inputs, CATALOGUE, PACK, lambda: datetime(2026, 11, 22, tzinfo=UTC))
            seconds.append(timed(lambda: (job.begin(after=earlier, touched=touched), job.work("one"))))  # noqa: B023 # called here
        ledger.close()
    return {"seconds": seconds[0], "deltas": seconds[1], "digests": seconds[2], "aside": 0.0}


CONTENDERS: dict[str, Callable[[Path, int, int], dict[str, object]]] = {
    "ours": ours,
    "ours of 14": lambda folder, memory_mib, shard: ours(folder, memory_mib, shard, FOURTEEN),
    "job": jobs,
}
WITHIN = "hand SQL, our memory"
_RIVALS = Path(__file__).with_name("city_rivals.py")


def altered(snapshot: Snapshot) -> Snapshot:
    """The same with another answer about property for one household of a hundred, by their numbers."""
    record = next(each for each in snapshot.tables if each.__name__ == "PropertyCheck")
    table = snapshot.table(record).sort_by("household")
    homes = set(snapshot.cases.sort_by("household")["household"].to_pylist()[::100])
    place = table.schema.get_field_index("over_limit")
    rows = zip(table["household"].to_pylist(), table["over_limit"].to_pylist(), strict=True)
    flags = [flag is not (home in homes) for home, flag in rows]
    changed = table.set_column(place, table.schema.field(place), pa.array(flags))
    return Snapshot({**snapshot.tables, record: changed}, snapshot.cases, snapshot.persons)


# ------------------------------------------------------------------ files


def written(folder: Path, *, households: int) -> dict[str, int]:
    """A city as Parquet files: rows by record type, and `cases`."""
    folder.mkdir()
    return write_city(folder, SEED, households=households)


def opened(folder: Path) -> Snapshot:
    """The files as a run reads them: they stay where they are until a statement needs their rows."""
    tables: dict[type[Record], Rows] = {
        record: dataset.dataset(path)
        for record in RECORD_TYPES
        if (path := folder / f"{record.__name__}.parquet").exists()
    }
    return Snapshot(tables, pq.read_table(folder / "cases.parquet"))


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
