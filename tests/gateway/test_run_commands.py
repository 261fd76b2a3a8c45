"""Do the commands around runs say what is kept, and plainly what is not?"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from gateway.command import app
from verification.runs.changes import KNOWN
from verification.runs.ledger import Ledger, RunState, Terms

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.fixture
def folder(monkeypatch, tmp_path):
    for name in ("HEDUI_ENV", "HEDUI_CONFIG", "HEDUI_REGISTERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def ledger(folder):
    kept = Ledger(f"sqlite:///{folder / 'runs.sqlite'}")
    terms = Terms(date(2026, 11, 16), "1" * 64, "2" * 64, "3" * 64)
    known = pa.table({"household": ["H-1"], "asked": [1], "digest": [2], "held_by": [None]}, schema=KNOWN)
    kept.plan("run-one", terms, known, shards=[["H-1"]], at=NOW)
    yield kept
    kept.close()


def hedui(*typed: str):
    return CliRunner().invoke(app, [*typed])


def test_runs_are_listed_with_their_state(ledger):
    line = hedui("runs", "list").stdout.split()
    assert line[:2] == ["run-one", "2026-11-16"]
    assert "RUNNING" in line
    assert line[-4:] == ["0", "of", "1", "household"]


def test_without_runs_the_list_is_empty(folder):
    assert hedui("runs", "list").stdout == ""


def test_only_a_run_that_has_ended_is_forgotten(ledger):
    refused = hedui("runs", "forget", "run-one")
    assert refused.exit_code == 1
    assert refused.stderr == ("expected a run that has ended, got `run-one`; `hedui runs cancel` ends one\n")
    ledger.close_run("run-one", RunState.CANCELLED)
    assert hedui("runs", "forget", "run-one").exit_code == 0
    assert ledger.runs() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("run", "--engine", "abacus"), "expected --engine duckdb or spark, got `abacus`\n"),
        (("run", "--on", "tomorrow"), "expected a day such as 2026-11-16\n"),
        (("run", "--touched", "nowhere"), "expected --after with --touched: changed since which run?\n"),
        (
            ("run", "--after", "run-one", "--touched", "nowhere"),
            "expected a file of numbers in UTF-8, got FileNotFoundError\n",
        ),
        (
            ("runs", "forget", "run-two"),
            "expected a run that has ended, got `run-two`; `hedui runs cancel` ends one\n",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(folder, typed, said):
    result = hedui(*typed)
    assert result.exit_code == 1
    assert result.stderr == said
