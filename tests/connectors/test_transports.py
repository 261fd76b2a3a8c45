"""Transports are found by name: ours, and those of an installed package of somebody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connectors.transports import NoTransport, transport
from tests.connectors.contract_text import changed

ROOT = Path(__file__).parents[2]

PACKAGE = '''
"""A transport that answers from a list, as another package might bring one."""

from connectors.memory import MemoryConnector


def connect(contract, address, *, clock, today, patience):
    assert address == "pigeon://loft"
    return MemoryConnector(contract.department, {}, clock=clock)


nothing = "no transport"
'''

ASKING = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from connectors.ask import Ask
from connectors.contract import read_contract
from connectors.contract_check import check
from connectors.departments import connect
from connectors.transports import NoTransport
from vocabulary.records.housing import Dwelling

contract = read_contract(Path(sys.argv[1]))
given = {contract.department: contract}
clock = lambda: datetime(2026, 11, 22, tzinfo=UTC)
try:
    connected = connect({contract.department: "pigeon://loft"}, clock=clock, contracts=given)[contract.department]
except NoTransport as why:
    print(why)
else:
    answer = asyncio.run(connected.fetch(Ask(Dwelling, "person", ("x",), frozenset())))
    print(type(answer["x"]).__name__, [str(one) for one in check(Path(sys.argv[1]))[1]])
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A distribution as pip would have installed it: a module, and its entry points in its dist-info."""
    site = tmp_path / "site"
    told = site / "pigeon_post-1.0.dist-info"
    told.mkdir(parents=True)
    (site / "pigeon_post.py").write_text(PACKAGE, encoding="utf-8")
    (told / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: pigeon-post\nVersion: 1.0\n", encoding="utf-8"
    )
    points = "[hedui.transports]\npigeon = pigeon_post:connect\nempty = pigeon_post:nothing\n"
    points += "absent = pigeon_post:other\nsql = pigeon_post:connect\n"
    (told / "entry_points.txt").write_text(points, encoding="utf-8")
    return site


def asked(site: Path, folder: Path, name: str) -> str:
    file = changed(folder, "housing", "transport, value: sql", f"transport, value: {name}")
    done = subprocess.run(
        [sys.executable, "-c", ASKING, str(file)],
        env={"PYTHONPATH": f"{site}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_an_installed_package_s_transport_answers(installed: Path, tmp_path: Path) -> None:
    assert asked(installed, tmp_path, "pigeon") == "NoRecord []"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("empty", "expected transport `empty` to be callable, got a str"),
        ("absent", "expected transport `absent` to load, got AttributeError"),
        (
            "raven",
            "expected a transport of sql, http, rest, soap, files or one entry point `raven` of `hedui.transports`, got 0",
        ),
    ],
)
def test_what_is_no_transport_is_told(installed: Path, tmp_path: Path, name: str, why: str) -> None:
    assert asked(installed, tmp_path, name) == why


def test_a_package_cannot_take_the_place_of_one_of_ours(installed: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from connectors.transports import transport; print(transport('sql').__module__)",
        ],
        env={"PYTHONPATH": f"{installed}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "connectors.transports"


def test_a_name_that_nobody_has_is_refused() -> None:
    with pytest.raises(NoTransport, match="got 0"):
        transport("raven")
