"""A clerk disputes a record, its department answers, and the day goes through command by command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.command import app

CLAIM = ("--key", "RS-17", "--column", "employer", "--claim", "2026年3月已离职")
ASK = ("ask", "--subject", "HC-0001", "--record", "Insurance", *CLAIM)


@pytest.fixture(autouse=True)
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("HEDUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))
    return tmp_path / "run"


def typed(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["corrections", *words], input=given)


def asked() -> str:
    return typed(*ASK).stdout.split()[0]


def test_a_request_goes_to_its_department_and_comes_back_with_an_answer() -> None:
    id_ = asked()
    [line] = typed("list", "--open", "--as", "steward").stdout.splitlines()
    assert line.startswith(f"{id_}  人社  Insurance/RS-17  employer  due ")
    answered = typed("answer", id_, "--corrected", "--text", "已补录减员")
    assert "已更正" in answered.stdout
    assert typed("list", "--open", "--as", "steward").stdout == ""
    letter = typed("letter", id_).stdout
    assert "政务数据共享条例 第二十六条" in letter
    assert "社会保险缴费（RS-001）" in letter
    assert "已补录减员" in letter


def test_an_id_number_is_read_from_standard_input_and_stands_nowhere(run_folder: Path) -> None:
    who = "529901198503070014"
    result = typed("ask", "--subject", "-", "--record", "Insurance", *CLAIM, given=f"{who}\n")
    assert result.exit_code == 0
    assert who not in result.output
    assert not [file for file in run_folder.iterdir() if file.is_file() and who.encode() in file.read_bytes()]


def test_a_request_is_taken_back_by_the_side_that_asked() -> None:
    id_ = asked()
    assert typed("withdraw", id_, "--reason", "重复", "--as", "steward").exit_code == 1
    assert "撤回" in typed("withdraw", id_, "--reason", "重复").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ask", "--subject", "HC-1", "--record", "Salary", *CLAIM), "expected --record one of"),
        (
            ("ask", "--subject", "HC-1", "--record", "Aid", *CLAIM),
            "BadRequest: expected one or more columns of Aid",
        ),
        ((*ASK, "--as", "steward"), "NotAllowed"),
        ((*ASK, "--as", "nobody"), "expected --as one of"),
        (("letter", "0" * 20), "NotThere"),
        (("answer", "0" * 20, "--upheld", "--text", "x"), "NotThere"),
    ],
)
def test_what_cannot_be_done_is_one_line_on_standard_error(words: tuple[str, ...], said: str) -> None:
    result = typed(*words)
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert said in line


def test_outside_development_nobody_is_somebody_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEDUI_ENV", "prod")
    result = typed(*ASK)
    assert (result.exit_code, result.stderr.split(":")[0]) == (1, "CannotOpen")


def test_a_token_says_who_acts(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(CliRunner().invoke(app, ["token", "--as", "verifier"]).stdout)
    assert typed(*ASK, "--token", str(token)).exit_code == 0
    token.write_text("not.a.token")
    refused = typed(*ASK, "--token", str(token))
    assert refused.exit_code == 1
    assert "NotAuthenticated" in refused.stderr
