"""What can be counted while the gateway runs? Prometheus metrics: how many, how long, which source failed.

No label ever holds what came in: paths and methods are those that we know, codes are our own. With
several worker processes each counts into a file of the folder that `PROMETHEUS_MULTIPROC_DIR`
names, and any of them tells the sum: after every request, so that a worker that is killed has told what it did.
Alone, the process counts in a dictionary and hands that over when it is asked: Prometheus' locks cost more
than what they count.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.errors import CannotOpen

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable by which prometheus_client finds the folder of several processes; it must be set before its import."""

ROOM_BYTES = 65_536
"""Of a file in which a process counts: what prometheus_client begins with, and more than we count."""

_KINDS = ("counter", "histogram", "gauge_livesum")
"""Of what is counted here, as prometheus_client names its files."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@contextmanager
def room_to_count() -> Iterator[None]:
    """Have room for what this process counts, one of several, before it counts. Raises `CannotOpen`.

    The files are mapped, and to write to a page for which there is no room kills a process. One that ends by a
    fault, which it does before it has counted anything, leaves none of them.
    """
    files = [Path(os.environ[FOLDER]) / f"{kind}_{os.getpid()}.db" for kind in _KINDS]
    try:
        _reserve(files)
        yield
    except BaseException:
        for each in files:
            each.unlink(missing_ok=True)
        raise


def _reserve(files: Iterable[Path]) -> None:
    for each in files:
        try:
            with each.open("wb") as file:
                if hasattr(os, "posix_fallocate"):  # it is not made for macOS
                    os.posix_fallocate(file.fileno(), 0, ROOM_BYTES)
        except OSError as error:
            raise CannotOpen(
                f"expected room for metrics in `{each.parent}`, got `{error.strerror}`"
            ) from error


class Metrics:
    """The metrics of one gateway.

    `executed`   counts of this process's operations by how they were executed; looked at after each answer
    """

    def __init__(self, *, executed: Callable[[], Mapping[str, int]] = dict) -> None:
        self._registry = CollectorRegistry()
        self._shared = FOLDER in os.environ
        self._answers = self._counter(
            "hedui_answers", "Requests answered, by path and status.", ("path", "status")
        )
        self._seconds = Histogram(
            "hedui_answer_seconds",
            "Time from a request to its answer.",
            ("path",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._refused = self._counter("hedui_refused", "Questions without data, by code.", ("code",))
        self._sources = self._counter(
            "hedui_source_answers", "What became of asking a department.", ("department", "state")
        )
        self._hedged = self._counter(
            "hedui_hedged", "Second questions to a department that was slow.", ("department",)
        )
        self._faults = self._counter("hedui_faults", "Faults of ours, by their class.", ("kind",))
        self._under_way = Gauge(
            "hedui_requests_under_way",
            "Requests that have begun and not ended.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self._executed = self._counter("hedui_executed", "Operations, compiled or why not.", ("how",))
        self._executions, self._executed_before = executed, dict(executed())
        # Looking up a series by its labels costs more than counting in it; there are some dozen.
        self._took = cache(self._seconds.labels)
        self._series = cache(_series)
        self._many_under_way = 0
        self._counts: defaultdict[tuple[Counter, tuple[Hashable, ...]], int] = defaultdict(int)

    def begins(self) -> None:
        """A request has begun."""
        self._many_under_way += 1
        if self._shared:
            self._under_way.set(self._many_under_way)

    def ends(self, path: str, *, status: int, took_s: float) -> None:
        """A request has ended."""
        self._many_under_way -= 1
        self._counts[self._answers, (path, status)] += 1
        self._took(path).observe(took_s)
        if self._shared:
            self._hand_over()

    def fault(self, kind: str) -> None:
        """A fault of ours, by the name of its class."""
        self._faults.labels(kind).inc()

    def refused(self, code: str) -> None:
        """A question got no data."""
        self._refused.labels(code).inc()

    def sources(self, states: Mapping[str, str]) -> None:
        """Departments were asked, or would have been."""
        for asked in states.items():
            self._counts[self._sources, asked] += 1

    def hedged(self, departments: Mapping[str, int]) -> None:
        """Departments that were slow were asked a second time, each so often."""
        for department, many in departments.items():
            self._hedged.labels(department).inc(many)

    def told(self) -> bytes:
        """The metrics as Prometheus reads them, of all worker processes together."""
        self._hand_over()
        if not self._shared:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call] # prometheus_client has none there
        return generate_latest(together)

    def _counter(self, name: str, says: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, says, labels, registry=self._registry)

    def _hand_over(self) -> None:
        counts, self._counts = self._counts, defaultdict(int)
        for (counter, labels), many in counts.items():
            self._series(counter, *labels).inc(many)
        for how, count in self._executions().items():
            more = count - self._executed_before.get(how, 0)
            if more:
                self._executed_before[how] = count
                self._executed.labels(how).inc(more)
        self._under_way.set(self._many_under_way)


def _series(counter: Counter, *labels: Hashable) -> Counter:
    return counter.labels(*labels)
