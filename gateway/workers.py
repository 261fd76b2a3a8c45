"""How do several processes serve one port? Each listens for itself; Linux shares the connections out among them.

The first process only watches (`gateway.staff`): it holds the port, starts the workers, replaces one that
ended or hangs, and told to stop, tells them and waits until they have finished what they began. When it is
killed itself, its workers see the pipe close and end as well. Workers share the log, which several processes
may write, the counts of who asks how often, and the metrics.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import structlog
from prometheus_client.multiprocess import mark_process_dead

from audit.errors import AuditError
from gateway.errors import CannotOpen, NotListening
from gateway.metrics import FOLDER, room_to_count
from gateway.opening import opened
from gateway.serving import configure_log, family_of, listener, not_listening, run, serving
from gateway.settings import Settings
from gateway.staff import TELLS_EVERY_S, Staff, Worker

ENDS_WITHIN_S = 5.0
"""Beyond the time that a worker has to finish what it began."""

_LOOKS_EVERY_S = 0.2
_MEMORY = Path("/dev/shm")  # noqa: S108 — a folder of our own in it, made anew and read by nobody else
_log = structlog.get_logger("hedui.workers")
_processes = multiprocessing.get_context("spawn")

Today = Callable[[], date] | None


class Workers:
    """The worker processes of one gateway. Enter it; `watch` until told to stop; leave it."""

    address: str

    def __init__(self, settings: Settings, *, today: Today) -> None:
        self._settings, self._today = settings, today
        self._staff = Staff(self._begun, size=settings.workers, buried=_forget)
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
        self._staff.bring_up(every_s=_LOOKS_EVERY_S)

    def watch(self, stop: Callable[[], bool]) -> None:
        """Replace whoever ended, until `stop` says so. Raises `NotListening` when nobody is left."""
        self._staff.watch(stop, every_s=_LOOKS_EVERY_S)

    def stop(self) -> None:
        """Tell them to stop, and wait for what they have begun; then for nothing more."""
        self._staff.dismiss(within_s=self._settings.shutdown_timeout_s + ENDS_WITHIN_S)
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

        with room_to_count():
            asyncio.run(once())

    def _begun(self) -> Worker:
        ours, theirs = _processes.Pipe()
        process = _processes.Process(
            target=_work, args=(self._settings, self._today, theirs), name="hedui-worker", daemon=True
        )
        with theirs:
            process.start()
        return Worker(process, ours)


def _forget(pid: int) -> None:
    """Take a worker that is gone out of the gauges that are of those who live."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus_client has none there


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
            telling = asyncio.create_task(_tell(pipe))
            await server.stopped
            telling.cancel()
            asyncio.get_running_loop().remove_reader(pipe.fileno())

    try:
        with room_to_count():
            run(work())
    except (AuditError, CannotOpen, NotListening, OSError) as error:
        _log.error("worker cannot serve", kind=type(error).__name__, why=str(error))
        sys.exit(1)


async def _tell(pipe: Connection) -> None:
    """Tell again and again that this worker's loop turns. Whoever watches may be late to hear, and is not waited for."""
    os.set_blocking(pipe.fileno(), False)
    while True:
        with suppress(OSError):
            pipe.send_bytes(b"up")
        await asyncio.sleep(TELLS_EVERY_S)


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
