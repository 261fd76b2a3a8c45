"""How fast is the audit log, against what one would write otherwise?

    python benchmarks/audit.py [--quick] [--only appends|proofs|verification|entries|inquiries]

Ratios are what counts: each is taken inside one run, from interleaved rounds, by medians. The
last line is one JSON object. `--quick` takes about a minute; without it the rounds are longer.
Proofs at one and ten million leaves are read from logs whose entries are all alike.

    append_1024_vs_insert    entries/s with 1024 callers, against INSERT … COMMIT from 40 threads
    append_64_vs_insert      the same with 64 callers
    append_1_p50_vs_commit   one caller's median wait, against one plain commit; below 1 is faster
    append_vs_pymerkle       entries/s with 1024 callers, against pymerkle's appends
    proof_1m_vs_pymerkle     warm inclusion proofs at a million leaves, against pymerkle's
    proof_10m_vs_1m          a cold proof's time at ten million leaves, against one million
    verify_vs_sha256         entries/s of a full verification, against SHA-256 of the entries alone
    overhead_bytes           bytes on disk per entry, beyond the entry's own
    postgres_vs_sqlite       entries/s with 1024 callers, both with every commit synced; null without a server
    entry_build_us           one real entry with four commitments, in microseconds of processor time
    entry_build_full_us      the same with every field that the gateway may add to it
    entry_build_vs_sha256    the first, in SHA-256 of a hundred bytes: tells a slow moment from a slow program
    inquiry_us               an inquiry about a household noted: intent, outcome and receipt, all included, 16 at once
    inquiry_list_us          the same about a list of 50 households, 250 subjects
    inquiry_vs_sha256, inquiry_list_vs_sha256   both in SHA-256 of a hundred bytes
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import median

import pymerkle
import sqlalchemy as sa
import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from anywhere

from audit.log import Log
from audit.merkle import Frontier
from audit.note import Signer
from audit.reader import Reader
from audit.rederive import rederive_log
from audit.store import Store
from audit.tiles import WIDTH, TileName, Tree, pack_entries, tile_names
from benchmarks.entries import built
from benchmarks.inquiries import noted
from tests import postgres

ORIGIN = "hedui.example/benchmark"
SIGNER = Signer.ed25519(ORIGIN, Ed25519PrivateKey.generate())
ENTRIES = [os.urandom(300) for _ in range(512)]
MILLION = 1_000_000 - 1_000_000 % WIDTH
THREADS = 40


@dataclass(frozen=True)
class Effort:
    """How much is done of everything."""

    rounds: int
    one: int
    some: int
    many: int
    seconds: float
    verified: int
    proofs: int


QUICK = Effort(rounds=3, one=400, some=20_000, many=80_000, seconds=1.2, verified=50_000, proofs=60)
FULL = Effort(rounds=7, one=2_000, some=60_000, many=300_000, seconds=4.0, verified=1_000_000, proofs=300)


def main() -> None:
    """Measure, tell, and print the ratios."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="shorter rounds, about a minute")
    parts: dict[str, Callable[[Path, Effort], Mapping[str, float | None]]] = {
        "appends": appends,
        "proofs": proofs,
        "verification": lambda _, effort: verification(effort),
        "entries": lambda _, effort: built(rounds=9 * effort.rounds, tell=tell),
        "inquiries": lambda _, effort: noted(rounds=5 * effort.rounds, tell=tell),
    }
    options.add_argument("--only", choices=parts, help="one part alone")
    given = options.parse_args()
    figures: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory(prefix="hedui-bench-") as name:
        for part, measure in parts.items():
            if given.only in (None, part):
                figures |= measure(Path(name), QUICK if given.quick else FULL)
    print(json.dumps({name: None if value is None else round(value, 3) for name, value in figures.items()}))


def appends(folder: Path, effort: Effort) -> dict[str, float | None]:
    """Durable, integrated, signed appends against plain rows and against pymerkle, in interleaved rounds."""
    runs: dict[str, list[float]] = {}
    with postgres_url() as server:
        for _ in range(effort.rounds):
            measured = {
                "append 1": append(sqlite(folder), callers=1, entries=effort.one)[1],
                "commit 1": insert(sqlite(folder), threads=1, seconds=effort.seconds / 4)[1],
                "append 64": append(sqlite(folder), callers=64, entries=effort.some)[0],
                "append 1024": append(sqlite(folder), callers=1024, entries=effort.many)[0],
                "insert 40": insert(sqlite(folder), threads=THREADS, seconds=effort.seconds)[0],
                "pymerkle": append_pymerkle(folder, seconds=effort.seconds / 2),
            }
            if server is not None:
                measured["postgres 1024"] = append(server(), callers=1024, entries=effort.many)[0]
            for name, value in measured.items():
                runs.setdefault(name, []).append(value)
    typical = {name: median(values) for name, values in runs.items()}
    for name, value in typical.items():
        tell(
            name,
            value * 1e3 if name in ("append 1", "commit 1") else value,
            "ms" if name.endswith(" 1") else "/s",
        )
    return {
        "append_1024_vs_insert": typical["append 1024"] / typical["insert 40"],
        "append_64_vs_insert": typical["append 64"] / typical["insert 40"],
        "append_1_p50_vs_commit": typical["append 1"] / typical["commit 1"],
        "append_vs_pymerkle": typical["append 1024"] / typical["pymerkle"],
        "postgres_vs_sqlite": typical["postgres 1024"] / typical["append 1024"] if server else None,
        "overhead_bytes": overhead(folder, entries=effort.many),
    }


