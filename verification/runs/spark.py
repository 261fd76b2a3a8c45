"""How do a catalogue's statements run on Spark? On one machine or many, from Parquet files, parted by household once.

Households are dealt to parts by a hash of their numbers, and with each goes every record of
anybody listed with it; a person of two households goes twice. From then on every statement
stays within its part (`language.sql_within`). Every table is kept as files in buckets of those
parts, which Spark reads as parted whatever made them: it exchanges nothing until the results
are put in order. `pyspark` and Java are needed for this engine and for nothing else.

    Exception
    └── NoSpark     pyspark or Java is not there
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import pyarrow as pa

from verification.language.dialect import SPARK
from verification.language.level import MEMBER
from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.language.sql_within import PART, within
from verification.language.to_python import Judgement
from verification.language.to_sql import Sql
from verification.runs.assembling import assembled, tables_of
from verification.runs.readable import blamed, require_readable
from verification.runs.sealed import Tables, sealed
from verification.runs.stored import lying
from verification.runs.tables import schema_of
from vocabulary.codes import Code
from vocabulary.record import ColumnKind, Record, columns_of
from vocabulary.records.civil_affairs import Membership

if TYPE_CHECKING:  # it comes only where it is asked for: see `make spark`
    from pyspark.sql import Column, DataFrame, SparkSession


class NoSpark(Exception):
    """Spark cannot be started here: pyspark is not installed, or no Java is."""


@contextmanager
def spark_session(
    *,
    scratch: Path,
    master: str = "local[*]",
    memory_mib: int = 1024,
    options: Mapping[str, str] | None = None,
) -> Iterator[SparkSession]:
    """A session on a cluster, or on this machine, stopped by who opened it first. Raises `NoSpark`.

    `scratch`      folder that all machines share, for a run's tables: each engine removes its own
    `memory_mib`   of the process that drives it; what executors have is the cluster's affair
    `options`      more of Spark's own settings
    """
    builder, opened_before = _builder()
    for name, value in (options or {}).items():
        builder = builder.config(name, value)
    session = (
        builder.master(master)
        .appName("hedui")
        .config("spark.driver.memory", f"{memory_mib}m")
        .config("spark.sql.warehouse.dir", str(scratch.absolute()))
        .config("spark.sql.catalogImplementation", "in-memory")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        # Whole numbers that do not fit are an error here as on the other engines, never wrapped round.
        .config("spark.sql.ansi.enabled", "true")
        # What lies parted by household needs no new partitions, and a join on more columns neither.
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.requireAllClusterKeysForCoPartition", "false")
        .config("spark.sql.autoBroadcastJoinThreshold", "-1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    if master.startswith("local"):  # elsewhere the cluster says which Python its machines have
        session.sparkContext.pythonExec = sys.executable
    try:
        yield session
    finally:
        if not opened_before:
            session.stop()


class SparkEngine:
    """A catalogue on Spark, over a stored snapshot: load some cases, then take their judgements.

    `parts`   into how many the households are dealt: some for each core of the cluster
    """

    def __init__(
        self, session: SparkSession, folder: Path, catalogue: Catalogue, pack: Pack, *, parts: int
    ) -> None:
        """Raises `NoSnapshot`, `BadSnapshot` for one that lacks a column or has one of another type, `PackGap`."""
        self._session = session.newSession()  # tables of its own, on the same machines
        self._session.conf.set("spark.sql.shuffle.partitions", str(parts))
        self._folder, self._parts = folder, parts
        self._files, self._reads = lying(folder), catalogue.reads()
        require_readable(self._files, self._reads)
        self._sql = Sql(catalogue, pack, SPARK, everybody=True)
        self._texts = [(each.table, within(each.select, dialect=SPARK.name)) for each in self._sql.statements]
        self._database = f"hedui_{uuid4().hex}"
        self._session.sql(f"CREATE DATABASE {self._database}")
        self._session.sql(f"USE {self._database}")
        _teach_tidy(self._session)
        self.steps = len(self._texts) + 1
        """Steps a load: one a statement, and one for taking the judgements."""

    def load(self, cases: pa.Table) -> Iterator[str]:
        """Tell every fact of some cases of the snapshot, naming each step when it is done. Raises `BadSnapshot`."""
        for table, _ in self._made(cases):
            yield table

    def plans(self, cases: pa.Table) -> Iterator[tuple[str, str]]:
        """The same, with what Spark did for each step: for who wants to know what was exchanged."""
        for table, made in self._made(cases):
            yield table, str(made._jdf.queryExecution().executedPlan().toString())

    def judgements(self) -> Iterator[Judgement]:
        """The judgements of the cases loaded last, in the order of household numbers."""
        return assembled(self._sql, self.tables())

    def sealed(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of the cases loaded last, in order."""
        return sealed(self.tables(), self._sql)

    def tables(self) -> Tables:
        """The same as columns, brought here and put in order: the second and last exchange."""
        return tables_of(self._sql, self._taken)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.sql(f"DROP DATABASE {self._database} CASCADE")

    def _made(self, cases: pa.Table) -> Iterator[tuple[str, DataFrame]]:
        from pyspark.errors import PySparkException

        with blamed(self._files, self._reads, stumbles=PySparkException):
            self._part(cases)
        for table, text in self._texts:
            made = self._session.sql(text)
            self._keep(table, made)
            yield table, made

    def _taken(self, what: str, level: str) -> pa.Table:
        keys = ("household", "person") if level == MEMBER else ("household",)
        return self._session.table(f"{what}_{level}").orderBy(*keys).toArrow()

    def _keep(self, name: str, made: DataFrame) -> None:
        """Write a table where its rows lie. What comes after reads it and knows nothing of how it was made."""
        self._session.sql(f"DROP TABLE IF EXISTS {SPARK.quoted(name)}")
        made.write.bucketBy(self._parts, PART).saveAsTable(SPARK.quoted(name))

    # ------------------------------------------------------------------ the one exchange

    def _part(self, cases: pa.Table) -> None:
        """Deal cases to parts, and every record to the parts of all whom it names."""
        from pyspark.sql import functions as f

        dealt = self._session.createDataFrame(cases).withColumn(
            PART, f.pmod(f.xxhash64("household"), f.lit(self._parts))
        )
        self._deal("cases", dealt)
        homes = dealt.select("household", f.array(PART).alias("parts"))
        listed = self._read(Membership, frozenset({"household", "person"})).join(homes, "household")
        people = listed.groupBy("person").agg(
            f.array_distinct(f.flatten(f.collect_list("parts"))).alias("parts")
        )
        self._deal("person_masks", _to_parts(self._file("persons", _MASKS), {"person": people}))
        for record, columns in self._reads.items():
            named = {
                name: homes if name == "household" else people.withColumnRenamed("person", name)
                for name in sorted(columns)
                if name == "household" or columns_of(record)[name].kind is ColumnKind.ID_NUMBER
            }
            self._deal(record.__name__, _to_parts(self._read(record, columns), named))

    def _deal(self, name: str, rows: DataFrame) -> None:
        self._keep(name, rows.repartition(self._parts, PART))

    def _read(self, record: type[Record], columns: frozenset[str]) -> DataFrame:
        rows, known = self._file(record.__name__, schema_of(record, columns)), columns_of(record)
        return rows.withColumns(
            {name: _of_its_list(name, codes) for name in columns if (codes := known[name].codes) is not None}
        )

    def _file(self, name: str, schema: pa.Schema) -> DataFrame:
        from pyspark.sql.pandas.types import from_arrow_schema

        path = self._folder / f"{name}.parquet"
        if not path.exists():
            return self._session.createDataFrame(schema.empty_table())
        # With its schema said, a file is not opened until it is read.
        return self._session.read.schema(from_arrow_schema(schema)).parquet(str(path.absolute()))


