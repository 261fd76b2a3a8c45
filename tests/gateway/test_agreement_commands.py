"""Agreements at a terminal: checked, taken away as Excel, changed by a file and signed by another person."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from casework.agreement import as_text, hash_of, load_agreements
from casework.agreement_sheet import read_sheet, write_sheet
from gateway.command import app

SHIPPED = load_agreements()
CHANGED = replace(SHIPPED[0], scenario="年度修订后的场景")


@pytest.fixture(autouse=True)
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["agreements", *map(str, words)])


def test_all_in_force_leave_as_excel_and_what_comes_back_changed_needs_two_people(tmp_path: Path) -> None:
    away = tmp_path / "all.xlsx"
    assert hash_of(SHIPPED) in typed("export", away).stdout
    assert read_sheet(away.read_bytes(), file="all.xlsx") == SHIPPED
    back = tmp_path / "back.xlsx"
    back.write_bytes(write_sheet([CHANGED, *SHIPPED[1:]]))
    [line] = typed("import", back, "--reason", "年度修订").stdout.splitlines()
    id_, number = line.split()[:2]
    assert number == CHANGED.number
    assert typed("list").stdout.startswith(id_)
    alone = typed("sign", id_, "--as", "lawyer")
    assert alone.exit_code == 1
    assert "NotNow" in alone.output
    assert hash_of([CHANGED, *SHIPPED[1:]]) in typed("sign", id_).stdout
    assert typed("list").stdout == ""
    assert hash_of([CHANGED, *SHIPPED[1:]]) in typed("export", tmp_path / "then.xlsx").stdout


def test_a_file_is_checked_and_its_mistake_named_by_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(as_text(CHANGED), "utf-8")
    bad.write_text(as_text(CHANGED).replace("共享类型: ", "共享类型: 随意"), "utf-8")
    assert hash_of([CHANGED]) in typed("check", good).stdout
    twice = typed("check", good, good)
    assert (twice.exit_code, "several times" in twice.output) == (1, True)
    wrong = typed("check", bad)
    assert wrong.exit_code == 1
    assert "bad.yaml:4: `共享类型`" in wrong.output


def test_of_files_of_which_one_is_wrong_nothing_is_drafted_and_every_fault_is_told(tmp_path: Path) -> None:
    good, bad, worse = (tmp_path / name for name in ("good.yaml", "bad.yaml", "worse.yaml"))
    good.write_text(as_text(CHANGED), "utf-8")
    bad.write_text(as_text(CHANGED).replace("共享类型: ", "共享类型: 随意"), "utf-8")
    worse.write_text(
        as_text(SHIPPED[1]).replace("自: ", "自: 不").replace("提供部门: ", "提供部门: 不"), "utf-8"
    )
    result = typed("import", good, bad, worse, "--reason", "年度修订")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "bad.yaml",
        "worse.yaml",
        "worse.yaml",
    ]
    twice = typed("import", good, good, "--reason", "年度修订")
    assert (twice.exit_code, "each agreement once" in twice.stderr) == (1, True)
    assert typed("list").stdout == ""


def test_an_import_that_is_repeated_drafts_nothing_twice(tmp_path: Path) -> None:
    other = replace(SHIPPED[1], scenario="年度修订后的场景")
    first, both = tmp_path / "first.xlsx", tmp_path / "both.xlsx"
    first.write_bytes(write_sheet([CHANGED]))
    both.write_bytes(write_sheet([CHANGED, other]))
    assert len(typed("import", first, "--reason", "年度修订").stdout.splitlines()) == 1
    [line] = typed("import", both, "--reason", "年度修订").stdout.splitlines()
    assert line.split()[1] == other.number
    assert len(typed("list").stdout.splitlines()) == 2


def test_a_clerk_neither_takes_them_away_nor_changes_them(tmp_path: Path) -> None:
    file = tmp_path / "changed.yaml"
    file.write_text(as_text(CHANGED), "utf-8")
    for words in (("export", tmp_path / "a.xlsx"), ("list",), ("import", file, "--reason", "x")):
        result = typed(*words, "--as", "clerk")
        assert result.exit_code == 1
        assert "NotAllowed" in result.output
    assert not (tmp_path / "a.xlsx").exists()
