"""How fast are the rules, for one household and for a city, against what one would write otherwise?

    python benchmarks/verification.py [--quick]

A city is drawn from a seed and written as Parquet files; every contender reads the same files
in a process of its own and gives findings, which must be equal where they judge by the same
rules. Times are from opening the files to findings in memory, without the start of the process.
The last line is one JSON object. `--quick` takes a tenth of the city and under a minute.

    household_p50_ms      one household, whole catalogue, warm, in the compiled rules
    household_vs_duckdb   the same by the generated SQL on registered Arrow tables, against it
    city_vs_pandas        a pandas program for 14 rules, against the whole catalogue
    city_vs_hand_sql      hand-written SQL for the 14 rules, against ours of the same 14
    incremental_vs_full   a job over everything, against one after it with 1 % of households changed, which
                          the departments say; in a city of a tenth of the size
    incremental_by_digests  the same where digests of all inputs tell which have changed
    city_vs_openfisca, household_vs_openfisca   null here: see what is printed
    peak_mib              of the process that judges the city by the whole catalogue
    growth_10x            its time against that of a city of a tenth of the size
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
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

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from benchmarks.city import FOURTEEN_RULES, city, digest_of_findings, people_of, rows_of
from verification.catalogue import CATALOGUE
from verification.language.rule import Catalogue
from verification.language.to_python import Judge
from verification.pack import load_pack
from verification.runs.cases import cases_of
from verification.runs.district import Engine, cut, restricted
from verification.runs.job import Job
from verification.runs.ledger import Ledger
from verification.runs.tables import Snapshot
from vocabulary.register import RECORD_TYPES

HOUSEHOLDS = 350_000
SEED = 20261116
PACK = load_pack("demo-2026")
FOURTEEN = Catalogue(
    CATALOGUE.member, CATALOGUE.household, [each for each in CATALOGUE.rules if each.number in FOURTEEN_RULES]
)
NO_OPENFISCA = "openfisca: null, its income part is not written here, so nothing is compared"


@dataclass(frozen=True)
class Effort:
    """How much is done of everything."""

    households: int
    rounds: int
    alone: int
    shard: int


QUICK = Effort(households=HOUSEHOLDS // 10, rounds=1, alone=300, shard=50_000)
FULL = Effort(households=HOUSEHOLDS, rounds=3, alone=2_000, shard=50_000)


def main() -> None:
    """Measure, tell, and print the ratios; or be one contender, in a process of its own."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a tenth of the city, under a minute")
    options.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    options.add_argument("--city", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.contender:
        print(json.dumps(contend(given.contender, given.city)))
        return
    with tempfile.TemporaryDirectory(prefix="hedui-bench-") as name:
        figures = measured(Path(name), QUICK if given.quick else FULL, quick=given.quick)
    print(json.dumps({key: None if value is None else round(value, 4) for key, value in figures.items()}))


def measured(folder: Path, effort: Effort, *, quick: bool) -> dict[str, float | None]:
    """Every figure of the table."""
    load = os.getloadavg()
    print(f"load average {load[0]:.2f} {load[1]:.2f} {load[2]:.2f}, {os.cpu_count()} cores")
    large, small = folder / "city", folder / "tenth"
    snapshot = written(large, households=effort.households)
    written(small, households=effort.households // 10)
    print(f"{'a tenth of the city' if quick else 'the city'}: {effort.households:,} households,"
          f" {people_of(snapshot):,} people listed, {rows_of(snapshot):,} records")  # fmt: skip
    alone = household(snapshot, effort.alone)
    del snapshot
    gc.collect()
    return {
        **alone,
        **cities(large, small, effort),
        "city_vs_openfisca": None,
        "household_vs_openfisca": None,
    }


# ------------------------------------------------------------------ one household


def household(snapshot: Snapshot, count: int) -> dict[str, float]:
    """The median of one household in the rules, and of the same by SQL on Arrow tables."""
    cases = snapshot.cases.sort_by("household").slice(0, count)
    few = restricted(snapshot, cases)
    judge, waits = Judge(CATALOGUE, PACK), []
    for case in list(cases_of(few)) * 3:
        waits.append(timed(lambda case=case: judge.judge(case)))
    ours = median(waits[count:])
    waits = []
    for one in cut(few.cases, 1)[:3]:
        with Engine(restricted(few, one), CATALOGUE, PACK) as engine:
            waits.append(timed(lambda engine=engine, one=one: (list(engine.load(one)), engine.tables())))
    tell("one household, rules", ours * 1e3, "ms")
    tell("one household, DuckDB SQL", median(waits) * 1e3, "ms")
    return {"household_p50_ms": ours * 1e3, "household_vs_duckdb": median(waits) / ours}


# ------------------------------------------------------------------ a city


def cities(large: Path, small: Path, effort: Effort) -> dict[str, float]:
    """Every contender in interleaved rounds, each in its own process."""
    runs: dict[str, list[dict[str, float]]] = {}
    for _ in range(effort.rounds):
        for name in ("ours", "pandas", "ours of 14", "hand SQL"):
            runs.setdefault(name, []).append(process(name, large))
        runs.setdefault("ours, a tenth", []).append(process("ours", small))
        runs.setdefault("job, a tenth", []).append(process("job", small))
    typical = {name: median(each["seconds"] for each in found) for name, found in runs.items()}
    for name, value in typical.items():
        tell(name, value, f"s inside, {median(each['wall'] for each in runs[name]):.2f} s wall")
    agreed = {runs[name][0]["findings"] for name in ("ours of 14", "pandas", "hand SQL")}
    print(
        f"findings of the 14 rules by ours, pandas and hand SQL: {'equal' if len(agreed) == 1 else 'DIFFERENT'}"
    )
    if len(agreed) != 1:
        raise SystemExit(1)
    full = typical["job, a tenth"]
    incremental = median(each["incremental"] for each in runs["job, a tenth"])
    by_deltas = median(each["by_deltas"] for each in runs["job, a tenth"])
    tell("job after another, 1 % changed", incremental, "s")
    tell("the same, told by departments", by_deltas, "s")
    print(NO_OPENFISCA)
    return {
        "city_vs_pandas": typical["pandas"] / typical["ours"],
        "city_vs_hand_sql": typical["hand SQL"] / typical["ours of 14"],
        "incremental_vs_full": full / by_deltas,
        "incremental_by_digests": full / incremental,
        "peak_mib": median(each["peak"] for each in runs["ours"]),
        "growth_10x": typical["ours"] / typical["ours, a tenth"],
    }


def process(name: str, folder: Path) -> dict[str, float]:
    """What a contender says of itself, and how long its process lived."""
    begun = time.perf_counter()
    program = [__file__, "--contender"] if name in CONTENDERS else [str(_RIVALS)]
    command = [sys.executable, *program, name, *(["--city"] if name in CONTENDERS else []), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "wall": time.perf_counter() - begun}


def contend(name: str, folder: Path) -> dict[str, object]:
    """Be one contender: seconds, peak MiB, and a digest of the findings."""
    begun = time.perf_counter()
    found = CONTENDERS[name](folder)
    took = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if isinstance(found, dict):
        return {**found, "peak": peak}
    return {"seconds": took, "peak": peak, "findings": digest_of_findings(found)}


def ours(folder: Path, catalogue: Catalogue = CATALOGUE) -> set[tuple[str, str, str]]:
    """All facts and findings of a catalogue, by shards, as columns; the findings among them by name."""
    snapshot, found = opened(folder), set()
    with Engine(snapshot, catalogue, PACK) as engine:
        for cases in cut(snapshot.cases, QUICK.shard):
            for _ in engine.load(cases):
                pass
            for rule, table in engine.tables().answers.items():
                sure = table.filter(pc.field("answer"))
                people = sure["person"].cast(pa.string()).fill_null("").to_pylist()
                found |= set(zip([rule] * len(sure), sure["household"].to_pylist(), people, strict=True))
    return found


def jobs(folder: Path) -> dict[str, float]:
    """A whole job, and two after it in which one household of a hundred has another answer about property.

    One compares the digests of all inputs; for the other the departments say which households they are.
    """
    snapshot, seconds = opened(folder), []
    later, touched = altered(snapshot)
    with tempfile.TemporaryDirectory(prefix="hedui-job-") as name:
        ledger = Ledger(f"sqlite:///{name}/runs.db")
        for run, inputs, after, told in (
            ("first", snapshot, None, None),
            ("by digests", later, "first", None),
            ("by deltas", later, "first", touched),
        ):
            job = Job(ledger, run, inputs, CATALOGUE, PACK, lambda: datetime(2026, 11, 22, tzinfo=UTC))
            seconds.append(
                timed(
                    lambda job=job, after=after, told=told: (
                        job.begin(after=after, touched=told),
                        job.work("one"),
                    )
                )
            )
        ledger.close()
    return {"seconds": seconds[0], "incremental": seconds[1], "by_deltas": seconds[2]}


CONTENDERS: dict[str, Callable[[Path], set[tuple[str, str, str]] | dict[str, float]]] = {
    "ours": ours,
    "ours of 14": lambda folder: ours(folder, FOURTEEN),
    "job": jobs,
}
_RIVALS = Path(__file__).with_name("city_rivals.py")


def altered(snapshot: Snapshot) -> tuple[Snapshot, set[str]]:
    """The same with another answer about property for one household of a hundred, and which they are."""
    record = next(each for each in snapshot.tables if each.__name__ == "PropertyCheck")
    table = snapshot.tables[record]
    place = table.schema.get_field_index("over_limit")
    flags = [not flag if at % 100 == 0 else flag for at, flag in enumerate(table["over_limit"].to_pylist())]
    changed = table.set_column(place, table.schema.field(place), pa.array(flags))
    touched = set(table["household"].take(pa.array(range(0, len(table), 100))).to_pylist())
    return Snapshot({**snapshot.tables, record: changed}, snapshot.cases, snapshot.persons), touched


# ------------------------------------------------------------------ files


def written(folder: Path, *, households: int) -> Snapshot:
    """A city, also as Parquet files."""
    folder.mkdir()
    snapshot = city(SEED, households=households)
    for record in RECORD_TYPES:
        table = snapshot.tables.get(record)
        if table is not None:
            pq.write_table(table, folder / f"{record.__name__}.parquet")
    pq.write_table(snapshot.cases, folder / "cases.parquet")
    return snapshot


def opened(folder: Path) -> Snapshot:
    """The files as a run reads them."""
    named = {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}
    tables = {record: named[record.__name__] for record in RECORD_TYPES if record.__name__ in named}
    return Snapshot(tables, named["cases"])


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
