"""How fast do the connectors bring data, in bulk and for a household, against what one would write otherwise?

    python benchmarks/connectors.py [--quick]

Every contender of the bulk part reads the same table of a PostgreSQL server started here, in a
process of its own, in turns; medians count. Each has read a table of a few rows before, so that
nobody's modules are loaded in the time that is taken. The last line is one JSON object. `--quick`
takes fewer rows and rounds, and under a minute.

    bulk_vs_psycopg              rows/s of a snapshot (decoded, checked, canonical Arrow) against those of psycopg's
                                 server cursor (binary, 16,384 rows a fetch) whose rows are put into Arrow as they
                                 are: nothing is decoded to our words and nothing checked
    bulk_vs_psycopg_rows         the same against the cursor alone, its rows thrown away: no Arrow comes of them
    bulk_peak_mib                peak memory of the process that takes the snapshot
    household_vs_slowest_source  p50 of a household of four across five live sources, against the p50 of that source
                                 of the five which takes longest when it is asked alone
    excel_vs_openpyxl            rows a CPU second of a delivered Excel file as the connector reads it (hash, limits
                                 and row count checked), against openpyxl in its read-only mode; neither waits
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

import openpyxl
import psycopg
import pyarrow as pa

from benchmarks.far_away import far_away
from benchmarks.peak import peak_mib
from connectors.ask import Connector
from connectors.delivery import newest
from connectors.departments import TABLES
from connectors.federation import ask_all
from connectors.file_register import FileRegister
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from connectors.mapping import Table
from connectors.sql_register import SqlRegister
from demo.registers.systems import Registers, write_registers
from tests.connectors.conformance import asks_of
from tests.connectors.rows import clock, sample_rows
from tests.connectors.sql_tables import put_on
from tests.postgres import Postgres
from vocabulary.codes import Department
from vocabulary.record import columns_of
from vocabulary.records.civil_affairs import Declaration

DECLARATIONS = TABLES[Department.CIVIL_AFFAIRS][Declaration]

LATENCY_S: Mapping[Department, float] = {
    Department.CIVIL_AFFAIRS: 0.010,
    Department.HEALTH: 0.015,
    Department.DISABILITY: 0.020,
    Department.SOCIAL_SECURITY: 0.025,
}
"""How long an answer is under way: loopback takes no time, and a register in another building does."""

MEMBERS = range(0, 8, 2)
"""Four persons who have rows in every register."""


@dataclass(frozen=True)
class Effort:
    """How much is done of everything."""

    rows: int
    rounds: int
    households: int
    excel_rows: int


QUICK = Effort(rows=150_000, rounds=2, households=8, excel_rows=8_000)
FULL = Effort(rows=1_000_000, rounds=5, households=60, excel_rows=100_000)


def main() -> None:
    """Measure, tell, and print the ratios; or be one contender, in a process of its own."""
    options = argparse.ArgumentParser(description="connectors against what one would write otherwise")
    options.add_argument("--quick", action="store_true")
    options.add_argument("--only", choices=[*CONTENDERS])
    options.add_argument("--url")
    given = options.parse_args()
    if given.only:
        _contend(CONTENDERS[given.only], given.url)
        return
    effort = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL does not run as root, and its own user has to get in
        found = excel(folder, effort)  # first: what the others leave in memory is looked through for garbage
        (folder / "postgres").mkdir()
        postgres = Postgres(folder / "postgres").start()
        try:
            found = {**bulk(postgres, effort), **household(postgres, folder, effort), **found}
        finally:
            postgres.stop()
    print(json.dumps(found))


def bulk(postgres: Postgres, effort: Effort) -> dict[str, float]:
    """A table to Arrow, by every contender in turn."""
    url, small = postgres.database(), postgres.database()
    _fill(url, effort.rows)
    _fill(small, FEW_ROWS)
    taken: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    peak = 0.0
    with ExitStack() as stack:
        contenders = {name: stack.enter_context(_Contender(name, small)) for name in CONTENDERS}
        for _ in range(effort.rounds):
            for name, contender in contenders.items():
                said = contender.read(url)
                assert said["rows"] == effort.rows, f"{name}: expected {effort.rows} rows, got {said['rows']}"
                taken[name].append(said["s"])
                peak = max(peak, said["peak_mib"]) if name == "snapshot" else peak
    for name, times in taken.items():
        print(f"bulk {effort.rows:,} rows  {name:<12} {effort.rows / median(times):>10,.0f} rows/s  {times}")
    print("psycopg: rows of a server cursor put into Arrow as they are; psycopg_rows: thrown away")
    print(f"peak of the snapshot: {peak:.0f} MiB, imports included")
    of = {name: median(times) for name, times in taken.items()}
    return {
        "bulk_vs_psycopg": round(of["psycopg"] / of["snapshot"], 2),
        "bulk_vs_psycopg_rows": round(of["psycopg_rows"] / of["snapshot"], 2),
        "bulk_peak_mib": round(peak),
    }


FEW_ROWS = 100


class _Contender:
    """One way of reading, in a process of its own that has read a small table already."""

    def __init__(self, name: str, small: str) -> None:
        command = [sys.executable, __file__, "--only", name, "--url", small]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> _Contender:
        assert self._said()["rows"] == FEW_ROWS
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def read(self, url: str) -> dict[str, float]:
        """Read a table once: rows, seconds, and the peak of the process so far."""
        assert self._process.stdin is not None
        print(url, file=self._process.stdin, flush=True)
        return self._said()

    def _said(self) -> dict[str, float]:
        assert self._process.stdout is not None
        said: dict[str, float] = json.loads(self._process.stdout.readline())
        return said


def _contend(read: Callable[[str], int], small: str) -> None:
    """Be a contender: read the small table, and then what every line of standard input names."""
    print(json.dumps(_timed(read, small)), flush=True)
    for line in sys.stdin:
        print(json.dumps(_timed(read, line.strip())), flush=True)


def _timed(read: Callable[[str], int], url: str) -> dict[str, float]:
    began = time.perf_counter()
    rows = read(url)
    took = time.perf_counter() - began
    return {"rows": rows, "s": round(took, 3), "peak_mib": peak_mib()}


def _snapshot(url: str) -> int:
    """What the gateway does: decoded to our words, every value checked."""
    register = SqlRegister(Department.CIVIL_AFFAIRS, url, TABLES[Department.CIVIL_AFFAIRS], clock=clock)
    return sum(map(len, register.snapshot(Declaration, frozenset(columns_of(Declaration)))))


def _psycopg(url: str) -> int:
    """What one writes with psycopg: a server cursor, its rows put into Arrow as the database has them."""
    rows = 0
    for names, part in _fetched(url):
        batch = pa.RecordBatch.from_arrays([pa.array(column) for column in zip(*part, strict=True)], names)
        rows += len(batch)
    return rows


def _psycopg_rows(url: str) -> int:
    return sum(len(part) for _, part in _fetched(url))


def _fetched(url: str) -> Iterator[tuple[list[str], list[tuple[object, ...]]]]:
    columns = ", ".join(f'"{one.physical}"' for one in DECLARATIONS.fields)
    with (
        psycopg.connect(url.replace("+psycopg", "")) as connection,
        connection.cursor(name="all", binary=True) as cursor,
    ):
        cursor.itersize = 16_384
        cursor.execute(f'SELECT {columns} FROM "{DECLARATIONS.physical}"')
        names = [one.name for one in cursor.description or ()]
        while part := cursor.fetchmany(16_384):
            yield names, part


CONTENDERS: Mapping[str, Callable[[str], int]] = {
    "snapshot": _snapshot,
    "psycopg": _psycopg,
    "psycopg_rows": _psycopg_rows,
}


def _fill(url: str, rows: int) -> None:
    """Declarations as a register of today keeps them: keys and codes as text, money as numeric, days as dates."""
    name = {one.column: f'"{one.physical}"' for one in DECLARATIONS.fields}
    items = list(DECLARATIONS.of["item"].codes or {})
    made = {
        "record_id": "'SB-' || lpad(i::text, 9, '0')",
        "household": "'JT-' || lpad((i / 3)::text, 8, '0')",
        "person": "'529901' || lpad((i % 1000000)::text, 12, '0')",
        "item": f"(%s::text[])[1 + i %% {len(items)}]",
        "month": "(202501 + i %% 12)::text",
        "amount_fen": "((i::bigint * 7919 %% 100000000) / 100.0)::numeric(12, 2)",
        "counted": "'1'",
        "as_of": "date '2026-10-31'",
    }
    selected = ", ".join(f"{made[column].replace(' % ', ' %% ')} AS {name[column]}" for column in name)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        table = f'"{DECLARATIONS.physical}"'
        connection.execute(
            f"CREATE TABLE {table} AS SELECT {selected} FROM generate_series(1, {rows}) AS i", [items]
        )
        connection.execute(f"ALTER TABLE {table} ADD PRIMARY KEY ({name['record_id']})")
        connection.execute(f"ANALYZE {table}")


def household(postgres: Postgres, folder: Path, effort: Effort) -> dict[str, float]:
    """A household of four, all that five live sources hold of it, together and each source alone."""
    rows = sample_rows(200)
    urls = {}
    for one in (Department.CIVIL_AFFAIRS, Department.HEALTH, Department.DISABILITY):
        urls[one] = postgres.database()
        put_on(urls[one], TABLES[one], rows)
    write_registers(rows, folder / "registers")
    with Registers(folder / "registers") as registers:
        urls[Department.SOCIAL_SECURITY] = registers.addresses[Department.SOCIAL_SECURITY]
        urls[Department.EDUCATION] = registers.addresses[Department.EDUCATION]
        times = asyncio.run(_asked(urls, effort.households))
    p50 = {name: median(each) for name, each in times.items()}
    for name, each in p50.items():
        print(f"household of four  {name:<16} p50 {each * 1000:6.1f} ms")
    slowest = max(each for name, each in p50.items() if name != "together")
    return {"household_vs_slowest_source": round(p50["together"] / slowest, 2)}


async def _asked(urls: Mapping[Department, str], times: int) -> dict[str, list[float]]:
    async with AsyncExitStack() as stack:
        connectors: dict[Department, Connector] = {}
        for department, url in urls.items():
            if department in LATENCY_S:
                url = await stack.enter_async_context(far_away(url, LATENCY_S[department]))
            connectors[department] = _CONNECT[department](department, url)
        asks = {one: [*asks_of(connectors[one], numbers=MEMBERS)] for one in connectors}
        everything = [ask for of_one in asks.values() for ask in of_one]
        turns = {**{one.value: of_one for one, of_one in asks.items()}, "together": everything}
        took: dict[str, list[float]] = {name: [] for name in turns}
        for turn in range(times + 3):
            for name, some in turns.items():
                began = time.perf_counter()
                evidence = await ask_all(connectors, some, timeout_s=10.0, clock=clock)
                passed = time.perf_counter() - began
                assert not [*evidence.failures()], next(evidence.failures())
                took[name] += [passed] if turn >= 3 else []  # the first ones open connections
        for connector in connectors.values():
            await connector.aclose()
        return took


def _sql(department: Department, url: str) -> Connector:
    return SqlRegister(department, url, TABLES[department], clock=clock, patience=PATIENCE)


def _http(department: Department, url: str) -> Connector:
    return HttpRegister(department, url, TABLES[department], clock=clock, patience=PATIENCE)


def _files(department: Department, url: str) -> Connector:
    return FileRegister(department, url, TABLES[department], clock=clock)


PATIENCE = Patience(timeout_s=10.0)

_CONNECT: Mapping[Department, Callable[[Department, str], Connector]] = {
    Department.CIVIL_AFFAIRS: _sql,
    Department.HEALTH: _sql,
    Department.DISABILITY: _sql,
    Department.SOCIAL_SECURITY: _http,
    Department.EDUCATION: _files,
}


def excel(folder: Path, effort: Effort) -> dict[str, float]:
    """A delivered sheet to rows of cells."""
    chance, heading = random.Random(1), [f"列{at}" for at in range(10)]
    rows = [_pupil(at, f"{chance.randrange(10**7) / 100:.2f}") for at in range(effort.excel_rows)]
    path = _delivered(folder / "deliveries", heading, rows)
    table = Table("sheet", (), layout="xlsx:Sheet")

    def ours() -> int:
        delivery = newest(folder / "deliveries", today=date(2026, 10, 31))
        return sum(1 for _ in delivery.rows(table)) - 1

    def theirs() -> int:
        book = openpyxl.load_workbook(path, read_only=True)
        return sum(1 for _ in book["Sheet"].iter_rows(values_only=True)) - 1

    took: dict[str, list[float]] = {"ours": [], "openpyxl": []}
    for _ in range(3):
        for name, read in (("ours", ours), ("openpyxl", theirs)):
            began = time.process_time()
            assert read() == effort.excel_rows
            took[name].append(time.process_time() - began)
    for name, times in took.items():
        print(
            f"Excel {effort.excel_rows:,} rows  {name:<10} {effort.excel_rows / median(times):>10,.0f} rows a CPU second"
        )
    return {"excel_vs_openpyxl": round(median(took["openpyxl"]) / median(took["ours"]), 1)}


def _pupil(at: int, amount: str) -> list[str]:
    where = f"第{at % 500}中学"
    number = f"529901{at:012d}"
    return [f"RS-{at:07d}", number, "安一", "2026/10/31", amount, "本科", "是", "公办", "在读", where]


def _delivered(folder: Path, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    """Write one delivery with one Excel file, as a department's program does."""
    path = folder / "2026-10-31" / "sheet.xlsx"
    path.parent.mkdir(parents=True)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet")
    for row in (heading, *rows):
        sheet.append(row)
    book.save(path)
    digest = sha256(path.read_bytes()).hexdigest()
    files = [{"name": path.name, "table": "sheet", "sha256": digest, "rows": len(rows)}]
    (path.parent / "manifest.json").write_text(json.dumps({"delivered_on": "2026-10-31", "files": files}))
    return path


if __name__ == "__main__":
    main()