def append(url: str, *, callers: int, entries: int) -> tuple[float, float]:
    """Entries per second and the median wait in seconds, of callers who each wait for their own receipt."""
    waits: list[float] = []

    async def load() -> float:
        with tempfile.TemporaryDirectory() as guard:
            log = await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=Path(guard) / "guard")

            async def caller(number: int) -> None:
                for at in range(number, entries, callers):
                    begun = time.perf_counter()
                    await log.append(ENTRIES[at & 511])
                    waits.append(time.perf_counter() - begun)

            begun = time.perf_counter()
            await asyncio.gather(*map(caller, range(callers)))
            took = time.perf_counter() - begun
            await log.aclose()
            return took

    return entries / uvloop.run(load()), median(waits)


def insert(url: str, *, threads: int, seconds: float) -> tuple[float, float]:
    """The same for a plain audit table: each row inserted and committed by itself, as durable as ours."""
    engine = sa.create_engine(url, pool_size=threads, connect_args={"timeout": 60})
    sa.event.listen(
        engine,
        "connect",
        lambda raw, _: raw.executescript("pragma journal_mode=wal; pragma synchronous=full"),
    )
    table = sa.Table(
        "audit",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, index=True),
        sa.Column("actor", sa.String(40)),
        sa.Column("body", sa.LargeBinary),
    )
    table.create(engine)
    waits: list[float] = []

    def write() -> None:
        while time.perf_counter() < end:
            begun = time.perf_counter()
            with engine.begin() as connection:
                connection.execute(
                    table.insert().values(at=datetime.now(UTC), actor="clerk", body=ENTRIES[0])
                )
            waits.append(time.perf_counter() - begun)

    writers = [threading.Thread(target=write) for _ in range(threads)]
    end = time.perf_counter() + seconds
    begun = time.perf_counter()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    took = time.perf_counter() - begun
    engine.dispose()
    return len(waits) / took, median(waits)


def append_pymerkle(folder: Path, *, seconds: float) -> float:
    """Entries per second of pymerkle's tree in a file, one after the other: it knows no other way to be durable."""
    tree = pymerkle.SqliteTree(str(fresh(folder) / "tree.db"), algorithm="sha256")
    begun, count = time.perf_counter(), 0
    while (took := time.perf_counter() - begun) < seconds:
        tree.append_entry(ENTRIES[count & 511])
        count += 1
    tree.close()
    return count / took


def overhead(folder: Path, *, entries: int) -> float:
    """Bytes per entry in the database's file beyond the entry, after 1024 callers have written it."""
    url = sqlite(folder)
    append(url, callers=1024, entries=entries)
    path = Path(sa.make_url(url).database or "")
    beyond = path.stat().st_size / entries - len(ENTRIES[0])
    tell("storage beyond the entry", beyond, "B")
    return beyond


def proofs(folder: Path, effort: Effort) -> dict[str, float]:
    """Inclusion proofs: cold at two sizes, warm against pymerkle's."""
    small, large = alike_log(sqlite(folder), size=MILLION), alike_log(sqlite(folder), size=10 * MILLION)
    cold: dict[int, list[float]] = {MILLION: [], 10 * MILLION: []}
    chance = random.Random(3)
    for _ in range(effort.proofs):
        for url, size in ((small, MILLION), (large, 10 * MILLION)):
            cold[size].append(timed(cold_proof(url, index=chance.randrange(size), size=size)))
    warm, theirs = warm_proof(small, effort), warm_pymerkle(folder)
    tell("cold proof at 1M", median(cold[MILLION]) * 1e3, "ms")
    tell("cold proof at 10M", median(cold[10 * MILLION]) * 1e3, "ms")
    tell("warm proof at 1M", warm * 1e6, "µs")
    tell("pymerkle's warm proof at 1M", theirs * 1e3, "ms")
    return {
        "proof_1m_vs_pymerkle": theirs / warm,
        "proof_10m_vs_1m": median(cold[10 * MILLION]) / median(cold[MILLION]),
    }


