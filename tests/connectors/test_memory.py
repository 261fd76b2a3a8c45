"""The reference can be told to fail and to be slow, so that others can test what they make of it."""

from __future__ import annotations

import time

import pytest

from connectors.ask import Ask, SnapshotFailed
from connectors.memory import MemoryConnector, narrowed
from tests.connectors.conformance import ROWS, failure_of, fetch
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord
from vocabulary.records.education import Aid
from vocabulary.records.health import Death, Settlement

ASK = Ask(Death, "person", (person(0),), frozenset({"died_on"}))


@pytest.mark.parametrize("kind", list(FailureKind))
def test_it_fails_as_told(kind: FailureKind) -> None:
    failing = MemoryConnector(Department.HEALTH, ROWS, clock=clock, failing=kind)
    assert failure_of(fetch(failing, ASK)).failure is kind
    with pytest.raises(SnapshotFailed) as failed:
        failing.snapshot(Death, frozenset())
    assert failed.value.failure.failure is kind


def test_it_takes_as_long_as_told() -> None:
    started = time.monotonic()
    assert isinstance(
        fetch(MemoryConnector(Department.HEALTH, ROWS, clock=clock, delay_s=0.1), ASK)[person(0)], Found
    )
    assert time.monotonic() - started >= 0.1


def test_it_has_only_its_own_department_s_rows() -> None:
    health = MemoryConnector(Department.HEALTH, ROWS, clock=clock)
    assert isinstance(fetch(health, Ask(Aid, "person", (person(0),), frozenset()))[person(0)], NoRecord)


def test_a_record_type_without_rows_has_no_record_and_an_empty_snapshot() -> None:
    empty = MemoryConnector(Department.HEALTH, {}, clock=clock)
    assert isinstance(fetch(empty, ASK)[person(0)], NoRecord)
    assert [*empty.snapshot(Death, frozenset())] == []


def test_a_narrowed_row_is_the_same_row_with_fewer_columns() -> None:
    row = ROWS[Settlement][0]
    narrow = narrowed(row, frozenset({"record_id", "as_of", "total_fen"}))
    assert narrow.__struct_fields__ == ("record_id", "as_of", "total_fen")
    assert narrow.total_fen == row.total_fen
