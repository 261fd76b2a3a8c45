"""Where does a household stand by one run: category, money a month, counted members?

Read from a judgement, or from the canonical bytes in which a run keeps it. The run must tell
`category`, `payable_fen`, `counted_members`, `property_over` and each member's `alone_fen`, as a
whole verification does.

    ValueError
    └── BadJudgement    bytes are not a canonical judgement with those facts
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from verification.language.to_python import Judgement
from verification.verdict import INDETERMINATE, Indeterminate
from vocabulary.codes import Category


class BadJudgement(ValueError):
    """These bytes are not a canonical judgement that tells where a household stands."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one run says of one household.

    `payable_fen`    低保 a month and single-person amounts; None where it cannot be told
    `members`        counted members, None where they cannot be told
    `property_over`  whether property is over a limit, None where that cannot be told
    """

    category: Category | Indeterminate
    payable_fen: int | None
    members: int | None
    property_over: bool | None = None

    @property
    def in_need(self) -> bool:
        """Whether it is told to be in a category; one that cannot be told is not."""
        return isinstance(self.category, Category) and self.category is not Category.NONE


def standing_of(judgement: Judgement) -> Standing:
    """What a judgement says of where its household stands."""
    return _standing(judgement.facts, judgement.members.values())


def standing_in(canonical: bytes) -> Standing:
    """The same from the canonical bytes of a judgement. Raises `BadJudgement`.

    >>> standing_in(b'{"facts":{"category":"NONE","counted_members":2,"payable_fen":0,'
    ...             b'"property_over":{"missing":"unknown"}},"members":{}}').category
    <Category.NONE: 'NONE'>
    """
    try:
        whole = json.loads(canonical)
        return _standing(whole["facts"], whole["members"].values())
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BadJudgement("expected a canonical judgement with the facts of a verification") from None


def _standing(facts: Mapping[str, object], members: Iterable[Mapping[str, object]]) -> Standing:
    """A fact that is neither a text, a whole number nor a flag is one that is missing."""
    category, over = facts["category"], facts["property_over"]
    return Standing(
        Category(category) if isinstance(category, str) else INDETERMINATE,
        _sum([facts["payable_fen"], *(each["alone_fen"] for each in members)]),
        _whole(facts["counted_members"]),
        over if isinstance(over, bool) else None,
    )


def _sum(values: Iterable[object]) -> int | None:
    """The sum, None where one of them cannot be told."""
    found = [_whole(value) for value in values]
    told = [value for value in found if value is not None]
    return sum(told) if len(told) == len(found) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None
