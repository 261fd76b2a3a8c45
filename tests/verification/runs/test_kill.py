"""A run whose worker is killed with -9, at any moment, ends with the findings of one that nobody killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("where", "kills"), [("sqlite", 8), ("postgres", 4)])
def test_killed_runs_end_with_the_same_findings(
    where: str, kills: int, request: pytest.FixtureRequest
) -> None:
    """A part of what `make kill` does a hundred times."""
    url = ["--url", request.getfixturevalue("postgres_url")] if where == "postgres" else []
    done = subprocess.run(
        [sys.executable, "-m", "tests.verification.runs.kill", "--kills", str(kills), *url],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    assert done.stdout.startswith(f"{kills} workers killed in ")
