"""How is the gateway kept running? One event loop; told to stop, it finishes what it has begun."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Self, TypeVar

import msgspec
import structlog
import uvicorn
from stamina.instrumentation import set_on_retry_hooks

from gateway.collecting import collect_all, collect_less
from gateway.door import door
from gateway.errors import NotListening
from gateway.opening import Opened, opened
from gateway.settings import Settings

try:
    import uvloop
except ImportError:  # it is not made for Windows
    uvloop = None  # type: ignore[assignment]

T = TypeVar("T")

FILES = 65_536
"""More than this a process has no use for."""

_LOOKS_EVERY_S = 0.005


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway that answers.

    `address`   `http://host:port`
    `stopped`   done when the server has stopped, by a signal or by `stop`
    """

    address: str
    gateway: Opened
    stopped: asyncio.Task[None]
    stop: Callable[[], None]


@asynccontextmanager
async def serving(
    settings: Settings, *, today: Callable[[], date] | None = None, shared: bool = False
) -> AsyncIterator[Serving]:
    """A gateway on its address while the context lasts, or until SIGINT or SIGTERM. Raises `NotListening`.

    `shared`   other processes listen on the same port
    """
    async with opened(settings, today=today) as gateway:
        listening = listener(settings, shared=shared)
        server = _Server(
            uvicorn.Config(
                gateway.app,
                http=door(gateway.app),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=int(settings.shutdown_timeout_s),
            )
        )
        stopped = asyncio.create_task(server.serve(sockets=[listening]))

        def stop() -> None:
            server.should_exit = True
            gateway.app.end()

        collect_less()
        try:
            _on_signals(stop)
            while not server.started and not stopped.done():
                await asyncio.sleep(_LOOKS_EVERY_S)
            host, port = listening.getsockname()[:2]
            yield Serving(f"http://{f'[{host}]' if ':' in host else host}:{port}", gateway, stopped, stop)
        finally:
            stop()
            await stopped
            collect_all()


def run(work: Coroutine[None, None, T]) -> T:
    """What `work` gives, on the fastest loop that the platform has."""
    with asyncio.Runner(loop_factory=None if uvloop is None else uvloop.new_event_loop) as runner:
        return runner.run(work)


def open_as_many_as_may() -> None:
    """Let this process, and those that it begins, open as many files and connections as the system allows.

    A shell or a service mostly gives 1,024 and allows many more. Once they are used up, whoever connects is cut
    off without a word, for as long as others say nothing.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def configure_log(level: str) -> None:
    """Lines of JSON on standard error, with an instant in UTC; never the local values of a fault."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Its own lines name functions and are of another form; that a register failed is told in the answer.
    set_on_retry_hooks([])


def _line(event: object, **_: object) -> str:
    return msgspec.json.encode(event).decode()


class _Server(uvicorn.Server):
    """A server that leaves signals alone: its own handling ends the process before the log is closed."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a generator there
        """Capture none."""
        return nullcontext()


def _on_signals(stop: Callable[[], None]) -> None:
    """Stop on SIGINT and SIGTERM, where signals arrive: in the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)


def listener(settings: Settings, *, shared: bool) -> socket.socket:
    """A socket that listens on the address of the settings. Raises `NotListening`."""
    try:
        return socket.create_server(
            (settings.host, settings.port), family=family_of(settings), reuse_port=shared
        )
    except OSError as error:
        raise not_listening(settings, error) from None


def not_listening(settings: Settings, error: OSError) -> NotListening:
    """The error to raise where the address of the settings cannot be had."""
    return NotListening(f"expected to listen on `{settings.host}:{settings.port}`, got `{error.strerror}`")


def family_of(settings: Settings) -> socket.AddressFamily:
    """IPv6 where the address is one, IPv4 otherwise."""
    return socket.AF_INET6 if ":" in settings.host else socket.AF_INET


class Background:
    """A gateway that runs in a thread of its own, for a program that waits. Enter it; leave it to stop."""

    address: str

    def __init__(self, settings: Settings, *, today: Callable[[], date] | None = None) -> None:
        self._settings, self._today = settings, today
        self._ready: Future[tuple[Serving, asyncio.AbstractEventLoop]] = Future()
        self._thread = threading.Thread(target=lambda: run(self._run()), name="gateway")

    def __enter__(self) -> Self:
        """Start. Raises what `serving` raises."""
        self._thread.start()
        self._serving, self._loop = self._ready.result()
        self.address = self._serving.address
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what has begun, and stop."""
        self._loop.call_soon_threadsafe(self._serving.stop)
        self._thread.join()

    def call(self, work: Callable[[Opened], Coroutine[None, None, T]]) -> T:
        """What `work` gives, done in the gateway's own loop: its log belongs to it."""
        return asyncio.run_coroutine_threadsafe(work(self._serving.gateway), self._loop).result()

    async def _run(self) -> None:
        try:
            async with serving(self._settings, today=self._today) as server:
                self._ready.set_result((server, asyncio.get_running_loop()))
                await server.stopped
        except BaseException as error:
            # Whoever waits for the start must hear of it, whatever it was.
            if self._ready.done():
                raise
            self._ready.set_exception(error)
