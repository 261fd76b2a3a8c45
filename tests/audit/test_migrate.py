"""The database's version: what is made anew and what is migrated are the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from audit.errors import AuditError, OtherSchema, Shredded, WrongVaultKey
from audit.migrate import SCRIPTS, migrate
from audit.tables import REVISION, VERSIONS, engine_of, metadata
from audit.vault import Vault
from tests.audit.conftest import OpenLog
from tests.audit.synthetic import NOW, OFFICER, PEOPLE, VAULT_KEY, book, intent

OLD_LOG = Path(__file__).with_name("log_0002.json")
"""Five entries as revision 0002 kept them: about three people, one, nobody; the first person shredded; the other two."""


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


@pytest.fixture
def old_url(url: str) -> str:
    """A database of revision 0002, with a small log in it."""
    script = ScriptDirectory(str(SCRIPTS))

    def steps(revision: str, _context: object) -> Iterable[Any]:
        return script._upgrade_revs("0002", revision)

    engine = engine_of(url)
    with engine.begin() as connection:
        with EnvironmentContext(Config(), script, fn=steps) as environment:
            environment.configure(connection=connection, version_table=VERSIONS)
            environment.run_migrations()
        for table, rows in json.loads(OLD_LOG.read_text()).items():
            for row in rows:
                values = {
                    name: bytes.fromhex(value["hex"]) if type(value) is dict else value
                    for name, value in row.items()
                }
                places = ", ".join(f":{name}" for name in values)
                connection.execute(
                    sa.text(f"insert into {table} ({', '.join(values)}) values ({places})"), values
                )
    engine.dispose()
    return url


def guarded(folder: Path) -> Path:
    """The guard that belongs to the small log."""
    [head] = json.loads(OLD_LOG.read_text())["audit_head"]
    guard = folder / "guard"
    guard.write_bytes(bytes.fromhex(head["note"]["hex"]))
    return guard


def test_what_was_sealed_in_shares_opens_after_migration_and_what_was_shredded_does_not(
    old_url: str, open_log: OpenLog, tmp_path: Path
) -> None:
    of = book()

    async def story() -> None:
        guarded(tmp_path)
        with pytest.raises(OtherSchema, match="migrate it first"):
            async with open_log():
                pass
        migrate(old_url, vault_key=VAULT_KEY)
        async with open_log() as log:
            vault = Vault(log.reader, of.sealing)
            assert vault.values(1)["purpose"] == vault.values(4)["purpose"] == "低保复核"
            assert (vault.values(2), vault.values(3)) == ({"purpose": "x"}, {"reason": "申请"})
            with pytest.raises(Shredded):
                vault.values(0)
            for field in vault.disclose(1):
                field.check(json.loads(await log.entry(1))["committed"])
            made = intent(of, PEOPLE[1], at_s=9)
            receipt = await log.append(made.bytes, alongside=made.alongside)
            shred = of.shredding(
                at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=[of.pseudonym(PEOPLE[1])]
            )
            assert vault.values(receipt.index)["purpose"] == "低保复核"
            await log.append(shred.bytes, alongside=shred.alongside)
            for index in (1, 4, receipt.index):
                with pytest.raises(Shredded):
                    vault.values(index)

    asyncio.run(story())
    assert differences(old_url) == []


@pytest.mark.parametrize(("key", "error"), [(None, OtherSchema), (bytes(32), WrongVaultKey)])
def test_without_the_vault_key_nothing_is_migrated(
    old_url: str, key: bytes | None, error: type[AuditError]
) -> None:
    with pytest.raises(error, match="expected"):
        migrate(old_url, vault_key=key)
    engine = engine_of(old_url)
    with engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        columns = {column["name"] for column in sa.inspect(connection).get_columns("audit_head")}
    engine.dispose()
    assert "audit_sealed" in tables
    assert "audit_share" not in tables
    assert "shreddings" not in columns
    migrate(old_url, vault_key=VAULT_KEY)
    assert differences(old_url) == []
