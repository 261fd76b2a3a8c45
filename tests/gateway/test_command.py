"""Does the command line do what it says, plainly also when it cannot?"""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from gateway.command import app
from gateway.schema.query import printed

ROOT = Path(__file__).parents[2]
STORY = ROOT / "demo" / "stories" / "h02-equal-is-not-below.yaml"


@pytest.fixture
def hedui(monkeypatch, tmp_path):
    for name in ("HEDUI_ENV", "HEDUI_CONFIG", "HEDUI_REGISTERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HEDUI_RUN_FOLDER", str(tmp_path / "run"))
    return lambda *typed: CliRunner().invoke(app, [str(word) for word in typed])


def commands():
    for name, command in get_command(app).commands.items():
        if hasattr(command, "commands"):
            yield from (f"{name} {inner}" for inner in command.commands)
        else:
            yield name


def test_every_command_is_documented_and_every_documented_one_exists():
    page = (ROOT / "docs" / "graphql.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `hedui ([a-z]+(?: [a-z]+)?)", page, flags=re.MULTILINE))
    assert documented == set(commands())


def test_help_loads_no_engine():
    engines = "('duckdb', 'graphql', 'fastapi', 'sqlalchemy', 'pyarrow', 'pydantic', 'cedarpy')"
    code = f"import sys, gateway.command; print([name for name in {engines} if name in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_help_answers_at_once(hedui):
    began = time.process_time()
    assert hedui("--help").exit_code == 0
    assert time.process_time() - began < 0.3


def test_the_schema_is_printed_as_it_stands(hedui):
    assert hedui("schema").stdout == printed()


def test_a_story_as_told_and_one_that_differs(hedui, tmp_path):
    assert hedui("story", STORY).stdout.startswith("as told  H2 ")
    other = tmp_path / "other.yaml"
    other.write_text(STORY.read_text("utf-8").replace("category: EDGE", "category: DIBAO"), "utf-8")
    came = hedui("story", STORY, other)
    assert came.exit_code == 1
    assert "expected DIBAO, got EDGE" in came.stdout


def test_a_story_that_cannot_be_read_says_where(hedui, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("id: X\n", "utf-8")
    came = hedui("story", broken)
    assert came.exit_code == 1
    assert "broken.yaml" in came.stderr


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("pack: nowhere", "nowhere"),
        ("pack_changes: {nothing: 1}", "nothing: expected a parameter of the pack"),
    ],
)
def test_a_story_under_a_pack_that_cannot_be_had_says_so(hedui, tmp_path, told, why):
    file = tmp_path / "story.yaml"
    file.write_text(STORY.read_text("utf-8").replace("expect:", f"{told}\nexpect:"), "utf-8")
    came = hedui("story", file)
    assert came.exit_code == 1
    assert why in came.stderr
    assert isinstance(came.exception, SystemExit)


def test_a_file_that_is_not_there_is_said_without_a_traceback(hedui, tmp_path):
    for typed in (("story", tmp_path / "none.yaml"), ("story", tmp_path), ("ask", tmp_path / "none.graphql")):
        result = hedui(*typed)
        assert result.exit_code in (1, 2)
        assert isinstance(result.exception, SystemExit)


def test_a_token_is_minted_for_those_the_agreements_know(hedui):
    assert hedui("token", "--as", "evaluator").stdout.count(".") == 2
    came = hedui("token", "--as", "mayor")
    assert came.exit_code == 1
    assert "expected --as one of verifier" in came.stderr


def test_outside_development_no_token_is_minted(hedui, monkeypatch):
    monkeypatch.setenv("HEDUI_REGISTERS", '{"health": "sqlite:///nowhere"}')
    came = hedui("token")
    assert came.exit_code == 1
    assert "expected HEDUI_ENV to be `dev`" in came.stderr


def test_where_the_settings_say_prod_nothing_is_minted_and_nothing_made(hedui, monkeypatch, tmp_path):
    monkeypatch.setenv("HEDUI_ENV", "prod")
    for typed in (
        ("token",),
        ("log", "checkpoint"),
        ("log", "key"),
        ("bundle", tmp_path / "evidence.zip"),
        ("run",),
        ("reports", "causes"),
        ("reports", "aids"),
    ):
        came = hedui(*typed)
        assert came.exit_code == 1
        assert came.stderr.count("\n") == 1
        assert "expected " in came.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_day_before_the_pack_is_in_force_is_said_in_a_line(hedui, monkeypatch):
    monkeypatch.setenv("HEDUI_ENV", "dev")
    monkeypatch.setenv("HEDUI_REGISTERS", '{"health": "sqlite:///nowhere"}')
    reports = [("reports", name) for name in ("aids", "causes", "stacking")]
    for typed in (("run",), *reports, ("whatif", *["demo-2026"] * 2)):
        came = hedui(*typed, "--on", "2020-01-01")
        assert came.exit_code == 1
        assert "NotInForce: expected a value of " in came.stderr.splitlines()[-1]
        assert "in force on 2020-01-01, got none" in came.stderr.splitlines()[-1]


