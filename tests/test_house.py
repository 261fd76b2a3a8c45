"""The house itself: imports go down only, rooms stay small, nothing points out of the repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("vocabulary", "verification", "audit", "connectors", "casework", "gateway", "demo")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
COMMITTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=True,
).stdout.splitlines()


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_down_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", [*SOURCES, *BENCHMARKS], ids=named)
def test_a_file_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, "a file stops at 400 lines"
    assert ast.get_docstring(ast.parse(text)), "the first line of a module says what it answers"


@pytest.mark.parametrize("path", [p for p in SOURCES if p.name == "__init__.py"], ids=named)
def test_a_package_says_what_it_is_and_nothing_else(path: Path) -> None:
    (only,) = ast.parse(path.read_text(encoding="utf-8")).body
    assert isinstance(only, ast.Expr)


@pytest.mark.parametrize("path", [*SOURCES, *BENCHMARKS], ids=named)
def test_a_function_fits_on_half_a_screen(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long = [
        f"{node.name}: {length} lines"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := _lines_without_docstring(node)) > 40
    ]
    assert not long


def _lines_without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1


RECKONING = [
    path
    for path in SOURCES
    if path.relative_to(ROOT).parts[0] in {"verification", "vocabulary"}
    and path.relative_to(ROOT).parts[:2] != ("verification", "runs")
]


@pytest.mark.parametrize("path", RECKONING, ids=named)
def test_no_float_is_written_where_money_is_reckoned(path: Path) -> None:
    floats = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    assert not floats


def test_nothing_committed_points_at_a_machine_or_an_index() -> None:
    outward = re.compile(
        r"files\.pythonhosted|pypi\.org/simple|registry\.npmjs|(?<![\w.])/(?:root|home|work)/[a-z]"
    )
    found = []
    for name in COMMITTED:
        path = ROOT / name
        if name == "tests/test_house.py" or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}: {match[0]}" for match in outward.finditer(text)]
    assert not found


def test_every_id_number_in_the_repository_is_synthetic() -> None:
    number = re.compile(
        r"(?<![\dA-Fa-f])[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Fa-f])"
    )
    allowed = ("529901", "529902", "110105")  # the last is the example that GB 11643 itself prints
    found = []
    for name in COMMITTED:
        path = ROOT / name
        if path.suffix in {".py", ".yaml", ".md", ".json", ".graphql"} and path.is_file():
            text = path.read_text(encoding="utf-8")
            found += [f"{name}: {n[:6]}…" for n in number.findall(text) if not n.startswith(allowed)]
    assert not found
