"""Is somebody asked about close to whoever asks? By surname and address (同姓同址), as far as both are known.

Of the asker the identity provider may say the `name` and the region of the `home`; of who is asked
about the registers say it, where the question fetched it. What is not known is not guessed. Nobody
is refused for it: AUD-02 notices it afterwards, and a person looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.caller import Caller
from gateway.fetch import Located
from vocabulary.evidence import Answer, Evidence
from vocabulary.masked import Masked
from vocabulary.records.civil_affairs import Person
from vocabulary.region import RegionCode

_DOUBLE = frozenset((
    "欧阳", "太史", "上官", "端木", "司马", "东方", "独孤", "南宫", "夏侯", "诸葛", "尉迟", "皇甫",
    "公孙", "慕容", "令狐", "宇文", "长孙", "司徒", "司空", "轩辕", "闾丘", "澹台", "呼延", "申屠",
))  # fmt: skip
"""Surnames of two characters (复姓)."""


def close(caller: Caller, households: Iterable[Located], evidence: Evidence) -> Answer:
    """Whether anybody in the households has the caller's surname and lives where the caller does."""
    if caller.name is None or caller.home is None:
        return Answer.UNKNOWN
    found = [*_each(caller.name, caller.home, households, evidence)]
    if True in found:
        return Answer.YES
    return Answer.UNKNOWN if None in found else Answer.NO


def surname(name: str) -> str:
    """The family name of a Chinese name.

    >>> surname("欧阳示华"), surname("黄示华")
    ('欧阳', '黄')
    """
    return name[:2] if name[:2] in _DOUBLE and len(name) > 2 else name[:1]


def _each(
    name: str, home: RegionCode, households: Iterable[Located], evidence: Evidence
) -> Iterator[bool | None]:
    for one in households:
        here = home.within(one.region) or one.region.within(home)
        for row in one.household.members:
            # A column that was not asked for is not on the row at all.
            names = [told.name for told in evidence.records(Person, row.person) if hasattr(told, "name")]
            lives_here = row.person in one.household.cohabiting
            if lives_here and not here:
                yield False
            elif not names:
                yield None
            else:
                # Where an obligor lives, nobody says.
                same = _same(name, names)
                yield None if same and not lives_here else same


def _same(name: str, names: Iterable[str]) -> bool | None:
    """Whether one of the names is of the same family. Of one that came masked the first character is known at most."""
    ours, doubtful = surname(name), False
    for other in names:
        if not isinstance(other, Masked):
            if surname(other) == ours:
                return True
        elif other[:1] == ours and not any(double.startswith(ours) for double in _DOUBLE):
            return True
        elif other[:1] in (ours[:1], "*"):
            doubtful = True
    return None if doubtful else False
