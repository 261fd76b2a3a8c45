"""Who belongs to a household? As the register lists them; who is *counted* is law, and verification's to say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from operator import attrgetter

import msgspec

from vocabulary.codes import MemberKind
from vocabulary.idnumber import WrittenId
from vocabulary.records.civil_affairs import Membership


class Household(msgspec.Struct, frozen=True):
    """共同生活的家庭成员 and the obligors outside, on one day; a legal set, not a page of the hukou book.

    `members`   one row a person; a person who left before `on`, or joins after it, is not among them
    """

    number: str
    on: date
    members: tuple[Membership, ...]

    @classmethod
    def listed(cls, number: str, rows: Iterable[Membership], *, on: date) -> Household:
        """The rows that hold on `on`, in the order of relation and id number."""
        present = [row for row in rows if row.household == number and is_listed(row, on=on)]
        present.sort(key=_BY_RELATION)
        return cls(number, on, tuple(present))

    @property
    def cohabiting(self) -> tuple[WrittenId, ...]:
        """Those who live in the household."""
        return tuple(row.person for row in self.members if row.kind is MemberKind.COHABIT)

    @property
    def obligors(self) -> tuple[WrittenId, ...]:
        """Those outside who owe it support; asked about only with their own consent, 社会救助法 art. 41."""
        return tuple(row.person for row in self.members if row.kind is MemberKind.OBLIGOR)


def is_listed(row: Membership, *, on: date) -> bool:
    """Tell whether a membership holds on a day: from the day of joining, up to and without the day of leaving."""
    return row.joined_on <= on and (row.left_on is None or on < row.left_on)


_BY_RELATION = attrgetter("relation", "person")
