"""Is what we speak GraphQL over HTTP? Asked of graphql-http, which we did not write, against a served gateway."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.persona import PERSONAS, mint
from gateway.serving import Background
from gateway.settings import Settings
from tests.gateway.node import node_with

ORACLE = Path(__file__).parent / "oracles" / "graphql_over_http.cjs"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    node, environment = node_with("graphql-http")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HEDUI_")]:
            patch.delenv(name)
        settings = Settings.load(env="dev", run_folder=tmp_path_factory.mktemp("run"), port=0)
    who = PERSONAS["verifier"]
    with Background(settings) as gateway:
        asker = {
            "authorization": f"Bearer {mint(settings, who, at=datetime.now(UTC))}",
            "x-hedui-purpose": who.purpose.value,
            "x-hedui-case": "HD-2026-0001",
        }
        run = subprocess.run(
            [node, ORACLE, f"{gateway.address}/graphql"],
            env={**environment, "ASKER": json.dumps(asker)},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return json.loads(run.stdout)


def test_all_sixty_one_checks_pass(results):
    assert len(results) == 61
    assert [result for result in results if result[1] != "ok"] == []


def test_the_checks_are_those_that_the_specification_knows(results):
    kinds = [name.split()[0] for name, _, _ in results]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"MUST": 13, "SHOULD": 23, "MAY": 25}
