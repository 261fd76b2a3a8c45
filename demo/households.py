"""Which households make up the demo district, and who lives in each?

First the slots: so many households with so many persons for each category, in and out, so
that the sums are the published ones whatever the stories take away. Then a family for each
slot, of the kind that its size and its primary cause suggest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from demo.people import ELSEWHERE, HOME, Registrar, age_on
from demo.published import PUBLISHED, Count
from vocabulary.codes import Category, Cause, DisabilityCategory, Relation, Sex
from vocabulary.idnumber import WrittenId

LEFT = {
    Category.DIBAO: Count(2_700, 4_477),
    Category.EDGE: Count(261, 541),
    Category.UNION: Count(170, 425),
}
"""How the published 3,131 households and 5,443 persons who left are spread; the report does not say."""

SIZES = {
    Category.DIBAO: (56, 30, 10, 3, 1),
    Category.EDGE: (33, 42, 18, 6, 1),
    Category.UNION: (18, 40, 30, 10, 2),
}
"""Weights of households of one, two, … persons, before the sums are made exact."""

LARGEST = 6

WOMEN_UNTIL = 54
"""Nobody ordinary is of retirement age without a pension: women of 55 to 59 do not occur."""

OLDEST_PARENT = 42
"""Nobody has a child at a greater age."""

OBLIGOR_FROM = 44
"""From this age a head of household may have a grown child of 22."""


@dataclass(slots=True)
class Slot:
    """A household to be: all that the published tables say of it."""

    category: Category
    left: bool
    size: int
    cause: Cause = Cause.OTHER


@dataclass(slots=True)
class Member:
    """One person of a household, as drawn. `role` names the place in the family."""

    person: WrittenId
    name: str
    sex: Sex
    birth: date
    age: int
    role: str
    relation: Relation
    disability: tuple[DisabilityCategory, int] | None = None

    @property
    def is_minor(self) -> bool:
        """Under 18 on the day."""
        return self.age < 18

    @property
    def studies(self) -> bool:
        """In school, up to 本科."""
        return self.role in ("child", "student")

    @property
    def works(self) -> bool:
        """Of working age, out of school and not incapable in the sense of 特困人员认定办法 art. 5."""
        return 18 <= self.age < 60 and not self.studies and not is_incapable(self.disability)


@dataclass(slots=True)
class Family:
    """One household, as drawn."""

    number: str
    street: str
    slot: Slot
    members: list[Member]
    obligor: Member | None = None
    """A grown child outside, where nobody inside could work: without one the household would be 特困."""
    opened_on: date = field(default=date.min)
    closed_on: date | None = None

    @property
    def head(self) -> Member:
        """户主."""
        return self.members[0]

    def with_role(self, *roles: str) -> list[Member]:
        """The members of these roles, in order."""
        return [member for member in self.members if member.role in roles]


def slots(
    rng: Random, *, taken: Mapping[tuple[Category, bool], Count], causes: Mapping[Cause, int]
) -> list[Slot]:
    """Slots for all published households but those that stories have `taken` (by category and whether they left).

    `causes`  households by primary cause that stories have taken
    Raises `ValueError` when the stories take more than was published.
    """
    made: list[Slot] = []
    for category, entered in PUBLISHED.entered.items():
        for left, whole in ((False, entered - LEFT[category]), (True, LEFT[category])):
            count = whole - taken.get((category, left), Count(0, 0))
            sizes = _sizes(rng, count, SIZES[category])
            made.extend(Slot(category, left, size) for size in sizes)
    rng.shuffle(made)
    _spread_causes(rng, made, {cause: n - causes.get(cause, 0) for cause, n in PUBLISHED.causes.items()})
    return made


def family(rng: Random, slot: Slot, registrar: Registrar, *, number: str, street: str, on: date) -> Family:
    """A family for a slot: who lives there, of which age, which of them is disabled, and who owes support."""
    draw = _Draw(rng, registrar, on)
    members = draw.members(_shape(rng, slot))
    if slot.cause is Cause.DISABILITY:
        sufferer = rng.choice([m for m in members if m.role in ("adult", "spouse", "elder", "parent")])
        sufferer.disability = _disability(rng, mild=slot.left or slot.category is Category.UNION)
        if members[0].age < OBLIGOR_FROM and not any(member.works for member in members):
            sufferer.disability = _disability(rng, mild=True)
    made = Family(number, street, slot, members)
    if not any(member.works for member in members):
        made.obligor = draw.obligor(made.head)
    return made


def child_relation(sex: Sex) -> Relation:
    """子 or 女."""
    return Relation.SON if sex is Sex.MALE else Relation.DAUGHTER


def is_incapable(disability: tuple[DisabilityCategory, int] | None) -> bool:
    """无劳动能力 by disability: 智力 or 精神 1 to 3, 肢体 1 to 2, 视力 1. 特困人员认定办法 art. 5."""
    if disability is None:
        return False
    category, grade = disability
    worst = {
        DisabilityCategory.INTELLECTUAL: 3,
        DisabilityCategory.MENTAL: 3,
        DisabilityCategory.LIMB: 2,
        DisabilityCategory.SIGHT: 1,
    }
    return grade <= worst.get(category, 0)


def _sizes(rng: Random, count: Count, weights: Sequence[int]) -> list[int]:
    """So many sizes that sum to so many persons: drawn, then moved one person at a time."""
    if not count.households <= count.persons <= LARGEST * count.households:
        raise ValueError(f"expected one to {LARGEST} persons a household, got {count}")
    sizes = rng.choices(range(1, len(weights) + 1), weights, k=count.households)
    short = count.persons - sum(sizes)
    step, bound = (1, LARGEST) if short > 0 else (-1, 1)
    while short:
        at = rng.randrange(len(sizes))
        if sizes[at] != bound:
            sizes[at] += step
            short -= step
    return sizes


def _spread_causes(rng: Random, made: Sequence[Slot], causes: Mapping[Cause, int]) -> None:
    """Give each slot one cause, exactly so many each; 因学 only where there is room for a student."""
    schooling = causes[Cause.EDUCATION]
    roomy = [slot for slot in made if slot.size > 1]
    rng.shuffle(roomy)
    for slot in roomy[:schooling]:
        slot.cause = Cause.EDUCATION
    others = [cause for cause, n in causes.items() if cause is not Cause.EDUCATION for _ in range(n)]
    rng.shuffle(others)
    rest = [slot for slot in made if slot.cause is not Cause.EDUCATION]
    for slot, cause in zip(rest, others, strict=True):
        slot.cause = cause


SHAPES: dict[int, tuple[tuple[int, str], ...]] = {
    1: ((60, "adult"), (40, "elder")),
    2: ((35, "adult child"), (25, "adult spouse"), (15, "elder elder_spouse"), (25, "adult parent")),
    3: (
        (50, "adult spouse child"),
        (15, "adult child child"),
        (20, "adult child parent"),
        (15, "adult spouse parent"),
    ),
    4: (
        (50, "adult spouse child child"),
        (35, "adult spouse child parent"),
        (15, "adult child child parent"),
    ),
    5: ((100, "adult spouse child child parent"),),
    6: ((100, "adult spouse child child parent parent"),),
}
"""Families by size, with weights; the head comes first."""

STUDYING: dict[int, str] = {
    2: "adult student",
    3: "adult spouse student",
    4: "adult spouse student child",
    5: "adult spouse student child parent",
    6: "adult spouse student child parent parent",
}
"""Families with somebody past compulsory school; in those who left, that one has grown up and works."""


def _shape(rng: Random, slot: Slot) -> list[str]:
    if slot.cause is Cause.EDUCATION:
        return ["grown" if slot.left and role == "student" else role for role in STUDYING[slot.size].split()]
    shapes = [
        s for s in SHAPES[slot.size] if slot.cause is not Cause.UNEMPLOYMENT or s[1].startswith("adult")
    ]
    return rng.choices([shape for _, shape in shapes], [weight for weight, _ in shapes])[0].split()


class _Draw:
    """Draws the members of one family, the head first, the others to fit the head's age."""

    def __init__(self, rng: Random, registrar: Registrar, on: date) -> None:
        self._rng, self._registrar, self._on = rng, registrar, on

    def members(self, roles: Sequence[str]) -> list[Member]:
        """One member a role."""
        head = self._member(roles[0], self._head_age(roles), self._sex(), Relation.HEAD, None)
        drawn = [head]
        for role in roles[1:]:
            drawn.append(self._relative(role, head, drawn))
        return drawn

    def obligor(self, head: Member) -> Member:
        """A child of the head who lives elsewhere, 22 to 57 years old."""
        age = self._rng.randint(max(22, head.age - 38), min(57, head.age - 21))
        sex = self._sex()
        prefix = self._rng.choice((HOME, ELSEWHERE))
        return self._member("obligor", age, sex, child_relation(sex), head.name[0], prefix=prefix)

    def _head_age(self, roles: Sequence[str]) -> int:
        low, high = 34, 56
        if roles[0] == "elder":
            low, high = 61, 86
        elif "grown" in roles:
            low, high = 47, 57
        elif "student" in roles:
            low, high = 42, 54
        elif "parent" in roles and "child" in roles:
            low, high = 40, 52
        elif "parent" in roles or len(roles) == 1:
            low, high = 46, 57
        return self._rng.randint(low, high)

    def _relative(self, role: str, head: Member, drawn: Sequence[Member]) -> Member:
        pick = self._rng.randint
        if role in ("spouse", "elder_spouse"):
            other = Sex.FEMALE if head.sex is Sex.MALE else Sex.MALE
            age = pick(head.age - 4, head.age + 4)
            age = max(age, 61) if role == "elder_spouse" else min(age, 58)
            return self._member(role, age, other, Relation.SPOUSE, None)
        if role == "parent":
            return self._parent(head, drawn)
        parents = min(m.age for m in drawn if m.role in ("adult", "spouse"))
        siblings = [m.age for m in drawn if m.role not in ("adult", "spouse")]
        low, high = {"child": (3, 17), "student": (16, 20), "grown": (22, 26)}[role]
        ages = range(max(low, parents - OLDEST_PARENT), min(high, parents - 21) + 1)
        sex = self._sex()
        age = self._rng.choice([a for a in ages if all(abs(a - sibling) > 1 for sibling in siblings)])
        return self._member(role, age, sex, child_relation(sex), head.name[0])

    def _parent(self, head: Member, drawn: Sequence[Member]) -> Member:
        """Mother, or father when the mother lives there already."""
        second = any(member.role == "parent" for member in drawn)
        mother = not second
        age = max(61, min(head.age + self._rng.randint(20, 32), 92))
        relation = Relation.MOTHER if mother else Relation.FATHER
        surname = None if mother else head.name[0]
        return self._member("parent", age, Sex.FEMALE if mother else Sex.MALE, relation, surname)

    def _member(
        self, role: str, age: int, sex: Sex, relation: Relation, surname: str | None, *, prefix: str = HOME
    ) -> Member:
        if sex is Sex.FEMALE and role in ("adult", "spouse"):
            age = min(age, WOMEN_UNTIL)
        birth = self._registrar.birth(age)
        number = self._registrar.id_number(birth, sex, prefix=prefix)
        name = self._registrar.name(surname or self._registrar.surname(), sex)
        return Member(number, name, sex, birth, age_on(birth, self._on), role, relation)

    def _sex(self) -> Sex:
        return self._rng.choice((Sex.MALE, Sex.FEMALE))


def _disability(rng: Random, *, mild: bool) -> tuple[DisabilityCategory, int]:
    """A category and a grade; `mild` is 3 or 4 and neither 智力 nor 精神, so that nobody qualifies alone."""
    kinds = (
        DisabilityCategory.LIMB,
        DisabilityCategory.SIGHT,
        DisabilityCategory.HEARING,
        DisabilityCategory.SPEECH,
    )
    if mild:
        return rng.choices(kinds, (60, 15, 20, 5))[0], rng.choice((3, 4))
    everything = (*kinds, DisabilityCategory.INTELLECTUAL, DisabilityCategory.MENTAL)
    return rng.choices(everything, (45, 12, 13, 3, 10, 17))[0], rng.choices((1, 2, 3, 4), (15, 35, 35, 15))[0]
