"""What does a household of the demo district live on, so that its verified category is the registered one?

A household is given an income per head inside the bounds of its category; pensions and
unemployment benefit come first, then work, then what children outside pay. What is declared
and what the departments record is the same amount in the same months: contradictions are
planted elsewhere. The amounts are sums of our own, made without the rules that will judge them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from demo.households import Family, Member
from vocabulary.codes import Category, Cause, DeclaredItem
from vocabulary.creditcode import CreditCode
from vocabulary.month import Month

STANDARD_FEN, EDGE_FEN = 63_600, 95_400
"""Per head and month, pack `demo-2026`."""

EMPLOYMENT_COST_YUAN = 200
"""Deducted for each month with a wage, pack `demo-2026`."""

NOT_COUNTED = frozenset(
    {DeclaredItem.CENTRAL_BASE_PENSION, DeclaredItem.AGE_ALLOWANCE, DeclaredItem.FAMILY_PLANNING}
)
"""Items that the pack does not count as income."""

BOUNDS_YUAN = {Category.DIBAO: (0, 572), Category.EDGE: (649, 925), Category.NONE: (983, 2_290)}
"""Income per head and month that is drawn for a category: clear of the lines, and of 31,200 a year."""

MINIMUM_WAGE_YUAN = 1_890
"""Below it nobody is insured as an employee; work is by the day."""

CENTRAL_BASE_YUAN, LOCAL_BASE_YUAN = 143, 20
"""基础养老金 of a resident aged 60 or older: the part that the centre sets, and the local one."""

LEAST_MAINTENANCE_YUAN = 100
"""A child outside who owes support pays at least this a month."""

YEAR = range(12)


@dataclass(frozen=True, slots=True)
class Line:
    """The same amount for one person in some months of the window, 0 to 11; declared, and counted unless NOT_COUNTED."""

    member: Member
    item: DeclaredItem
    fen: int
    months: Sequence[int] = YEAR

    @property
    def annual_fen(self) -> int:
        """What the line adds to the counted income of the window."""
        if self.item in NOT_COUNTED:
            return 0
        cost = EMPLOYMENT_COST_YUAN * 100 if self.item is DeclaredItem.WAGE else 0
        return (self.fen - cost) * len(self.months)


@dataclass(slots=True)
class Means:
    """All lines of a household, and who employs whom."""

    lines: list[Line] = field(default_factory=list)
    employers: dict[str, CreditCode] = field(default_factory=dict)
    """Employer of each person who is insured as an employee."""
    sufferer: Member | None = None
    """The one who is ill, in households whose cause is illness."""
    rigid: bool = False
    """Spending on illness is more than 60 % of income, so that the household is 刚性支出困难家庭."""

    @property
    def annual_fen(self) -> int:
        """Counted income of the window."""
        return sum(line.annual_fen for line in self.lines)

    def of(self, member: Member, *items: DeclaredItem) -> list[Line]:
        """The lines of one person and these items."""
        return [line for line in self.lines if line.member is member and line.item in items]


def verified_category(family: Family, means: Means) -> Category:
    """The category that the sums give: 低保, 边缘, 刚性 or none; equal to a line is not below it."""
    heads = 12 * len(family.members)
    if means.annual_fen < STANDARD_FEN * heads:
        return Category.DIBAO
    if means.annual_fen < EDGE_FEN * heads:
        return Category.EDGE
    return Category.RIGID if means.rigid else Category.NONE


def payable_yuan(family: Family, means: Means) -> int:
    """低保金 for a month: the difference to the standard, rounded up to whole yuan at the end; 0 above it."""
    missing = STANDARD_FEN * 12 * len(family.members) - means.annual_fen
    return max(0, -(-missing // 1_200))


def intended_category(family: Family) -> Category:
    """The category that the household's income must give: NONE for those who left and for union hardship."""
    slot = family.slot
    return Category.NONE if slot.left or slot.category is Category.UNION else slot.category


def means_of(rng: Random, family: Family, *, employers: Sequence[CreditCode]) -> Means:
    """Income for a household, within the bounds of the category it must come out as."""
    return _Budget(rng, family, employers).drawn()


def months_of(window: Sequence[Month], line: Line) -> Iterable[Month]:
    """The calendar months of a line."""
    return (window[index] for index in line.months)


