"""Which gateways would one use otherwise, and how do they come to run here?

graphene (with FastAPI, uvicorn and aiodataloader) from PyPI; mercurius, Apollo Gateway and Hive Gateway from
npm, at the versions of `peers/package.json`. They are installed into a scratch folder by `python -m venv`
and `npm`, as they are configured on this machine, and kept there until what is wanted changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.gateway_asking import Contender

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PYTHON = (
    "graphene==3.4.3",
    "fastapi==0.165.0",
    "uvicorn[standard]==0.54.0",
    "aiodataloader==0.4.3",
    "aiohttp==3.14.5",
    "joserfc==1.8.0",
)
NODE = ("mercurius", "apollo", "apollo_kindest", "hive")
NAMES = ("graphene", *NODE)


class NotInstalled(Exception):
    """A peer cannot be had here; the text says why."""


def commands(names: list[str], *, scratch: Path) -> dict[str, list[str]]:
    """How each peer is started, installing what is not there yet; one that cannot be had is printed and left out."""
    began = time.perf_counter()
    wanted: dict[str, Callable[[], Path]] = {}
    if "graphene" in names:
        wanted["python"] = lambda: _python(scratch / "python")
    if any(name in names for name in NODE):
        wanted["node"] = lambda: _node(scratch / "node")
    with ThreadPoolExecutor() as pool:
        begun = {kind: pool.submit(_installed, install) for kind, install in wanted.items()}
        run = {kind: one.result() for kind, one in begun.items()}
    print(
        f"peers are installed, which took {time.perf_counter() - began:.0f} s and is no part of the measuring"
    )
    found: dict[str, list[str]] = {}
    for name in names:
        kind = "node" if name in NODE else "python"
        where = run[kind]
        if isinstance(where, NotInstalled):
            print(f"{name} cannot be measured: {where}")
        elif kind == "python":
            found[name] = [str(where), str(PEERS / "graphene_peer.py")]
        else:
            found[name] = ["node", str(where / f"{name}.mjs")]
    return found


@contextmanager
def begun(all_commands: Mapping[str, list[str]]) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """All of them at once; they end when the context does."""
    processes: dict[str, subprocess.Popen[str]] = {}
    environment = {**os.environ, "NODE_ENV": "production", "NODE_NO_WARNINGS": "1"}
    try:
        for name, command in all_commands.items():
            processes[name] = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                cwd=HERE.parent,
            )
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            _ended(process)


def running(processes: Mapping[str, subprocess.Popen[str]], told: Mapping[str, Any]) -> dict[str, Contender]:
    """Those that are told this on a line of their input, and say on a line where they listen.

    One that says nothing is printed and left out.
    """
    line, found = json.dumps(told) + "\n", {}
    for process in processes.values():
        assert process.stdin is not None
        with suppress(OSError):  # it has ended; reading from it says so
            process.stdin.write(line)
            process.stdin.flush()
    for name, process in processes.items():
        assert process.stdout is not None
        try:
            where = json.loads(process.stdout.readline())
            found[name] = Contender(name, process, where["port"], where["path"], {}, where)
        except ValueError:
            print(f"{name} cannot be measured: it does not start")
    return found


def _ended(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _installed(install: Callable[[], Path]) -> Path | NotInstalled:
    try:
        return install()
    except NotInstalled as error:
        return error


def _python(folder: Path) -> Path:
    run = folder / "bin" / "python"
    if not _is_ready(folder, "\n".join(PYTHON)):
        shutil.rmtree(folder, ignore_errors=True)
        _called([sys.executable, "-m", "venv", str(folder)])
        _called([str(run), "-m", "pip", "install", "--quiet", *PYTHON])
        _ready(folder, "\n".join(PYTHON))
    return run


def _node(folder: Path) -> Path:
    if shutil.which("npm") is None:
        raise NotInstalled("there is no npm")
    wanted = (PEERS / "package.json").read_text(encoding="utf-8")
    if not _is_ready(folder, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(PEERS / "package.json", folder)
        _called(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)])
        _ready(folder, wanted)
    for program in PEERS.glob("*.mjs"):  # they look for their packages from where they lie
        shutil.copy(program, folder)
    return folder


def _called(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except OSError as error:
        raise NotInstalled(f"`{command[0]}` cannot be run: {type(error).__name__}") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "no word why").splitlines()[-1]
        raise NotInstalled(f"`{Path(command[0]).name}` failed: {last}") from None


def _is_ready(folder: Path, wanted: str) -> bool:
    ready = folder / "ready"
    return ready.exists() and ready.read_text() == _digest(wanted)


def _ready(folder: Path, wanted: str) -> None:
    (folder / "ready").write_text(_digest(wanted))


def _digest(wanted: str) -> str:
    return hashlib.sha256(wanted.encode()).hexdigest()
