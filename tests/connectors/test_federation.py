"""Everybody is asked at once, and one source down is not an outage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import pytest

from connectors.ask import Ask, Connector
from connectors.federation import ask_all
from connectors.memory import MemoryConnector
from tests.connectors.conformance import ROWS, asks_of
from tests.connectors.rows import NOW, clock, person
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, FailureKind, Found, NoRecord, NotAsked, SourceFailed
from vocabulary.record import columns_of
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Birth, Death


def connectors(**changed: MemoryConnector) -> dict[Department, Connector]:
    """All five in memory, some of them replaced."""
    every: dict[Department, Connector] = {one: MemoryConnector(one, ROWS, clock=clock) for one in Department}
    return {**every, **{Department(name): one for name, one in changed.items()}}


def ask(asked: Mapping[Department, Connector], *asks: Ask, timeout_s: float = 5.0) -> Evidence:
    return asyncio.run(ask_all(asked, asks, timeout_s=timeout_s, clock=clock))


EVERYTHING = [one for each in connectors().values() for one in asks_of(each, numbers=range(4))]


def test_every_ask_is_answered_by_its_own_department() -> None:
    evidence = ask(connectors(), *EVERYTHING)
    for one in EVERYTHING:
        assert all(not isinstance(evidence.of(one.record, subject), NotAsked) for subject in one.ids)
    assert not [*evidence.failures()]


def test_what_was_not_asked_is_not_asked() -> None:
    evidence = ask(connectors(), Ask(Death, "person", (person(0),), frozenset()))
    assert isinstance(evidence.of(Death, person(2)), NotAsked)
    assert isinstance(evidence.of(Enrolment, person(0)), NotAsked)


def test_no_asks_give_no_outcomes() -> None:
    assert ask(connectors()).outcomes == {}


@pytest.mark.parametrize("kind", list(FailureKind))
def test_one_source_that_fails_spoils_no_other(kind: FailureKind) -> None:
    failing = MemoryConnector(Department.HEALTH, ROWS, clock=clock, failing=kind)
    evidence, healthy = ask(connectors(health=failing), *EVERYTHING), ask(connectors(), *EVERYTHING)
    assert {failed.department for failed in evidence.failures()} == {Department.HEALTH}
    assert {failed.failure for failed in evidence.failures()} == {kind}
    for record, outcomes in healthy.outcomes.items():
        if record.department is not Department.HEALTH:
            assert evidence.outcomes[record] == outcomes


def test_a_source_that_is_over_time_is_a_value_and_holds_nobody_up() -> None:
    slow = MemoryConnector(Department.HEALTH, ROWS, clock=clock, delay_s=30.0)
    started = time.monotonic()
    evidence = ask(connectors(health=slow), *EVERYTHING, timeout_s=0.2)
    assert time.monotonic() - started < 10.0
    assert {(one.department, one.failure) for one in evidence.failures()} == {
        (Department.HEALTH, FailureKind.TIMED_OUT)
    }
    assert isinstance(evidence.of(Enrolment, person(0)), Found)


def test_a_department_without_a_connector_is_unreachable() -> None:
    asked = connectors()
    del asked[Department.HEALTH]
    outcome = ask(asked, Ask(Death, "person", (person(0),), frozenset())).of(Death, person(0))
    assert outcome == SourceFailed(
        Department.HEALTH, FailureKind.UNREACHABLE, NOW, "expected an address of this department, got none"
    )


def test_a_birth_asked_for_by_child_and_by_mother_has_both_rows() -> None:
    columns = frozenset(columns_of(Birth))
    child, mother = (Ask(Birth, by, (person(2), person(1)), columns) for by in ("person", "mother"))
    evidence = ask(connectors(), child, mother)
    rows = evidence.records(Birth, person(2))
    assert {row.person for row in rows} == {person(0), person(2)}
    assert [row.record_id for row in rows] == sorted(row.record_id for row in rows)
    assert isinstance(evidence.of(Birth, person(1)), NoRecord)


def test_half_an_answer_about_a_subject_is_no_answer() -> None:
    class ByMotherFails(MemoryConnector):
        async def fetch(self, ask: Ask) -> Mapping[str, object]:  # type: ignore[override]  # narrower on purpose
            if ask.by == "mother":
                return dict.fromkeys(ask.ids, SourceFailed(Department.HEALTH, FailureKind.TIMED_OUT, NOW))
            return await super().fetch(ask)

    asked = connectors(health=ByMotherFails(Department.HEALTH, ROWS, clock=clock))
    asks = [Ask(Birth, by, (person(2),), frozenset()) for by in ("person", "mother")]
    assert isinstance(ask(asked, *asks).of(Birth, person(2)), SourceFailed)
    assert isinstance(ask(asked, *reversed(asks)).of(Birth, person(2)), SourceFailed)
