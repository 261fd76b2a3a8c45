"""A department's own REST service, by what its contract says of it; and the ways in which one goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.ask import Ask, Connector, SnapshotFailed
from connectors.contract import Contract, read_contract
from connectors.contract_check import check
from connectors.departments import connect
from connectors.guard import Patience
from connectors.quota import Quota
from connectors.transports import NoTransport
from connectors.trial import attempt
from tests.connectors.conformance import ROWS, Conformance, failure_of, fetch
from tests.connectors.contract_text import changed
from tests.connectors.faulty_http import answer, serving
from tests.connectors.rest_service import KEY, contract_file
from tests.connectors.rest_service import serving as rest_serving
from tests.connectors.rows import clock, person
from tests.connectors.test_http_register import self_signed
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome
from vocabulary.records.housing import Dwelling, RentalSubsidy

ASK = Ask(RentalSubsidy, "person", (person(0),), frozenset({"month", "amount_fen"}))

QUICK = Patience(timeout_s=5.0, attempts=1)


def connected(contract: Contract, address: str, patience: Patience | None = None) -> Connector:
    given = {} if patience is None else {Department.HOUSING: patience}
    contracts = {Department.HOUSING: contract}
    connectors = connect({Department.HOUSING: address}, clock=clock, patience=given, contracts=contracts)
    return connectors[Department.HOUSING]


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return read_contract(contract_file(tmp_path_factory.mktemp("rest")))


@pytest.fixture(scope="module")
def by_rest(contract: Contract) -> Iterator[Connector]:
    with rest_serving(ROWS) as address:
        yield connected(contract, address, Patience(timeout_s=30.0, quota=Quota(queue_s=30.0)))


class TestByRest(Conformance):
    @pytest.fixture
    def connector(self, by_rest: Connector) -> Connector:
        return by_rest


def row(**changed: object) -> dict[str, object]:
    of = {
        "lsh": "1",
        "sfzh": person(0),
        "btny": "202610",
        "btje": "120.50",
        "sfff": True,
        "sjrq": "2026-10-31",
    }
    return {**of, **changed}


def told(*rows: dict[str, object], more: object = None) -> bytes:
    return json.dumps({"items": rows, "meta": {"more": more}}).encode()


def asked(contract: Contract, *parts: bytes | float, patience: Patience = QUICK) -> Mapping[str, Outcome]:
    with serving(lambda _: [*parts]) as (address, _):
        return fetch(connected(contract, address, patience), ASK)


def test_a_row_is_read_and_an_empty_list_is_no_record(contract: Contract) -> None:
    assert isinstance(asked(contract, answer(told(row())))[person(0)], Found)
    assert isinstance(asked(contract, answer(told()))[person(0)], NoRecord)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(answer(b"{"), id="garbage"),
        pytest.param(answer(b"\xff"), id="not UTF-8"),
        pytest.param(answer(b"[]"), id="another shape"),
        pytest.param(answer(b"{}"), id="no list, which is no empty list"),
        pytest.param(answer(b'{"items": null}'), id="nothing where the list should be"),
        pytest.param(answer(b'{"items": [1]}'), id="rows that are none"),
        pytest.param(answer(told({"lsh": "1"})), id="another field"),
        pytest.param(answer(told(row(btje=120.5))), id="a float"),
        pytest.param(answer(told(row(sfzh=person(4)))), id="somebody who was not asked for"),
        pytest.param(answer(told(row(), more={"page": 2})), id="a place that is none"),
        pytest.param(answer(told(more="2")), id="an empty page with a next"),
        pytest.param(answer(told(row()), content_type="text/html"), id="wrong content type"),
        pytest.param(
            answer(b"", status="302 Found", extra="Location: http://127.0.0.1:1/\r\n"), id="a redirect"
        ),
    ],
)
def test_an_answer_otherwise_than_agreed_breaks_the_contract(contract: Contract, sent: bytes) -> None:
    assert failure_of(asked(contract, sent)).failure is FailureKind.CONTRACT_BROKEN


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (answer(b"{}", status="401 Unauthorized"), FailureKind.REFUSED),
        (answer(b"{}", status="429 Too Many Requests"), FailureKind.QUOTA_EXCEEDED),
        (answer(b"{}", status="503 Service Unavailable"), FailureKind.UNREACHABLE),
        (answer(told(row())[:20], length=10_000), FailureKind.UNREACHABLE),
        (b"", FailureKind.UNREACHABLE),
    ],
)
def test_other_failures_have_their_kind(contract: Contract, sent: bytes, kind: FailureKind) -> None:
    assert failure_of(asked(contract, sent)).failure is kind


def test_a_certificate_that_fails_gets_no_question(contract: Contract, tmp_path: Path) -> None:
    with serving(lambda _: [answer(told(row()))], tls=self_signed(tmp_path)) as (address, requests):
        failed = failure_of(fetch(connected(contract, address.replace("//", f"//{KEY}@"), QUICK), ASK))
    assert failed.failure is FailureKind.UNREACHABLE
    assert requests == []


def test_a_service_that_says_nothing_or_trickles_is_given_up_in_time(contract: Contract) -> None:
    impatient = Patience(timeout_s=0.4, attempts=1)
    assert failure_of(asked(contract, 20.0, patience=impatient)).failure is FailureKind.TIMED_OUT
    trickle: list[bytes | float] = [answer(b"", length=10**6)]
    for _ in range(30):
        trickle += [b" ", 0.05]
    assert failure_of(asked(contract, *trickle, patience=impatient)).failure is FailureKind.TIMED_OUT


def test_a_page_that_comes_again_ends_the_snapshot(contract: Contract) -> None:
    with (
        serving(lambda _: [answer(told(row(), more="1"))]) as (address, _),
        pytest.raises(SnapshotFailed, match="the same place again"),
    ):
        list(connected(contract, address).snapshot(RentalSubsidy, frozenset()))


@pytest.mark.parametrize(
    ("auth", "address", "header"),
    [
        ("{kind: header, name: X-Api-Key}", "//a-key@", b"x-api-key: a-key"),
        ("{kind: bearer}", "//a-key@", b"authorization: bearer a-key"),
        ("{kind: basic}", "//a:b@", b"authorization: basic ytpi"),
    ],
)
def test_the_secret_is_shown_as_the_contract_says(
    tmp_path: Path, auth: str, address: str, header: bytes
) -> None:
    file = contract_file(tmp_path)
    text = file.read_text(encoding="utf-8").replace("{kind: header, name: X-Api-Key}", auth)
    file.write_text(text, encoding="utf-8")
    with serving(lambda _: [answer(told())]) as (where, requests):
        fetch(connected(read_contract(file), where.replace("//", address)), ASK)
    assert header in requests[0].lower()


def test_a_wrong_key_is_refused_and_not_repeated_to_anybody(contract: Contract) -> None:
    with rest_serving(ROWS) as address:
        failed = failure_of(fetch(connected(contract, address.replace(KEY, "other-key"), QUICK), ASK))
    assert failed.failure is FailureKind.REFUSED
    assert "other-key" not in failed.detail


def test_a_server_that_is_not_described_or_described_wrongly_is_told(tmp_path: Path) -> None:
    file = changed(tmp_path, "housing", "transport, value: sql", "transport, value: rest")
    with pytest.raises(NoTransport, match="missing required field `operations`"):
        connected(read_contract(file), "http://127.0.0.1:1")


def test_trying_a_contract_tells_the_version_and_shapes_of_the_real_service_and_no_value(
    contract: Contract,
) -> None:
    with rest_serving(ROWS) as address:
        tried = attempt(contract, connected(contract, address), today=clock().date())
    assert tried.version == "房屋查询 2.4 (OpenAPI 3.1.0)"
    assert tried.holds
    assert [(one.rows, one.failed, one.broken) for one in tried.tables] == [(10, None, ())] * 2
    assert all(one.newest is not None for one in tried.tables)
    for row in (*ROWS[Dwelling], *ROWS[RentalSubsidy]):
        assert str(row.person) not in repr(tried.tables)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (answer(b'{"openapi": "3.1.0"}'), "CONTRACT_BROKEN: expected an OpenAPI document"),
        (
            answer(b'{"openapi": "3.1.0", "info": {"title": "a\\u001b[2J", "version": "1"}}'),
            "CONTRACT_BROKEN",
        ),
        (answer(b"[1]"), "CONTRACT_BROKEN"),
        (answer(b"{", content_type="text/html"), "CONTRACT_BROKEN: expected content type"),
        (answer(b"{}", status="404 Not Found"), "CONTRACT_BROKEN"),
        (b"", "UNREACHABLE"),
    ],
)
def test_a_service_that_does_not_describe_itself_is_told_in_its_place(
    contract: Contract, sent: bytes, why: str
) -> None:
    with serving(lambda _: [sent]) as (address, _):
        tried = attempt(contract, connected(contract, address, QUICK), today=clock().date())
    assert tried.version.startswith(f"not told: {why}")
    assert not tried.holds


def test_its_own_description_is_compared_with_the_contract(tmp_path: Path) -> None:
    file = contract_file(tmp_path)
    text = file.read_text(encoding="utf-8")
    named = "{property: openapi, value: rest.json}, {property: auth,"
    file.write_text(text.replace("{property: auth,", named), encoding="utf-8")
    fields = {name: {} for name in ("lsh", "sfzh", "btny", "btje", "sfff")}
    items: dict[str, Any] = {"items": {"items": {"properties": fields}}}
    one = {"responses": {"200": {"content": {"application/json": {"schema": {"properties": items}}}}}}
    document = {"openapi": "3.0.3", "paths": {"/bt/find": {"post": one}, "/bt": {"get": one}}}
    (tmp_path / "rest.json").write_text(json.dumps(document), encoding="utf-8")
    assert [f"{one.field}: {one.why}" for one in check(file)[1]] == [
        "Dwelling: expected `GET /fw/find` in the OpenAPI document, got none",
        "Dwelling: expected `GET /fw` in the OpenAPI document, got none",
        "RentalSubsidy: expected field `sjrq` in the rows of `POST /bt/find`, got none",
        "RentalSubsidy: expected `POST /bt` in the OpenAPI document, got none",
    ]
