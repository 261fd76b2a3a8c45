"""The whole catalogue on Spark and on DuckDB, byte for byte: `python -m tests.verification.runs.spark_whole`.

Takes minutes, most of them Spark's planning of hundreds of small statements.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.verification.caseload import stories_snapshot
from tests.verification.spark import PARTS, SMALL
from verification.catalogue import CATALOGUE
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.pack import load_pack
from verification.runs.district import judge_district
from verification.runs.spark import SparkEngine, spark_session
from verification.runs.stored import store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOSES_SIGHT = ("Union", "ArrowEvalPython")
"""After a union, or a Python function, Spark no longer says how rows are parted, though none has moved."""


def main() -> None:
    """All rules over all stories."""
    with tempfile.TemporaryDirectory(prefix="hedui-spark-") as name:
        folder = Path(name)
        with spark_session(scratch=folder / "scratch", master="local[2]", options=SMALL) as session:
            judged, exchanging = judged_on_both(CATALOGUE, session, folder / "snapshot")
    assert not exchanging, exchanging
    print(f"{judged} households judged alike by {len(CATALOGUE.rules)} rules")


def judged_on_both(catalogue: Catalogue, session: SparkSession, folder: Path) -> tuple[int, list[str]]:
    """How many of the stories' households are judged alike, and which statements exchange rows without need."""
    snapshot, pack = stories_snapshot(catalogue), load_pack("demo-2026")
    store(snapshot, folder)
    expected = [canonical(each) for each in judge_district(snapshot, catalogue, pack)]
    with SparkEngine(session, folder, catalogue, pack, parts=PARTS) as engine:
        exchanging = [table for table, plan in engine.plans(snapshot.cases) if _moves_rows(plan)]
        assert [canonical(each) for each in engine.judgements()] == expected
    return len(expected), exchanging


def _moves_rows(plan: str) -> bool:
    return "Exchange" in plan and not any(node in plan for node in _LOSES_SIGHT)


if __name__ == "__main__":
    main()
