"""Samples: Rivest's numbers, fair shares, exact sizes, and nobody who can choose."""

from __future__ import annotations

import json
from fractions import Fraction
from hashlib import sha256
from itertools import islice

import consistent_sampler
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.catalogue import Entry, parse_entry
from audit.commitment import Json, canonical
from audit.errors import AuditError, MalformedSample, SampleImpossible, WrongSample
from audit.note import Checkpoint
from audit.sample import (
    Frame,
    Plan,
    SampleRecord,
    commit_fields,
    draw,
    draw_sample,
    drawn_from,
    head_for,
    rivest_picks,
    sample_size,
    seed_of,
)
from tests.audit.synthetic import NOW, book

ORIGIN = "hedui.example/test"
SECRET = bytes(range(32))
PROMISE = sha256(SECRET).hexdigest()

# Test cases for the Rivest sampling algorithm, version 0.2.0-alpha: seed, population, picks with repeats.
# Copyright 2014 Chris Jerdonek, BSD 3-clause; checked by their author against sampler.py of 2011-11-14.
RIVEST_VECTORS = [
    ("1", 1000, [97, 89, 163]),
    ("0", 2, [1, 1, 2]),
    ("0", 1000, [905, 573, 160]),
    ("0000000000", 1000, [978, 359, 132]),
    ("999999999999999999999999", 1000, [544, 800, 654]),
    ("3546311556112163624615351222", 876, [740, 180, 264, 789, 238]),
    ("abcde", 1000, [247, 427, 157]),
    ("abc123", 1000, [455, 764, 629]),
    ("snowman: ☃", 1000, [634, 56, 46]),
    ("\U0001f600", 1000, [596, 415, 303, 11, 141]),
]

# The transcript in the documentation of sampler.py: 47 without repeats, one (611) rejected on the way.
WITHOUT_REPEATS = (
    "740 180 264 789 238 448 272 611 761 208 596 88 160 113 766 427 184 816 653 411 779 331 339 487 594 235 65 "
    "527 821 490 461 251 471 414 174 567 300 134 144 357 786 792 218 550 787 537 197"
)


@pytest.mark.parametrize(("seed", "population", "picks"), RIVEST_VECTORS)
def test_picks_are_those_of_the_published_vectors(seed: str, population: int, picks: list[int]) -> None:
    assert list(islice(rivest_picks(seed, population=population), len(picks))) == picks


def test_a_draw_without_repeats_is_that_of_the_published_transcript() -> None:
    drawn = draw("3546311556112163624615351222", population=876, count=47)
    assert drawn == list(map(int, WITHOUT_REPEATS.split()))


def test_another_sampler_of_rivests_finds_our_sample_as_good_as_its_own() -> None:
    """Rivest's later sampler draws other numbers; over many seeds both hit each item as often."""
    population, count, seeds = 20, 5, 400
    ours, theirs = [0] * population, [0] * population
    for seed in range(seeds):
        for at in draw(str(seed), population=population, count=count):
            ours[at - 1] += 1
        for _, at, _ in consistent_sampler.sampler(range(population), seed=seed, take=count, output="tuple"):
            theirs[at] += 1
    assert sum(ours) == sum(theirs) == seeds * count
    assert chi_square(ours) < 43.8
    assert chi_square(theirs) < 43.8


def chi_square(counts: list[int]) -> float:
    """With 19 degrees of freedom, 43.8 is exceeded by chance once in a thousand times."""
    expected = sum(counts) / len(counts)
    return sum((count - expected) ** 2 / expected for count in counts)


def test_first_picks_are_uniform() -> None:
    counts = [0] * 20
    for number in range(20_000):
        counts[next(rivest_picks(sha256(b"%d" % number).hexdigest(), population=20)) - 1] += 1
    assert chi_square(counts) < 43.8


@given(st.text(max_size=20), st.integers(1, 60), st.data())
def test_a_draw_has_as_many_different_items_as_asked_and_a_longer_one_begins_alike(
    seed: str, population: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, population))
    drawn = draw(seed, population=population, count=count)
    assert len(set(drawn)) == len(drawn) == count
    assert set(drawn) <= set(range(1, population + 1))
    assert draw(seed, population=population, count=population)[:count] == drawn


@pytest.mark.parametrize(("population", "count"), [(3, 4), (0, 1), (3, -1)])
def test_more_than_there_is_cannot_be_drawn(population: int, count: int) -> None:
    with pytest.raises(SampleImpossible):
        draw("seed", population=population, count=count)


