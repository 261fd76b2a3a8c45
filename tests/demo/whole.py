"""The demo district that the tests of this folder look at, built once."""

from functools import cache

from demo.district import District, build

SEED = 20261116


@cache
def district() -> District:
    """Without stories, so that a story more does not change it."""
    return build(SEED, stories=())
