"""The questions of one inquiry to one department go in one request where its contract says so, and mean the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from connectors.ask import Ask, Connector, Together
from connectors.departments import TABLES, connect
from connectors.federation import ask_all
from connectors.guard import Patience
from connectors.http_register import HttpRegister
from demo.registers.systems import Registers, write_registers
from tests.connectors.conformance import PEOPLE, ROWS, everything, fetch
from tests.connectors.faulty_http import answer, serving
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome, SourceFailed
from vocabulary.records.social_security import Insurance, Pension
from vocabulary.register import records_of

SOCIAL_SECURITY = Department.SOCIAL_SECURITY

QUICK = Patience(timeout_s=5.0, attempts=1)


@pytest.fixture(scope="module")
def connectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Department, Connector]]:
    folder = tmp_path_factory.mktemp("together")
    write_registers(ROWS, folder)
    with Registers(folder) as registers:
        yield connect(registers.addresses, clock=clock)


def asks_of(people: int) -> list[Ask]:
    ids = tuple(map(person, range(people)))
    return [Ask(record, "person", ids, everything(record)) for record in records_of(SOCIAL_SECURITY)]


@pytest.mark.parametrize("people", [0, 1, PEOPLE, 1_001])
def test_asked_together_every_record_type_says_what_it_says_alone(
    connectors: Mapping[Department, Connector], people: int
) -> None:
    connector, asks = connectors[SOCIAL_SECURITY], asks_of(people)
    assert isinstance(connector, Together)
    assert connector.asks_together
    assert asyncio.run(connector.fetch_all(asks)) == [fetch(connector, ask) for ask in asks]
    evidence = asyncio.run(ask_all(connectors, asks, timeout_s=30, clock=clock))
    if people:
        assert evidence.outcomes == {ask.record: fetch(connector, ask) for ask in asks}


ASKS = [Ask(one, "person", (person(0),), frozenset({"month"})) for one in (Insurance, Pension)]


def page(*rows: Mapping[str, object], following: str | None = None) -> dict[str, object]:
    return {"count": len(rows), "rows": rows, "next": following}


def row(key: str = "1") -> dict[str, object]:
    return {"baz001": key, "aac147": person(0), "aae003": 202610, "aae036": 20261031}


def asked(*bodies: object) -> tuple[list[Mapping[str, Outcome]], list[bytes]]:
    """Ask a service that answers so, one after the other."""
    turns = iter(bodies)
    with serving(lambda _: [answer(json.dumps(next(turns)).encode())]) as (address, requests):
        register = HttpRegister(
            SOCIAL_SECURITY,
            address,
            TABLES[SOCIAL_SECURITY],
            clock=clock,
            patience=QUICK,
            batch="/v1/batch",
        )
        return asyncio.run(register.fetch_all(ASKS)), requests


def test_two_record_types_are_one_request() -> None:
    (insurance, pension), requests = asked({"pages": [page(row()), page()]})
    assert isinstance(insurance[person(0)], Found)
    assert isinstance(pension[person(0)], NoRecord)
    (request,) = requests
    assert request.startswith(b"POST /v1/batch HTTP/1.1\r\n")
    told = json.loads(request.partition(b"\r\n\r\n")[2])["questions"]
    assert [one["table"] for one in told] == ["ac43", "ic60"]
    assert told[0]["fields"] == ["baz001", "aac147", "aae003", "aae036"]


def test_what_follows_a_page_is_asked_for_in_the_ordinary_way() -> None:
    first = {"pages": [page(row("1"), following="1"), page()]}
    (insurance, _), requests = asked(first, page(row("2")))
    found = insurance[person(0)]
    assert isinstance(found, Found)
    assert [one.record_id for one in found.records] == ["1", "2"]
    assert requests[1].startswith(b"POST /v1/ac43/query HTTP/1.1\r\n")


def test_a_row_that_does_not_decode_fails_its_own_record_type_only() -> None:
    (insurance, pension), _ = asked({"pages": [page({**row(), "aae003": 202613}), page(row())]})
    assert isinstance(insurance[person(0)], SourceFailed)
    assert isinstance(pension[person(0)], Found)


@pytest.mark.parametrize(
    "body",
    [
        {"pages": [page(row())]},
        {"pages": [page(row()), page(), page()]},
        {"pages": [page(row()), {**page(row()), "count": 2}]},
        {"pages": None},
        [],
        page(row()),
    ],
)
def test_an_answer_otherwise_than_agreed_breaks_the_contract_for_all(body: object) -> None:
    answers, _ = asked(body)
    for one in answers:
        failed = one[person(0)]
        assert isinstance(failed, SourceFailed)
        assert failed.failure is FailureKind.CONTRACT_BROKEN


def test_questions_are_never_put_together_where_the_contract_does_not_say_so(tmp_path: Path) -> None:
    register = HttpRegister(SOCIAL_SECURITY, "http://127.0.0.1:1", TABLES[SOCIAL_SECURITY], clock=clock)
    assert not register.asks_together
    (other,) = connect({Department.HEALTH: f"sqlite:///{tmp_path}/none"}, clock=clock).values()
    assert not isinstance(other, Together)
