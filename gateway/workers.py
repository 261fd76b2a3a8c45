"""How do several processes serve one port? Each listens for itself; Linux shares the connections out among them.

The first process only watches: it holds the port, starts the workers, replaces one that died, and
told to stop, tells them and waits until they have finished what they began. When it is killed
itself, its workers see the pipe close and end as well. Workers share the log, which several
processes may write, the counts of who asks how often, and the metrics.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import structlog
from prometheus_client.multiprocess import mark_process_dead

from gateway.errors import NotListening
from gateway.metrics import FOLDER
from gateway.opening import opened
from gateway.serving import configure_log, family_of, listener, not_listening, run, serving
from gateway.settings import Settings

STARTS_WITHIN_S = 120.0
"""A worker that has not come up by then is taken for one that never will."""

ENDS_WITHIN_S = 5.0
"""Beyond the time that a worker has to finish what it began."""

_LOOKS_EVERY_S = 0.2
_MEMORY = Path("/dev/shm")  # noqa: S108 — a folder of our own in it, made anew and read by nobody else
_READY = "ready"
_log = structlog.get_logger("hedui.workers")
_processes = multiprocessing.get_context("spawn")

Today = Callable[[], date] | None


class Workers:
    """The worker processes of one gateway. Enter it; `watch` until told to stop; leave it."""

    address: str

    def __init__(self, settings: Settings, *, today: Today) -> None:
        self._settings, self._today = settings, today
        self._alive: dict[int, tuple[BaseProcess, Connection]] = {}
        self._up: set[int | None] = set()
        self._held: socket.socket | None = None
        self._metrics: Path | None = None

    def start(self) -> None:
        """Bring all of them up. Raises `NotListening`, and what opening a gateway raises."""
        self._held = _held(self._settings)
        port = self._held.getsockname()[1]
        self._prepare(port)
        self._settings = self._settings.model_copy(update={"port": port})
        host = self._settings.host
        self.address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        for _ in range(self._settings.workers):
            self._begin()
        self._await()

    def watch(self, stop: Callable[[], bool], *, every_s: float = _LOOKS_EVERY_S) -> None:
        """Replace whoever died, until `stop` says so. Raises `NotListening` when one does not come up again."""
        while not stop():
            ended = wait([process.sentinel for process, _ in self._alive.values()], timeout=every_s)
            if ended and not stop():
                for pid in self._buried():
                    _log.error("worker died", pid=pid)
                    self._begin()
                self._await(stop)

    def stop(self) -> None:
        """Tell them to stop, and wait for what they have begun; then for nothing more."""
        for process, _ in self._alive.values():
            with suppress(ProcessLookupError):
                os.kill(process.pid or 0, signal.SIGTERM)
        for process, pipe in self._alive.values():
            process.join(self._settings.shutdown_timeout_s + ENDS_WITHIN_S)
            if process.is_alive():
                process.kill()
                process.join()
            pipe.close()
        self._alive.clear()
        if self._held is not None:
            self._held.close()
        if self._metrics is not None:
            os.environ.pop(FOLDER, None)
            shutil.rmtree(self._metrics, ignore_errors=True)

    def _prepare(self, port: int) -> None:
        """Make once what every worker opens: keys, databases. What is wrong with the settings shows here."""
        # In memory: prometheus_client maps its files, and to write where a full disk has no room kills a process.
        # Named by the port, which is ours by now: what one that was killed has left goes with the next start.
        name = f"hedui-metrics-{self._settings.host}-{port}"
        self._metrics = (_MEMORY if _MEMORY.is_dir() else self._settings.run_folder) / name
        shutil.rmtree(self._metrics, ignore_errors=True)
        self._metrics.mkdir(parents=True, mode=0o700)
        os.environ[FOLDER] = str(self._metrics)

        async def once() -> None:
            async with opened(self._settings, today=self._today):
                pass

        asyncio.run(once())

    def _begin(self) -> None:
        ours, theirs = _processes.Pipe()
        process = _processes.Process(
            target=_work, args=(self._settings, self._today, theirs), name="hedui-worker", daemon=True
        )
        process.start()
        theirs.close()
        self._alive[process.pid or 0] = (process, ours)

    def _await(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Wait until all have come up, or `stop` says not to: they load side by side."""
        until = time.monotonic() + STARTS_WITHIN_S
        for process, pipe in self._alive.values():
            if process.pid in self._up:
                continue
            while not pipe.poll(_LOOKS_EVERY_S) and time.monotonic() < until:
                if stop():
                    return
            if not pipe.poll(0) or _told(pipe) != _READY:
                if stop():  # whoever told us may have told it as well, before it was up
                    return
                raise NotListening("expected a worker process to come up, got one that did not")
            self._up.add(process.pid)

    def _buried(self) -> list[int]:
        dead = [pid for pid, (process, _) in self._alive.items() if not process.is_alive()]
        for pid in dead:
            _, pipe = self._alive.pop(pid)
            pipe.close()
            mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus_client has none there
        return dead


@contextmanager
def workers(settings: Settings, *, today: Today) -> Iterator[Workers]:
    """Workers that answer while the context lasts. Raises `NotListening`, `CannotOpen`."""
    all_of_them = Workers(settings, today=today)
    try:
        all_of_them.start()
        yield all_of_them
    finally:
        all_of_them.stop()


def until_told(staff: Workers) -> None:
    """Watch until SIGINT or SIGTERM."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    staff.watch(told.is_set)


def _work(settings: Settings, today: Today, pipe: Connection) -> None:
    """One worker: serve until told to stop, or until nobody watches any more."""
    configure_log(settings.log_level)

    async def work() -> None:
        async with serving(settings, today=today, shared=True) as server:
            asyncio.get_running_loop().add_reader(pipe.fileno(), server.stop)
            pipe.send(_READY)
            await server.stopped
            asyncio.get_running_loop().remove_reader(pipe.fileno())

    run(work())


def _held(settings: Settings) -> socket.socket:
    """The port, held without listening on it: a worker that dies does not lose it to somebody else."""
    if not hasattr(socket, "SO_REUSEPORT"):
        raise NotListening(
            "expected a system on which processes can share a port, got another: set `workers` to 1"
        )
    if settings.port:
        # A port may be shared with any process of the same user; ours is taken by nobody.
        listener(settings, shared=False).close()
    held = socket.socket(family_of(settings))
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Connections that the gateway before us closed linger on the port for a minute, and are no reason not to
    # have it. Left on, this would let others have it as well.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((settings.host, settings.port))
    except OSError as error:
        held.close()
        raise not_listening(settings, error) from None
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return held


def _told(pipe: Connection) -> object:
    try:
        return pipe.recv()
    except EOFError:
        return None
