"""What would go beyond a quota is not sent, and the answer says so; the quota comes back with time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from connectors.failure import Failed
from connectors.guard import Guard, Patience
from connectors.quota import REPEATS_SAVED, Meter, Quota
from vocabulary.evidence import FailureKind


class Watch:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def sent(meter: Meter, questions: int) -> int:
    """How many of so many questions the meter lets through."""
    through = 0
    for _ in range(questions):
        with suppress(Failed):
            meter.spend()
            through += 1
    return through


@pytest.mark.parametrize(("per_second", "at_once"), [(1.0, 1), (2.0, 2), (2.9, 2), (0.5, 1), (100.0, 100)])
def test_a_second_s_worth_may_be_asked_at_once_and_not_one_more(per_second: float, at_once: int) -> None:
    assert sent(Meter(Quota(per_second=per_second), now=Watch()), 200) == at_once


def test_the_rate_comes_back_with_time_and_never_to_more_than_a_second_s_worth() -> None:
    watch = Watch()
    meter = Meter(Quota(per_second=4.0), now=watch)
    assert sent(meter, 10) == 4
    watch.now_s += 0.5
    assert sent(meter, 10) == 2
    watch.now_s += 3600.0
    assert sent(meter, 10) == 4


def test_without_a_rate_everything_is_sent() -> None:
    assert sent(Meter(Quota(), now=Watch()), 10_000) == 10_000


def test_whoever_gets_no_place_in_time_is_told_the_quota_and_the_source_is_not_blamed() -> None:
    guard = Guard("a", Patience(trips_after=1, quota=Quota(concurrent=2, queue_s=0.01)))

    async def all_at_once() -> list[object]:
        released = asyncio.Event()

        async def slow() -> str:
            await released.wait()
            return "answer"

        holding = [asyncio.create_task(guard.ask(slow)) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await asyncio.gather(guard.ask(slow), return_exceptions=True)
        released.set()
        return [*refused, *await asyncio.gather(*holding), await guard.ask(slow)]

    refused, *answers = asyncio.run(all_at_once())
    assert isinstance(refused, Failed)
    assert refused.kind is FailureKind.QUOTA_EXCEEDED
    assert answers == ["answer"] * 3


def test_no_more_questions_run_at_a_time_than_agreed() -> None:
    guard = Guard("a", Patience(quota=Quota(concurrent=3, queue_s=60.0)))
    running, most = 0, 0

    async def question() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    async def many() -> None:
        await asyncio.gather(*(guard.ask(question) for _ in range(20)))

    asyncio.run(many())
    assert most == 3


def test_a_guard_serves_one_event_loop_after_another() -> None:
    guard = Guard("a", Patience(quota=Quota(concurrent=1, queue_s=60.0)))

    async def answer() -> int:
        await asyncio.sleep(0)
        return 1

    async def two() -> list[int]:
        return await asyncio.gather(guard.ask(answer), guard.ask(answer))

    assert [asyncio.run(two()), asyncio.run(two())] == [[1, 1], [1, 1]]


def test_a_source_that_fails_always_is_repeated_only_within_the_budget() -> None:
    asked = 0

    async def dead() -> None:
        nonlocal asked
        asked += 1
        raise Failed(FailureKind.UNREACHABLE, "told to fail")

    patience = Patience(attempts=3, pause_s=0.0, trips_after=10_000, quota=Quota(repeats=0.1))
    guard = Guard("a", patience)

    async def many() -> None:
        for _ in range(100):
            with pytest.raises(Failed, match="told to fail"):
                await guard.ask(dead)

    asyncio.run(many())
    assert asked <= 100 + REPEATS_SAVED + 0.1 * 100
    assert asked > 100 + REPEATS_SAVED


def test_a_repeat_counts_to_the_rate() -> None:
    asked = 0

    async def dead() -> None:
        nonlocal asked
        asked += 1
        raise Failed(FailureKind.UNREACHABLE, "told to fail")

    guard = Guard("a", Patience(attempts=3, pause_s=0.0, quota=Quota(per_second=0.001)))
    with pytest.raises(Failed) as failed:
        asyncio.run(guard.ask(dead))  # type: ignore[arg-type]  # a coroutine is what `run` takes
    assert failed.value.kind is FailureKind.QUOTA_EXCEEDED
    assert asked == 1
