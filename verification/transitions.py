"""Who has entered, left, moved up or down between two runs, and for which of the five reasons?

A run gives each household a `Standing`; two runs side by side give a `Move`. Nothing is taken
for no: a standing that cannot be told on either side is a move that cannot be told. A move is
what the evidence shows; that somebody enters or leaves a person decides (社会救助法 art. 47–48).

The reason (动态调整: 遗漏、返贫、新致贫 纳入, 脱贫、不符 退出) is drawn from the register's category
history. A spell is one row of it, open on a day from `since` up to and without `until`.

In need now, and not in need before or in no open spell now (to be taken in):
    1. a spell began after the first day, up to the second, with 遗漏, 返贫 or 新致贫: that reason
    2. 返贫 RETURNED   an earlier spell has ended, and not as 不符
    3. 遗漏 OMITTED    in need in the first run too, and in no open spell on either day
    4. 新致贫 NEW      otherwise
Not in need now, and in need before or in an open spell now (to be let out):
    1. a spell ended after the first day, up to the second, with 不符 or 脱贫: that reason
    2. 不符 INELIGIBLE property is over a limit now, or the first run had found no need either
    3. 脱贫 RELIEVED   otherwise
A household that is in one run only has no second standing: one that is gone has a recorded
reason or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from verification.standing import Standing
from verification.verdict import Indeterminate
from vocabulary.codes import Category, CategoryReason, Code
from vocabulary.records.civil_affairs import CategoryHistory

_SUPPORT = {
    Category.NONE: 0,
    Category.RIGID: 1,
    Category.EDGE: 2,
    Category.UNION: 2,
    Category.DIBAO: 3,
    Category.TEKUN: 4,
}
"""The order of the gates read upwards: more support is higher."""

_TAKEN_IN = (CategoryReason.OMITTED, CategoryReason.RETURNED, CategoryReason.NEW)
_LET_OUT = (CategoryReason.INELIGIBLE, CategoryReason.RELIEVED)


class Move(Code):
    """What became of a household from one run to the next."""

    ENTERED = "ENTERED", "进入"
    LEFT = "LEFT", "退出"
    UP = "UP", "上调"
    DOWN = "DOWN", "下调"
    UNCHANGED = "UNCHANGED", "不变"
    CANNOT_TELL = "CANNOT_TELL", "待核"


@dataclass(frozen=True, slots=True)
class Transition:
    """One household between two runs; a standing is None where a run does not have the household."""

    household: str
    move: Move
    before: Standing | None
    after: Standing | None
    reason: CategoryReason | None

    @property
    def persons(self) -> int:
        """Counted members, now or, where that cannot be told, before; 0 where neither can."""
        counts = (each.members for each in (self.after, self.before) if each is not None)
        return next((count for count in counts if count is not None), 0)


@dataclass(frozen=True, slots=True)
class Size:
    """So many households, and so many persons in them."""

    households: int
    persons: int


@dataclass(frozen=True)
class Tally:
    """How many moved how, and for which reason; every move and reason is there, with 0 if none."""

    moves: Mapping[Move, Size] = field(default_factory=dict)
    reasons: Mapping[CategoryReason, Size] = field(default_factory=dict)


def transitions(
    before: Mapping[str, Standing],
    after: Mapping[str, Standing],
    *,
    first: date,
    second: date,
    history: Mapping[str, Sequence[CategoryHistory]],
) -> tuple[Transition, ...]:
    """One transition a household of either run, in the order of household numbers.

    `before`, `after`  standings by household number, on the days `first` and `second`
    `history`          all spells of the register by household; none for one that is not there
    """
    found = []
    for household in sorted(before.keys() | after.keys()):
        one, other = before.get(household), after.get(household)
        spells = _Spells(history.get(household, ()), first=first, second=second)
        found.append(Transition(household, move(one, other), one, other, _reason(one, other, spells)))
    return tuple(found)


def tally(found: Iterable[Transition]) -> Tally:
    """Households and persons by move and by reason.

    >>> one = Standing(Category.DIBAO, 60_800, 3)
    >>> tally([Transition("H-1", Move.ENTERED, None, one, CategoryReason.NEW)]).moves[Move.ENTERED]
    Size(households=1, persons=3)
    """
    households: Counter[Code] = Counter()
    persons: Counter[Code] = Counter()
    for each in found:
        for key in (each.move, each.reason):
            if key is not None:
                households[key] += 1
                persons[key] += each.persons
    return Tally(
        {key: Size(households[key], persons[key]) for key in Move},
        {key: Size(households[key], persons[key]) for key in CategoryReason},
    )


def move(before: Standing | None, after: Standing | None) -> Move:
    """How one household moved. More support is up: a higher gate, or more payable in the same category.

    >>> move(Standing(Category.EDGE, 0, 2), Standing(Category.DIBAO, 100, 2))
    <Move.UP: 'UP'>
    >>> from verification.verdict import INDETERMINATE
    >>> move(Standing(Category.EDGE, 0, 2), Standing(INDETERMINATE, None, 2))
    <Move.CANNOT_TELL: 'CANNOT_TELL'>
    """
    one, other = _category(before), _category(after)
    if isinstance(one, Indeterminate) or isinstance(other, Indeterminate):
        return Move.CANNOT_TELL
    if Category.NONE in (one, other):
        entered, left = one is Category.NONE, other is Category.NONE
        return Move.UNCHANGED if entered and left else Move.ENTERED if entered else Move.LEFT
    if one is not other:
        return _direction(_SUPPORT[one], _SUPPORT[other])
    less, more = _payable(before), _payable(after)
    return Move.CANNOT_TELL if less is None or more is None else _direction(less, more)


def _category(standing: Standing | None) -> Category | Indeterminate:
    return Category.NONE if standing is None else standing.category


def _payable(standing: Standing | None) -> int | None:
    return None if standing is None else standing.payable_fen


def _direction(before: int, after: int) -> Move:
    return Move.UP if after > before else Move.DOWN if after < before else Move.UNCHANGED


class _Spells:
    """What the register says of one household around two days."""

    def __init__(self, rows: Sequence[CategoryHistory], *, first: date, second: date) -> None:
        self.rows = sorted(
            (row for row in rows if row.category is not Category.NONE), key=lambda row: row.since
        )
        self.first, self.second = first, second

    def open_on(self, day: date) -> bool:
        return any(row.since <= day and (row.until is None or day < row.until) for row in self.rows)

    def began_for(self) -> CategoryReason | None:
        found = [row.reason for row in self.rows if self.first < row.since <= self.second]
        return next((reason for reason in reversed(found) if reason in _TAKEN_IN), None)

    def ended_for(self) -> CategoryReason | None:
        found = [row.reason for row in self.rows if row.until and self.first < row.until <= self.second]
        return next((reason for reason in reversed(found) if reason in _LET_OUT), None)

    def helped_before(self) -> bool:
        """Whether a spell ended by the second day that was a real need."""
        return any(
            row.until is not None and row.until <= self.second and row.reason is not CategoryReason.INELIGIBLE
            for row in self.rows
        )


def _reason(before: Standing | None, after: Standing | None, spells: _Spells) -> CategoryReason | None:
    if Indeterminate in (type(_category(before)), type(_category(after))):
        return None
    if after is None:
        return spells.ended_for()
    needed, needs = before is not None and before.in_need, after.in_need
    registered = spells.open_on(spells.second)
    if needs and not (needed and registered):
        return spells.began_for() or _taken_in(needed, spells)
    if not needs and (needed or registered):
        return spells.ended_for() or _let_out(needed, after)
    return None


def _taken_in(needed: bool, spells: _Spells) -> CategoryReason:
    if spells.helped_before():
        return CategoryReason.RETURNED
    if needed and not spells.open_on(spells.first):
        return CategoryReason.OMITTED
    return CategoryReason.NEW


def _let_out(needed: bool, after: Standing) -> CategoryReason:
    if after.property_over is True or not needed:
        return CategoryReason.INELIGIBLE
    return CategoryReason.RELIEVED