@pytest.mark.parametrize(
    ("confidence", "per_mille", "sizes"),
    [
        (95, 50, (59, 59, 59)),
        (95, 10, (294, 298, 299)),
        (95, 1, (2588, 2950, 2990)),
        (99, 50, (90, 90, 90)),
        (99, 10, (448, 458, 459)),
        (99, 1, (3689, 4499, 4593)),
    ],
)
def test_the_table_of_sample_sizes(confidence: int, per_mille: int, sizes: tuple[int, ...]) -> None:
    for population, size in zip((10_000, 100_000, 1_000_000), sizes, strict=True):
        defects = population * per_mille // 1000
        assert sample_size(population=population, defects=defects, confidence_percent=confidence) == size


@given(st.integers(1, 300), st.data())
def test_a_sample_size_is_enough_and_one_less_is_not(population: int, data: st.DataObject) -> None:
    defects = data.draw(st.integers(1, population))
    confidence = data.draw(st.sampled_from([50, 90, 95, 99]))
    size = sample_size(population=population, defects=defects, confidence_percent=confidence)

    def none_found(drawn: int) -> Fraction:
        chance = Fraction(1)
        for at in range(drawn):
            chance *= Fraction(population - defects - at, population - at)
        return chance

    risk = Fraction(100 - confidence, 100)
    assert none_found(size) <= risk < none_found(size - 1)


@pytest.mark.parametrize(("defects", "confidence"), [(0, 95), (11, 95), (1, 0), (1, 100)])
def test_a_sample_size_of_nothing_is_not_told(defects: int, confidence: int) -> None:
    with pytest.raises(SampleImpossible):
        sample_size(population=10, defects=defects, confidence_percent=confidence)


def test_tekun_gets_its_30_per_cent_of_a_district() -> None:
    strata = {"DIBAO": 6011, "EDGE": 491, "TEKUN": 120, "UNION": 278}
    given_ = Plan(200, {"TEKUN": 30}).allocate(strata)
    assert given_["TEKUN"] == 60
    assert sum(given_.values()) == 200
    assert given_["DIBAO"] > given_["EDGE"] > given_["UNION"] > 0


def test_a_share_is_rounded_up_by_one_item_and_never_down() -> None:
    assert Plan(10, {"TEKUN": 30}).allocate({"DIBAO": 1000, "TEKUN": 10})["TEKUN"] == 3
    assert Plan(11, {"TEKUN": 30}).allocate({"DIBAO": 1000, "TEKUN": 10})["TEKUN"] == 4


