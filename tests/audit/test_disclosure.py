"""Disclosures that travel: sealed to one evaluator, for one log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.commitment import Disclosure
from audit.disclosure import EvaluatorKey, EvaluatorSecret, Exchange, pack_disclosures, unpack_disclosures
from audit.errors import AuditError, MalformedDisclosure, MalformedKey, WrongDisclosure

ORIGIN = "hedui.example/test"
SECRETS = {
    Exchange.X25519: EvaluatorSecret(Exchange.X25519, bytes(range(32))),
    Exchange.ML_KEM_768_X25519: EvaluatorSecret(Exchange.ML_KEM_768_X25519, bytes(range(96))),
}
OPENED = [Disclosure(3, "purpose", bytes(32), "低保复核"), Disclosure(3, "case", bytes(32), {"n": 1})]


@pytest.mark.parametrize("exchange", Exchange)
def test_what_is_sealed_is_read_by_its_evaluator_and_hides_its_content(exchange: Exchange) -> None:
    secret = SECRETS[exchange]
    sealed = EvaluatorKey.parse(str(secret.public_key())).seal(OPENED, origin=ORIGIN)
    assert sealed != secret.public_key().seal(OPENED, origin=ORIGIN)
    assert "低保复核".encode() not in sealed
    found = EvaluatorSecret.parse(secret.export()).open(sealed, origin=ORIGIN)
    assert found == sorted(OPENED, key=lambda one: one.name)


@pytest.mark.parametrize("exchange", Exchange)
def test_another_evaluator_another_log_or_a_changed_byte_opens_nothing(exchange: Exchange) -> None:
    secret = SECRETS[exchange]
    sealed = secret.public_key().seal(OPENED, origin=ORIGIN)
    with pytest.raises(WrongDisclosure):
        EvaluatorSecret.generate(exchange).open(sealed, origin=ORIGIN)
    with pytest.raises(WrongDisclosure):
        secret.open(sealed, origin="hedui.example/other")
    for at in range(0, len(sealed), 7):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises((WrongDisclosure, MalformedDisclosure)):
            secret.open(bytes(changed), origin=ORIGIN)


def test_a_file_of_the_other_exchange_is_named_as_such() -> None:
    sealed = SECRETS[Exchange.X25519].public_key().seal(OPENED, origin=ORIGIN)
    with pytest.raises(MalformedDisclosure, match="ml-kem"):
        SECRETS[Exchange.ML_KEM_768_X25519].open(sealed, origin=ORIGIN)


@pytest.mark.parametrize(
    "text", ["", "x25519:", "x25519:AA==", "rsa:AAAA", "x25519", "ml-kem-768-x25519:AAAA", "x25519:!!"]
)
def test_a_malformed_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedKey):
        EvaluatorKey.parse(text)
    with pytest.raises(MalformedKey):
        EvaluatorSecret.parse(text)


@given(st.binary(max_size=90))
def test_foreign_bytes_raise_our_error_only(data: bytes) -> None:
    with pytest.raises(AuditError):
        unpack_disclosures(data + b"x")
    with pytest.raises(AuditError):
        SECRETS[Exchange.X25519].open(data, origin=ORIGIN)
    with pytest.raises(AuditError):
        SECRETS[Exchange.X25519].open(b"hedui-disclosures/v1\nx25519\n" + data, origin=ORIGIN)


def test_a_list_out_of_order_is_refused() -> None:
    assert unpack_disclosures(pack_disclosures(OPENED)) == list(reversed(OPENED))
    one, other = (pack_disclosures([opened])[1:-1] for opened in OPENED)
    with pytest.raises(MalformedDisclosure):
        unpack_disclosures(b"[" + one + b"," + other + b"]")
