"""Five real servers are asked at once: each of them waits until all the others have been asked too."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from threading import Barrier

from connectors.ask import Ask, Connector
from connectors.departments import TABLES
from connectors.federation import ask_all
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from tests.connectors.faulty_http import answer, serving
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import Evidence, FailureKind, NoRecord, SourceFailed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Person
from vocabulary.records.disability import Certificate
from vocabulary.records.education import Enrolment
from vocabulary.records.health import Death
from vocabulary.records.social_security import Pension

ASKED: tuple[type[Record], ...] = (Person, Pension, Death, Enrolment, Certificate)
EMPTY = answer(b'{"count": 0, "rows": [], "next": null}')
PATIENT = Patience(timeout_s=60.0, attempts=1)


def asked(addresses: dict[Department, str]) -> Evidence:
    async def ask() -> Evidence:
        connectors: dict[Department, Connector] = {
            one: HttpRegister(one, address, TABLES[one], clock=clock, patience=PATIENT)
            for one, address in addresses.items()
        }
        asks = [Ask(record, "person", (person(0),), frozenset()) for record in ASKED]
        try:
            return await ask_all(connectors, asks, timeout_s=60.0, clock=clock)
        finally:
            for connector in connectors.values():
                await connector.aclose()

    return asyncio.run(ask())


def test_nobody_waits_for_the_sum() -> None:
    # Asked one after the other, the first would wait here for ever: the barrier breaks, and no answer comes.
    together = Barrier(len(ASKED), timeout=30.0)

    def last_of_all(_: bytes) -> list[bytes | float]:
        together.wait()
        return [EMPTY]

    with ExitStack() as stack:
        addresses = {one.department: stack.enter_context(serving(last_of_all))[0] for one in ASKED}
        evidence = asked(addresses)
    assert all(isinstance(evidence.of(record, person(0)), NoRecord) for record in ASKED)


def test_one_that_is_down_fails_by_its_name_with_its_time_and_the_others_answer() -> None:
    with ExitStack() as stack:
        addresses = {one.department: stack.enter_context(serving(lambda _: [EMPTY]))[0] for one in ASKED}
        with serving(lambda _: [EMPTY]) as (gone, _):
            pass
        addresses[Department.HEALTH] = gone
        evidence = asked(addresses)
    failed = evidence.of(Death, person(0))
    assert isinstance(failed, SourceFailed)
    assert (failed.department, failed.failure, failed.at) == (
        Department.HEALTH,
        FailureKind.UNREACHABLE,
        clock(),
    )
    others = [evidence.of(record, person(0)) for record in ASKED if record is not Death]
    assert all(isinstance(one, NoRecord) for one in others)