@given(
    st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 50), min_size=1),
    st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 20)),
    st.data(),
)
def test_an_allocation_spends_the_count_and_keeps_every_share(
    strata: dict[str, int], shares: dict[str, int], data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, sum(strata.values())))
    plan = Plan(count, shares)
    try:
        given_ = plan.allocate(strata)
    except SampleImpossible:
        least = sum(min(strata[name], -(-shares.get(name, 0) * count // 100)) for name in strata)
        assert least > count
        return
    assert sum(given_.values()) == count
    for name, size in strata.items():
        assert min(size, -(-shares.get(name, 0) * count // 100)) <= given_[name] <= size


@pytest.mark.parametrize(
    "plan", [Plan(0, {}), Plan(9, {}), Plan(2, {"A": 101}), Plan(2, {"A": -1}), Plan(2, {"A": 60, "B": 60})]
)
def test_a_plan_that_cannot_be_met_is_refused(plan: Plan) -> None:
    with pytest.raises(SampleImpossible):
        plan.allocate({"A": 4, "B": 4})


def test_one_stratum_is_drawn_with_the_seed_itself() -> None:
    frame = Frame(tuple((100 + at, "all") for at in range(876)))
    picks = draw_sample(frame, Plan(47, {}), seed="3546311556112163624615351222")
    assert [pick - 99 for pick in picks] == list(map(int, WITHOUT_REPEATS.split()))


class Story:
    """A log of ten entries, then commit, head, reveal."""

    frame = Frame(tuple((at, "TEKUN" if at < 3 else "DIBAO") for at in range(10)))
    plan = Plan(4, {"TEKUN": 30})

    def __init__(self, *, root: str = "cd" * 32, size: int = 11, secret: bytes = SECRET) -> None:
        commit: dict[str, Json] = {
            "caller": "evaluator",
            **commit_fields(PROMISE, frame=self.frame, plan=self.plan),
        }
        head: dict[str, Json] = {"size": size, "root": root, "witnesses": []}
        reveal: dict[str, Json] = {"caller": "evaluator", "commit": 10, "secret": secret.hex()}
        self.commit = (10, self._entry("sample.commit", commit))
        self.head = (11, self._entry("checkpoint.witnessed", head))
        self.reveal = (12, self._entry("sample.reveal", reveal))

    @staticmethod
    def _entry(event: str, fields: dict[str, Json]) -> Entry:
        return parse_entry(book().entry(event, at=NOW, fields=fields).bytes)

    def draw(self, frame: Frame | None = None) -> SampleRecord:
        return drawn_from(self.commit, self.head, self.reveal, frame=frame or self.frame, origin=ORIGIN)


def test_a_sample_follows_from_commit_head_and_secret() -> None:
    record = Story().draw()
    head = str(Checkpoint(ORIGIN, 11, bytes.fromhex("cd" * 32)))
    assert (
        record.seed
        == sha256(b"hedui-sample/v1\n" + head.encode() + SECRET).hexdigest()
        == seed_of(head, SECRET)
    )
    assert len(record.picks) == 4
    assert sum(pick < 3 for pick in record.picks) >= 2
    assert SampleRecord.parse(record.to_bytes()) == record


def test_another_head_another_secret_or_another_frame_is_another_sample_or_none() -> None:
    assert Story(root="ce" * 32).draw().seed != Story().draw().seed
    with pytest.raises(WrongSample, match="secret"):
        Story(secret=bytes(32)).draw()
    with pytest.raises(WrongSample, match="frame"):
        Story().draw(Frame(((0, "TEKUN"), *Story.frame.items[2:])))
    late = Story()
    late.frame = Frame(((0, "TEKUN"), (11, "DIBAO"), (12, "DIBAO"), (13, "DIBAO"), (14, "DIBAO")))
    promise: dict[str, Json] = {
        "caller": "evaluator",
        **commit_fields(PROMISE, frame=late.frame, plan=late.plan),
    }
    late.commit = (10, late._entry("sample.commit", promise))
    with pytest.raises(WrongSample, match="frame of entries"):
        late.draw()
    with pytest.raises(WrongSample, match="covers the commit"):
        Story(size=10).draw()


def test_the_three_entries_are_taken_in_their_order_only() -> None:
    story = Story()
    story.head = (9, story.head[1])
    with pytest.raises(WrongSample):
        story.draw()
    story = Story()
    story.reveal = (10, story.reveal[1])
    with pytest.raises(WrongSample):
        story.draw()
    story = Story()
    story.commit = (9, story.commit[1])
    with pytest.raises(WrongSample):
        story.draw()
    story.commit, story.head = story.head, story.commit
    with pytest.raises(WrongSample, match=r"expected an entry `sample\.commit`"):
        story.draw()


def test_the_first_head_after_the_commit_is_taken() -> None:
    story = Story()
    early = story._entry("checkpoint.witnessed", {"size": 10, "root": "aa" * 32, "witnesses": []})
    entries = [story.commit, (11, early), (12, story.head[1]), (13, story.head[1])]
    assert head_for(10, entries, origin=ORIGIN)[0] == 12
    with pytest.raises(WrongSample):
        head_for(10, entries[:2], origin=ORIGIN)


def test_an_operator_who_tries_65536_heads_does_not_know_which_one_to_take() -> None:
    """Grinding: the picks of the heads that looked best for a guessed secret are no better than chance."""
    wanted, population, tries = 7, 64, 65_536
    guess, kept = bytes(32), []
    for number in range(tries):
        head = f"{ORIGIN}\n11\n{number}\n"
        if next(rivest_picks(seed_of(head, guess), population=population)) == wanted:
            kept.append(head)
    hits = sum(next(rivest_picks(seed_of(head, SECRET), population=population)) == wanted for head in kept)
    assert len(kept) > tries / population * 0.8
    expected = len(kept) / population
    assert abs(hits - expected) < 4 * expected**0.5 + 1


def test_what_an_operator_could_grind_for_without_a_secret_it_would_find() -> None:
    """The contrast: with the head alone as the seed, a few tries are enough to take the pick."""
    found = next(
        number
        for number in range(65_536)
        if next(rivest_picks(sha256(b"%d" % number).hexdigest(), population=64)) == 7
    )
    assert found < 1000


@pytest.mark.parametrize(
    "change",
    [
        {"commit": -1},
        {"commit": True},
        {"picks": [1, -1]},
        {"picks": [True]},
        {"picks": "1"},
        {"frame": []},
        {"frame": [[1, "A"], [1, "A"]]},
        {"frame": [[2, "A"], [1, "A"]]},
        {"frame": [[-1, "A"]]},
        {"frame": [[True, "A"]]},
        {"frame": [[1, "a b"]]},
        {"frame": [[1]]},
        {"frame": {}},
        {"seed": 1},
        {"more": 1},
    ],
)
def test_a_malformed_record_is_refused(change: dict[str, Json]) -> None:
    good = json.loads(Story().draw().to_bytes())
    with pytest.raises(MalformedSample):
        SampleRecord.parse(canonical({**good, **change}))


@given(st.binary(max_size=60))
def test_foreign_bytes_raise_our_error_only(data: bytes) -> None:
    with pytest.raises(AuditError):
        SampleRecord.parse(data)


def test_a_plan_that_cannot_be_met_is_not_committed_to() -> None:
    with pytest.raises(SampleImpossible):
        commit_fields(PROMISE, frame=Story.frame, plan=Plan(11, {}))
