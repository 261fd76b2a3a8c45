"""The tables of casework: what is made anew and what is migrated are the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from audit.migrate import migrate
from casework.finding import BadRequest
from casework.kept import SCRIPTS, Kept, OtherCaseworkSchema
from casework.tables import REVISION, VERSIONS, case, finding, metadata
from tests.casework.test_guards import refused
from tests.postgres import cut_off


def differences(url: str) -> list[object]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        options = {"version_table": VERSIONS, "compare_type": True}
        found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    return found


def test_a_migrated_database_is_what_a_new_one_is(url: str) -> None:
    migrate(url, scripts=SCRIPTS, versions=VERSIONS)
    assert differences(url) == []
    Kept(url).close()


def test_a_new_database_is_marked_and_migrating_it_changes_nothing(url: str) -> None:
    Kept(url).close()
    migrate(url, scripts=SCRIPTS, versions=VERSIONS)
    assert differences(url) == []
    Kept(url).close()


def test_the_newest_step_is_the_version_that_is_written() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == REVISION


def test_tables_of_another_version_are_refused(url: str) -> None:
    Kept(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"update {VERSIONS} set version_num = '0000'"))
    engine.dispose()
    with pytest.raises(OtherCaseworkSchema):
        Kept(url)


def test_several_processes_may_come_first_at_once(url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        for kept in pool.map(lambda _: Kept(url), range(8)):
            kept.close()
    assert differences(url) == []


@pytest.mark.parametrize("number", ["D" * 41, "DB-\x00", "DB-\ud800"])
def test_a_text_that_a_database_would_refuse_is_refused_before_the_log_is_asked(
    url: str, number: str
) -> None:
    kept = Kept(url)
    with pytest.raises(BadRequest):
        kept.added(case, id="1", number=number)
    with pytest.raises(BadRequest):
        kept.changed(case, id="1", version=1, number=number)
    assert kept.added(case, id="1", number="D" * 40).rows == 1
    kept.close()


def test_what_was_decided_under_the_first_tables_stays_and_is_guarded(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    engine = sa.create_engine(url)
    script = ScriptDirectory(str(SCRIPTS))
    with (
        engine.begin() as connection,
        EnvironmentContext(
            config, script, fn=lambda rev, _: script._upgrade_revs("0001", rev)
        ) as environment,
    ):
        environment.configure(connection=connection, version_table=VERSIONS, render_as_batch=True)
        environment.run_migrations()
        connection.exec_driver_sql(
            "insert into casework_case values ('c', 'DB-1', 'H-1', '529901', 'DIBAO', 'ACCEPTED', 0,"
            " '2026-09-01', 'a b', null, 1)"
        )
        connection.exec_driver_sql(
            "insert into casework_finding values ('f', 'c', 'INC-01', 'CONFLICT', '', '{}', '[]', 'SUSPECTED',"
            " '2026-09-01', null, null, null, 1)"
        )
    engine.dispose()
    migrate(url, scripts=SCRIPTS, versions=VERSIONS)
    assert differences(url) == []
    kept = Kept(url)
    assert [found["rule"] for found in kept.rows(sa.select(finding))] == ["INC-01"]
    kept.close()
    refused(url, "update casework_finding set state = 'CONFIRMED'")


def test_a_database_that_was_started_again_is_read_at_once(postgres_url: str) -> None:
    """Connections of before are not told; the first who meets one must not fail for it."""
    kept = Kept(postgres_url)
    assert kept.rows(sa.select(case)) == []
    cut_off(postgres_url)
    assert kept.rows(sa.select(case)) == []
    kept.close()
