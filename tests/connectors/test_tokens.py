"""Two districts find whom both pay, and nobody without their key finds anybody."""

from __future__ import annotations

import hmac
import json
from datetime import date, timedelta
from hashlib import md5, sha1, sha256

import pytest
from stdnum.cn import ric

from connectors.tokens import BadExchange, Border, Drawn, compared, read, token, written
from vocabulary.codes import BenefitKind
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.region import RegionCode

HERE, THERE = RegionCode("529901"), RegionCode("529902")
OCTOBER = Month.parse("2026-10")
OURS, THEIRS = Border(HERE, THERE, OCTOBER), Border(THERE, HERE, OCTOBER)
SECRET = bytes(range(32))
AS_OF = date(2026, 10, 31)


def person(sequence: int, birth: date = date(1985, 3, 7)) -> WrittenId:
    body = f"529901{birth:%Y%m%d}{sequence:03d}"
    return WrittenId(body + str(ric.calc_check_digit(body + "0")))


def dibao(*persons: str, paid: bool = True) -> list[Drawn]:
    return [Drawn(WrittenId(one), BenefitKind.DIBAO, paid) for one in persons]


BOTH, ONLY_HERE, ONLY_THERE = person(1), person(2), person(3)
FILE, _ = written(THEIRS, dibao(BOTH, ONLY_THERE), secret=SECRET)


def test_whoever_draws_in_both_districts_is_found_and_nobody_else() -> None:
    given = read(FILE, OURS, secret=SECRET)
    (found,) = compared(given, dibao(BOTH, ONLY_HERE), OURS, secret=SECRET, as_of=AS_OF)
    assert (found.person, found.month, found.other_district) == (BOTH, OCTOBER, THERE)
    assert (found.own_token, found.kind, found.paid) == (found.other_token, BenefitKind.DIBAO, True)


def test_a_legacy_number_and_another_spelling_are_the_same_person() -> None:
    given = read(FILE, OURS, secret=SECRET)
    legacy = BOTH[:6] + BOTH[8:17]
    for spelling in (legacy, f" {BOTH.lower()} "):
        assert len([*compared(given, dibao(spelling), OURS, secret=SECRET, as_of=AS_OF)]) == 1


def test_a_person_with_two_benefits_there_is_told_of_both() -> None:
    two = [*dibao(BOTH), Drawn(BOTH, BenefitKind.ORPHAN, False)]
    given = read(written(THEIRS, two, secret=SECRET)[0], OURS, secret=SECRET)
    rows = [*compared(given, dibao(BOTH, BOTH), OURS, secret=SECRET, as_of=AS_OF)]
    assert {(row.kind, row.paid) for row in rows} == {(BenefitKind.DIBAO, True), (BenefitKind.ORPHAN, False)}
    assert len({row.record_id for row in rows}) == 2


def test_a_file_names_nobody_and_its_order_says_nothing() -> None:
    people = [person(one) for one in range(200)]
    data, _ = written(THEIRS, dibao(*people), secret=SECRET)
    assert not any(one.encode() in data or one[6:14].encode() in data for one in people)
    assert data == written(THEIRS, dibao(*people[::-1], *people), secret=SECRET)[0]
    tokens = [row[0] for row in json.loads(data)["rows"]]
    assert tokens == sorted(tokens)


def test_a_number_that_is_none_is_left_out_and_counted() -> None:
    data, left_out = written(THEIRS, dibao(BOTH, "529901", "张三"), secret=SECRET)
    assert left_out == 2
    assert len(json.loads(data)["rows"]) == 1


def every_number_of(first: date, days: int) -> list[WrittenId]:
    """Every id number of a district that can have been given for births in so many days."""
    return [person(one, first + timedelta(days=day)) for day in range(days) for one in range(1000)]


def test_a_dictionary_of_every_number_finds_nobody_without_the_key() -> None:
    """Whoever has the file, and our code, and every id number there can be, but not the secret."""
    tokens = {row[0] for row in json.loads(FILE)["rows"]}
    border = "\n".join(sorted((str(HERE), str(THERE))))
    public = (str(OCTOBER), border, "hedui-tokens/1", f"hedui-tokens/1\nkey\n{OCTOBER}\n{border}\n", "")
    guessed_keys = [*(text.encode() for text in public), bytes(32), SECRET[:31], SECRET[::-1]]
    guessed_keys += [THEIRS.key(bytes(32)), Border(THERE, HERE, OCTOBER.plus(1)).key(SECRET)]
    dictionary = every_number_of(date(1985, 3, 6), 3)
    assert {BOTH, ONLY_THERE} <= set(dictionary)
    for number in dictionary:
        raw = number.encode()
        plain = {digest(raw).hexdigest()[:32] for digest in (sha256, sha1, md5)}
        keyed = {hmac.digest(key, b"token\n" + raw, "sha256")[:16].hex() for key in guessed_keys}
        assert not tokens & (plain | keyed)


def test_with_the_key_the_same_dictionary_finds_them() -> None:
    """So the test above could fail; and so the key is for the two districts alone."""
    tokens = {row[0] for row in json.loads(FILE)["rows"]}
    key = OURS.key(SECRET)
    found = {number for number in every_number_of(date(1985, 3, 6), 3) if token(key, number) in tokens}
    assert found == {BOTH, ONLY_THERE}


@pytest.mark.parametrize(
    "other",
    [Border(HERE, THERE, OCTOBER.plus(1)), Border(HERE, RegionCode("529903"), OCTOBER)],
)
def test_tokens_of_two_periods_or_neighbours_have_nothing_in_common(other: Border) -> None:
    assert token(OURS.key(SECRET), BOTH) != token(other.key(SECRET), BOTH)


def test_both_sides_make_the_same_key() -> None:
    assert OURS.key(SECRET) == THEIRS.key(SECRET)


@pytest.mark.parametrize(
    ("data", "border", "secret", "said"),
    [
        (FILE, THEIRS, SECRET, "district"),
        (FILE, Border(HERE, THERE, OCTOBER.plus(-1)), SECRET, "period"),
        (FILE, Border(RegionCode("529903"), THERE, OCTOBER), SECRET, "other"),
        (FILE, OURS, bytes(32), "the same secret"),
        (FILE.replace(b"DIBAO", b"TEKUN", 1), OURS, SECRET, "as the neighbour wrote it"),
        (FILE.replace(b"true", b"false", 1), OURS, SECRET, "as the neighbour wrote it"),
        (FILE[:-20], OURS, SECRET, "format"),
        (b"\xff", OURS, SECRET, "format"),
        (b"{}", OURS, SECRET, "format"),
        (FILE.replace(b"tokens/1", b"tokens/2"), OURS, SECRET, "format"),
    ],
)
def test_a_file_of_others_or_a_changed_one_is_not_believed(
    data: bytes, border: Border, secret: bytes, said: str
) -> None:
    with pytest.raises(BadExchange, match=said) as refused:
        read(data, border, secret=secret)
    assert BOTH not in str(refused.value)


def test_a_row_taken_out_is_noticed() -> None:
    lines = json.loads(FILE)
    lines["rows"] = lines["rows"][:1]
    with pytest.raises(BadExchange, match="as the neighbour wrote it"):
        read(json.dumps(lines).encode(), OURS, secret=SECRET)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        OURS.key(SECRET[:31])
