"""What an outsider runs needs the standard library and cryptography, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOOK = """
import importlib, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
ours = {"audit", "cryptography", "_cffi_backend", "_openssl", "__mp_main__"}
told = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(told - ours - set(sys.stdlib_module_names)))
"""


@pytest.mark.parametrize(
    "module", ["merkle", "note", "tiles", "proof", "policy", "verify", "witness", "__main__"]
)
def test_it_imports_the_standard_library_and_cryptography_only(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOOK, f"audit.{module}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == []
