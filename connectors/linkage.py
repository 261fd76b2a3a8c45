"""Who is meant by a row whose id number is missing, mistyped or of the old fifteen digits? Proposed, never merged.

    1  the same id number, or the one that a number of 15 digits was raised to (GB 11643-1999)
    2  in the same block of birth day and region, a pair at one typing error from each other, where one
       of the two numbers does not pass its check, and the names do not contradict
    3  in the same block, a pair of the same name, where one of the two has no number at all

A pair counts only when it is the only one for both of its sides. GB 11643's check character
catches every single wrong digit and every swap of neighbours, so that two numbers which both
pass are never one error apart: they are two people, however alike. What is found under 2 and 3
is evidence for a person who decides.

A department also has rows of strangers, and such a row may look like one of ours by accident: in
a block of thirty, with 256 names in all, one in nine bears the name of somebody. So a pair also
counts only where accident hardly brings about one (`MOST_BY_CHANCE`), by what both lists
themselves tell: how many rows of theirs under a good number are nobody's of ours, how many of
ours are in the block, and how many bear the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import product

from rapidfuzz.distance import OSA

from vocabulary.codes import Code
from vocabulary.errors import MalformedIdNumber
from vocabulary.idnumber import IdNumber

LARGEST_BLOCK = 2_000
"""Rows of one side with one birth day and region; a block of more says that the day is a default."""

MOST_BY_CHANCE = Fraction(1, 2_000)
"""A pair is not proposed when more than so many of its kind are expected to be strangers."""

STRANGERS_ASSUMED = Fraction(1, 20)
"""The share of strangers among their rows where too few are under a good number to tell: fewer than `ROWS_TO_TELL`."""

ROWS_TO_TELL = 100

ONE_ERROR_BY_CHANCE = Fraction(1, 1000) + Fraction(27, 1000) / 11
"""The share of numbers of one block within one wrong digit of a given one: the same sequence with another check,
or one of 27 other sequences (1,000 in all) with the same check (one of 11)."""


@dataclass(frozen=True)
class Identity:
    """Whom a row names, as it is written. `key` is the row's own and unique on its side.

    `id_number`   as written; empty where there is none
    `birth`       from a column of its own; where there is none the id number says it
    `region`      six digits; where there is no column the id number says it
    """

    key: str
    id_number: str = ""
    name: str = ""
    birth: date | None = None
    region: str = ""

    @cached_property
    def valid(self) -> str | None:
        """The id number in 18 characters, if it passes its check."""
        try:
            return str(IdNumber.parse(self.id_number))
        except MalformedIdNumber:
            return None

    @property
    def written(self) -> str:
        """The id number without blanks, in capitals."""
        return self.id_number.strip().upper()

    @property
    def called(self) -> str:
        """The name without blanks in it: registers differ in them."""
        return "".join(self.name.split())

    @property
    def block(self) -> tuple[date, str] | None:
        """Birth day and region; None where one of them cannot be told."""
        text = self.valid or self.written
        birth = self.birth or _birth_in(text)
        region = self.region[:6] or (text[:6] if text[:6].isdecimal() else "")
        return (birth, region) if birth is not None and len(region) == 6 else None


class How(Code):
    """What a match rests on."""

    EXACT = "EXACT", "号码一致"
    RAISED = "RAISED", "十五位号码升位后一致"
    ONE_ERROR = "ONE_ERROR", "同生日同地区，号码一处笔误"
    SAME_NAME = "SAME_NAME", "同生日同地区同姓名，一方无号码"
    PROBABLE = "PROBABLE", "无号码，姓名生日地区统计相似"
    """By `connectors.likelihood`, where a statistical linker is installed."""


@dataclass(frozen=True, slots=True)
class Match:
    """A pair that may be one person, by the keys of both rows.

    `names_agree`   None where a name is missing
    `per_mille`     how likely a statistical linker holds it, 0 to 1,000; None where none was asked
    """

    ours: str
    theirs: str
    how: How
    names_agree: bool | None
    per_mille: int | None = None

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to confirm it before anything rests on it."""
        return self.how not in (How.EXACT, How.RAISED) or self.names_agree is False


@dataclass(frozen=True, slots=True)
class Linked:
    """What came of laying two lists beside each other.

    `ambiguous`   keys of theirs with several candidates, with one that is also another's, or with one
                  that accident could well have brought about
    `unmatched`   keys of theirs without any
    """

    matches: tuple[Match, ...]
    ambiguous: tuple[str, ...]
    unmatched: tuple[str, ...]


def link(ours: Iterable[Identity], theirs: Iterable[Identity]) -> Linked:
    """Lay a department's rows beside the people we know. The order of either list changes nothing.

    Several rows of theirs may be of one person of ours by number; by likeness one at most.
    """
    known, given = sorted(ours, key=_key), sorted(theirs, key=_key)
    by_number = _by_number(known)
    matches, rest = [], []
    for one in given:
        mine = by_number.get(one.valid or one.written) if one.id_number.strip() else None
        if mine is None:
            rest.append(one)
        else:
            matches.append(Match(mine.key, one.key, _exactly(mine, one), names_agree(mine, one)))
    taken = {match.ours for match in matches}
    free = [one for one in known if one.key not in taken]
    accident = _Accident(known, strangers=_strangers(rest, good=len(matches)))
    alike, ambiguous = _alike(free, rest, accident)
    matches += alike
    settled = {match.theirs for match in matches} | ambiguous
    left = tuple(one.key for one in given if one.key not in settled)
    return Linked(tuple(sorted(matches, key=lambda one: one.theirs)), tuple(sorted(ambiguous)), left)


def names_agree(mine: Identity, one: Identity) -> bool | None:
    """Tell whether both are called the same, blanks aside; None where a name is missing."""
    return mine.called == one.called if mine.called and one.called else None


def _by_number(known: Sequence[Identity]) -> dict[str, Identity]:
    """Our people by number; a number that two of ours have tells nobody apart, and is left out."""
    found: dict[str, Identity] = {}
    twice: set[str] = set()
    for one in known:
        number = one.valid or one.written
        if number and found.setdefault(number, one) is not one:
            twice.add(number)
    return {number: one for number, one in found.items() if number not in twice}


def _exactly(mine: Identity, one: Identity) -> How:
    return How.EXACT if mine.written == one.written else How.RAISED


def _alike(
    free: Sequence[Identity], rest: Sequence[Identity], accident: _Accident
) -> tuple[list[Match], set[str]]:
    """Pairs by likeness that are the only one for both sides, and those of theirs for whom nothing can be proposed."""
    matches: list[Match] = []
    ambiguous: set[str] = set()
    for how, likely in _STEPS:
        pairs = [pair for pair in _pairs(free, rest) if likely(pair.mine, pair.one)]
        of_mine, of_theirs = (
            _counted(pair.mine.key for pair in pairs),
            _counted(pair.one.key for pair in pairs),
        )
        for pair in pairs:
            mine, one = pair.mine, pair.one
            only = of_mine[mine.key] == of_theirs[one.key] == 1
            if only and accident.expected(how, pair) <= MOST_BY_CHANCE:
                matches.append(Match(mine.key, one.key, how, names_agree(mine, one)))
            else:
                ambiguous.add(one.key)
        used = {match.ours for match in matches}
        settled = {match.theirs for match in matches} | ambiguous
        free = [one for one in free if one.key not in used]
        rest = [one for one in rest if one.key not in settled]
    return matches, ambiguous


def _strangers(rest: Sequence[Identity], *, good: int) -> Fraction:
    """The share of their rows that are of nobody whom we know, by those under a good number. `good`   known ones"""
    strange = sum(one.valid is not None for one in rest)
    return Fraction(strange, strange + good) if strange + good >= ROWS_TO_TELL else STRANGERS_ASSUMED


class _Accident:
    """How many pairs as alike as one are expected of strangers, by how often names are met among our people."""

    def __init__(self, known: Sequence[Identity], *, strangers: Fraction) -> None:
        self._people, self._strangers = len(known), strangers
        self._bearers = _counted(one.called for one in known)

    def expected(self, how: How, pair: _Pair) -> Fraction:
        """How many of ours a stranger of the block would look like as much as this."""
        share = self._strangers * pair.among * (ONE_ERROR_BY_CHANCE if how is How.ONE_ERROR else 1)
        if names_agree(pair.mine, pair.one):
            # Others of the name: who bears it alone shares it with nobody, also in a short list.
            share *= Fraction(self._bearers[pair.mine.called] - 1, self._people)
        return share


@dataclass(frozen=True, slots=True)
class _Pair:
    """One of ours and one of theirs in the same block. `among`   how many of ours are in it, matched ones left out."""

    mine: Identity
    one: Identity
    among: int


def _pairs(free: Sequence[Identity], rest: Sequence[Identity]) -> Iterator[_Pair]:
    blocks, others = _blocks(free), _blocks(rest)
    for block, theirs in others.items():
        mine = blocks.get(block, [])
        if len(mine) <= LARGEST_BLOCK and len(theirs) <= LARGEST_BLOCK:
            yield from (_Pair(*pair, len(mine)) for pair in product(mine, theirs))


def _blocks(side: Sequence[Identity]) -> dict[tuple[date, str], list[Identity]]:
    blocks: dict[tuple[date, str], list[Identity]] = {}
    for one in side:
        block = one.block
        if block is not None:
            blocks.setdefault(block, []).append(one)
    return blocks


def _one_error(mine: Identity, one: Identity) -> bool:
    if not mine.written or not one.written or (mine.valid and one.valid):
        return False
    if names_agree(mine, one) is False:
        return False
    return OSA.distance(mine.valid or mine.written, one.valid or one.written, score_cutoff=1) <= 1


def _same_name(mine: Identity, one: Identity) -> bool:
    return not (mine.written and one.written) and names_agree(mine, one) is True


_STEPS: tuple[tuple[How, Callable[[Identity, Identity], bool]], ...] = (
    (How.ONE_ERROR, _one_error),
    (How.SAME_NAME, _same_name),
)


def _counted(keys: Iterable[str]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return counts


def _birth_in(text: str) -> date | None:
    """The day in digits 7 to 14 of a number that need not pass its check."""
    digits = text[6:14]
    if len(text) != 18 or not (digits.isascii() and digits.isdecimal()):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _key(one: Identity) -> str:
    return one.key
