"""Who is ready shares a commit; nobody waits for somebody who may never come."""

from __future__ import annotations

import asyncio
import time

import pytest

from audit.errors import LogClosed
from tests.audit.conftest import OpenLog


def test_whoever_is_ready_while_the_loop_is_busy_is_in_one_commit(
    open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.writer.LINGER_S", 60.0)  # however slow the machine
    commits = 0

    def on_step(step: str) -> None:
        nonlocal commits
        commits += step == "committed"

    async def story() -> None:
        nonlocal commits
        async with open_log(on_step=on_step) as log:
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(log.append(b"%d" % at) for at in range(8)))  # nobody is alone any more
            before, commits = commits, 0
            assert before <= 2
            while log._writer._writing:
                await asyncio.sleep(0)
            waiting = []

            def busy(turn: int) -> None:
                waiting.append(log.append(b"turn %d" % turn))
                time.sleep(0.001)  # as long as a question takes: the turn is not idle
                if turn < 24:
                    loop.call_soon(busy, turn + 1)

            busy(0)
            while len(waiting) < 25:
                await asyncio.sleep(0)
            receipts = await asyncio.gather(*waiting)
            assert [receipt.index for receipt in receipts] == list(range(8, 33))
            assert commits == 1

    asyncio.run(story())


def test_a_loop_that_stays_busy_does_not_keep_an_entry_waiting(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            loop, over = asyncio.get_running_loop(), False
            await asyncio.gather(log.append(b"one"), log.append(b"two"))

            def busy() -> None:
                time.sleep(0.0005)
                if not over:
                    loop.call_soon(busy)

            busy()
            receipt = await asyncio.wait_for(log.append(b"three"), 30)
            over = True
            assert receipt.index == 2

    asyncio.run(story())


@pytest.mark.parametrize("callers", [1, 2, 31, 32, 33, 200])
def test_every_caller_is_answered_whatever_their_number(open_log: OpenLog, callers: int) -> None:
    async def story() -> None:
        async with open_log() as log:

            async def caller(number: int) -> list[int]:
                return [(await log.append(b"%d %d" % (number, at))).index for at in range(4)]

            found = await asyncio.wait_for(asyncio.gather(*map(caller, range(callers))), 60)
            assert sorted(index for some in found for index in some) == list(range(4 * callers))

    asyncio.run(story())


def test_what_waits_when_the_log_closes_is_written_and_what_comes_later_refused(open_log: OpenLog) -> None:
    async def story() -> None:
        async with open_log() as log:
            await asyncio.gather(log.append(b"one"), log.append(b"two"))
            waiting = [log.append(b"%d" % at) for at in range(10)]
            await log.aclose()
            with pytest.raises(LogClosed):
                log.append(b"too late")
            assert [(await one).index for one in waiting] == list(range(2, 12))

    asyncio.run(story())
