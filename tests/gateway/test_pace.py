"""Is who asks too often, or about too many households, noticed, refused and noted once?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from casework.agreement import Recipient
from gateway.caller import Caller
from gateway.errors import NotLogged
from gateway.pace import OwnCounts, Pace, Pacing, SharedCounts, TooOften
from tests.gateway.desk import EASY_PACE, at_desk
from tests.gateway.rows import HEAD, ROWS
from vocabulary.region import RegionCode

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
ASKER = Caller(
    issuer="test",
    subject="mz-1",
    department=Recipient.CIVIL_AFFAIRS,
    post="核对员",
    region=RegionCode("529901"),
    expires_at=NOON + timedelta(hours=1),
)


class Clock:
    now = NOON

    def __call__(self):
        return self.now


@pytest.fixture(params=["own", "shared"])
def counts(request, tmp_path):
    if request.param == "own":
        yield OwnCounts()
    else:
        shared = SharedCounts(tmp_path / "pace.sqlite")
        yield shared
        shared.close()


def pacing(counts, clock=None, **limits):
    return Pacing(
        replace(EASY_PACE, **limits), counts, pseudonym=lambda text: f"~{hash(text)}", clock=clock or Clock()
    )


def refused(action):
    with pytest.raises(TooOften) as caught:
        action()
    return caught.value


def test_as_many_as_the_limit_pass_and_one_more_does_not(counts):
    held = pacing(counts, questions=3)
    for _ in range(3):
        held.asks(ASKER)
    error = refused(lambda: held.asks(ASKER))
    assert (error.clause, error.noted) == ("HEDUI_MAX_QUESTIONS_PER_MINUTE", True)
    assert refused(lambda: held.asks(ASKER)).noted is False


def test_with_the_next_minute_the_count_begins_anew(counts):
    clock = Clock()
    held = pacing(counts, clock, questions=1)
    held.asks(ASKER)
    assert refused(lambda: held.asks(ASKER)).again_in_s == 60
    clock.now = NOON + timedelta(seconds=59)
    assert refused(lambda: held.asks(ASKER)).again_in_s == 1
    clock.now = NOON + timedelta(seconds=60)
    held.asks(ASKER)
    assert refused(lambda: held.asks(ASKER)).noted is True


def test_a_household_asked_about_twice_is_one_household(counts):
    held = pacing(counts, households=2)
    for number in ("H-1", "H-1", "H-2", "H-1", "H-2"):
        held.asks_about(ASKER, number)
    assert refused(lambda: held.asks_about(ASKER, "H-3")).clause == "HEDUI_MAX_HOUSEHOLDS_PER_HOUR"


def test_households_that_are_not_there_are_an_enumeration(counts):
    held = pacing(counts, misses=2)
    for number in ("H-7", "H-8"):
        held.asks_about(ASKER, number)
        held.missed(ASKER)
    assert refused(lambda: held.asks_about(ASKER, "H-1")).clause == "HEDUI_MAX_MISSES_PER_HOUR"


def test_what_is_asked_of_one_household_is_counted_for_all_callers_together(counts):
    held = pacing(counts, about=2)
    other = replace(ASKER, subject="mz-2")
    held.asks_about(ASKER, "H-1")
    held.asks_about(other, "H-1")
    assert refused(lambda: held.asks_about(other, "H-1")).clause == "HEDUI_MAX_QUESTIONS_PER_HOUSEHOLD"
    held.asks_about(other, "H-2")


def test_claims_of_one_household_are_counted_by_value(counts):
    held = pacing(counts, claims=5)
    held.asks_about(ASKER, "H-1", claims=3)
    assert refused(lambda: held.asks_about(ASKER, "H-1", claims=3)).clause == "HEDUI_MAX_CLAIMS_PER_DAY"
    held.asks_about(ASKER, "H-2", claims=5)


def test_a_list_counts_its_households(counts):
    held = pacing(counts, listed=100)
    held.lists(ASKER, 60)
    assert refused(lambda: held.lists(ASKER, 41)).clause == "HEDUI_MAX_LISTED_PER_HOUR"


def test_two_processes_share_their_counts_and_keep_no_number_of_anybody(tmp_path):
    one, two = (SharedCounts(tmp_path / "pace.sqlite") for _ in range(2))
    pacing(one, questions=2).asks(ASKER)
    pacing(two, questions=2).asks(ASKER)
    pacing(one).asks_about(ASKER, HEAD)
    assert refused(lambda: pacing(one, questions=2).asks(ASKER))
    one.close()
    two.close()
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert held
    assert HEAD.encode() not in held
    assert ASKER.subject.encode() not in held


def test_who_cannot_be_counted_is_not_answered(tmp_path):
    counts = SharedCounts(tmp_path / "pace.sqlite")
    held = pacing(counts)
    assert held.counts()
    counts._file.execute("PRAGMA query_only = ON")  # as when the disk is full
    assert not held.counts()
    with pytest.raises(NotLogged, match="to count the question"):
        held.asks(ASKER)
    counts._file.execute("PRAGMA query_only = OFF")
    held.asks(ASKER)
    assert held.counts()
    counts.close()


def test_what_is_over_is_forgotten(counts):
    clock = Clock()
    held = pacing(counts, clock)
    for number in range(50):
        held.asks_about(ASKER, f"H-{number}")
    clock.now = NOON + timedelta(hours=1)
    held.asks_about(ASKER, "H-1")
    if isinstance(counts, SharedCounts):
        rows = counts._file.execute("SELECT COUNT(*) FROM seen WHERE every = 3600").fetchone()
        assert rows[0] < 10
    else:
        assert len(counts._counts[3600][1]) < 10


def test_an_enumeration_is_refused_with_429_and_noted_once(tmp_path):
    async def test(desk):
        answers = [await desk.ask(f'{{household(number: "S-{n}") {{number}}}}') for n in range(6)]
        return answers, await desk.entries()

    pace = Pace(misses=3)
    answers, entries = at_desk(tmp_path, ROWS, test, pace=pace)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429, 429]
    error = answers[3].json()["errors"][0]
    assert error["extensions"]["code"] == "TOO_OFTEN"
    assert error["extensions"]["clause"] == "HEDUI_MAX_MISSES_PER_HOUR"
    assert 0 < int(answers[3].headers["retry-after"]) <= 3600
    (refusal,) = [entry for entry in entries if entry["event"] == "inquiry.refused"]
    assert refusal["fields"]["clause"] == "HEDUI_MAX_MISSES_PER_HOUR"
    assert refusal["fields"]["request"] == error["extensions"]["request"]


def test_a_household_outside_the_region_is_a_miss_like_one_that_does_not_exist(tmp_path):
    async def test(desk):
        return [(await desk.ask('{household(number: "H-2") {number}}')).status_code for _ in range(3)]

    assert at_desk(tmp_path, ROWS, test, pace=Pace(misses=1)) == [200, 429, 429]
