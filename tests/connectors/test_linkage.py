"""Rows find their person by number, by one typing error or by name and day, and never the wrong one in silence."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from stdnum.cn import ric

from connectors.linkage import How, Identity, Linked, link

DAY = date(1985, 3, 7)


def number(sequence: int, *, birth: date = DAY, region: str = "529901") -> str:
    body = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


AN, NING = number(1), number(2)
OURS = [Identity("an", AN, "安一"), Identity("ning", NING, "宁二")]


def found(*theirs: Identity, ours: Sequence[Identity] = OURS) -> list[tuple[str, str, How]]:
    return [(match.ours, match.theirs, match.how) for match in link(ours, theirs).matches]


def test_the_same_number_is_the_same_person_whatever_its_spelling() -> None:
    with_x = next(one for one in map(number, range(999)) if one.endswith("X"))
    ours = [Identity("x", with_x)]
    assert found(Identity("1", f" {with_x.lower()} "), ours=ours) == [("x", "1", How.EXACT)]


def test_fifteen_digits_are_raised_to_eighteen() -> None:
    legacy = AN[:6] + AN[8:17]
    assert found(Identity("1", legacy)) == [("an", "1", How.RAISED)]
    assert not link(OURS, [Identity("1", legacy)]).matches[0].needs_a_person


@pytest.mark.parametrize(
    "damaged",
    [
        AN[:15] + "9" + AN[16:],
        AN[:17] + ("0" if AN[17] != "0" else "1"),
        AN[:15] + AN[16] + AN[15] + AN[17:],
    ],
)
def test_one_typing_error_is_proposed_and_waits_for_a_person(damaged: str) -> None:
    (match,) = link(OURS, [Identity("1", damaged, "安一")]).matches
    assert (match.ours, match.how, match.names_agree) == ("an", How.ONE_ERROR, True)
    assert match.needs_a_person


@pytest.mark.parametrize("damaged", [AN[:17], AN[:10] + AN[11:], AN + "1"])
def test_a_digit_too_few_or_too_many_is_found_where_a_column_tells_the_birth(damaged: str) -> None:
    assert found(Identity("1", damaged, birth=DAY)) == [("an", "1", How.ONE_ERROR)]
    assert found(Identity("1", damaged)) == []


def test_two_errors_are_not_proposed() -> None:
    damaged = AN[:14] + "99" + AN[16:]
    assert found(Identity("1", damaged, "安一")) == []


def test_two_numbers_that_both_pass_are_two_people() -> None:
    other = next(one for one in map(number, range(3, 999)) if one[:16] == AN[:16])
    assert found(Identity("1", other, "安一")) == []


def test_another_name_forbids_what_the_number_suggests() -> None:
    damaged = AN[:17] + ("0" if AN[17] != "0" else "1")
    assert found(Identity("1", damaged, "周三")) == []
    assert found(Identity("1", damaged)) == [("an", "1", How.ONE_ERROR)]


def test_the_same_number_under_another_name_waits_for_a_person() -> None:
    (match,) = link(OURS, [Identity("1", AN, "周三")]).matches
    assert (match.how, match.names_agree, match.needs_a_person) == (How.EXACT, False, True)


def test_without_a_number_name_birth_and_region_together_propose() -> None:
    nobody = Identity("1", "", "安 一", DAY, "529901")
    assert found(nobody) == [("an", "1", How.SAME_NAME)]
    for lacking in (replace(nobody, name=""), replace(nobody, birth=None), replace(nobody, region="")):
        assert found(lacking) == []
    for other in (
        replace(nobody, name="安二"),
        replace(nobody, birth=DAY + timedelta(days=1)),
        replace(nobody, region="529902"),
    ):
        assert found(other) == []


def test_a_number_of_another_is_no_missing_number() -> None:
    assert found(Identity("1", number(700), "安一", DAY, "529901")) == []


def test_who_could_be_two_people_is_neither() -> None:
    twins = [Identity("a", AN, "安一"), Identity("b", NING, "安一")]
    linked = link(twins, [Identity("1", "", "安一", DAY, "529901")])
    assert linked == Linked((), ("1",), ())


def test_two_rows_that_could_be_one_person_are_neither() -> None:
    one = Identity("1", "", "安一", DAY, "529901")
    assert link(OURS, [one, replace(one, key="2")]) == Linked((), ("1", "2"), ())


def test_a_person_found_by_number_is_not_also_found_by_likeness() -> None:
    same = Identity("1", AN, "安一")
    alike = Identity("2", "", "安一", DAY, "529901")
    linked = link(OURS, [same, alike])
    assert [match.theirs for match in linked.matches] == ["1"]
    assert linked.unmatched == ("2",)


def test_a_number_that_two_of_ours_have_tells_nobody_apart() -> None:
    twice = [Identity("a", AN, "安一"), Identity("b", AN, "安二")]
    assert found(Identity("1", AN), ours=twice) == []


def test_a_default_birthday_is_no_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.linkage.LARGEST_BLOCK", 1)
    assert found(Identity("1", "", "安一", DAY, "529901")) == []


def crowd(names: Sequence[str], *, strangers: int) -> tuple[list[Identity], list[Identity]]:
    """Ours, all in one block; and of theirs a hundred under good numbers elsewhere, some of them strangers."""
    ours = [Identity(f"P{at:03d}", number(at), name) for at, name in enumerate(names)]
    elsewhere = [Identity(f"Q{at:03d}", number(at, birth=DAY + timedelta(days=1 + at))) for at in range(100)]
    theirs = [replace(one, key=f"R{one.key}") for one in elsewhere]
    return ours + elsewhere[strangers:], theirs


def test_a_name_that_others_bear_proves_nothing_where_a_row_may_be_a_strangers() -> None:
    ours, theirs = crowd(["安一", "宁二", "周三"], strangers=10)
    elsewhere = [
        Identity(f"N{at}", number(at, birth=date(1960, 1, 1)), "安一" if at < 20 else "赵四")
        for at in range(100)
    ]
    nobody = Identity("1", "", "安一", DAY, "529901")
    assert found(nobody, *theirs, ours=[*ours, *elsewhere])[0][:2] != ("P000", "1")
    assert "1" in link([*ours, *elsewhere], [nobody, *theirs]).ambiguous
    alone = [replace(one, name="赵四") for one in elsewhere]
    assert ("P000", "1", How.SAME_NAME) in found(nobody, *theirs, ours=[*ours, *alone])


def test_a_number_one_error_away_proves_nothing_in_a_crowd_that_strangers_are_among() -> None:
    damaged = Identity("1", number(1)[:17] + ("0" if number(1)[17] != "0" else "1"), birth=DAY)
    far = [number(at) for at in range(300, 360)]
    for strangers, proposed in ((0, True), (10, False)):
        ours, theirs = crowd(["安一", "宁二"], strangers=strangers)
        many = [Identity(f"M{at}", text, "赵四") for at, text in enumerate(far)]
        pairs = found(damaged, *theirs, ours=[*ours, *many])
        assert (("P001", "1", How.ONE_ERROR) in pairs) is proposed
        assert ("P001", "1", How.ONE_ERROR) in found(damaged, *theirs, ours=ours[1:])


def test_garbage_is_unmatched_and_harmless() -> None:
    odd = ["", " ", "无", "5.29901E+17", "529901" * 9, "52990119850230001X", "\x00", "𠮷" * 18]
    linked = link(OURS, [Identity(str(at), text) for at, text in enumerate(odd)])
    assert linked == Linked((), (), tuple(sorted(str(at) for at in range(len(odd)))))


def test_the_order_of_the_lists_changes_nothing() -> None:
    ours, theirs, _ = damaged_town(400, share=0.3, seed=3)
    straight = link(ours, theirs)
    assert link(ours[::-1], theirs[::-1]) == straight


def damaged_town(
    people: int, *, share: float, seed: int, days: int = 34_000, strangers: int = 10
) -> tuple[list[Identity], list[Identity], dict[str, str]]:
    """People, a department's rows of most of them and of strangers, and who each row truly is.

    `days`        birthdays that there are
    `strangers`   percent of the people who have no row, and of whom as many strangers have one instead
    """
    chance = random.Random(seed)
    first = date(1930, 1, 1)
    ours, others = [], []
    seen: set[str] = set()
    while len(ours) + len(others) < people * (100 + strangers) // 100:
        one = number(chance.randrange(1000), birth=first + timedelta(days=chance.randrange(days)))
        if one in seen:
            continue
        seen.add(one)
        name = (
            chance.choice("赵钱孙李周吴郑王") + chance.choice("一二三四五六七八") + chance.choice("甲乙丙丁")
        )
        side = ours if len(ours) < people else others
        side.append(Identity(f"P{len(seen):07d}", one, name))
    theirs, truth = [], {}
    for at, person in enumerate([*chance.sample(ours, people * (100 - strangers) // 100), *others]):
        birth = birth_of(person.id_number)
        row = Identity(f"R{at:07d}", person.id_number, person.name, birth, "529901")
        theirs.append(damaged(row, chance) if chance.random() < share else row)
        truth[row.key] = person.key
    return ours, theirs, truth


def birth_of(text: str) -> date:
    return date(int(text[6:10]), int(text[10:12]), int(text[12:14]))


def damaged(row: Identity, chance: random.Random) -> Identity:
    """One of the accidents of a registry: no number, a wrong digit, a swap, a digit lost, the old fifteen, no name."""
    text, at = row.id_number, chance.randrange(17)
    other = chance.choice([digit for digit in "0123456789" if digit != text[at]])
    kind = chance.randrange(6)
    written = (
        "",
        text[:at] + other + text[at + 1 :],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        text[:at] + text[at + 1 :],
        text[:6] + text[8:17] if text[6:8] == "19" else text,
        text[:at] + other + text[at + 1 :],
    )[kind]
    return replace(row, id_number=written, name="" if kind == 5 else row.name)


def test_of_a_damaged_town_nobody_is_taken_for_another() -> None:
    ours, theirs, truth = damaged_town(20_000, share=0.05, seed=1)
    linked = link(ours, theirs)
    wrong = [match for match in linked.matches if truth[match.theirs] != match.ours]
    known = {one.key for one in ours}
    right = sum(truth[match.theirs] == match.ours for match in linked.matches)
    assert wrong == []
    assert right >= 0.998 * sum(key in known for key in truth.values())


def test_of_a_town_as_dense_as_a_million_nobody_is_taken_for_another() -> None:
    """30 people a birthday and 256 names: before accident was looked at, two of these 20,000 rows were wrong."""
    ours, theirs, truth = damaged_town(20_000, share=0.05, seed=22, days=680)
    matches = link(ours, theirs).matches
    assert [match for match in matches if truth[match.theirs] != match.ours] == []


def test_where_everybody_is_known_nearly_everybody_is_found() -> None:
    ours, theirs, truth = damaged_town(5_000, share=0.05, seed=1, days=170, strangers=0)
    matches = link(ours, theirs).matches
    assert all(truth[match.theirs] == match.ours for match in matches)
    assert len(matches) >= 0.999 * len(theirs)
