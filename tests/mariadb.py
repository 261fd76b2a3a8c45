"""A MariaDB server for tests, from the Debian package: no service, a folder of its own, nothing left behind."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pymysql
import pytest

from tests.postgres import free_port

MISSING = "no MariaDB server: the Debian package mariadb-server is not installed"


class MariaDb:
    """A server on a free port of the loopback, whose only account is `hedui` with the password `hedui`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._user: list[str] = []
        if os.geteuid() == 0:
            # As root it refuses to run: the package made a user for it.
            account = pwd.getpwnam("mysql")
            folder.chmod(0o755)
            self._data.mkdir(mode=0o700)
            os.chown(self._data, account.pw_uid, account.pw_gid)
            self._user = ["--user=mysql"]
        self._init()

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        return f"mysql+pymysql://hedui:hedui@127.0.0.1:{self._port}/{name}"

    def run(self, *statements: str, database: str | None = None) -> None:
        """Run statements as the server's owner."""
        connection = pymysql.connect(
            host="127.0.0.1",
            port=self._port,
            user="hedui",
            password="hedui",
            database=database,
            autocommit=True,
        )
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def start(self) -> MariaDb:
        """Answer once it takes connections."""
        first = self._folder / "first.sql"
        # The server takes one statement a line.
        first.write_text(
            "CREATE OR REPLACE USER hedui@'127.0.0.1' IDENTIFIED BY 'hedui';\n"
            "GRANT ALL ON *.* TO hedui@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        first.chmod(0o644)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_server(),
                    "--no-defaults",
                    *self._user,
                    f"--datadir={self._data}",
                    f"--port={self._port}",
                    "--bind-address=127.0.0.1",
                    f"--socket={self._data}/socket",
                    f"--pid-file={self._data}/pid",
                    f"--init-file={first}",
                    "--skip-name-resolve",
                    "--innodb-flush-log-at-trx-commit=0",
                    "--innodb-buffer-pool-size=32M",
                    "--innodb-use-native-aio=0",
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        for _ in range(1500):
            with suppress(pymysql.err.OperationalError):
                self.run("SELECT 1")
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.02)  # the server tells nobody when it is ready
        raise TimeoutError((self._folder / "log").read_text())

    def stop(self) -> None:
        """End at once: nothing that it holds is kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _init(self) -> None:
        made = subprocess.run(
            [
                *("mariadb-install-db", "--no-defaults", *self._user, f"--datadir={self._data}"),
                *("--skip-test-db", "--auth-root-authentication-method=socket"),
                "--innodb-use-native-aio=0",  # the kernel lends few of those to all servers of a machine together
            ],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert made.returncode == 0, made.stdout


def installed() -> bool:
    """Whether the server and what makes its folder are there."""
    return bool(_server()) and shutil.which("mariadb-install-db") is not None


def _server() -> list[str]:
    found = shutil.which("mariadbd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    return [found] if found else []


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Among the workers of a test run, the only one that makes a server: it takes a second core while it does."""
    with (Path(tempfile.gettempdir()) / "hedui-mariadb.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def running() -> Iterator[MariaDb]:
    """A server that is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="hedui-mariadb-") as folder:
        with _one_at_a_time():
            server = MariaDb(Path(folder)).start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A server for the whole session; take a database of your own with `mariadb.database()`."""
    if not installed():
        pytest.skip(MISSING)
    with running() as server:
        yield server
