"""What does a job save that knows of one before it? A whole job; and two after it with 1 % of households changed.

python benchmarks/city_job.py FOLDER
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, by the benchmark

from benchmarks.city_ours import PACK, opened
from benchmarks.peak import peak_mib
from verification.catalogue import CATALOGUE
from verification.runs.job import Job
from verification.runs.ledger import Ledger
from verification.runs.tables import Snapshot
from vocabulary.records.civil_affairs import PropertyCheck

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def main() -> None:
    """Print the seconds of a whole job, of one told which households changed, and of one that compares digests."""
    before = opened(Path(sys.argv[1]))
    changed = before.cases.sort_by("household")["household"].to_pylist()[::100]
    after = altered(before, changed)
    seconds = {}
    with tempfile.TemporaryDirectory(prefix="hedui-job-") as name:
        ledger = Ledger(f"sqlite:///{name}/runs.db")
        for run, inputs, earlier, touched in (
            ("seconds", before, None, None),
            ("deltas", after, "seconds", changed),
            ("digests", after, "seconds", None),
        ):
            job = Job(ledger, run, inputs, CATALOGUE, PACK, lambda: NOW)
            begun = time.perf_counter()
            job.begin(after=earlier, touched=touched)
            job.work("one")
            seconds[run] = time.perf_counter() - begun
        ledger.close()
    print(json.dumps({**seconds, "aside": 0.0, "peak": peak_mib()}))


def altered(snapshot: Snapshot, households: list[str]) -> Snapshot:
    """The same with another answer about property for some households."""
    table, homes = snapshot.table(PropertyCheck), set(households)
    place = table.schema.get_field_index("over_limit")
    rows = zip(table["household"].to_pylist(), table["over_limit"].to_pylist(), strict=True)
    flags = [flag is not (home in homes) for home, flag in rows]
    changed = table.set_column(place, table.schema.field(place), pa.array(flags))
    return Snapshot({**snapshot.tables, PropertyCheck: changed}, snapshot.cases, snapshot.persons)


if __name__ == "__main__":
    main()
