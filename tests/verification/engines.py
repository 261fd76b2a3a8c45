"""One snapshot, judged by each engine: the bytes to which each seals what it says of a household, in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.verification.language.both import copied, judged_by_postgres
from tests.verification.spark import PARTS
from verification.language.dialect import POSTGRES
from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.language.to_python import Judge
from verification.language.to_sql import Sql
from verification.runs.cases import cases_of
from verification.runs.district import judge_district
from verification.runs.spark import SparkEngine
from verification.runs.stored import store
from verification.runs.tables import Snapshot

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def by_python(snapshot: Snapshot, catalogue: Catalogue, pack: Pack) -> list[bytes]:
    judge = Judge(catalogue, pack)
    return [canonical(judge.judge(case)) for case in cases_of(snapshot)]


def by_duckdb(snapshot: Snapshot, catalogue: Catalogue, pack: Pack) -> list[bytes]:
    return [canonical(each) for each in judge_district(snapshot, catalogue, pack)]


def by_postgres(snapshot: Snapshot, catalogue: Catalogue, pack: Pack, *, url: str) -> list[bytes]:
    """In one transaction of a database that is there, which it leaves as it was."""
    sql = Sql(catalogue, pack, POSTGRES)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        for record in catalogue.reads():
            copied(connection, record.__name__, snapshot.table(record))
        copied(connection, "cases", snapshot.cases)
        copied(connection, "person_masks", snapshot.persons)
        return [canonical(each) for each in judged_by_postgres(connection, sql)]


def by_spark(
    snapshot: Snapshot, catalogue: Catalogue, pack: Pack, *, session: SparkSession, folder: Path
) -> list[bytes]:
    store(snapshot, folder)
    with SparkEngine(session, folder, catalogue, pack, parts=PARTS) as engine:
        list(engine.load(snapshot.cases))
        return [canonical(each) for each in engine.judgements()]
