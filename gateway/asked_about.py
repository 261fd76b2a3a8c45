"""Which household is a question about, or which ones, and on which day? Read from its arguments; nothing is fetched here."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import msgspec

from gateway.document import Limits
from gateway.errors import BadArgument, TooCostly
from gateway.schema.connections import PAGE, place_of
from vocabulary.errors import MalformedIdNumber
from vocabulary.idnumber import IdNumber
from vocabulary.region import RegionCode

LONGEST_NUMBER = 64
"""Characters of a household number (家庭编号)."""

LONGEST_NAME = 64
"""Characters of a person's name that is looked for."""

NAMED = 20
"""Households that a look-up by name gives at most: a person to be told from namesakes, and no list."""


class Subject(msgspec.Struct, frozen=True):
    """Which household is asked about: by its number, or by the id number of a person listed with it."""

    number: str | None
    id_number: IdNumber | None

    @property
    def key(self) -> str:
        """What was given; it is personal."""
        return self.number if self.number is not None else str(self.id_number)


class Listing(msgspec.Struct, frozen=True):
    """Which households are asked about together: a page of a list, by number, each once.

    `cursors`   the place of each in the whole
    `begins`    whether none stands before the page
    `more`      whether some stand behind it
    """

    numbers: tuple[str, ...]
    cursors: tuple[str, ...]
    begins: bool
    more: bool

    @classmethod
    def of(cls, numbers: tuple[str, ...], *, after: int = 0, more: bool) -> Self:
        """A page of a list of which so many stand before it."""
        cursors = tuple(map(str, range(after + 1, after + 1 + len(numbers))))
        return cls(numbers, cursors, after == 0, more)

    def cut(self, many: int) -> Self:
        """The same page with so many at most; the others come behind it."""
        if many >= len(self.numbers):
            return self
        return msgspec.structs.replace(
            self, numbers=self.numbers[:many], cursors=self.cursors[:many], more=True
        )


@dataclass(frozen=True, slots=True)
class Search:
    """Which households are looked for: all of a region, or those of it where somebody of this name is listed.

    `first`   so many at most
    `after`   the household behind which the page begins; empty begins
    """

    region: RegionCode
    name: str | None
    first: int
    after: str


def listing_of(arguments: Mapping[str, Any], limits: Limits) -> Listing:
    """The page of a list that is given by its numbers. Raises `TooCostly` and `BadArgument`."""
    numbers = tuple(dict.fromkeys(arguments["numbers"]))
    if not 0 < len(numbers) <= limits.list_items:
        raise TooCostly(f"expected 1 to {limits.list_items} household numbers, got {len(numbers)}")
    if not all(_is_written(number, longest=LONGEST_NUMBER) for number in numbers):
        raise BadArgument(
            f"expected 1 to {LONGEST_NUMBER} printable characters in each of `numbers`", argument="numbers"
        )
    after = place_of(arguments.get("after"))
    first = arguments.get("first")
    end = after + (PAGE if first is None else first)
    return Listing.of(numbers[after:end], after=after, more=end < len(numbers))


def search_of(arguments: Mapping[str, Any]) -> Search:
    """What is looked for. By name so few that they can be told apart, and no page after them. Raises `BadArgument`."""
    first, after, name = arguments.get("first"), arguments.get("after") or "", arguments.get("name")
    region = arguments["region"]
    if name is None:
        if len(after) > LONGEST_NUMBER or "\0" in after:  # PostgreSQL takes no NUL
            raise BadArgument("expected an `endCursor` in `after`", argument="after")
        return Search(region, None, PAGE if first is None else first, after)
    # As registers write names: without blanks around, full-width letters as plain ones.
    name = unicodedata.normalize("NFKC", name).strip()
    if not _is_written(name, longest=LONGEST_NAME):
        raise BadArgument(f"expected 1 to {LONGEST_NAME} printable characters in `name`", argument="name")
    if after:
        raise BadArgument("expected no `after` beside `name`: give a smaller `region`", argument="after")
    return Search(region, name, min(NAMED, NAMED if first is None else first), "")


def subject_of(arguments: Mapping[str, Any]) -> Subject:
    """The one household that is given by its number or by a member's. Raises `BadArgument`."""
    number, written = arguments.get("number"), arguments.get("id_number", arguments.get("idNumber"))
    if (number is None) == (written is None):
        raise BadArgument("expected either `number` or `idNumber`, got both or neither", argument="number")
    if number is not None:
        if not _is_written(number, longest=LONGEST_NUMBER):
            raise BadArgument(
                f"expected 1 to {LONGEST_NUMBER} printable characters in `number`", argument="number"
            )
        return Subject(number, None)
    try:
        return Subject(None, IdNumber.parse(str(written)))
    except MalformedIdNumber:
        # The message of the error shows the masked number; here not even that.
        raise BadArgument(
            "expected an id number in `idNumber` that passes GB 11643 (18 characters with its check "
            "character, or 15 digits), got one that does not",
            argument="idNumber",
        ) from None


def day_of(given: date | None, *, today: date) -> date:
    """The day asked about. Raises `BadArgument` for one in the future."""
    if given is not None and given > today:
        raise BadArgument("expected a day in `on` that is not in the future", argument="on")
    return today if given is None else given


def _is_written(text: str, *, longest: int) -> bool:
    """Tell whether a key or a name is one that can stand in a register: something, and nothing unprintable."""
    return 0 < len(text) <= longest and text.isprintable()
