"""What becomes of the many ways in which an HTTP service goes wrong."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as some

from connectors.ask import Ask, SnapshotFailed
from connectors.carrying import ANSWER_BYTES
from connectors.departments import TABLES as EVERY
from connectors.failure import Failed
from connectors.guard import Patience
from connectors.http_client import HttpAnswer, HttpClient
from connectors.http_register import HttpRegister
from tests.connectors.conformance import failure_of, fetch, plain
from tests.connectors.faulty_http import answer, serving
from tests.connectors.rows import clock, person
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome, SourceFailed
from vocabulary.month import Month
from vocabulary.records.social_security import Pension, UnemploymentBenefit

TABLES = EVERY[Department.SOCIAL_SECURITY]

ASK = Ask(UnemploymentBenefit, "person", (person(0), person(2)), frozenset({"month", "amount_fen"}))

AS_OF = date(2026, 10, 31)

QUICK = Patience(timeout_s=5.0, attempts=2, pause_s=0.01)

IMPATIENT = Patience(timeout_s=0.3, attempts=1)


def row(number: int = 0, key: str = "1", **changed: object) -> dict[str, object]:
    """A row as the service writes it."""
    of = {"baz001": key, "aac147": person(number), "aae003": 202610, "aae019": "1200.50", "aae036": 20261031}
    return {**of, **changed}


def page(*rows: dict[str, object], count: int | None = None, following: str | None = None) -> bytes:
    """A page as the service writes it."""
    return json.dumps(
        {"count": len(rows) if count is None else count, "rows": rows, "next": following}
    ).encode()


def asked(*parts: bytes | float, ask: Ask = ASK, patience: Patience = QUICK) -> Mapping[str, Outcome]:
    """Ask a service that answers so, whatever it is asked."""
    with serving(lambda _: [*parts]) as (address, _):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=patience)
        return fetch(register, ask)


def test_rows_are_read_from_the_service_s_own_words() -> None:
    answers = asked(answer(page(row(key="2"), row(key="1", aae019="0.01", aae003="202609"))))
    assert plain(answers[person(0)]) == [
        {
            "record_id": "1",
            "as_of": AS_OF,
            "person": person(0),
            "month": Month.parse("2026-09"),
            "amount_fen": 1,
        },
        {
            "record_id": "2",
            "as_of": AS_OF,
            "person": person(0),
            "month": Month.parse("2026-10"),
            "amount_fen": 120050,
        },
    ]
    assert isinstance(answers[person(2)], NoRecord)


def test_the_question_holds_the_key_and_only_what_is_asked_for() -> None:
    with serving(lambda _: [answer(page())]) as (address, requests):
        with_key = address.replace("//", "//a-key@")
        fetch(HttpRegister(Department.SOCIAL_SECURITY, with_key, TABLES, clock=clock), ASK)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/jc10/query HTTP/1.1\r\n")
    assert b"authorization: bearer a-key" in head.lower()
    assert json.loads(body) == {
        "by": "aac147",
        "ids": [person(0), person(2)],
        "fields": ["baz001", "aac147", "aae003", "aae019", "aae036"],
        "after": None,
    }


def test_a_service_tells_its_version() -> None:
    with serving(lambda _: [answer(b'{"version": "2.1"}')]) as (address, requests):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=QUICK)
        assert register.version() == "2.1"
    assert requests[0].startswith(b"GET /v1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([answer(b'{"version": 2}')], "CONTRACT_BROKEN"),
        ([answer(b"\xff")], "CONTRACT_BROKEN"),
        ([answer(b'{"version": "' + b"2" * ANSWER_BYTES + b'"}')], "CONTRACT_BROKEN"),
        ([b"no HTTP\r\n\r\n"], "UNREACHABLE"),
        ([1.0], "TIMED_OUT"),
    ],
    ids=["no text", "no JSON", "too much", "no HTTP", "nothing in time"],
)
def test_what_is_no_version_is_a_failure_of_the_source(parts: list[bytes | float], why: str) -> None:
    patience = IMPATIENT if why == "TIMED_OUT" else QUICK
    with serving(lambda _: parts) as (address, _):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=patience)
        with pytest.raises(Failed, match=why):
            register.version()


def test_pages_are_followed_to_the_last() -> None:
    def script(request: bytes) -> list[bytes | float]:
        after = json.loads(request.partition(b"\r\n\r\n")[2])["after"]
        key = str(int(after or 0) + 1)
        return [answer(page(row(key=key), following=key if key != "3" else None))]

    with serving(script) as (address, requests):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock)
        found = fetch(register, ASK)[person(0)]
        (batch,) = register.snapshot(UnemploymentBenefit, frozenset())
    assert isinstance(found, Found)
    assert [one.record_id for one in found.records] == ["1", "2", "3"]
    assert batch.column("record_id").to_pylist() == ["1", "2", "3"]
    assert len(requests) == 6


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", FailureKind.REFUSED),
        ("403 Forbidden", FailureKind.REFUSED),
        ("429 Too Many Requests", FailureKind.QUOTA_EXCEEDED),
        ("404 Not Found", FailureKind.CONTRACT_BROKEN),
        ("204 No Content", FailureKind.CONTRACT_BROKEN),
        ("500 Internal Server Error", FailureKind.UNREACHABLE),
        ("503 Service Unavailable", FailureKind.UNREACHABLE),
        ("504 Gateway Timeout", FailureKind.TIMED_OUT),
    ],
)
def test_a_status_other_than_success_is_a_failure_of_its_kind(status: str, kind: FailureKind) -> None:
    assert failure_of(asked(answer(page(row()), status=status))).failure is kind


def test_a_redirect_to_elsewhere_is_not_followed() -> None:
    with serving(lambda _: [answer(page(row()))]) as (elsewhere, strayed):
        moved = answer(b"", status="307 Temporary Redirect", extra=f"Location: {elsewhere}/\r\n")
        assert failure_of(asked(moved)).failure is FailureKind.CONTRACT_BROKEN
    assert not strayed


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([answer(page(row()), content_type="text/html")], id="wrong content type"),
        pytest.param([answer(b"<html>")], id="garbage"),
        pytest.param([answer(b"\xff\xfe\x00")], id="not UTF-8"),
        pytest.param([answer(b"[]")], id="another shape"),
        pytest.param([answer(page(row())[:-20])], id="truncated JSON"),
        pytest.param([answer(page(row(), count=2))], id="half a page"),
        pytest.param([answer(b'{"rows": [], "next": null}')], id="no count"),
        pytest.param([answer(page(row(), following="1"))], id="the same page for ever"),
        pytest.param([answer(page(following="1"))], id="an empty page with a next"),
        pytest.param([answer(page({"aac147": person(0)}))], id="fields missing"),
        pytest.param([answer(page(row(aae019=1200.5)))], id="a float"),
        pytest.param([answer(page(row(number=4)))], id="somebody who was not asked for"),
        pytest.param([answer(page(row(aac147=529901195001010011)))], id="an id as a number"),
        pytest.param([answer(page(), extra="Content-Encoding: gzip\r\n")], id="not what the encoding says"),
    ],
)
def test_an_answer_otherwise_than_agreed_breaks_the_contract(parts: list[bytes | float]) -> None:
    assert failure_of(asked(*parts)).failure is FailureKind.CONTRACT_BROKEN


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"aae019": "12.345"}, "amount_fen"),
        ({"aae019": "100000000000.01"}, "amount_fen"),
        ({"aae019": None}, "amount_fen"),
        ({"aae003": 202613}, "month"),
        ({"aae036": 20260230}, "as_of"),
        ({"baz001": 7}, "record_id"),
        ({"baz001": "=1+1"}, "record_id"),
    ],
)
def test_a_row_that_does_not_decode_fails_its_own_subject_only(
    changed: dict[str, object], column: str
) -> None:
    answers = asked(answer(page(row(**changed), row(2, key="9"))))
    failed = answers[person(0)]
    assert isinstance(failed, SourceFailed)
    assert failed.failure is FailureKind.CONTRACT_BROKEN
    assert f"UnemploymentBenefit.{column}" in failed.detail
    assert "expected" in failed.detail
    assert not any(str(value) in failed.detail for value in changed.values() if value is not None)
    assert isinstance(answers[person(2)], Found)


def test_a_record_that_comes_twice_breaks_the_contract_for_its_subject() -> None:
    answers = asked(answer(page(row(), row(), row(2, key="2"))))
    assert isinstance(answers[person(0)], SourceFailed)
    assert isinstance(answers[person(2)], Found)


def test_a_source_that_dies_in_mid_answer_is_unreachable_and_asked_again() -> None:
    half = answer(page(row())[:30], length=len(page(row())))
    with serving(lambda _: [half]) as (address, requests):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=QUICK)
        assert failure_of(fetch(register, ASK)).failure is FailureKind.UNREACHABLE
    assert len(requests) == QUICK.attempts


def test_a_source_that_recovers_between_two_attempts_has_answered() -> None:
    turns = iter([[b""], [answer(page(row()))]])
    with serving(lambda _: next(turns)) as (address, _):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=QUICK)
        assert isinstance(fetch(register, ASK)[person(0)], Found)


@pytest.mark.parametrize(
    "parts", [[30.0], [answer(page(row()), length=10**6), 30.0]], ids=["says nothing", "stops in mid-answer"]
)
def test_a_slow_source_is_given_up_in_time(parts: list[bytes | float]) -> None:
    started = time.monotonic()
    assert failure_of(asked(*parts, patience=IMPATIENT)).failure is FailureKind.TIMED_OUT
    assert time.monotonic() - started < 10.0


def test_an_endless_trickle_is_given_up_in_time() -> None:
    trickle: list[bytes | float] = [answer(b"", length=10**6)]
    for _ in range(40):
        trickle += [b" ", 0.05]
    assert failure_of(asked(*trickle, patience=IMPATIENT)).failure is FailureKind.TIMED_OUT


def test_a_page_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.http_register.PAGE_BYTES", 1000)
    assert failure_of(asked(answer(b" " * 2000))).failure is FailureKind.CONTRACT_BROKEN


def test_nobody_listening_is_unreachable() -> None:
    with serving(lambda _: []) as (address, _):
        pass
    register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=QUICK)
    assert failure_of(fetch(register, ASK)).failure is FailureKind.UNREACHABLE
    with pytest.raises(SnapshotFailed) as failed:
        list(register.snapshot(Pension, frozenset()))
    assert failed.value.failure.failure is FailureKind.UNREACHABLE


def test_a_certificate_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    with serving(lambda _: [answer(page(row()))], tls=self_signed(tmp_path)) as (address, requests):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock, patience=QUICK)
        assert failure_of(fetch(register, ASK)).failure is FailureKind.UNREACHABLE
    assert not requests


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that it signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    day = timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - day)
        .not_valid_after(datetime.now(UTC) + day)
        .sign(key, hashes.SHA256())
    )
    file = folder / "service.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_snapshot_fails_as_a_whole_on_a_broken_row() -> None:
    with serving(lambda _: [answer(page(row(), row(2, key="2", aae019="?")))]) as (address, _):
        register = HttpRegister(Department.SOCIAL_SECURITY, address, TABLES, clock=clock)
        with pytest.raises(SnapshotFailed, match=r"UnemploymentBenefit.amount_fen"):
            list(register.snapshot(UnemploymentBenefit, frozenset({"amount_fen"})))


_json = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=20)
    | some.just(person(0)),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from([*row(), "x"]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(
    some.binary(max_size=60)
    | _json.map(lambda value: json.dumps(value).encode())
    | some.lists(some.dictionaries(some.sampled_from([*row()]), _json), max_size=3).map(
        lambda rows: page(*rows)
    )
    | some.fixed_dictionaries(dict.fromkeys(row(), _json)).map(lambda one: page(one))
)
def test_whatever_an_answer_holds_every_subject_has_one_outcome(body: bytes) -> None:
    class Answering(HttpClient):
        async def post(self, path: str, body: bytes, told: bytes = body) -> HttpAnswer:
            return HttpAnswer(200, "application/json", told)

    register = HttpRegister(Department.SOCIAL_SECURITY, "http://127.0.0.1:1", TABLES, clock=clock)

    async def asked_once() -> Mapping[str, Outcome]:
        client = Answering("http://127.0.0.1:1", {}, trust=None, body_bytes=1 << 20)
        register._client = asyncio.get_running_loop(), client
        return await register.fetch(ASK)

    assert set(asyncio.run(asked_once())) == set(ASK.ids)
