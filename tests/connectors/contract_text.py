"""Contract files of the tests: the shipped ones, changed in one place."""

from __future__ import annotations

from pathlib import Path

from connectors.contract import SHIPPED


def changed(folder: Path, name: str, old: str, new: str) -> Path:
    """A shipped contract with its first `old` replaced, written into `folder`."""
    text = (SHIPPED / f"{name}.odcs.yaml").read_text(encoding="utf-8")
    assert old in text
    file = folder / f"{name}.odcs.yaml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def line_of(file: Path, words: str) -> int:
    """On which line the words first stand."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)
