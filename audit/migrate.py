"""Is the audit log's database of this version, and if not, how does it become so?

A new database is made as it should be and marked so; an older one is changed by Alembic, step
by step, when an operator says so. The log refuses to open a database of another version.
Apart from start-up because Alembic takes a second to load.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from audit.tables import VERSIONS

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(url: str, *, scripts: Path = SCRIPTS, versions: str = VERSIONS) -> None:
    """Bring the database at `url` to this version; one that has it already is left as it is. Stop the log first.

    `scripts`    folder of Alembic steps: the log's own, or those of tables that lie beside it
    `versions`   the table in which Alembic keeps how far it has come
    """
    script = ScriptDirectory(str(scripts))

    def steps(revision: str, _context: object) -> Iterable[Any]:
        return script._upgrade_revs("head", revision)  # as Alembic's own `upgrade` does

    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection, EnvironmentContext(Config(), script, fn=steps) as environment:
            environment.configure(connection=connection, version_table=versions, render_as_batch=True)
            environment.run_migrations()
    finally:
        engine.dispose()
