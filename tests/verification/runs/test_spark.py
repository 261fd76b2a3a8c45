"""Spark says what compiled Python and DuckDB say, and moves no row after households were dealt to parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.verification.language.both import PACK, a_world, told_by_python
from tests.verification.language.test_engines_agree import aggregates, operators, sources, with_rules
from tests.verification.language.test_expressions_agree import random_catalogue
from tests.verification.runs.spark_whole import judged_on_both
from tests.verification.spark import snapshot_of, spark, told_by_spark
from verification.catalogue import CATALOGUE
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.runs.district import judge_district
from verification.runs.spark import SparkEngine
from verification.runs.stored import store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["spark"]

pytestmark = pytest.mark.xdist_group("spark")  # one Java for all of them

SEEDED = [
    pytest.param(aggregates, 1, id="aggregates-1"),
    pytest.param(sources, 3, id="sources-3"),
    pytest.param(lambda: operators(-37, 2), 5, id="operators-5"),
]


@pytest.mark.parametrize(("made", "seed"), SEEDED)
def test_spark_tells_what_python_tells(
    made: Callable[[], Catalogue], seed: int, spark: SparkSession, tmp_path: Path
) -> None:
    catalogue, world = made(), a_world(seed, households=40)
    told, found = told_by_python(catalogue, world)
    assert told_by_spark(catalogue, world, spark, tmp_path) == (told, found)
    assert bool(found) == bool(catalogue.rules)


@given(st.data())
@settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_random_expressions(spark: SparkSession, tmp_path: Path, data: st.DataObject) -> None:
    catalogue, world = random_catalogue(data, 60), a_world(12, households=30)
    assert told_by_spark(catalogue, world, spark, tmp_path) == told_by_python(catalogue, world)


def test_rules_of_the_law_give_the_same_bytes_as_on_duckdb_and_exchange_no_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Three of them; `python -m tests.verification.runs.spark_whole` does so for all of them."""
    numbers = {"ID-04", "INC-01", "BEN-01"}
    some = [each for each in CATALOGUE.rules if each.number in numbers]
    catalogue = Catalogue(CATALOGUE.member, CATALOGUE.household, some)
    judged, exchanging = judged_on_both(catalogue, spark, tmp_path)
    assert len(some) == len(numbers)
    assert judged > 50
    assert not exchanging


def test_some_of_the_cases_are_judged_as_among_all(spark: SparkSession, tmp_path: Path) -> None:
    catalogue, world = with_rules(), a_world(9, households=30)
    snapshot = snapshot_of(catalogue, world)
    store(snapshot, tmp_path)
    with SparkEngine(spark, tmp_path, catalogue, PACK, parts=2) as engine:
        list(engine.load(snapshot.cases))
        whole = [canonical(each) for each in engine.judgements()]
        assert whole == [canonical(each) for each in judge_district(snapshot, catalogue, PACK)]
        some = snapshot.cases.sort_by("household").slice(5, 9)
        list(engine.load(some))
        assert [canonical(each) for each in engine.judgements()] == whole[5:14]
