"""So many at a time, in the order of their coming."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from connectors.places import Places


def test_a_place_is_taken_once() -> None:
    places = Places(1)
    assert places.take()
    assert not places.take()
    places.give_back()
    assert places.take()


def test_who_comes_first_has_the_first_turn() -> None:
    order: list[int] = []

    async def one(places: Places, number: int) -> None:
        await places.wait()
        order.append(number)
        await asyncio.sleep(0)
        places.give_back()

    async def run() -> None:
        places = Places(2)
        await asyncio.gather(*(one(places, number) for number in range(5)))
        assert places.take()
        assert places.take()
        assert not places.take()

    asyncio.run(run())
    assert order == [0, 1, 2, 3, 4]


def test_who_goes_away_takes_no_place_along() -> None:
    async def run() -> None:
        places = Places(1)
        assert places.take()
        waiting = asyncio.ensure_future(places.wait())
        gone_at_its_turn = asyncio.ensure_future(places.wait())
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        places.give_back()
        gone_at_its_turn.cancel()  # its turn has come, but it has not noticed yet
        with suppress(asyncio.CancelledError):
            await gone_at_its_turn
        assert places.take()

    asyncio.run(run())
