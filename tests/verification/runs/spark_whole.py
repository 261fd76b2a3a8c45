"""The whole catalogue on all four engines at once, byte for byte: `python -m tests.verification.runs.spark_whole`.

Over the stories, also with silent registers, and over random households. Takes minutes,
most of them Spark's planning of statements; the tests do the same with a part of the rules.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.postgres import running
from tests.verification.engines import by_duckdb, by_postgres, by_python
from tests.verification.every_answer import worlds
from tests.verification.spark import PARTS, SMALL
from verification.catalogue import CATALOGUE
from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.runs.spark import SparkEngine, spark_session
from verification.runs.stored import store
from verification.runs.tables import Snapshot

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOSES_SIGHT = ("Union", "ArrowEvalPython")
"""After a union, or a Python function, Spark no longer says how rows are parted, though none has moved."""


def main() -> None:
    """All rules over households by which each of them gives every answer."""
    with running() as server, tempfile.TemporaryDirectory(prefix="hedui-spark-") as name:
        folder = Path(name)
        with spark_session(scratch=folder / "scratch", master="local[2]", options=SMALL) as session:
            for what, given, pack in worlds():
                judged, exchanging = judged_by_all(
                    given, CATALOGUE, pack, url=server.database(), session=session, folder=folder / what
                )
                assert not exchanging, exchanging
                print(
                    f"{what}: {judged} households judged alike by {len(CATALOGUE.rules)} rules on four engines"
                )


def judged_by_all(
    snapshot: Snapshot, catalogue: Catalogue, pack: Pack, *, url: str, session: SparkSession, folder: Path
) -> tuple[int, list[str]]:
    """How many households all engines judge alike, and which statements made Spark exchange rows without need."""
    expected = by_python(snapshot, catalogue, pack)
    assert by_duckdb(snapshot, catalogue, pack) == expected
    assert by_postgres(snapshot, catalogue, pack, url=url) == expected
    store(snapshot, folder)
    with SparkEngine(session, folder, catalogue, pack, parts=PARTS) as engine:
        exchanging = [table for table, plan in engine.plans(snapshot.cases) if _moves_rows(plan)]
        assert [canonical(each) for each in engine.judgements()] == expected
    return len(expected), exchanging


def _moves_rows(plan: str) -> bool:
    return "Exchange" in plan and not any(node in plan for node in _LOSES_SIGHT)


if __name__ == "__main__":
    main()
