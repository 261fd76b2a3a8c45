"""One Spark for the tests that need it, and a world judged on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.verification.language.both import ON, PACK, Told, World
from verification.language.rule import Catalogue
from verification.runs.spark import NoSpark, SparkEngine, spark_session
from verification.runs.stored import store
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PARTS = 3
SMALL = {
    # What the tests judge is small: to compile plans for it takes many times longer than to walk through them.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
"""Settings of Spark for a few households."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on this machine; skipped, with the reason, where pyspark or Java is missing."""
    with ExitStack() as stack:
        try:
            scratch = tmp_path_factory.mktemp("spark")
            session = stack.enter_context(spark_session(scratch=scratch, master="local[2]", options=SMALL))
        except NoSpark as missing:
            pytest.skip(str(missing))
        yield session


def snapshot_of(catalogue: Catalogue, world: World) -> Snapshot:
    """A world as a run reads it."""
    reads = catalogue.reads()
    tables = {record: table_of(record, world.rows.get(record, ()), reads[record]) for record in reads}
    cases = cases_table((house, ON, mask) for house, mask in world.unanswered.items())
    return Snapshot(tables, cases, masks_table(world.unanswered_of))


def told_by_spark(
    catalogue: Catalogue, world: World, session: SparkSession, folder: Path
) -> tuple[Told, list[object]]:
    """Every fact told and every answer found, as `told_by_python` gives them."""
    snapshot, told, found = snapshot_of(catalogue, world), Told(), []
    store(snapshot, folder)
    with SparkEngine(session, folder, catalogue, PACK, parts=PARTS) as engine:
        assert len(list(engine.load(snapshot.cases))) == engine.steps - 1
        for judged in engine.judgements():
            told |= {(judged.household, None, name): value for name, value in judged.facts.items()}
            for person, facts in judged.members.items():
                told |= {(judged.household, person, name): value for name, value in facts.items()}
            found += [
                (each.rule.number, judged.household, each.person, each.answer, each.severity, each.evidence)
                for each in judged.found
            ]
    return told, sorted(found, key=repr)
