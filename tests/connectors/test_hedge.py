"""A slow source may be asked a second time: the first good answer counts, and the second question is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from connectors.hedge import Hedge
from vocabulary.codes import Department

HEALTH = Department.HEALTH


def ask(hedge: Hedge, *turns: Callable[[asyncio.Event], Awaitable[str]]) -> str:
    """Ask a source that answers each question in its own way; the event never happens."""

    async def once() -> str:
        never, left = asyncio.Event(), [*turns]
        answer = await hedge.ask(lambda: left.pop(0)(never), HEALTH, good=lambda one: one == "good")
        others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        await asyncio.wait(others, timeout=5.0) if others else None
        assert all(one.done() for one in others)
        return answer

    return asyncio.run(once())


async def at_once(_: asyncio.Event) -> str:
    return "good"


async def wrong(_: asyncio.Event) -> str:
    return "failed"


async def hangs(never: asyncio.Event) -> str:
    await never.wait()
    return "never"


async def late(_: asyncio.Event) -> str:
    await asyncio.sleep(0.02)
    return "good"


async def late_and_wrong(_: asyncio.Event) -> str:
    await asyncio.sleep(0.02)
    return "failed"


def test_a_source_that_answers_in_time_is_asked_once() -> None:
    hedge = Hedge(60.0)
    assert ask(hedge, at_once) == "good"
    assert hedge.extra == {}


def test_a_source_that_fails_in_time_is_asked_once_too() -> None:
    hedge = Hedge(60.0)
    assert ask(hedge, wrong) == "failed"
    assert hedge.extra == {}


@pytest.mark.parametrize("first", [hangs, late])
def test_a_slow_source_is_asked_again_and_the_first_answer_counts(
    first: Callable[[asyncio.Event], Awaitable[str]],
) -> None:
    hedge = Hedge(0.001)
    assert ask(hedge, first, at_once) == "good"
    assert hedge.extra == {HEALTH: 1}


def test_a_second_question_that_fails_does_not_spoil_the_first() -> None:
    assert ask(Hedge(0.001), late, wrong) == "good"


def test_where_both_fail_the_failure_is_the_answer() -> None:
    assert ask(Hedge(0.001), late_and_wrong, wrong) == "failed"


def test_it_is_asked_twice_and_never_more() -> None:
    hedge = Hedge(0.001)
    assert ask(hedge, late, late) == "good"
    assert hedge.extra == {HEALTH: 1}


def test_an_asker_who_goes_away_leaves_no_question_behind() -> None:
    async def given_up() -> None:
        never = asyncio.Event()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await Hedge(0.001).ask(lambda: hangs(never), HEALTH, good=bool)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(given_up())
