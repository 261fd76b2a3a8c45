"""A table that comes out of PostgreSQL by COPY says the same as row by row, and fails as plainly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.ask import SnapshotFailed
from connectors.bulk import bulk_batches, bulk_query
from connectors.departments import TABLES
from connectors.failure import Failed
from connectors.forms import Form
from connectors.mapping import Field
from connectors.sql_register import SqlRegister
from tests.connectors.rows import clock, person
from tests.postgres import Postgres
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.records.disability import DisabilitySubsidy

COLUMNS = frozenset({"kind", "month", "amount_fen"})

MADE = """
CREATE TABLE cjr_butie (
    zhujian {key} PRIMARY KEY, shenfenzheng char(18), butie_leixing varchar(20), nianyue integer,
    jine_fen bigint, quhua text, shuju_riqi text
)
"""


@pytest.fixture(scope="module")
def engine(postgres: Postgres) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres.database())
    yield engine
    engine.dispose()


def query_of(engine: sa.Engine, expression: str, form: Form = Form.TEXT) -> str | None:
    statement = sa.select(sa.literal_column(expression).label("a"))
    with engine.connect() as connection:
        return bulk_query(connection, statement, [Field("a", "a", form)])


def read(engine: sa.Engine, expression: str, form: Form = Form.TEXT) -> list[object]:
    query = query_of(engine, expression, form)
    assert query is not None
    return pa.Table.from_batches(bulk_batches(engine.url, query))["a"].to_pylist()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("text '安𠮷·'", "安𠮷·"),
        ("CAST('5299' AS char(6))", "5299  "),
        ("smallint '7'", 7),
        ("bigint '-9223372036854775807'", -9223372036854775807),
        ("true", True),
        ("date '2026-10-31'", date(2026, 10, 31)),
        ("CAST(NULL AS text)", None),
        ("text ''", ""),
        ("text '100%'", "100%"),
    ],
)
def test_a_value_comes_as_it_stands(engine: sa.Engine, expression: str, value: object) -> None:
    assert read(engine, expression) == [value]


@pytest.mark.parametrize("digits", ["636.00", "0.01", "-0.10", "99999999999999999999999999.99", "NaN"])
def test_an_amount_keeps_all_its_digits(engine: sa.Engine, digits: str) -> None:
    assert read(engine, f"CAST('{digits}' AS numeric(30,2))", Form.YUAN) == [digits]


@pytest.mark.parametrize(
    "kind", ["bytea", "double precision", "timestamp", "jsonb", "text[]", "uuid", "numeric", "numeric(9,3)"]
)
def test_a_type_that_would_not_come_unchanged_is_read_row_by_row(engine: sa.Engine, kind: str) -> None:
    assert query_of(engine, f"CAST(NULL AS {kind})", Form.YUAN) is None


def test_a_decimal_that_is_no_amount_is_read_row_by_row(engine: sa.Engine) -> None:
    assert query_of(engine, "CAST(1 AS numeric(9,2))", Form.TEXT) is None


def test_another_database_is_read_row_by_row() -> None:
    assert query_of(sa.create_engine("sqlite://"), "1") is None


def test_an_address_with_options_of_its_own_is_read_row_by_row(engine: sa.Engine) -> None:
    other = sa.create_engine(engine.url.update_query_dict({"application_name": "x"}))
    assert query_of(other, "1") is None


def test_a_server_that_goes_away_in_the_middle_is_unreachable(engine: sa.Engine) -> None:
    query = query_of(engine, "repeat('x', 1000)")
    assert query is not None
    batches = bulk_batches(engine.url, f"{query} FROM generate_series(1, 400000)")
    next(batches)
    with engine.connect() as connection:
        killed = connection.execute(
            sa.text(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).scalar()
    assert killed
    with pytest.raises(Failed) as failed:
        list(batches)
    assert failed.value.kind is FailureKind.UNREACHABLE


def test_whoever_stops_reading_leaves_no_connection_behind(engine: sa.Engine) -> None:
    query = query_of(engine, "repeat('x', 1000)")
    batches = bulk_batches(engine.url, f"{query} FROM generate_series(1, 100000)")
    next(batches)
    batches.close()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar() == 1


def test_nothing_can_be_written_by_it(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SEQUENCE counted"))
    with pytest.raises(Failed):
        list(bulk_batches(engine.url, "SELECT nextval('counted') AS a"))


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("text", ["A''1", "A%2", "A:3", r"A\4", "B5", "a6", "安7", "𠮷8"]),
        ("varchar(9)", ["", "0", "10", "9"]),
    ],
)
def test_a_snapshot_goes_on_behind_any_key(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, key: str, keys: list[str]
) -> None:
    names = [one.physical for one in TABLES[Department.DISABILITY][DisabilitySubsidy].fields]
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(MADE.format(key=key).replace("zhujian", names[0]).replace("shuju_riqi", names[-1]))
        for one in keys:
            connection.execute(
                f"INSERT INTO cjr_butie VALUES ('{one}', '{person(0)}', '生活补贴', 202610, 5000, '529901', '2026/10/31')"
            )
    for module in ("arrow", "sql_register", "bulk"):
        monkeypatch.setattr(f"connectors.{module}.BATCH_ROWS", 1)
    register = SqlRegister(Department.DISABILITY, postgres_url, TABLES[Department.DISABILITY], clock=clock)
    cursor, given = "", []
    while batch := next(snapshot := register.snapshot(DisabilitySubsidy, COLUMNS, cursor), None):
        cursor = snapshot.cursor
        given += batch["record_id"].to_pylist()
    assert sorted(given) == sorted(one.replace("''", "'") for one in keys)


def test_a_row_that_does_not_decode_is_named_by_its_column_as_everywhere(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        names = [one.physical for one in TABLES[Department.DISABILITY][DisabilitySubsidy].fields]
        connection.execute(
            MADE.format(key="text").replace("zhujian", names[0]).replace("shuju_riqi", names[-1])
        )
        connection.execute(
            f"INSERT INTO cjr_butie VALUES ('A', '{person(0)}', '别的', 202610, 5000, '529901', '2026/10/31')"
        )
    register = SqlRegister(Department.DISABILITY, postgres_url, TABLES[Department.DISABILITY], clock=clock)
    with pytest.raises(SnapshotFailed, match=r"DisabilitySubsidy\.kind") as failed:
        list(register.snapshot(DisabilitySubsidy, COLUMNS))
    assert person(0) not in str(failed.value)
