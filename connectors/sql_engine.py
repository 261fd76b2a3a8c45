"""In what do databases differ to somebody who only reads? How they are opened, stopped, and how they say what failed.

PostgreSQL, MariaDB (and MySQL) and SQLite are tried in the tests. Others that SQLAlchemy reaches are
opened by their URL as it stands and fail as `UNREACHABLE` or `CONTRACT_BROKEN`, without the
finer kinds; docs/connectors.md says how to configure them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from connectors.failure import Failed
from vocabulary.evidence import FailureKind

CONNECTIONS = 4
"""Of one gateway to one register at a time."""

CONNECT_TIMEOUT_S = 3

READ_TIMEOUT_S = 600
"""MariaDB's driver gives up a connection that says nothing for so long; a question is given up long before."""


def reading(url: str) -> sa.Engine:
    """Make an engine that only reads and never waits for a connection longer than a question may take."""
    parsed = sa.make_url(url)
    limits: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 2, "pool_timeout": 5}
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        file = f"file:{quote(str(parsed.database))}?mode=ro"
        return sa.create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(file, uri=True, check_same_thread=False),
            poolclass=sa.QueuePool,
            **limits,
        )
    arguments = _ARGUMENTS.get(backend, {})
    return sa.create_engine(
        parsed, connect_args=arguments, pool_pre_ping=True, hide_parameters=True, **limits
    )


def stop(engine: sa.Engine, driver: Any) -> None:
    """Stop what runs on a driver's connection. Safe where nothing runs any more.

    `interrupt` is SQLite's word for it and `cancel` PostgreSQL's; MariaDB is told on another connection.
    """
    told = getattr(driver, "interrupt", None) or getattr(driver, "cancel", None)
    if told is not None:
        told()
    elif engine.dialect.name in ("mysql", "mariadb") and driver is not None:
        with failures_named(), engine.connect() as other:
            other.exec_driver_sql(f"KILL QUERY {int(driver.thread_id())}")


@contextmanager
def failures_named() -> Iterator[None]:
    """Turn what SQLAlchemy and drivers raise into our own failures; their texts may hold values, so none is kept."""
    try:
        yield
    except sa.exc.TimeoutError:
        raise Failed(
            FailureKind.QUOTA_EXCEEDED, f"expected one of {CONNECTIONS} connections, got none"
        ) from None
    except sa.exc.DBAPIError as why:
        kind, detail = _classified(why)
        raise Failed(kind, detail) from None


def _classified(why: sa.exc.DBAPIError) -> tuple[FailureKind, str]:
    if isinstance(why.orig, sqlite3.Error):
        # A thread that is closed while it runs has no code.
        code = getattr(why.orig, "sqlite_errorcode", sqlite3.SQLITE_INTERRUPT) & 0xFF
        return _SQLITE.get(code, FailureKind.CONTRACT_BROKEN), f"database error {code}"
    if type(why.orig).__module__.startswith("pymysql"):
        return _of_mariadb(why.orig)
    state = getattr(why.orig, "sqlstate", None) or ""
    if isinstance(why, sa.exc.DataError) and not state:  # nothing was sent, so it says nothing of the source
        return FailureKind.CONTRACT_BROKEN, "expected a value that the driver can send, got another"
    if why.connection_invalidated or not state:
        return FailureKind.UNREACHABLE, "connection refused or lost"
    if state in _STATES:
        return _STATES[state], f"SQLSTATE {state}"
    return _STATES.get(state[:2], FailureKind.CONTRACT_BROKEN), f"SQLSTATE {state}"


def _of_mariadb(why: BaseException | None) -> tuple[FailureKind, str]:
    number = why.args[0] if why is not None and why.args and isinstance(why.args[0], int) else 0
    if number < _FROM_THE_SERVER or number in range(*_FROM_THE_DRIVER):
        return FailureKind.UNREACHABLE, "connection refused or lost"
    return _MARIADB.get(number, FailureKind.CONTRACT_BROKEN), f"database error {number}"


_ARGUMENTS: dict[str, dict[str, Any]] = {
    "postgresql": {"options": "-c default_transaction_read_only=on", "connect_timeout": CONNECT_TIMEOUT_S},
    "mysql": {
        "init_command": "SET SESSION TRANSACTION READ ONLY",
        "connect_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": READ_TIMEOUT_S,
        "charset": "utf8mb4",
    },
}
_ARGUMENTS["mariadb"] = _ARGUMENTS["mysql"]

_SQLITE = {
    sqlite3.SQLITE_CANTOPEN: FailureKind.UNREACHABLE,
    sqlite3.SQLITE_IOERR: FailureKind.UNREACHABLE,
    sqlite3.SQLITE_BUSY: FailureKind.TIMED_OUT,
    sqlite3.SQLITE_INTERRUPT: FailureKind.TIMED_OUT,
    sqlite3.SQLITE_AUTH: FailureKind.REFUSED,
    sqlite3.SQLITE_PERM: FailureKind.REFUSED,
}

_STATES = {
    "08": FailureKind.UNREACHABLE,
    "57": FailureKind.UNREACHABLE,
    "57014": FailureKind.TIMED_OUT,
    "28": FailureKind.REFUSED,
    "42501": FailureKind.REFUSED,
    "53": FailureKind.QUOTA_EXCEEDED,
}
"""SQLSTATE or its class (ISO 9075, PostgreSQL appendix A); class 42 is another schema than agreed."""

_MARIADB = {
    **dict.fromkeys((1044, 1045, 1142, 1143, 1227, 1698), FailureKind.REFUSED),
    **dict.fromkeys((1040, 1203, 1226), FailureKind.QUOTA_EXCEEDED),
    **dict.fromkeys((1205, 1317, 1969, 3024), FailureKind.TIMED_OUT),
    **dict.fromkeys((1049, 1053, 1077, 1152, 1184, 1927), FailureKind.UNREACHABLE),
}
"""MariaDB's error numbers (mariadb.com, error code reference)."""

_FROM_THE_SERVER = 1000

_FROM_THE_DRIVER = (2000, 3000)
"""Numbers that the client gives itself: not reached, gone away, lost."""
