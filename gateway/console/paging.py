"""Which page of a list is looked at, and is there another behind it? For lists that are counted off by pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

A_PAGE = 50

FARTHEST = 10_000
"""Pages; a number that somebody wrote into an address is cut to it."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """What stands on one page: page `at`, from 1. `more` where another follows."""

    rows: Sequence[T]
    at: int
    more: bool


async def page_of(listed: Callable[[int, int], Awaitable[Sequence[T]]], page: int) -> Page[T]:
    """One page of a list.

    `listed`   gives at most so many of the list, from so many on: how many, then behind how many
    `page`     as it was asked for, whatever it is
    """
    at = max(1, min(page, FARTHEST))
    found = await listed(A_PAGE + 1, (at - 1) * A_PAGE)
    return Page(found[:A_PAGE], at, len(found) > A_PAGE)
