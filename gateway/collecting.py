"""How often does Python look for garbage while a gateway serves? Seldom, and never among what was there at the start."""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 50_000
"""So many new objects are looked through for garbage at a time: more than one large answer is made of."""


def collect_less() -> None:
    """Leave what is there from the start out of every later collection, and collect less often.

    Python looks for cycles each 700 objects, and from time to time through everything that lives; an answer
    about fifty households is made of thousands of objects and none of them is a cycle. Without this a third of
    its CPU goes there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def collect_all() -> None:
    """Collect everything again: what is left out to the end, libraries take for leaks and say so."""
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    gc.collect()
