"""The database's version: what is made anew and what is migrated are the same."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from audit.errors import OtherSchema
from audit.migrate import SCRIPTS, migrate
from audit.tables import REVISION, VERSIONS, metadata
from tests.audit.conftest import OpenLog


def differences(url: str) -> list[object]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        options = {"version_table": VERSIONS, "compare_type": True}
        found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    return found


async def write(open_log: OpenLog) -> int:
    async with open_log() as log:
        return (await log.append(b"entry")).index


def test_a_migrated_database_is_what_a_new_one_is_and_the_log_opens_it(url: str, open_log: OpenLog) -> None:
    migrate(url)
    assert differences(url) == []
    assert asyncio.run(write(open_log)) == 0


def test_a_new_database_is_marked_and_migrating_it_changes_nothing(url: str, open_log: OpenLog) -> None:
    asyncio.run(write(open_log))
    migrate(url)
    assert differences(url) == []
    assert asyncio.run(write(open_log)) == 1


def test_the_newest_step_is_the_version_that_is_written() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == REVISION


def test_a_database_of_another_version_is_refused(url: str, open_log: OpenLog) -> None:
    asyncio.run(write(open_log))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"update {VERSIONS} set version_num = '0000'"))
    engine.dispose()
    with pytest.raises(OtherSchema):
        asyncio.run(write(open_log))
