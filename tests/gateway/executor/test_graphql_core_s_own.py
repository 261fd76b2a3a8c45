"""Do graphql-core's own execution tests pass when our executor runs the operations?

Its source distribution has them (MIT licence). They are fetched by hash and run as they are, with our
execution context in place of its own; nothing of them is kept here.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]
FEWEST_COMPILED = 290
"""Executions that run compiled; the others have middleware, or are none that can be executed."""


def fetched(folder: Path) -> Path:
    """The unpacked source distribution, with what its tests need beside it in `beside`; skips when out of reach."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    for command in (
        [
            "install",
            "--no-deps",
            "--require-hashes",
            "--target",
            folder / "beside",
            "-r",
            HERE / "core-tests.txt",
        ],
        [
            "download",
            "--no-deps",
            "--require-hashes",
            "--no-binary",
            ":all:",
            "-d",
            folder,
            "-r",
            HERE / "core-source.txt",
        ],
    ):
        done = subprocess.run(
            [*pip, *map(str, command)], capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode:
            pytest.skip(f"graphql-core's tests cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
    (archive,) = folder.glob("graphql_core-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def test_graphql_core_s_own_execution_tests_pass_compiled(tmp_path):
    source = fetched(tmp_path)
    assert source.name.endswith(version("graphql-core")), "the tests are those of the version installed"
    beside = os.pathsep.join(map(str, (tmp_path / "beside", ROOT, HERE)))
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-p", "compiling_plugin", "-c", "pyproject.toml", "--rootdir", "."),
            "tests/execution",
        ],
        cwd=source,
        env={**os.environ, "PYTHONPATH": beside, "NO_SKIPS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-4_000:]
    assert re.search(r"\b307 passed\b", run.stdout)
    counts = json.loads(re.search(r"^compiled (\{.*\})$", run.stdout, re.MULTILINE)[1])
    assert counts["compiled"] >= FEWEST_COMPILED
    assert counts.keys() <= {"compiled", "middleware", "nested too deeply", "no such operation"}
