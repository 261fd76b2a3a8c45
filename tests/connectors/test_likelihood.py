"""Rows without any id number are proposed by likelihood, one for one, and each waits for a person."""

from __future__ import annotations

import importlib.util
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors.likelihood import NoSplink, likely
from connectors.linkage import How, Identity, Linked

SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "安宁平康福禄寿喜春夏秋冬梅兰竹菊山水云月"


@pytest.fixture
def _splink() -> None:
    if importlib.util.find_spec("splink") is None:
        pytest.skip("Splink is not installed: `make linkage`")


def town(people: int, *, seed: int) -> tuple[list[Identity], list[Identity], dict[str, str]]:
    """People, rows of nine tenths of them and of strangers without any number, and who each truly is."""
    chance = random.Random(seed)

    def somebody(key: str) -> Identity:
        name = chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
        born = date(1930, 1, 1) + timedelta(days=chance.randrange(34_000))
        return Identity(key, "", name, born, f"5299{chance.randrange(1, 3):02d}")

    ours = [somebody(f"P{at:05d}") for at in range(people)]
    strangers = [somebody(f"S{at:05d}") for at in range(people // 10)]
    rows, truth = [], {}
    for at, one in enumerate([*chance.sample(ours, people * 9 // 10), *strangers]):
        row = replace(one, key=f"R{at:05d}")
        luck = chance.randrange(100)
        if luck < 3:
            row = replace(row, name=row.name[0] + chance.choice(GIVEN) + row.name[2])
        elif luck < 6:
            row = replace(row, birth=one.birth + timedelta(days=chance.choice([1, 10, 30])))
        elif luck < 8:
            row = replace(row, region="529901")
        rows.append(row)
        truth[row.key] = one.key
    return ours, rows, truth


@pytest.mark.usefixtures("_splink")
def test_most_find_their_person_none_another_and_all_wait_for_somebody() -> None:
    ours, rows, truth = town(600, seed=5)
    linked = likely(ours, rows, seed=1)
    assert [match for match in linked.matches if truth[match.theirs] != match.ours] == []
    assert len(linked.matches) > 500
    assert all(match.how is How.PROBABLE and match.needs_a_person for match in linked.matches)
    assert all(match.per_mille is not None and 800 <= match.per_mille <= 1_000 for match in linked.matches)
    agree = {match.names_agree for match in linked.matches}
    assert agree == {True, False}  # a misspelt name is found, and says so
    told = [match.theirs for match in linked.matches] + [*linked.ambiguous, *linked.unmatched]
    assert sorted(told) == sorted(truth)


@pytest.mark.usefixtures("_splink")
def test_who_could_be_two_people_is_neither() -> None:
    ours, rows, _ = town(300, seed=7)
    twin = replace(ours[0], key="TWIN")
    row = replace(ours[0], key="ROW")
    linked = likely([*ours, twin], [*rows, row], seed=1)
    assert "ROW" in linked.ambiguous
    assert not {"TWIN", ours[0].key} & {match.ours for match in linked.matches}
    # The order of the lists changes nothing.
    assert likely([twin, *ours[::-1]], [row, *rows[::-1]], seed=1) == linked


@pytest.mark.usefixtures("_splink")
def test_where_there_is_nothing_to_learn_nothing_is_proposed() -> None:
    ours, rows, _ = town(300, seed=7)
    keys = tuple(sorted(row.key for row in rows))
    nameless = [replace(row, name="") for row in rows]
    ageless = [replace(row, birth=None) for row in rows]
    elsewhere = [replace(row, name="甲", birth=date(1900, 1, 1)) for row in rows]
    for theirs in (nameless, ageless, elsewhere):
        assert likely(ours, theirs, seed=1) == Linked((), (), keys)
    assert likely(ours, rows[:3], seed=1) == Linked((), (), keys[:3])
    assert likely([], [], seed=1) == Linked((), (), ())


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NoSplink, match="make linkage"):
        likely([], [], seed=1)
