"""Behind each number of a run's results stand its households, and nothing is counted twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.run_index import (
    GIVEN_UP,
    RunIndex,
    Sizes,
    UnderWay,
    of_category,
    of_move,
    of_rule,
)
from tests.postgres import cut_off
from verification.standing import Standing
from verification.transitions import Move, Transition
from vocabulary.codes import Category

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)


def judgement(category: object, *rules: str) -> bytes:
    found = [{"rule": rule, "answer": "yes"} for rule in rules]
    return json.dumps({"facts": {"category": category}, "found": found}).encode()


RESULTS = [
    ("H-1", judgement("DIBAO", "INC-03", "INC-03")),
    ("H-2", judgement("DIBAO")),
    ("H-3", judgement({"missing": "unknown"}, "INC-03")),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.sqlite"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def index(url: str) -> Iterator[RunIndex]:
    made = RunIndex(url)
    yield made
    made.close()


def test_counts_and_households_agree(index: RunIndex) -> None:
    counts = index.counts("r", RESULTS)
    assert (counts.of(Category.DIBAO), counts.of(None), counts.of(Category.TEKUN)) == (2, 1, 0)
    assert counts.found_of("INC-03") == 3
    assert index.households("r", of_category(Category.DIBAO), first=9) == ["H-1", "H-2"]
    assert index.households("r", of_category(None), first=9) == ["H-3"]
    assert index.households("r", of_rule("INC-03"), first=9) == ["H-1", "H-3"]
    assert index.households("r", of_rule("INC-03"), first=9, after="H-1") == ["H-3"]
    assert index.households("other", of_rule("INC-03"), first=9) == []


def test_a_run_is_read_once(index: RunIndex) -> None:
    first = index.counts("r", RESULTS)
    assert index.counts("r", iter(())) == first


def test_two_who_count_at_once_leave_one_count(index: RunIndex, url: str) -> None:
    other = RunIndex(url)

    def meanwhile() -> Iterator[tuple[str, bytes]]:
        yield from RESULTS
        other.counts("r", RESULTS)

    assert index.counts("r", meanwhile()) == other.counts("r", ())
    assert index.households("r", of_rule("INC-03"), first=9) == ["H-1", "H-3"]
    other.close()


def test_one_comparison_at_a_time_and_a_killed_one_is_given_up(index: RunIndex) -> None:
    assert index.moves("r", "b", at=NOW) is None
    assert index.comparing("r", "b", at=NOW)
    assert not index.comparing("r", "b", at=NOW)
    assert index.moves("r", "b", at=NOW) == UnderWay()
    later = NOW + GIVEN_UP + timedelta(seconds=1)
    assert index.moves("r", "b", at=later) is None
    assert index.comparing("r", "b", at=later)
    index.not_compared("r", "b")
    assert index.moves("r", "b", at=later) is None


def test_what_moved_is_kept_with_its_households_until_the_run_is_forgotten(index: RunIndex) -> None:
    standing = Standing(Category.DIBAO, 60_800, 3)
    found = [
        Transition("H-1", Move.ENTERED, None, standing, None),
        Transition("H-2", Move.UNCHANGED, standing, standing, None),
    ]
    sizes = Sizes({"ENTERED": (1, 3)}, {})
    index.comparing("r", "b", at=NOW)
    index.compared("r", "b", sizes, found)
    told = index.moves("r", "b", at=NOW)
    assert isinstance(told, Sizes)
    assert told.moves["ENTERED"] == (1, 3)
    assert index.compared_with("r") == {"b"}
    assert index.households("r", of_move("b", Move.ENTERED), first=9) == ["H-1"]
    assert index.households("r", of_move("b", Move.UNCHANGED), first=9) == []
    index.counts("r", RESULTS)
    index.keep_only(["other"])
    assert index.compared_with("r") == set()
    assert index.households("r", of_rule("INC-03"), first=9) == []


def test_a_database_that_was_started_again_is_read_at_once(postgres_url: str) -> None:
    index = RunIndex(postgres_url)
    assert index.compared_with("r") == set()
    cut_off(postgres_url)
    assert index.compared_with("r") == set()
    index.close()
