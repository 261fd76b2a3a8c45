"""Which tests does one worker run, one after the other? Those of a file, and those that share what takes long to make.

A file's tests share its fixtures, and to hand out tests one by one costs as much as most of them take. Only
those that take long go each alone. pytest-xdist's own groups (`xdist_group`) come to nothing with pytest 9.2,
which keeps no `_nodeid` that a worker could mark, so the groups stand here, by the beginnings of the tests' ids.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ONE_WORKER: Mapping[str, tuple[str, ...]] = {
    "spark": ("tests/verification/runs/test_spark.py",),
    "changed bytes": ("tests/audit/test_verify.py",),
    "district run": ("tests/gateway/test_district_run.py",),
    "demo district": (
        "tests/demo/test_district.py",
        "tests/demo/test_found.py",
        "tests/demo/test_planted.py",
        "tests/demo/test_published.py",
    ),
    "great expectations": (
        "tests/gateway/test_quality_commands.py",
        "tests/connectors/test_expectations.py",
        "tests/gateway/test_to_the_verdict.py",
    ),
    "serving": ("tests/gateway/test_serving.py",),
    "browser": ("tests/gateway/console/test_browser.py",),
    "workers": ("tests/gateway/test_workers.py",),
    "databases": (
        "tests/connectors/test_conformance.py",
        "tests/connectors/test_sql_register_on_mariadb.py",
    ),
    "eighth department": ("tests/gateway/test_eighth_department.py",),
    "faults": ("tests/gateway/test_faults.py",),
    "stories": ("tests/gateway/test_stories.py",),
    "soap": ("tests/connectors/test_soap_register.py",),
}
"""What is shared, and whose tests share it: the longest first."""

EACH_ALONE = (
    "tests/audit/test_alongside.py",
    "tests/audit/test_crash.py",
    "tests/audit/test_store.py",
    "tests/connectors/test_landing.py",
    "tests/gateway/console/test_runs.py",
    "tests/gateway/executor/test_graphql_core_s_own.py",
    "tests/gateway/executor/test_operations.py",
    "tests/gateway/test_command.py",
    "tests/gateway/test_log_commands.py",
    "tests/gateway/test_no_entry_no_data.py",
    "tests/gateway/test_watching.py",
    "tests/verification/runs/test_job.py",
    "tests/verification/runs/test_kill.py",
    "tests/verification/test_comparison.py",
    "tests/verification/test_crosscheck.py",
    "tests/verification/test_failures.py",
    "tests/verification/test_freshness.py",
    "tests/verification/test_holdings.py",
    "tests/verification/test_metamorphic.py",
    "tests/verification/test_second_opinion.py",
    "tests/verification/test_stacking.py",
)
"""Where single tests take long and share nothing: any worker may run the next of them."""


def unit_of(nodeid: str) -> str:
    """With which other tests a test goes to a worker; its own id where it goes alone.

    >>> unit_of("tests/gateway/test_faults.py::test_a_healthy_gateway_answers_from_every_department")
    'faults'
    >>> unit_of("tests/gateway/test_pace.py::test_who_asks_too_often_waits")
    'tests/gateway/test_pace.py'
    """
    group = next((name for name, ids in ONE_WORKER.items() if nodeid.startswith(ids)), None)
    return group or (nodeid if nodeid.startswith(EACH_ALONE) else nodeid.partition("::")[0])


def beginning(nodeids: Iterable[str]) -> Callable[[str], tuple[int, int]]:
    """The order in which tests begin, as a key: the groups, then what takes long, then files, the largest first.

    So no core waits for the last of the dear ones at the end.
    """
    size = Counter(map(unit_of, nodeids))
    groups = {name: place for place, name in enumerate(ONE_WORKER)}

    def key(nodeid: str) -> tuple[int, int]:
        unit = unit_of(nodeid)
        if unit in groups:
            return 0, groups[unit]
        return (1, 0) if unit == nodeid else (2, -size[unit])

    return key


class Schedule(LoadScopeScheduling):
    """Hands out units in the order in which the workers collected them."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
