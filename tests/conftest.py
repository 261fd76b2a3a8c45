"""What every room's tests may ask for, and one promise of continuous integration: nothing is skipped there."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from gateway.collecting import collect_all, collect_less
from tests.mariadb import mariadb
from tests.postgres import postgres, postgres_url
from tests.schedule import Schedule, beginning

# Where pyspark is installed Great Expectations imports it, and pyspark ends a process whose main module has no
# file, as that of a pytest-xdist worker: it takes it for one that runs doctests.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

__all__ = ["mariadb", "postgres", "postgres_url"]


# Ten thousand tests are millions of objects, and none of them is garbage: so while they are collected, and after.
collect_less()


def pytest_collection_finish() -> None:
    """Leave what was collected out of every later search for garbage."""
    collect_less()


def pytest_unconfigure() -> None:
    """Nothing is left out at the end."""
    collect_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first; the tests of a unit stay in their order."""
    place = beginning([item.nodeid for item in items])
    items.sort(key=lambda item: place(item.nodeid))


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: tests also wait, for servers, locks and deadlines."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Schedule:
    """Which worker runs what, in the order of `pytest_collection_modifyitems`."""
    config.option.loadscopereorder = False
    return Schedule(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With NO_SKIPS=1 a test that is skipped for want of a program has failed: CI installs them all."""
    report = yield
    if os.environ.get("NO_SKIPS") == "1" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {item.nodeid}: {report.longrepr}"
    return report


# The same examples everywhere, and no clock in them: a slow machine is no fault of the code.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
