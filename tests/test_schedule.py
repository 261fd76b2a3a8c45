"""Tests that share what is dear go to one worker, those of a file do, and what takes long goes alone and early."""

from __future__ import annotations

from pathlib import Path

from tests.schedule import EACH_ALONE, ONE_WORKER, beginning, unit_of

ROOT = Path(__file__).parent.parent


def test_every_group_is_of_tests_that_there_are() -> None:
    named = [*EACH_ALONE, *(each for ids in ONE_WORKER.values() for each in ids)]
    missing = [each for each in named if not (ROOT / each).is_file()]
    assert missing == []


def test_no_test_belongs_to_two_groups() -> None:
    ids = [*EACH_ALONE, *(each for group in ONE_WORKER.values() for each in group)]
    assert not [(one, other) for one in ids for other in ids if one != other and one.startswith(other)]


def test_a_group_goes_together_and_so_does_a_file_and_what_takes_long_goes_alone() -> None:
    great, elsewhere = ONE_WORKER["great expectations"][:2]
    assert unit_of(f"{great}::test_one") == unit_of(f"{elsewhere}::test_other[a@b]")
    assert unit_of("tests/test_schedule.py::test_one") == unit_of("tests/test_schedule.py::Those::test_other")
    alone = f"{EACH_ALONE[0]}::test_one"
    assert unit_of(alone) == alone


def test_what_takes_long_begins_first_and_small_files_end() -> None:
    small, large = "tests/test_a.py::test_one", [f"tests/test_b.py::test_{number}" for number in range(3)]
    alone, shared = f"{EACH_ALONE[0]}::test_one", f"{ONE_WORKER['soap'][0]}::test_one"
    given = [small, *large, alone, shared]
    assert sorted(given, key=beginning(given)) == [shared, alone, *large, small]


def test_no_mark_asks_for_a_group_that_comes_to_nothing() -> None:
    mark = "pytest.mark." + "xdist_group"
    assert [path.name for path in (ROOT / "tests").rglob("*.py") if mark in path.read_text("utf-8")] == []
