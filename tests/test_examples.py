"""Does what `docs/graphql.md` shows work as it stands, typed by somebody who has just started `hedui serve`?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import parse, validate

from demo.registers.systems import Registers, write_registers
from demo.story import load_all
from gateway.schema.query import schema
from gateway.serving import Background
from gateway.settings import Settings
from vocabulary.register import RECORD_TYPES

ROOT = Path(__file__).parent.parent
STORY = next(story for story in load_all() if story.id == "H8")
ADDRESS = "http://127.0.0.1:8443"


def blocks(language: str) -> list[str]:
    """The examples of the page in a language; what holds an ellipsis is no whole one."""
    page = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8")
    found = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return [each for each in found if "…" not in each]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A gateway over the household of the examples; gives its address and the environment of a terminal."""
    run = tmp_path_factory.mktemp("run")
    rows = {record: [row for row in STORY.records if type(row) is record] for record in RECORD_TYPES}
    write_registers(rows, run / "registers")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HEDUI_")}
    with pytest.MonkeyPatch.context() as patch, Registers(run / "registers") as registers:
        for name in os.environ.keys() - clean.keys():
            patch.delenv(name)
        settings = Settings.load(env="dev", run_folder=run, port=0, registers=registers.addresses)
        with Background(settings, today=lambda: STORY.on) as gateway:
            path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
            yield {**clean, "PATH": path, "HEDUI_RUN_FOLDER": str(run), "ADDRESS": gateway.address}


def typed(script: str, *, by: str, served: dict[str, str]) -> str:
    """What a script prints that is typed as it stands, but for the address."""
    told = subprocess.run(
        [by, "-"] if by == sys.executable else [by, "-eu", "-s"],
        input=script.replace(ADDRESS, served["ADDRESS"]),
        env=served,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_questions_fit_the_schema() -> None:
    shown = blocks("graphql")
    assert len(shown) >= 2
    assert [fault.message for each in shown for fault in validate(schema(), parse(each))] == []


def test_what_is_typed_into_a_terminal_is_answered(served: dict[str, str]) -> None:
    asking = [each for each in blocks("sh") if "curl" in each]
    token, *_ = asking[0].splitlines()
    answered, followed = (typed(f"{token}\n{each}", by="bash", served=served) for each in asking)
    assert json.loads(answered)["data"]["household"]["verification"]["category"] == "NONE"
    assert '"state":"SOUND"' in followed
    assert followed.rstrip().endswith("event: complete\ndata:")


def test_what_is_typed_into_python_is_answered(served: dict[str, str]) -> None:
    token = typed("HEDUI_ENV=dev hedui token --as verifier", by="bash", served=served).strip()
    told = typed("".join(blocks("python")), by=sys.executable, served={**served, "TOKEN": token})
    assert "{'household': {'number': 'S-H8'}}" in told
    assert "c2sp.org/tlog-proof@v1" in told
    assert "NONE 0.00 [" in told
    assert "'state': 'SOUND'" in told