_BORDER = ("--here", "529901", "--other", "529902", "--period", "2026-10", "--secret", "secret")
WRITING = {
    "ask": ("ask", "question", "--address", "http://127.0.0.1:9", "--receipt", "out"),
    "bundle": ("bundle", "out"),
    "statement": ("statement", "--person", "529901198802189012", "--out", "out"),
    "reports aids": ("reports", "aids", "--csv", "out"),
    "reports stacking": ("reports", "stacking", "--csv", "out"),
    "runs moves": ("runs", "moves", "one", "other", "--json", "out"),
    "whatif": ("whatif", "demo-2026", "demo-2026", "--csv", "out"),
    "agreements export": ("agreements", "export", "out"),
    "tokens secret": ("tokens", "secret", "out"),
    "tokens write": ("tokens", "write", "out", *_BORDER),
    "tokens compare": ("tokens", "compare", "given", "out", *_BORDER),
    "sample secret": ("sample", "secret", "out"),
    "sample commit": ("sample", "commit", "0" * 64, "--count", "1", "--frame", "out"),
    "sample draw": ("sample", "draw", "0", "--frame", "frame", "--out", "out"),
}
"""Every command that writes a file: `out` is where."""


@pytest.mark.parametrize("command", WRITING)
@pytest.mark.parametrize("what", ["there", "nowhere"])
def test_where_nothing_can_be_written_nothing_is_begun(hedui, tmp_path, monkeypatch, command, what):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "question").write_text("{log{size}}", "utf-8")
    (tmp_path / "secret").write_text("00" * 32, "utf-8")
    (tmp_path / "there").write_text("kept", "utf-8")
    out = tmp_path / ("there" if what == "there" else "none/out")
    came = hedui(*(out if word == "out" else word for word in WRITING[command]))
    assert came.exit_code == 1
    [line] = came.stderr.splitlines()
    assert line.split(":")[0] in ("FileExistsError", "NotADirectoryError", "FileNotFoundError")
    assert (tmp_path / "there").read_text("utf-8") == "kept"
    assert not (tmp_path / "run").exists()


def test_a_bundle_does_not_write_over_a_policy(hedui, tmp_path):
    (tmp_path / "evidence.policy").write_text("kept", "utf-8")
    came = hedui("bundle", tmp_path / "evidence.zip")
    assert (came.exit_code, came.stderr.split(":")[0]) == (1, "FileExistsError")
    assert (tmp_path / "evidence.policy").read_text("utf-8") == "kept"


def test_the_log_shows_its_head_proves_and_verifies_itself(hedui, tmp_path):
    assert hedui("log", "checkpoint").stdout.splitlines()[:2] == ["hedui.example/demo", "0"]
    bundle = tmp_path / "evidence.zip"
    assert hedui("bundle", bundle).exit_code == 0
    assert hedui("log", "proof", 0).stdout.startswith("c2sp.org/tlog-proof@v1\nindex 0\n")
    assert hedui("log", "verify").stdout == "1 entries lead to the signed head\n"
    assert hedui("log", "proof", 7).exit_code == 1
    checked = [sys.executable, "-m", "audit", "verify", bundle, "--policy", bundle.with_suffix(".policy")]
    assert subprocess.run(checked, capture_output=True, cwd=ROOT, check=False).returncode == 0


def test_a_gateway_that_is_not_there_is_said_in_a_line(hedui, tmp_path):
    question = tmp_path / "question.graphql"
    question.write_text("{log{size}}", "utf-8")
    for typed in (("ask", question), ("verify", "S-H1")):
        came = hedui(*typed, "--address", "http://127.0.0.1:9")
        assert came.exit_code == 1
        assert came.stderr == "no data: expected an answer at http://127.0.0.1:9, got ConnectError\n"


def test_a_setting_that_is_none_stops_the_start(hedui, monkeypatch):
    monkeypatch.setenv("HEDUI_LIMIT", "9")
    came = hedui("serve")
    assert came.exit_code == 1
    assert "HEDUI_LIMIT" in came.stderr
