"""Where are node and the npm packages that tests take as judges? Missing, a test is skipped, and says so."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def node_with(package: str) -> tuple[str, dict[str, str]]:
    """The program and an environment in which it finds the package; skips the test where either is missing."""
    node = shutil.which("node")
    folders = [ROOT / "node_modules", *map(Path, filter(None, os.environ.get("NODE_PATH", "").split(":")))]
    found = next((folder for folder in folders if (folder / package).is_dir()), None)
    if node is None or found is None:
        pytest.skip(f"no node with {package} in node_modules or NODE_PATH")
    return node, {"PATH": os.environ["PATH"], "NODE_PATH": str(found)}
