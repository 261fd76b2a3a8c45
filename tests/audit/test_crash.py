"""kill -9 between every two steps of an append, and at random moments: see `tests/audit/crash.py`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.audit.crash import ON_SQLITE, Findings, entry_of

ROOT = Path(__file__).parents[2]
ROUNDS = 2 * len(ON_SQLITE) + 20
"""Every step once, and twenty random moments; `make crash` runs a thousand."""


def test_nothing_acknowledged_is_lost_by_kill_9(url: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.audit.crash", "--rounds", str(ROUNDS), "--url", url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(run.stdout)
    assert (found["lost_or_moved"], found["inconsistent"], found["wrongly_sealed"]) == (0, 0, 0)
    assert found["rounds"] == ROUNDS
    assert found["acknowledged"] > 100


def test_the_judge_sees_a_lost_a_moved_and_a_forked_entry() -> None:
    findings = Findings()
    for line in ("receipt 0 7 0", "receipt 1 7 1", "receipt 1 8 0", "checkpoint 2 " + "00" * 32):
        findings.hear(line)
    verdict = findings.judge([entry_of(7, 0)])
    assert verdict["lost_or_moved"] == 2
    assert verdict["inconsistent"] == 1
