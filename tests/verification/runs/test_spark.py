"""Spark says what compiled Python, DuckDB and PostgreSQL say, and moves no row after households were dealt to parts."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.verification.caseload import stories_snapshot
from tests.verification.engines import by_python, by_spark
from tests.verification.every_answer import silenced
from tests.verification.households import POLICIES, pack_of, seeded, snapshot_of
from tests.verification.language.both import (
    a_world,
    told_by_duckdb,
    told_by_postgres,
    told_by_python,
)
from tests.verification.language.test_engines_agree import aggregates, sources
from tests.verification.language.test_expressions_agree import EVERY, catalogue_of, operators_drawn
from tests.verification.runs.spark_whole import judged_by_all
from tests.verification.runs.test_readable import NO_CODE, broken
from tests.verification.silence import some_silence
from tests.verification.spark import PARTS, spark, told_by_spark
from tests.verification.test_freshness import insured_sixty_days_ago
from verification.catalogue import CATALOGUE
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.pack import load_pack
from verification.runs.district import Engine, judge_district
from verification.runs.own_ages import Judging, by_own_limits
from verification.runs.readable import BadSnapshot
from verification.runs.spark import SparkEngine
from verification.runs.stored import store
from verification.runs.tables import Snapshot
from vocabulary.evidence import Answer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["spark"]


@pytest.mark.parametrize(
    ("made", "seed"),
    [pytest.param(aggregates, 1, id="aggregates-1"), pytest.param(sources, 3, id="sources-3")],
)
def test_spark_tells_what_python_tells(
    made: Callable[[], Catalogue], seed: int, spark: SparkSession, tmp_path: Path
) -> None:
    catalogue, world = made(), a_world(seed, households=40)
    assert told_by_spark(catalogue, world, spark, tmp_path) == told_by_python(catalogue, world)


def test_random_expressions_of_every_operator_are_worth_the_same_on_four_engines(
    spark: SparkSession, postgres_url: str, tmp_path: Path
) -> None:
    catalogue, world = catalogue_of(1), a_world(12, households=30)
    assert operators_drawn(catalogue) == EVERY
    told = told_by_python(catalogue, world)
    assert told_by_duckdb(catalogue, world) == told
    assert told_by_postgres(catalogue, world, postgres_url) == told
    assert told_by_spark(catalogue, world, spark, tmp_path) == told


def test_random_households_are_judged_alike_by_four_engines_and_spark_exchanges_no_rows(
    spark: SparkSession, postgres_url: str, tmp_path: Path
) -> None:
    """What they have to live on, and of a rule; `python -m tests.verification.runs.spark_whole` takes all of them."""
    homes = seeded(7, 120, POLICIES[3])
    snapshot = snapshot_of(homes, some_silence(random.Random(7), homes))
    rules = [each for each in CATALOGUE.rules if each.number == "INC-01"]
    told = [each for each in CATALOGUE.told if each.constants[1] in {"annual_fen", "income_fen", "dibao"}]
    catalogue, pack = Catalogue(CATALOGUE.member, CATALOGUE.household, rules, told), pack_of(POLICIES[3])
    judged, exchanging = judged_by_all(
        snapshot, catalogue, pack, url=postgres_url, session=spark, folder=tmp_path
    )
    assert (judged, len(rules), len(told), exchanging) == (120, 1, 3, [])


def test_rules_that_random_households_seldom_meet_find_and_doubt_on_spark_alike(
    spark: SparkSession, tmp_path: Path
) -> None:
    """`every_answer` says of all rules that they do among the households of `spark_whole`."""
    numbers = ("CAU-05", "EXIT-03", "INC-02")
    rules = [each for each in CATALOGUE.rules if each.number in numbers]
    catalogue = Catalogue(CATALOGUE.member, CATALOGUE.household, rules)
    snapshot, pack = silenced(stories_snapshot(CATALOGUE), share=0.1), load_pack("demo-2026")
    given = {
        (each.rule.number, each.answer)
        for judged in judge_district(snapshot, catalogue, pack)
        for each in judged.found
    }
    assert given == {(number, answer) for number in numbers for answer in (Answer.YES, Answer.UNKNOWN)}
    told = by_spark(snapshot, catalogue, pack, session=spark, folder=tmp_path)
    assert told == by_python(snapshot, catalogue, pack)


def test_some_of_the_cases_are_judged_as_among_all(spark: SparkSession, tmp_path: Path) -> None:
    homes = seeded(8, 40)
    snapshot, pack = snapshot_of(homes, some_silence(random.Random(8), homes)), pack_of(POLICIES[0])
    rules = [each for each in CATALOGUE.rules if each.number == "HH-05"]
    catalogue = Catalogue(CATALOGUE.member, CATALOGUE.household, rules)
    whole = by_spark(snapshot, catalogue, pack, session=spark, folder=tmp_path)
    with SparkEngine(spark, tmp_path, catalogue, pack, parts=PARTS) as engine:
        list(engine.load(snapshot.cases.sort_by("household").slice(5, 9)))
        assert [canonical(each) for each in engine.judgements()] == whole[5:14]


@pytest.mark.parametrize("place", range(3))
def test_a_snapshot_that_is_not_what_the_rules_read_is_refused_as_duckdb_does(
    place: int, spark: SparkSession, tmp_path: Path
) -> None:
    snapshot, said = list(broken(stories_snapshot(CATALOGUE)))[place]
    with pytest.raises(BadSnapshot) as refused:
        by_spark(snapshot, CATALOGUE, load_pack("demo-2026"), session=spark, folder=tmp_path)
    assert said in str(refused.value)
    assert NO_CODE not in str(refused.value)


def test_spark_holds_a_rule_to_its_own_limit_as_duckdb_does(spark: SparkSession, tmp_path: Path) -> None:
    snapshot, pack = insured_sixty_days_ago(59)
    rules = [each for each in CATALOGUE.rules if each.number == "INC-01"]
    catalogue = Catalogue(CATALOGUE.member, CATALOGUE.household, rules)

    def on_spark(given: Snapshot, nth: int) -> SparkEngine:
        store(given, tmp_path / str(nth))
        return SparkEngine(spark, tmp_path / str(nth), catalogue, pack, parts=PARTS)

    def told(judging: Judging) -> list[bytes]:
        with by_own_limits(snapshot, pack, judging) as engine:
            list(engine.load(snapshot.cases))
            judged = list(engine.judgements())
        assert {each.answer for each in judged[0].found} == {Answer.UNKNOWN}
        return [canonical(each) for each in judged]

    assert told(on_spark) == told(lambda given, _: Engine(given, catalogue, pack))
