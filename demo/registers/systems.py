"""Where are the registers of the demo, and how are they started and stopped?

    addresses = write_registers(rows, folder)
    with Registers(folder) as registers:
        connectors = connect(registers.addresses, clock=clock)

Each department's contract says which system it has: a database, a folder of deliveries or a
service. All but the service are files that anybody may open; social security's is a process
and can be down.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from connectors.contract import Contract, shipped
from demo.registers.databases import write_database
from demo.registers.deliveries import write_delivery
from vocabulary.codes import Department
from vocabulary.record import Record

DELIVERED_ON = date(2026, 10, 31)
"""The day of every monthly delivery."""

_ENDS_WITHIN_S = 10.0


class NotStarted(Exception):
    """The process of a register did not come up; its own message stands on standard error."""


class NotAProcess(Exception):
    """Only social security runs as a process; the other registers are files and cannot be stopped."""


def write_registers(rows: Mapping[type[Record], Sequence[Record]], folder: Path) -> dict[Department, str]:
    """Write the rows into a system for each department below `folder`, the same bytes for the same rows.

    Gives the addresses of those that need no process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for contract in shipped().values():
        path = _path(folder, contract)
        if contract.transport == "files":
            write_delivery(path, contract.tables, rows, on=DELIVERED_ON)
        else:
            write_database(path, contract.tables, rows)
    return standing_addresses(folder)


def standing_addresses(folder: Path) -> dict[Department, str]:
    """Give the addresses of the registers that need no process."""
    whole = folder.resolve()
    return {
        department: _address(_path(whole, contract), contract)
        for department, contract in shipped().items()
        if contract.transport != "http"
    }


def _path(folder: Path, contract: Contract) -> Path:
    """A folder of deliveries, or a database: the service has one of its own too."""
    name = contract.department.value
    return folder / (name if contract.transport == "files" else f"{name}.sqlite")


def _address(path: Path, contract: Contract) -> str:
    return path.as_uri() if contract.transport == "files" else f"sqlite:///{path}"


class Registers:
    """The registers below a folder, running while the context lasts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._key = secrets.token_urlsafe(24)
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def addresses(self) -> dict[Department, str]:
        """All addresses. The one over HTTP carries the key that opens it: keep it out of logs."""
        service = f"http://{self._key}@127.0.0.1:{self._port}"
        return {**standing_addresses(self._folder), Department.SOCIAL_SECURITY: service}

    def start(self, department: Department = Department.SOCIAL_SECURITY) -> None:
        """Start a register that is not running, again at its earlier address. Raises `NotStarted`."""
        _check_process(department)
        if self._process is not None:
            return
        command = [sys.executable, "-m", "demo.registers.social_security"]
        command += ["--folder", str(self._folder), "--port", str(self._port)]
        process = self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, module and folder; no shell)
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(self._key + "\n")
        process.stdin.flush()
        announced = process.stdout.readline()
        if not announced:
            self.stop(department)
            raise NotStarted("expected the register to announce its port, got nothing")
        self._port = json.loads(announced)["port"]

    def stop(self, department: Department = Department.SOCIAL_SECURITY) -> None:
        """Stop a register; stopping one that is stopped does nothing."""
        _check_process(department)
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _check_process(department: Department) -> None:
    if department is not Department.SOCIAL_SECURITY:
        raise NotAProcess(f"expected `{Department.SOCIAL_SECURITY.value}`, got `{department.value}`")
