"""How patient are we: what is repeated, what is counted, and when a source is left alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from connectors.failure import Failed
from connectors.guard import Guard, Patience
from vocabulary.evidence import FailureKind

PATIENCE = Patience(timeout_s=5.0, attempts=3, pause_s=0.001, trips_after=2, rest_s=60.0)


class Watch:
    """The breaker's watch, which stands until it is told to go on."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    stands = Watch()
    monkeypatch.setattr("purgatory.domain.model.time", stands)
    return stands


class Source:
    """Fails as told, once for each kind given, and then answers."""

    def __init__(self, *kinds: FailureKind) -> None:
        self.asked = 0
        self._kinds = [*kinds]

    async def __call__(self) -> str:
        self.asked += 1
        if self._kinds:
            raise Failed(self._kinds.pop(0), "told to fail")
        return "answer"


def ask(guard: Guard, question: Callable[[], Awaitable[str]]) -> str | FailureKind:
    async def once() -> str:
        return await guard.ask(question)

    try:
        return asyncio.run(once())
    except Failed as why:
        return why.kind


def test_an_unreachable_source_is_asked_again_and_may_answer() -> None:
    source = Source(FailureKind.UNREACHABLE, FailureKind.UNREACHABLE)
    assert ask(Guard("one", PATIENCE), source) == "answer"
    assert source.asked == 3


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.UNREACHABLE])
def test_no_other_failure_is_asked_again(kind: FailureKind) -> None:
    source = Source(kind)
    assert ask(Guard("one", PATIENCE), source) is kind
    assert source.asked == 1


def test_a_source_that_failed_too_often_is_left_alone_and_tried_again_after_a_rest(watch: Watch) -> None:
    guard, dead, alive = Guard("one", PATIENCE), Source(*[FailureKind.TIMED_OUT] * 9), Source()
    assert [ask(guard, dead) for _ in range(2)] == [FailureKind.TIMED_OUT] * 2
    assert ask(guard, alive) is FailureKind.UNREACHABLE
    assert (dead.asked, alive.asked) == (2, 0)
    watch.now_s += PATIENCE.rest_s - 1
    assert ask(guard, alive) is FailureKind.UNREACHABLE
    watch.now_s += PATIENCE.rest_s + 1
    assert ask(guard, alive) == "answer"
    assert ask(guard, alive) == "answer"


def test_a_source_still_dead_after_its_rest_is_left_alone_again_at_once(watch: Watch) -> None:
    guard, dead = Guard("one", PATIENCE), Source(*[FailureKind.TIMED_OUT] * 9)
    for _ in range(2):
        ask(guard, dead)
    watch.now_s += PATIENCE.rest_s + 1
    assert ask(guard, dead) is FailureKind.TIMED_OUT
    assert ask(guard, dead) is FailureKind.UNREACHABLE
    assert dead.asked == 3


@pytest.mark.parametrize(
    "kind", [FailureKind.CONTRACT_BROKEN, FailureKind.REFUSED, FailureKind.QUOTA_EXCEEDED]
)
def test_an_answer_however_wrong_does_not_count_as_a_dead_source(kind: FailureKind) -> None:
    guard, wrong = Guard("one", PATIENCE), Source(*[kind] * 5)
    assert [ask(guard, wrong) for _ in range(5)] == [kind] * 5
    assert ask(guard, wrong) == "answer"


def test_askers_who_go_away_do_not_count_as_a_dead_source() -> None:
    guard = Guard("one", PATIENCE)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await guard.ask(lambda: asyncio.sleep(5, "late"))

    for _ in range(PATIENCE.trips_after + 1):
        asyncio.run(give_up())
    assert ask(guard, Source()) == "answer"


def test_the_time_limit_covers_all_attempts_together() -> None:
    quick = Patience(timeout_s=0.1, attempts=100, pause_s=0.02)
    started = time.monotonic()
    kind = ask(Guard("one", quick), Source(*[FailureKind.UNREACHABLE] * 100))
    assert kind in (FailureKind.TIMED_OUT, FailureKind.UNREACHABLE)
    assert time.monotonic() - started < 2.0


def test_a_mistake_of_ours_is_not_taken_for_a_failure_of_theirs() -> None:
    async def mistaken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(Guard("one", PATIENCE), mistaken)
