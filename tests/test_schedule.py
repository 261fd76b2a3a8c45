"""Tests that share what is dear go to one worker, and no others do."""

from __future__ import annotations

from pathlib import Path

from tests.schedule import ONE_WORKER, unit_of

ROOT = Path(__file__).parent.parent


def test_every_group_is_of_tests_that_there_are() -> None:
    missing = [each for ids in ONE_WORKER.values() for each in ids if not (ROOT / each).is_file()]
    assert missing == []


def test_no_test_belongs_to_two_groups() -> None:
    ids = [each for group in ONE_WORKER.values() for each in group]
    assert not [(one, other) for one in ids for other in ids if one != other and one.startswith(other)]


def test_a_group_goes_together_and_every_other_test_goes_alone() -> None:
    great, elsewhere = ONE_WORKER["great expectations"][:2]
    assert unit_of(f"{great}::test_one") == unit_of(f"{elsewhere}::test_other[a@b]")
    alone = "tests/test_schedule.py::test_no_test_belongs_to_two_groups"
    assert unit_of(alone) == alone


def test_no_mark_asks_for_a_group_that_comes_to_nothing() -> None:
    mark = "pytest.mark." + "xdist_group"
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if mark in path.read_text("utf-8")] == []
