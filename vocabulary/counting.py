"""How many of what, in English? `1 household`, `6,780 households`."""

from __future__ import annotations


def count_of(number: int, what: str) -> str:
    """A number with its thousands apart, and what it counts: one of it, or several by an s.

    >>> count_of(1, "household"), count_of(0, "household"), count_of(6780, "household")
    ('1 household', '0 households', '6,780 households')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"
