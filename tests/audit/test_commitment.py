"""Commitments: binding, hiding one another, and one spelling of every value."""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.commitment import (
    LARGEST_INT,
    Disclosure,
    Json,
    Keyed,
    canonical,
    commitments,
    field_keys,
    parse_canonical,
)
from audit.errors import MalformedDisclosure, NotCanonical, WrongDisclosure

KEY = bytes(range(32))
ascii_keys = st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=8)
values: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INT, LARGEST_INT)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_our_hmac_is_the_standard_librarys(key: bytes, data: bytes) -> None:
    assert Keyed(key).hex(data) == hmac.digest(key, data, "sha256").hex()


@given(st.binary(min_size=32, max_size=32), st.sets(st.sampled_from(["answer", "case", "purpose", "reason"])))
def test_field_keys_are_cut_from_shake_256_in_the_order_of_names(key: bytes, names: set[str]) -> None:
    whole = hashlib.shake_256(b"hedui-fields/v1\n" + key).digest(32 * len(names))
    assert b"".join(field_keys(key, names)[name] for name in sorted(names)) == whole


def test_a_commitment_is_the_hash_of_key_and_value_by_hand() -> None:
    [(name, made)] = commitments(KEY, {"purpose": b'"x"'}).items()
    assert made == hashlib.sha256(field_keys(KEY, [name])[name] + b'"x"').hexdigest()


def test_no_two_of_a_hundred_field_keys_are_alike() -> None:
    names = [f"field_{number}" for number in range(100)]
    assert len({*field_keys(KEY, names).values()}) == 100


@given(values)
def test_canonical_bytes_are_those_of_rfc_8785(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]  # its alias is not recursive
    assert parse_canonical(canonical(value)) == value


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), LARGEST_INT + 1, -LARGEST_INT - 1, {"名": 1}, "\ud800", b"x", (1,), {1: 2}]
)
def test_a_value_without_one_spelling_is_refused(value: Json) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_nesting_too_deep_is_refused_when_written_and_when_read() -> None:
    deep: Json = []
    for _ in range(40):
        deep = [deep]
    with pytest.raises(NotCanonical):
        canonical(deep)
    with pytest.raises(NotCanonical):
        parse_canonical(b"[" * 60_000)


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"[1, 2]",
        b"1.0",
        b'"\\u0041"',
        b"1e3",
        b"\xff",
        b"",
        b"NaN",
        b"-0",
    ],
)
def test_another_spelling_of_a_value_is_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse_canonical(data)


@given(st.binary(max_size=60))
def test_foreign_bytes_raise_our_error_only(data: bytes) -> None:
    with suppress(NotCanonical):
        assert canonical(parse_canonical(data)) == data


@given(values)
def test_foreign_values_raise_our_error_only(value: Json) -> None:
    with pytest.raises(MalformedDisclosure):
        Disclosure.from_json(value)


def test_each_field_opens_alone() -> None:
    made = commitments(KEY, {"purpose": canonical("复核"), "case": canonical("A-1")})
    keys = field_keys(KEY, ["case", "purpose"])
    opened = Disclosure(5, "purpose", keys["purpose"], "复核")
    opened.check(made)
    for wrong in (
        replace(opened, value="复核 "),
        replace(opened, value=None),
        replace(opened, name="case"),
        replace(opened, name="reason"),
        replace(opened, field_key=keys["case"]),
        replace(opened, field_key=KEY),
    ):
        with pytest.raises(WrongDisclosure):
            wrong.check(made)


def test_one_value_under_two_names_or_two_keys_has_two_commitments() -> None:
    same = canonical("yes")
    made = commitments(KEY, {"purpose": same, "case": same})
    assert len({*made.values(), *commitments(bytes(32), {"purpose": same, "case": same}).values()}) == 4


@given(st.integers(0, LARGEST_INT), values)
def test_a_disclosure_is_read_back_as_it_was_written(index: int, value: Json) -> None:
    opened = Disclosure(index, "purpose", KEY, value)
    assert Disclosure.from_json(opened.as_json()) == opened


@pytest.mark.parametrize(
    "change",
    [
        {"index": -1},
        {"index": True},
        {"key": "AB" * 32},
        {"key": "ab"},
        {"name": 3},
        {"more": 1},
        {"key": "g" * 64},
    ],
)
def test_a_malformed_disclosure_is_refused(change: dict[str, Json]) -> None:
    good = Disclosure(5, "purpose", KEY, "x").as_json()
    assert isinstance(good, dict)
    with pytest.raises(MalformedDisclosure):
        Disclosure.from_json({**good, **change})