def _of_its_list(name: str, codes: type[Code]) -> Column:
    """A column of codes; Spark stops at any other, as a database does by the column's type."""
    from pyspark.sql import functions as f

    column, known = f.col(f"`{name}`"), [code.value for code in codes]
    good = column.isNull() | column.isin(known)
    return f.when(good, column).otherwise(f.raise_error(f.lit("expected a code of its list")))


_MASKS = pa.schema([("person", pa.string()), ("mask", pa.int64())])


def _to_parts(rows: DataFrame, named: dict[str, DataFrame]) -> DataFrame:
    """Each row once for every part of anybody whom it names.

    `named`   by column that names somebody: whose parts are which, under that column and `parts`
    """
    from pyspark.sql import functions as f

    columns, found = rows.columns, []
    for place, (name, parts) in enumerate(named.items()):
        found.append(f"parts {place}")
        rows = rows.join(parts.withColumnRenamed("parts", found[-1]), name, "left")
    nowhere = f.array().cast("array<bigint>")
    every = f.array_distinct(f.concat(*(f.coalesce(f.col(f"`{each}`"), nowhere) for each in found)))
    return rows.select(*(f.col(f"`{name}`") for name in columns), f.explode(every).alias(PART))


def _builder() -> tuple[Any, bool]:
    """What makes sessions, if all is there that it takes, and whether one is open already."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise NoSpark("expected Java 17 for the engine `spark`, got none")
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise NoSpark("expected pyspark for the engine `spark`: bring it with `make spark`") from None
    return SparkSession.builder, SparkSession.getActiveSession() is not None


def _teach_tidy(session: SparkSession) -> None:
    """Let statements tidy names as the other engines do: Spark itself knows no NFKC."""
    from pyspark.sql.pandas.functions import arrow_udf

    def tidy(names: pa.Array) -> pa.Array:
        # It travels to other machines by itself, so it brings nothing of this module along.
        from pyarrow import compute

        return compute.utf8_trim(compute.utf8_normalize(names, form="NFKC"), characters=" ")

    made: Any = arrow_udf  # its types know no function of a plain array, which it takes
    session.udf.register("nfkc_tidy", made(tidy, "string"))