def alike_log(url: str, *, size: int) -> str:
    """A database with the tiles of `size` entries that are all alike: as large, and as slow to read, as of any other.

    `size` is a multiple of 256.
    """
    store = Store(url, origin=ORIGIN)
    store.create(lambda head: bytes(head.sign([SIGNER], time=0)))
    tiles = sa.table("audit_tile", sa.column("level"), sa.column("at"), sa.column("hashes"))
    leaf = sha256(b"\x00" + ENTRIES[0]).digest()
    with store.engine.begin() as connection:
        rows = [{"level": 0, "at": at, "hashes": leaf * WIDTH} for at in range(size // WIDTH)]
        connection.execute(tiles.insert(), rows)
        level, hash_, count = 1, Frontier().extend([leaf] * WIDTH)[0].root(), size // WIDTH
        while count:
            connection.execute(
                tiles.insert(), [{"level": level, "at": at, "hashes": hash_} for at in range(count)]
            )
            level, hash_, count = level + 1, Frontier().extend([hash_] * WIDTH)[0].root(), count // WIDTH
    store.close()
    return url


def cold_proof(url: str, *, index: int, size: int) -> Callable[[], object]:
    """A proof by somebody who has read nothing yet but opened the database."""
    reader = Reader(sa.create_engine(url))
    reader.cosigned()
    tree = Tree(reader.tile)
    return lambda: tree.inclusion(index, size)


def warm_proof(url: str, effort: Effort) -> float:
    """The median seconds of a proof whose tiles have been read before."""
    tree = Tree(Reader(sa.create_engine(url)).tile)
    chance = random.Random(4)
    indexes = [chance.randrange(MILLION) for _ in range(effort.proofs)]
    for index in indexes:
        tree.inclusion(index, MILLION)
    return median(timed(lambda index=index: tree.inclusion(index, MILLION)) for index in indexes)


def warm_pymerkle(folder: Path) -> float:
    """The same for pymerkle."""
    tree = pymerkle.SqliteTree(str(fresh(folder) / "tree.db"), algorithm="sha256")
    tree.append_entries((ENTRIES[0][:40] for _ in range(MILLION)), chunksize=100_000)
    chance = random.Random(4)
    indexes = [chance.randrange(MILLION) + 1 for _ in range(8)]
    for index in indexes[:2]:
        tree.prove_inclusion(index, MILLION)
    return median(timed(lambda index=index: tree.prove_inclusion(index, MILLION)) for index in indexes)


@dataclass(frozen=True)
class Held:
    """The files of a log, in memory."""

    files: dict[str, bytes]

    @property
    def names(self) -> list[str]:
        """Every file's name."""
        return list(self.files)

    @property
    def damage(self) -> list[tuple[str, str]]:
        """None."""
        return []

    def read(self, name: str) -> bytes:
        """One file."""
        return self.files[name]


def verification(effort: Effort) -> dict[str, float]:
    """Every file of a log derived anew, against hashing its entries and nothing else."""
    entries = [os.urandom(300) for _ in range(effort.verified)]
    files, root = files_of(entries)
    checked, hashed = [], []
    for _ in range(effort.rounds):
        checked.append(timed(lambda: verified(files, size=len(entries), root=root)))
        hashed.append(timed(lambda: [sha256(entry).digest() for entry in entries]))
    tell("full verification", len(entries) / median(checked), "entries/s on one core")
    return {"verify_vs_sha256": median(hashed) / median(checked)}


def verified(files: Held, *, size: int, root: bytes) -> None:
    """Derive every file anew; there is nothing to find."""
    result = rederive_log(files, size=size, root=root)
    assert not result.faults
    assert result.entries == size


def files_of(entries: list[bytes]) -> tuple[Held, bytes]:
    """What a log of these entries publishes, and its root."""
    leaves = [sha256(b"\x00" + entry).digest() for entry in entries]
    frontier, completed = Frontier().extend(leaves)
    rows = {None: entries, 0: leaves, **{level: hashes for level, _, hashes in completed}}
    files = {}
    for name in tile_names(len(entries)):
        part = rows[name.level][name.index * WIDTH : name.index * WIDTH + name.width]
        files[str(name)] = pack_entries(part) if name.level is None else b"".join(part)
    assert str(TileName(0, 0)) in files
    return Held(files), frontier.root()


@contextmanager
def postgres_url() -> Iterator[Callable[[], str] | None]:
    """Gives URLs of empty databases on a server that syncs every commit; None where there are no binaries."""
    if postgres.installed() is None:
        yield None
        return
    with postgres.running(durable=True) as server:
        yield server.database


def sqlite(folder: Path) -> str:
    """The URL of a new, empty database."""
    return f"sqlite:///{fresh(folder)}/log.db"


def fresh(folder: Path) -> Path:
    """A new, empty folder."""
    return Path(tempfile.mkdtemp(dir=folder))


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def tell(what: str, value: float, unit: str) -> None:
    """One line of the table."""
    print(f"{what:32s} {value:12,.2f} {unit}")


if __name__ == "__main__":
    main()
