"""What would another policy pack change: who moves to which category, and how much money a month?

Both packs judge the same snapshot of a whole caseload. Each run carries the digest of its
inputs and the hash of its facts; two runs whose inputs or facts differ are not compared,
because then not the policy alone would differ.

Money is what 低保 pays a month: the household's amount and the single-person amounts. 特困 has a
standard of its own that no pack of these parameters sets, so a household that moves to 特困
shows the 低保 that it no longer draws.

    ValueError
    └── CannotCompare       the runs do not differ in the policy alone
        ├── InputsDiffer    the records were not the same
        └── FactsDiffer     the rules were not the same
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from verification.category import household, member
from verification.language.rule import Catalogue
from verification.pack import Pack
from verification.runs.ageing import aged
from verification.runs.district import Told, judge_district
from verification.runs.inputs import digest_of
from verification.runs.tables import Snapshot
from verification.standing import Standing, standing_of
from verification.transitions import Move, move
from verification.verdict import Indeterminate
from vocabulary.codes import Category

FACTS = Catalogue(
    member,
    household,
    [],
    told=[
        household.category,
        household.payable_fen,
        household.counted_members,
        household.property_over,
        member.alone_fen,
    ],
)
"""What a caseload run tells: no rule is asked, so it costs a fraction of a whole run."""

Change = tuple[Category | Indeterminate, Category | Indeterminate]


class CannotCompare(ValueError):
    """Two runs do not differ in the policy alone."""


class InputsDiffer(CannotCompare):
    """The two runs did not read the same records."""


class FactsDiffer(CannotCompare):
    """The two runs did not use the same definitions."""


@dataclass(frozen=True)
class CaseloadRun:
    """One pack over one caseload: standings by household number, and what they rest on."""

    pack: str
    pack_hash: str
    facts_hash: str
    inputs_digest: str
    standings: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Changed:
    """One household for which the other pack changes something.

    `fen_month`   more (or less) a month; None where it cannot be told on either side
    """

    household: str
    move: Move
    before: Standing
    after: Standing
    fen_month: int | None

    @property
    def moved(self) -> bool:
        """Whether the category is another one."""
        return self.before.category is not self.after.category


@dataclass(frozen=True)
class WhatIf:
    """Everything that the second pack changes, in the order of household numbers.

    `moves`       households by move, all of them
    `categories`  households by category before and after, where they are not the same
    `fen_before`, `fen_after`   what is paid a month in all, to those of whom it can be told on both sides
    `fen_moves`   how much of the difference comes with each move; 0 is left out
    `untold`      households whose amount cannot be told on one side or the other
    """

    before: CaseloadRun
    after: CaseloadRun
    changed: tuple[Changed, ...]
    moves: Mapping[Move, int]
    categories: Mapping[Change, int]
    fen_before: int
    fen_after: int
    fen_moves: Mapping[Move, int]
    untold: int

    @property
    def fen_month(self) -> int:
        """So much more is paid a month in all; less, where it is below zero."""
        return self.fen_after - self.fen_before


def run_caseload(snapshot: Snapshot, pack: Pack, *, progress: Told | None = None) -> CaseloadRun:
    """Judge every household of a snapshot by a pack, for comparison.

    Raises `PackGap` for a pack that lacks a parameter.
    """
    return _run(snapshot, pack, digest_of(snapshot), progress)


def reads() -> Mapping[type, frozenset[str]]:
    """The record types and columns that a snapshot for this needs."""
    return FACTS.reads()


def compare(before: CaseloadRun, after: CaseloadRun) -> WhatIf:
    """What changes from one run to the other. Raises `InputsDiffer`, `FactsDiffer`."""
    if before.inputs_digest != after.inputs_digest:
        raise InputsDiffer(f"expected inputs `{before.inputs_digest}`, got `{after.inputs_digest}`")
    if before.facts_hash != after.facts_hash:
        raise FactsDiffer(f"expected facts `{before.facts_hash}`, got `{after.facts_hash}`")
    both = list(_both(before, after))
    told = [each for each in both if each.fen_month is not None]
    moved = [each for each in both if each.moved]
    return WhatIf(
        before,
        after,
        tuple(each for each in both if each.moved or each.fen_month),
        Counter(each.move for each in both),
        Counter((each.before.category, each.after.category) for each in moved),
        sum(each.before.payable_fen or 0 for each in told),
        sum(each.after.payable_fen or 0 for each in told),
        _by_move(told),
        len(both) - len(told),
    )


def what_if(
    snapshot: Snapshot, before: Pack, after: Pack, *, progress: tuple[Told, Told] | None = None
) -> WhatIf:
    """Run both packs over one snapshot, which is digested once, and compare.

    `progress`   is told how far each of the two runs is
    Raises `PackGap`.
    """
    inputs, tell = digest_of(snapshot), progress or (None, None)
    return compare(_run(snapshot, before, inputs, tell[0]), _run(snapshot, after, inputs, tell[1]))


def _run(snapshot: Snapshot, pack: Pack, inputs: str, progress: Told | None) -> CaseloadRun:
    judged = judge_district(aged(snapshot, pack), FACTS, pack, progress=progress)
    standings = {each.household: standing_of(each) for each in judged}
    return CaseloadRun(pack.name, pack.hash, FACTS.hash, inputs, standings)


def _by_move(told: Iterable[Changed]) -> Mapping[Move, int]:
    sums: Counter[Move] = Counter()
    for each in told:
        sums[each.move] += each.fen_month or 0
    return {each: fen for each, fen in sums.items() if fen}


def _both(before: CaseloadRun, after: CaseloadRun) -> Iterator[Changed]:
    """Every household with both standings: equal inputs have equal households."""
    for number, one in before.standings.items():
        other = after.standings[number]
        known = one.payable_fen is not None and other.payable_fen is not None
        fen = (other.payable_fen or 0) - (one.payable_fen or 0) if known else None
        yield Changed(number, move(one, other), one, other, fen)
