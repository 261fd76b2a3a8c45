"""Is the audit log's database of this version, and if not, how does it become so?

A new database is made as it should be and marked so; an older one is changed by Alembic, step
by step, when an operator says so. The log refuses to open a database of another version.
Apart from start-up because Alembic takes a second to load.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from audit.tables import VERSIONS, engine_of

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(
    url: str, *, scripts: Path = SCRIPTS, versions: str = VERSIONS, vault_key: bytes | None = None
) -> None:
    """Bring the database at `url` to this version; one that has it already is left as it is. Stop the log first.

    All of it in one transaction: a step that fails leaves the database as it was.

    `scripts`    folder of Alembic steps: the log's own, or those of tables that lie beside it
    `versions`   the table in which Alembic keeps how far it has come
    `vault_key`  32 bytes: for a step that seals anew what was sealed

    Raises `OtherSchema` when such a step has something to do and no key, `WrongVaultKey`.
    """
    script = ScriptDirectory(str(scripts))

    def steps(revision: str, _context: object) -> Iterable[Any]:
        return script._upgrade_revs("head", revision)  # as Alembic's own `upgrade` does

    settings = Config(attributes={"vault_key": vault_key})
    engine = engine_of(url)  # begins transactions itself: SQLite's driver would change tables outside of one
    try:
        with engine.begin() as connection, EnvironmentContext(settings, script, fn=steps) as environment:
            environment.configure(connection=connection, version_table=versions, render_as_batch=True)
            environment.run_migrations()
    finally:
        engine.dispose()