class _Budget:
    """Fills a household's income from the surest source to the last."""

    def __init__(self, rng: Random, family: Family, employers: Sequence[CreditCode]) -> None:
        self._rng, self._family, self._employers = rng, family, employers
        self._category = intended_category(family)
        low, high = BOUNDS_YUAN[self._category]
        self._whole = rng.randint(low, high) * len(family.members)
        self._left = self._whole
        self._means = Means()

    def drawn(self) -> Means:
        """The means: pensions, benefit, work, support, rent."""
        slot, adults = self._family.slot, self._family.with_role("adult", "spouse", "elder", "parent")
        if slot.cause is Cause.ILLNESS:
            self._means.sufferer = self._rng.choice(adults)
            self._means.rigid = slot.category is Category.UNION and not slot.left and self._rng.random() < 0.5
        self._pensions()
        self._unemployment_benefit()
        self._work()
        self._support()
        self._without_work()
        return self._means

    def _add(self, member: Member, item: DeclaredItem, yuan: int, months: Sequence[int] = YEAR) -> None:
        self._means.lines.append(Line(member, item, yuan * 100, months))

    def _pensions(self) -> None:
        elders = [member for member in self._family.members if member.age >= 60]
        workers = any(member.works for member in self._family.members)
        for place, elder in enumerate(elders):
            last = place == len(elders) - 1
            if self._left >= 1_100 and not workers and last:
                owed = 0 if self._family.obligor is None else LEAST_MAINTENANCE_YUAN
                whole = _tens(self._left - owed) - 10 * (self._category is Category.DIBAO)
                self._take(elder, DeclaredItem.PENSION, whole)
            else:
                self._add(elder, DeclaredItem.CENTRAL_BASE_PENSION, CENTRAL_BASE_YUAN)
                self._take(elder, DeclaredItem.LOCAL_BASE_PENSION, LOCAL_BASE_YUAN)
                self._take(elder, DeclaredItem.PERSONAL_PENSION, self._rng.randint(12, 65))
            if elder.age >= 80:
                self._add(elder, DeclaredItem.AGE_ALLOWANCE, 100)
            elif self._rng.random() < 0.05:
                self._add(elder, DeclaredItem.FAMILY_PLANNING, 80)

    def _unemployment_benefit(self) -> None:
        slot, head = self._family.slot, self._family.head
        if slot.cause is not Cause.UNEMPLOYMENT or slot.left:
            return
        amount = 10 * self._rng.randint(146, 154)
        if self._category is Category.NONE:
            self._take(head, DeclaredItem.UNEMPLOYMENT_BENEFIT, amount)
        elif slot.size == 1 and self._category is Category.EDGE:
            self._add(head, DeclaredItem.UNEMPLOYMENT_BENEFIT, amount, YEAR[6:])
            self._left = 0
        elif self._category is Category.EDGE or (slot.size >= 3 and self._rng.random() < 0.5):
            self._take(head, DeclaredItem.UNEMPLOYMENT_BENEFIT, amount)

    def _work(self) -> None:
        earners = self._earners()
        if not earners or self._left < 300:
            return
        earners = earners[: 2 if self._left > 3_000 else 1]
        for place, earner in enumerate(earners):
            share = self._left // (len(earners) - place)
            months: Sequence[int] = YEAR
            if self._category is Category.DIBAO and share < 1_000 and self._rng.random() < 0.3:
                months = self._some_months(share)
            wage = share * 12 // len(months) + EMPLOYMENT_COST_YUAN
            wage = _tens(wage) - 10 * (self._category is Category.DIBAO)
            self._add(earner, DeclaredItem.WAGE, wage, months)
            self._left -= share
            if wage >= MINIMUM_WAGE_YUAN:
                self._means.employers[earner.person] = self._rng.choice(self._employers)

    def _some_months(self, share: int) -> Sequence[int]:
        """The last eight or ten months, unless the household would then stand above the standard in each (EXIT-01)."""
        months = YEAR[self._rng.choice((2, 4)) :]
        at_work = self._whole - share + share * 12 // len(months) + 10
        return months if at_work * 100 < STANDARD_FEN * len(self._family.members) else YEAR

    def _earners(self) -> list[Member]:
        """Those who may be at work: the ill one and the one out of work only where nobody else can, and must."""
        family, slot = self._family, self._family.slot
        able = [member for member in family.members if member.works]
        if slot.cause is Cause.UNEMPLOYMENT and not slot.left:
            able = [member for member in able if member is not family.head]
        well = [member for member in able if member is not self._means.sufferer and member.disability is None]
        return well if well or self._category is Category.DIBAO else able

    def _support(self) -> None:
        """What is still missing: maintenance where a child outside owes it, rent otherwise."""
        head, obligor = self._family.head, self._family.obligor
        if self._category is Category.DIBAO:
            if obligor is not None:
                support = min(max(_tens(self._left) - 10, LEAST_MAINTENANCE_YUAN), 300)
                self._add(head, DeclaredItem.MAINTENANCE, support)
        elif self._left > 0 or obligor is not None:
            item = DeclaredItem.RENT if obligor is None else DeclaredItem.MAINTENANCE
            self._add(head, item, max(_tens(self._left), LEAST_MAINTENANCE_YUAN))

    def _without_work(self) -> None:
        """Who is of working age says 无业 for the months without a wage."""
        for member in self._family.members:
            if member.studies or not 18 <= member.age < 60:
                continue
            worked = {month for line in self._means.of(member, DeclaredItem.WAGE) for month in line.months}
            idle = [month for month in YEAR if month not in worked]
            if idle:
                self._add(member, DeclaredItem.UNEMPLOYED, 0, idle)

    def _take(self, member: Member, item: DeclaredItem, yuan: int) -> None:
        self._add(member, item, yuan)
        self._left -= yuan


def _tens(yuan: int) -> int:
    """Raised to the next ten yuan."""
    return -(-yuan // 10) * 10
