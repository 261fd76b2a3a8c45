"""A department that answers by SOAP, on a server that is not ours; and the ways in which one goes wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from connectors.ask import Ask, Connector, SnapshotFailed
from connectors.contract import Contract, read_contract
from connectors.departments import connect
from connectors.guard import Patience
from connectors.quota import Quota
from connectors.transports import NoTransport
from connectors.trial import attempt
from tests.connectors.conformance import ROWS, Conformance, failure_of, fetch
from tests.connectors.contract_text import changed
from tests.connectors.faulty_http import answer, serving
from tests.connectors.rows import clock, person
from tests.connectors.soap_service import SPACE, contract_file, missing
from tests.connectors.soap_service import serving as soap_serving
from tests.connectors.test_http_register import self_signed
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome
from vocabulary.records.housing import RentalSubsidy

ASK = Ask(RentalSubsidy, "person", (person(0),), frozenset({"month", "amount_fen"}))

QUICK = Patience(timeout_s=5.0, attempts=1)


def connected(contract: Contract, address: str, patience: Patience | None = None) -> Connector:
    given = {} if patience is None else {Department.HOUSING: patience}
    contracts = {Department.HOUSING: contract}
    return connect({Department.HOUSING: address}, clock=clock, patience=given, contracts=contracts)[
        Department.HOUSING
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soap")


@pytest.fixture(scope="module")
def contract(folder: Path) -> Contract:
    return read_contract(contract_file(folder))


@pytest.fixture(scope="module")
def by_soap(folder: Path, contract: Contract) -> Iterator[Connector]:
    if missing():
        pytest.skip(missing())
    with soap_serving(folder, ROWS) as address:
        yield connected(contract, address, Patience(timeout_s=30.0, quota=Quota(queue_s=30.0)))


class TestBySoap(Conformance):
    @pytest.fixture
    def connector(self, by_soap: Connector) -> Connector:
        return by_soap


def test_nothing_is_kept_open_of_a_register_that_is_let_go(folder: Path, contract: Contract) -> None:
    if missing():
        pytest.skip(missing())
    with soap_serving(folder, ROWS) as address:
        register = connected(contract, address)
        assert isinstance(fetch(register, ASK)[person(0)], Found)
        carriers = [port._carrier._client for port in register._ports]  # type: ignore[attr-defined]
        asyncio.run(register.aclose())
    assert [one.is_closed for one in carriers] == [True]


def test_account_and_password_travel_as_ws_security(folder: Path, contract: Contract) -> None:
    if missing():
        pytest.skip(missing())
    with soap_serving(folder, ROWS, account="reader", password="a-secret") as address:
        right = connected(contract, address.replace("//", "//reader:a-secret@"))
        assert isinstance(fetch(right, ASK)[person(0)], Found)
        for wrong in (address, address.replace("//", "//reader:other@")):
            failed = failure_of(fetch(connected(contract, wrong, QUICK), ASK))
            assert failed.failure in (FailureKind.REFUSED, FailureKind.UNREACHABLE)
            assert "a-secret" not in failed.detail


def test_trying_a_contract_says_whether_the_service_has_the_wsdl_of_the_contract(
    tmp_path: Path, contract: Contract
) -> None:
    if missing():
        pytest.skip(missing())
    own = read_contract(contract_file(tmp_path))
    with soap_serving(tmp_path, ROWS) as address:
        tried = attempt(own, connected(own, address), today=clock().date())
        # The address within a WSDL is where each server says it stands: it is no difference.
        (digest,) = re.findall(
            f"^SOAP Housing, WSDL {SPACE} ([0-9a-f]{{12}}), as the service's own$", tried.version
        )
        file = tmp_path / "housing.wsdl"
        file.write_text(file.read_text("utf-8").replace('name="count"', 'name="counted"', 1), "utf-8")
        later = connected(own, address).version()  # type: ignore[attr-defined]
    assert tried.holds
    assert [(one.rows, one.failed, one.broken) for one in tried.tables] == [(10, None, ())] * 2
    assert re.fullmatch(
        f"SOAP Housing, WSDL {SPACE} [0-9a-f]{{12}} by the contract, {SPACE} {digest} by the service: DIFFERENT",
        later,
    )


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "CONTRACT_BROKEN"),
        (answer(b"<a", content_type="text/xml"), "CONTRACT_BROKEN"),
        (answer(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', content_type="text/xml"), "CONTRACT_BROKEN"),
        (b"", "UNREACHABLE"),
    ],
)
def test_a_service_that_gives_no_wsdl_of_its_own_is_told(contract: Contract, sent: bytes, why: str) -> None:
    with serving(lambda _: [sent]) as (address, _):
        version = connected(contract, address, QUICK).version()  # type: ignore[attr-defined]
    assert f"by the contract; the service's own is not told: {why}" in version


def envelope(body: str) -> bytes:
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<e:Envelope xmlns:e="{space}" xmlns="{SPACE}"><e:Body>{body}</e:Body></e:Envelope>'.encode()


ROW = (
    f"<row><lsh>1</lsh><sfzh>{person(0)}</sfzh><btny>202610</btny><btje>120.50</btje>"
    "<sfff>1</sfff><sjrq>2026-10-31</sjrq></row>"
)


def told(rows: str, count: int = 1, more: str = "") -> bytes:
    inner = f"<count>{count}</count>{more}{rows}"
    return envelope(f"<Queryzf_zlbtAnswer>{inner}</Queryzf_zlbtAnswer>")


def soap(body: bytes, **changed: str) -> bytes:
    return answer(body, **{"content_type": "text/xml; charset=utf-8", **changed})


def asked(contract: Contract, *parts: bytes | float, patience: Patience = QUICK) -> Mapping[str, Outcome]:
    with serving(lambda _: [*parts]) as (address, _):
        return fetch(connected(contract, address, patience), ASK)


def test_a_row_is_read_and_none_is_no_record(contract: Contract) -> None:
    found = asked(contract, soap(told(ROW)))[person(0)]
    assert isinstance(found, Found)
    assert found.records[0].amount_fen == 12050
    assert isinstance(asked(contract, soap(told("", 0)))[person(0)], NoRecord)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(soap(b"<html>"), id="garbage"),
        pytest.param(soap(envelope("<Other/>")), id="another schema"),
        pytest.param(soap(told(ROW, 2)), id="half a page"),
        pytest.param(soap(told("").replace(b"<count>1</count>", b"")), id="nothing at all"),
        pytest.param(soap(envelope("")), id="an empty body"),
        pytest.param(soap(told("<row><lsh>1</lsh><other>2</other></row>")), id="another field"),
        pytest.param(soap(told(ROW.replace("120.50", "120.505"))), id="an amount of three places"),
        pytest.param(soap(told(ROW.replace(person(0), person(4)))), id="somebody who was not asked for"),
        pytest.param(answer(told(ROW), content_type="text/html"), id="wrong content type"),
        pytest.param(
            soap(b'<!DOCTYPE a [<!ENTITY b "c">]>' + told(ROW.replace("120.50", "&b;"))), id="an entity"
        ),
        pytest.param(
            answer(b"", status="307 Temporary Redirect", extra="Location: http://127.0.0.1:1/\r\n"),
            id="a redirect",
        ),
        pytest.param(
            soap(envelope("<e:Fault><faultcode>e:Client</faultcode><faultstring>no</faultstring></e:Fault>")),
            id="a fault of the asker's",
        ),
    ],
)
def test_an_answer_otherwise_than_agreed_breaks_the_contract(contract: Contract, sent: bytes) -> None:
    assert failure_of(asked(contract, sent)).failure is FailureKind.CONTRACT_BROKEN


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (answer(b"", status="401 Unauthorized"), FailureKind.REFUSED),
        (answer(b"", status="429 Too Many Requests"), FailureKind.QUOTA_EXCEEDED),
        (answer(b"", status="503 Service Unavailable"), FailureKind.UNREACHABLE),
        (soap(told(ROW)[:-40], length=10_000), FailureKind.UNREACHABLE),
        (b"", FailureKind.UNREACHABLE),
        (
            soap(envelope("<e:Fault><faultcode>e:Server</faultcode><faultstring>no</faultstring></e:Fault>")),
            FailureKind.UNREACHABLE,
        ),
        (
            soap(
                envelope(
                    "<e:Fault><faultcode>wsse:FailedAuthentication</faultcode><faultstring>n</faultstring></e:Fault>"
                )
            ),
            FailureKind.REFUSED,
        ),
    ],
)
def test_other_failures_have_their_kind(contract: Contract, sent: bytes, kind: FailureKind) -> None:
    assert failure_of(asked(contract, sent)).failure is kind


def test_a_certificate_that_fails_gets_no_question(contract: Contract, tmp_path: Path) -> None:
    with serving(lambda _: [soap(told(ROW))], tls=self_signed(tmp_path)) as (address, requests):
        failed = failure_of(fetch(connected(contract, address, QUICK), ASK))
    assert failed.failure is FailureKind.UNREACHABLE
    assert requests == []


def test_a_service_that_says_nothing_or_trickles_is_given_up_in_time(contract: Contract) -> None:
    impatient = Patience(timeout_s=0.4, attempts=1)
    assert failure_of(asked(contract, 20.0, patience=impatient)).failure is FailureKind.TIMED_OUT
    trickle: list[bytes | float] = [soap(b"", length=10**6)]
    for _ in range(30):
        trickle += [b" ", 0.05]
    assert failure_of(asked(contract, *trickle, patience=impatient)).failure is FailureKind.TIMED_OUT


def test_a_page_that_comes_again_ends_the_snapshot(contract: Contract) -> None:
    page = told(ROW, more="<next>1</next>").replace(b"Queryzf_zlbt", b"Listzf_zlbt")
    with serving(lambda _: [soap(page)]) as (address, _):
        connector = connected(contract, address)
        with pytest.raises(SnapshotFailed, match="the same place again"):
            list(connector.snapshot(RentalSubsidy, frozenset()))


def test_a_wsdl_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    file = contract_file(tmp_path)
    text = (tmp_path / "housing.wsdl").read_text(encoding="utf-8")
    leads = '<import namespace="urn:x" location="http://127.0.0.1:1/other.wsdl"/><types>'
    (tmp_path / "housing.wsdl").write_text(text.replace("<types>", leads), encoding="utf-8")
    failed = failure_of(fetch(connected(read_contract(file), "http://127.0.0.1:1/", QUICK), ASK))
    assert failed.failure is FailureKind.CONTRACT_BROKEN


def test_a_contract_without_a_wsdl_is_told(tmp_path: Path) -> None:
    file = changed(tmp_path, "housing", "transport, value: sql", "transport, value: soap")
    with pytest.raises(NoTransport, match=r"server of `housing`: object missing required field `wsdl`"):
        connected(read_contract(file), "http://127.0.0.1:1/")
