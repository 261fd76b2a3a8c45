"""Reconciliation: an access without an entry, an entry without an access, and counts that differ."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.catalogue import Entry, parse_entry
from audit.commitment import Json
from audit.errors import AuditError, MalformedServedList, NotSigned, WrongSignature
from audit.note import Note, Signer
from audit.reconcile import Discrepancy, Kind, ServedList, reconcile
from tests.audit.synthetic import NOW, book, intent

HEALTH = Signer.ed25519(
    "health.example", Ed25519PrivateKey.from_private_bytes(b"a department's synthetic key ...")
)
DAY = "2026-11-22"


def entries(*states: dict[str, Json], persons: dict[str, Json] | None = None) -> list[tuple[int, Entry]]:
    """An intent and an outcome for each set of states: intents have the even indexes."""
    of, made = book(), []
    for number, state in enumerate(states):
        fields: dict[str, Json] = {"intent": 2 * number, "sources": state}
        if persons is not None:
            fields["persons"] = persons
        made += [intent(of), of.entry("inquiry.outcome", at=NOW, fields=fields)]
    return [(index, parse_entry(one.bytes)) for index, one in enumerate(made)]


def served(persons: dict[int, int], day: str = DAY, source: str = "health") -> ServedList:
    return ServedList(source, day, persons)


def test_two_sides_that_tell_the_same_agree() -> None:
    log = entries({"health": "MATCH"}, {"health": "NO_RECORD", "education": "MATCH"}, {"health": "NOT_ASKED"})
    assert reconcile([served({0: 3, 2: 1})], log) == []


def test_an_access_that_no_intent_was_logged_for_is_found() -> None:
    log = entries({"health": "MATCH"})
    found = reconcile([served({0: 3, 1: 1, 40: 2})], log)
    assert [(one.kind, one.source, one.intent) for one in found] == [
        (Kind.ACCESS_WITHOUT_ENTRY, "health", 1),  # an outcome is no intent
        (Kind.ACCESS_WITHOUT_ENTRY, "health", 40),  # beyond the log: its tail was cut off
    ]


def test_an_outcome_that_claims_an_answer_never_given_is_found() -> None:
    log = entries({"health": "MATCH"}, {"health": "NO_RECORD"})
    [found] = reconcile([served({0: 3})], log)
    assert (found.kind, found.intent) == (Kind.ENTRY_WITHOUT_ACCESS, 2)


def test_an_access_although_the_outcome_says_it_was_not_asked_is_found() -> None:
    [found] = reconcile([served({0: 3})], entries({"health": "NOT_ASKED"}))
    assert found == Discrepancy(Kind.ACCESS_WITHOUT_ENTRY, "health", 0, "the outcome says it was not asked")


@pytest.mark.parametrize("persons", [{}, {0: 1}])
def test_a_source_that_failed_may_or_may_not_have_counted(persons: dict[int, int]) -> None:
    assert reconcile([served(persons)], entries({"health": "SOURCE_FAILED"})) == []


def test_one_person_more_or_less_is_found() -> None:
    log = entries({"health": "MATCH"}, persons={"health": 3})
    assert reconcile([served({0: 3})], log) == []
    for count in (2, 4):
        [found] = reconcile([served({0: count})], log)
        assert found.kind is Kind.COUNT_DIFFERS


def test_an_access_near_midnight_may_stand_under_either_day_and_not_under_both() -> None:
    log = entries({"health": "MATCH"})
    assert reconcile([served({}), served({0: 1}, day="2026-11-23")], log) == []
    [found] = reconcile([served({0: 1}), served({0: 1}, day="2026-11-23")], log)
    assert found.kind is Kind.SERVED_TWICE


def test_a_source_without_a_list_is_not_accused() -> None:
    assert reconcile([served({0: 1})], entries({"health": "MATCH", "education": "MATCH"})) == []


def test_an_intent_without_an_outcome_still_explains_an_access() -> None:
    assert reconcile([served({0: 1})], entries({"health": "MATCH"})[:1]) == []


def test_a_list_is_signed_read_back_and_logged_by_its_digest() -> None:
    one = served({17: 3, 21: 1})
    signed = one.sign(HEALTH)
    assert ServedList.open(signed, key=HEALTH.key) == one
    fields = one.entry_fields(signed)
    assert (fields["accesses"], fields["persons"]) == (2, 4)
    entry = parse_entry(book().entry("source.served", at=NOW, fields=fields).bytes)
    assert entry.text("source") == "health"


def test_a_list_that_was_changed_or_signed_by_another_is_refused() -> None:
    signed = served({17: 3}).sign(HEALTH)
    with pytest.raises(WrongSignature):
        ServedList.open(signed.replace(b"17 3", b"17 4"), key=HEALTH.key)
    other = Signer.ed25519("health.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(NotSigned):
        ServedList.open(signed, key=other.key)


@pytest.mark.parametrize(
    "text",
    [
        "hedui-served/v2\nhealth\n2026-11-22\n",
        "hedui-served/v1\nhealth\n",
        "hedui-served/v1\nhe alth\n2026-11-22\n",
        "hedui-served/v1\nhealth\n2026-13-22\n",
        "hedui-served/v1\nhealth\n2026-11-22\n1 0\n",
        "hedui-served/v1\nhealth\n2026-11-22\n01 1\n",
        "hedui-served/v1\nhealth\n2026-11-22\n2 1\n1 1\n",
        "hedui-served/v1\nhealth\n2026-11-22\n1 1\n1 1\n",
        "hedui-served/v1\nhealth\n2026-11-22\n1\n",
        "hedui-served/v1\nhealth\n2026-11-22\n9999999999999999999 1\n",
        "hedui-served/v1\nhealth\n2026-11-22\n\n",
    ],
)
def test_a_malformed_list_is_refused_although_it_is_signed(text: str) -> None:
    signed = bytes(Note(text, (HEALTH.signature(text, time=0),)))
    with pytest.raises(MalformedServedList):
        ServedList.open(signed, key=HEALTH.key)


@given(st.binary(max_size=80))
def test_foreign_bytes_raise_our_error_only(data: bytes) -> None:
    with pytest.raises(AuditError):
        ServedList.open(data, key=HEALTH.key)
    text = data.decode(errors="replace")
    text = "".join(sign for sign in text if sign >= " ") + "\n"
    with pytest.raises(AuditError):
        ServedList.open(bytes(Note(text, (HEALTH.signature(text, time=0),))), key=HEALTH.key)


@given(st.dictionaries(st.integers(0, 2**62), st.integers(1, 10**9), max_size=6))
def test_a_list_is_read_back_as_it_was_written(persons: dict[int, int]) -> None:
    one = served(persons)
    assert ServedList.open(one.sign(HEALTH), key=HEALTH.key) == one
