"""Which tests does one worker run, one after the other? Those that share what takes long to make.

pytest-xdist's own groups (`xdist_group`) come to nothing with pytest 9.2, which keeps no `_nodeid` that a
worker could mark, so the groups stand here, by the beginnings of the tests' ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE_WORKER: Mapping[str, tuple[str, ...]] = {
    "spark": ("tests/verification/runs/test_spark.py",),
    "great expectations": (
        "tests/gateway/test_quality_commands.py",
        "tests/connectors/test_expectations.py",
        "tests/gateway/test_to_the_verdict.py",
    ),
    "browser": ("tests/gateway/console/test_browser.py",),
    "demo district": (
        "tests/demo/test_district.py",
        "tests/demo/test_found.py",
        "tests/demo/test_planted.py",
        "tests/demo/test_published.py",
    ),
    "databases": (
        "tests/connectors/test_conformance.py",
        "tests/connectors/test_sql_register_on_mariadb.py",
    ),
    "soap": ("tests/connectors/test_soap_register.py",),
    "workers": ("tests/gateway/test_workers.py",),
    "faults": ("tests/gateway/test_faults.py",),
    "stories": ("tests/gateway/test_stories.py",),
    "eighth department": ("tests/gateway/test_eighth_department.py",),
    "district run": ("tests/gateway/test_district_run.py",),
    "changed bytes": ("tests/audit/test_verify.py",),
}
"""What is shared, and whose tests share it."""


def unit_of(nodeid: str) -> str:
    """With which other tests a test goes to a worker; its own id where it goes alone.

    >>> unit_of("tests/gateway/test_faults.py::test_a_healthy_gateway_answers_from_every_department")
    'faults'
    """
    return next((name for name, ids in ONE_WORKER.items() if nodeid.startswith(ids)), nodeid)


class Schedule(LoadScopeScheduling):
    """Hands out tests one at a time, the groups first, the largest before the smaller ones."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
