"""How does a city come out by our rules? The whole catalogue, or the fourteen rules by which the rivals judge, too.

python benchmarks/city_ours.py FOLDER [--fourteen] [--memory MIB] [--shard HOUSEHOLDS]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, by the benchmark

from benchmarks.city_findings import Findings, contend
from verification.catalogue import CATALOGUE
from verification.language.rule import Catalogue
from verification.pack import load_pack
from verification.runs.district import Engine, cut
from verification.runs.sealed import Tables, joined
from verification.runs.tables import InFile, Rows, Snapshot
from vocabulary.record import Record
from vocabulary.register import RECORD_TYPES

FOURTEEN_RULES = (
    "BEN-08", "HH-04", "HH-05", "HH-09", "ID-01", "ID-02", "INC-01", "INC-02", "INC-03", "INC-04",
    "INC-09", "LIF-01", "LIF-02", "LIF-05",
)  # fmt: skip
"""The rules by which the rivals judge, too."""

FOURTEEN = Catalogue(
    CATALOGUE.member,
    CATALOGUE.household,
    [each for each in CATALOGUE.rules if each.number in FOURTEEN_RULES],
    [CATALOGUE.household.category, CATALOGUE.household.payable_fen],
)
PACK = load_pack("demo-2026")
MEMORY_MIB = 656
"""What the databases of a run may hold: with Python, Arrow and the results its process stays below 1 GiB."""


def opened(folder: Path) -> Snapshot:
    """The files as a run reads them: they stay where they are until a statement needs their rows."""
    tables: dict[type[Record], Rows] = {
        record: InFile(path)
        for record in RECORD_TYPES
        if (path := folder / f"{record.__name__}.parquet").exists()
    }
    return Snapshot(tables, InFile(folder / "cases.parquet").to_table())


def judged(folder: Path, catalogue: Catalogue, *, memory_mib: int, shard: int | None) -> Tables:
    """All facts and findings of a catalogue, as columns; so many households at a time, or all at once."""
    snapshot = opened(folder)
    shards = [snapshot.cases] if shard is None else cut(snapshot.cases, shard)
    with Engine(snapshot, catalogue, PACK, memory_mib=memory_mib, many=len(shards) > 1) as engine:
        found = []
        for cases in shards:
            for _ in engine.load(cases):
                pass
            found.append(engine.tables())
        return joined(found)


def found_in(tables: Tables) -> tuple[Findings, Findings]:
    """The findings that are sure; and each household's category and what is payable."""
    found: Findings = set()
    for rule, table in tables.answers.items():
        sure = table.filter(pc.field("answer"))
        people = sure["person"].cast(pa.string()).fill_null("").to_pylist()
        found |= set(zip([rule] * len(sure), sure["household"].to_pylist(), people, strict=True))
    told = tables.told["household"]
    columns = (told[name].to_pylist() for name in ("category", "household", "payable_fen"))
    return found, {(category, household, str(fen)) for category, household, fen in zip(*columns, strict=True)}


def main() -> None:
    """Judge a city's files, and print what that took."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path)
    options.add_argument("--fourteen", action="store_true", help="the rules by which the rivals judge")
    options.add_argument("--memory", type=int, default=MEMORY_MIB, help="MiB, of the databases")
    options.add_argument("--shard", type=int, help="households at a time; without it all at once")
    given = options.parse_args()
    catalogue = FOURTEEN if given.fourteen else CATALOGUE
    contend(
        lambda: judged(given.folder, catalogue, memory_mib=given.memory, shard=given.shard),
        found_in,
    )


if __name__ == "__main__":
    main()
