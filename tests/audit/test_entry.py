"""Entries: what the catalogue lets in, what it keeps out, and that what is built can be read."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.alongside import Seal
from audit.catalogue import EVENTS, LONGEST_ENTRY, Event, parse_entry
from audit.commitment import Json, canonical
from audit.entry import EntryBook
from audit.errors import AuditError, EntryRefused, EntryTooLong, MalformedEntry, NotCanonical, WrongDisclosure
from audit.kinds import CODE, Kind
from tests.audit.synthetic import HASH, NAMES, NOW, OFFICER, PEOPLE, book, intent, intent_fields

EXAMPLES: dict[str, Json] = {
    "1 to 64 of `A-Za-z0-9_.:/-`, never 11 digits in a row": "a-code",
    "0 to 512 codes": ["a", "b"],
    "SHA-256, 64 hex digits": HASH,
    "index of an entry, 0 to 2^53-1": 7,
    "whole number, 0 to 2^53-1": 0,
    "pseudonym, 32 hex digits": "somebody",
    "1 to 1000 pseudonyms": ["0" * 32],
    "object: code → code": {"health": "NO_RECORD"},
    "object: code → whole number": {"TEKUN": 30},
    "YYYY-MM-DD": "2026-11-22",
    "行政区划代码, 2, 4, 6, 9 or 12 digits": "529901",
}


def full_fields(event: Event) -> dict[str, Json]:
    return {name: EXAMPLES[kind.says] for name, kind in event.kinds.items()}


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_built_and_read_back_with_all_its_fields(name: str) -> None:
    event = EVENTS[name]
    values: dict[str, Json] = {field: {"text": "值", "n": 1} for field in event.committed}
    made = book().entry(name, at=NOW, fields=full_fields(event), subjects=PEOPLE, committed=values)
    read = parse_entry(made.bytes)
    assert (read.event, read.at, read.epoch) == (name, NOW, "2026-11")
    assert read.fields.keys() == event.kinds.keys()
    assert read.committed.keys() == event.committed
    for field in event.committed:
        made.disclose(field, index=3).check(read.committed)


@pytest.mark.parametrize("name", EVENTS)
def test_every_required_field_is_missed(name: str) -> None:
    fields = full_fields(EVENTS[name])
    for missing in EVENTS[name].fields:
        with pytest.raises(EntryRefused, match=missing):
            book().entry(
                name, at=NOW, fields={k: v for k, v in fields.items() if k != missing}, subjects=PEOPLE
            )


@pytest.mark.parametrize("name", EVENTS)
def test_no_field_takes_an_id_number_a_name_or_free_text(name: str) -> None:
    fields = full_fields(EVENTS[name])
    for field, kind in EVENTS[name].kinds.items():
        if kind.person:
            continue
        for text in (PEOPLE[0], NAMES[0], "two words", "13800138000", "", "x" * 65, None, -1, 1.0, True):
            with pytest.raises(EntryRefused):
                book().entry(name, at=NOW, fields={**fields, field: text}, subjects=PEOPLE)


def test_a_number_at_its_limit_fits_and_one_above_does_not() -> None:
    fields: dict[str, Json] = {"intent": 2**53 - 1, "sources": {}}
    assert (
        parse_entry(book().entry("inquiry.outcome", at=NOW, fields=fields).bytes).number("intent")
        == 2**53 - 1
    )
    with pytest.raises(EntryRefused):
        book().entry("inquiry.outcome", at=NOW, fields={**fields, "intent": 2**53})


@pytest.mark.parametrize("text", ["1234567890", "a" * 64, "civil_affairs:MATCH", "GX-2026/01.2"])
def test_codes_that_fit(text: str) -> None:
    assert CODE.fits(text)


@pytest.mark.parametrize(
    "text", ["12345678901", "a" * 65, "a b", "é", "a\n", "", 5, None, "a" * 30 + "12345678901"]
)
def test_codes_that_do_not_fit(text: object) -> None:
    assert not CODE.fits(text)


def test_an_unknown_event_field_or_committed_name_is_refused() -> None:
    with pytest.raises(EntryRefused):
        book().entry("inquiry.guess", at=NOW, fields={})
    with pytest.raises(EntryRefused):
        book().entry("inquiry.intent", at=NOW, fields=intent_fields(salary="x"))
    with pytest.raises(EntryRefused):
        book().entry("inquiry.intent", at=NOW, fields=intent_fields(), committed={"salary": 1})


def test_an_instant_outside_utc_or_before_1970_is_refused() -> None:
    for at in (
        NOW.replace(tzinfo=None),
        NOW.astimezone(timezone(timedelta(hours=8))),
        NOW.replace(year=1969),
    ):
        with pytest.raises(EntryRefused):
            book().entry("inquiry.intent", at=at, fields=intent_fields())


def test_a_committed_value_without_one_spelling_is_refused() -> None:
    with pytest.raises(NotCanonical):
        intent(book(), PEOPLE[0], purpose=1.5)  # type: ignore[arg-type]  # a float is what is refused


def test_subjects_are_sorted_so_that_their_order_says_nothing() -> None:
    one, other = intent(book(), *PEOPLE), intent(book(), *reversed(PEOPLE), PEOPLE[0])
    assert parse_entry(one.bytes).subjects == parse_entry(other.bytes).subjects
    assert len(one.subjects) == 3


def test_a_thousand_subjects_fit_and_one_more_does_not() -> None:
    people = [f"529901{number:012d}" for number in range(1001)]
    assert len(parse_entry(intent(book(), *people[:1000]).bytes).subjects) == 1000
    with pytest.raises(EntryRefused):
        intent(book(), *people)


def test_an_entry_longer_than_a_bundle_can_hold_is_refused() -> None:
    wide: list[Json] = ["a" * 62 + f"{number:02d}" for number in range(100)] * 5
    people = [f"529901{number:012d}" for number in range(1000)]
    with pytest.raises(EntryTooLong):
        book().entry("inquiry.intent", at=NOW, fields=intent_fields(asked=wide), subjects=people)


def test_a_pseudonym_depends_on_person_epoch_and_key() -> None:
    strange = EntryBook(pseudonym_key=bytes(32), vault_key=bytes(32), epoch="2026-11")
    seen = {
        book().pseudonym(PEOPLE[0]),
        book().pseudonym(PEOPLE[1]),
        book("2026-12").pseudonym(PEOPLE[0]),
        strange.pseudonym(PEOPLE[0]),
    }
    assert len(seen) == 4
    assert book().pseudonym(PEOPLE[0]) == book(seed=9).pseudonym(PEOPLE[0])


def test_more_persons_than_are_remembered_keep_their_pseudonyms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.entry.PSEUDONYMS_KEPT", 2)
    asked, fresh = book(), [book().pseudonym(person) for person in PEOPLE]
    for _ in range(2):
        assert [asked.pseudonym(person) for person in PEOPLE] == fresh
        assert len(asked.pseudonym.__self__) <= 2


def test_no_pseudonym_is_found_by_trying_ids_without_the_key() -> None:
    tag = book().pseudonym(PEOPLE[0])
    for number in range(2000):
        guess = f"{PEOPLE[0][:14]}{number % 10000:04d}".encode()
        assert hashlib.sha256(guess).hexdigest()[:32] != tag
        assert hmac.digest(b"2026-11", guess, "sha256")[:16].hex() != tag


def test_nothing_personal_is_in_an_entry_or_beside_it() -> None:
    made = intent(book(), *PEOPLE)
    [row] = made.alongside
    assert isinstance(row, Seal)
    everything = made.bytes + b"".join(row.by.sealed(row.payload, nonce=row.nonce, secrets=[]))
    for secret in (*PEOPLE, *NAMES, OFFICER, "低保复核", "案卷"):
        assert secret.encode() not in everything


def test_equal_entries_differ_by_128_random_bits() -> None:
    maker = book()
    one, other = intent(maker, PEOPLE[0]), intent(maker, PEOPLE[0])
    assert one.bytes != other.bytes
    nonce = parse_entry(one.bytes).nonce
    assert len(bytes.fromhex(nonce)) * 8 == 128
    assert nonce != parse_entry(other.bytes).nonce


def test_the_bytes_are_canonical_json() -> None:
    made = intent(book(), *PEOPLE)
    assert canonical(json.loads(made.bytes)) == made.bytes


def test_a_disclosure_of_another_entry_does_not_open_this_one() -> None:
    maker = book()
    one, other = intent(maker, PEOPLE[0]), intent(maker, PEOPLE[0])
    with pytest.raises(WrongDisclosure):
        other.disclose("purpose", index=0).check(parse_entry(one.bytes).committed)


@settings(max_examples=200)
@given(st.data())
def test_a_changed_byte_is_either_refused_or_another_entry(data: st.DataObject) -> None:
    made = intent(book(), *PEOPLE)
    at = data.draw(st.integers(0, len(made.bytes) - 1))
    changed = bytearray(made.bytes)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(MalformedEntry):
        assert parse_entry(bytes(changed)) != parse_entry(made.bytes)


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_foreign_bytes_raise_our_error_only(data: bytes) -> None:
    with pytest.raises(AuditError):
        parse_entry(data)


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"at": -1},
        {"at": "1"},
        {"at": 253_402_300_800_000},
        {"epoch": "2026 11"},
        {"event": "inquiry.guess"},
        {"event": ["x"]},
        {"nonce": "0" * 31},
        {"nonce": "A" * 32},
        {"subjects": ["f" * 32, "0" * 32]},
        {"subjects": ["0" * 32, "0" * 32]},
        {"subjects": "0" * 32},
        {"committed": {"salary": "0" * 64}},
        {"committed": {"purpose": "0" * 63}},
        {"committed": []},
        {"fields": {}},
        {"fields": None},
        {"more": 1},
    ],
)
def test_an_entry_out_of_form_is_refused(change: dict[str, Json]) -> None:
    given_ = {**json.loads(intent(book(), PEOPLE[0]).bytes), **change}
    with pytest.raises(MalformedEntry):
        parse_entry(canonical(given_))


def test_an_entry_of_the_longest_length_may_be_read_and_one_byte_more_not() -> None:
    tags = [f"{number:032x}" for number in range(900)]

    def made(asked: list[Json]) -> bytes:
        return book().entry("inquiry.intent", at=NOW, fields=intent_fields(asked=asked), tags=tags).bytes

    # Of 64 characters each, with quotation marks and a comma, and one that fills what is left.
    codes: list[Json] = ["a" * 64] * ((LONGEST_ENTRY - len(made([]))) // 67)
    longest = made([*codes, "a" * (LONGEST_ENTRY - len(made(codes)) - 3)])
    assert len(longest) == LONGEST_ENTRY
    assert len(parse_entry(longest).subjects) == 900
    with pytest.raises(MalformedEntry, match="at most"):
        parse_entry(longest + b" ")


def test_an_entry_of_the_last_millisecond_of_the_year_9999_has_a_date() -> None:
    last = {**json.loads(intent(book()).bytes), "at": 253_402_300_799_999}
    assert parse_entry(canonical(last)).at == datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)


def test_every_kind_of_field_has_an_example_here() -> None:
    used = {kind.says for event in EVENTS.values() for kind in event.kinds.values()}
    assert used == EXAMPLES.keys()
    assert all(isinstance(kind, Kind) for event in EVENTS.values() for kind in event.kinds.values())


def test_a_shredding_names_pseudonyms_of_every_epoch() -> None:
    tags = [book(epoch).pseudonym(PEOPLE[0]) for epoch in ("2026-10", "2026-11")]
    made = book().shredding(
        at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=tags, reason="申请删除"
    )
    read = parse_entry(made.bytes)
    assert read.fields["shredded"] == sorted(tags)
    assert sum(type(row).__name__ == "Shred" for row in made.alongside) == 2
    with pytest.raises(EntryRefused):
        book().shredding(at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=[])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ValueError):
        EntryBook(pseudonym_key=bytes(length), vault_key=bytes(32), epoch="2026")
    with pytest.raises(ValueError):
        EntryBook(pseudonym_key=bytes(32), vault_key=bytes(length), epoch="2026")


def test_a_form_that_is_filled_in_gives_the_bytes_of_an_entry() -> None:
    whole = intent_fields(region="529901", request="abc", sources=["civil_affairs", "health"])
    for differ in (["request"], ["asked", "sources"], ["region", "post"], [*whole][1:], []):
        kept = {name: value for name, value in whole.items() if name not in differ}
        open_ = {name: whole[name] for name in differ}
        committed: dict[str, Json] = {"purpose": "低保复核", "case": None}
        books = [EntryBook(pseudonym_key=bytes(32), vault_key=bytes(32), epoch="2026-11", entropy=bytes)] * 2
        form = books[0].form("inquiry.intent", kept, differ=differ)
        filled = books[0].filled(form, at=NOW, fields=open_, subjects=PEOPLE, committed=committed)
        entry = books[1].entry("inquiry.intent", at=NOW, fields=whole, subjects=PEOPLE, committed=committed)
        assert (filled.bytes, filled.alongside) == (entry.bytes, entry.alongside)
        assert parse_entry(filled.bytes).fields["caller"] == books[0].pseudonym(str(whole["caller"]))


def test_a_form_takes_nothing_that_an_entry_would_not() -> None:
    whole, made = intent_fields(request="abc"), book()
    kept = {name: value for name, value in whole.items() if name != "request"}
    for event, fields, differ in (
        ("inquiry.unknown", kept, ["request"]),
        ("inquiry.intent", {**kept, "post": "张三丰"}, ["request"]),
        ("inquiry.intent", {**kept, "extra": 1}, ["request"]),
        ("inquiry.intent", kept, ["request", "extra"]),
        ("inquiry.intent", kept, ["request", "post"]),  # named twice
        ("inquiry.intent", {name: kept[name] for name in kept if name != "caller"}, ["caller", "request"]),
        ("inquiry.intent", {name: kept[name] for name in kept if name != "asked"}, ["request"]),
    ):
        with pytest.raises(EntryRefused):
            made.form(event, fields, differ=differ)
    form = made.form("inquiry.intent", kept, differ=["request"])
    for open_ in ({}, {"request": "13800138000"}, {"request": "a", "post": "b"}, {"post": "b"}):
        with pytest.raises(EntryRefused):
            made.filled(form, at=NOW, fields=open_, subjects=PEOPLE, committed={})
    with pytest.raises(EntryRefused):
        made.filled(form, at=NOW, fields={"request": "a"}, subjects=PEOPLE, committed={"answer": "x"})
    with pytest.raises(EntryRefused):
        made.filled(form, at=NOW, fields={"request": "a"}, subjects=map(str, range(1001)), committed={})
