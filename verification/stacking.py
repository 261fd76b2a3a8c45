"""Which lawful combination of benefits is best for a person, month by month, and what was drawn beside it?

The pack's table `stacking` says of a pair how it stands: ALLOW both, OFFSET the first against
the second, only the HIGHER of both is paid, or PROHIBIT both. Two programmes of one `aid_group`
are HIGHER by the group's article. A pair that the pack does not name is allowed, because nothing
forbids it, and is told as such, so that somebody can look.

For each person and month every lawful combination is tried, so the proposal is exact: what stands in
nobody's way is paid, and only benefits that do not all stand together are weighed against each other.
Three sums hold to the fen:

    drawn − overpaid = the best lawful combination of what was drawn   (kept)
    kept + forgone   = the best lawful combination of all that is due  (best)

A proposal is not a decision: nothing is reclaimed or stopped by it (社会救助法 art. 47–48).

    ValueError
    └── TooManyClaims    more combinations for one person in one month than can be tried
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from verification.entitlement import Stacking
from verification.pack import Pack
from vocabulary.month import Month

COMBINATIONS_MAX = 1 << 14
"""So many are tried in well under a second; nobody has been seen with more than a dozen."""


class TooManyClaims(ValueError):
    """One person's entitlements of one month stand together in more ways than can be tried."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One entitlement of one person for one month. Student aid stands in the September that opens its year.

    `due_fen`     what would be paid if nothing else were, 0 or more
    `drawn_fen`   what was paid, 0 or more
    """

    person: str
    name: str
    month: Month
    due_fen: int
    drawn_fen: int


@dataclass(frozen=True, slots=True)
class Paid:
    """An entitlement in a combination, and what it pays there."""

    name: str
    fen: int


@dataclass(frozen=True, slots=True)
class Clash:
    """Two entitlements that were both drawn: how the pack says they stand, and by which article.

    `cite`   None where the pack does not name the pair: it is allowed because nothing forbids it
    """

    first: str
    second: str
    stacking: Stacking
    cite: str | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The lawful combination that pays one person most in one month, beside what was drawn.

    `clashes`   pairs that were both drawn, without those that the pack allows
    `kept`      the best lawful combination of what was drawn
    `best`      the best lawful combination of all that is due
    """

    person: str
    month: Month
    drawn: tuple[Paid, ...]
    clashes: tuple[Clash, ...]
    kept: tuple[Paid, ...]
    best: tuple[Paid, ...]

    @property
    def overpaid_fen(self) -> int:
        """Drawn beyond the best lawful combination of it."""
        return _sum(self.drawn) - _sum(self.kept)

    @property
    def forgone_fen(self) -> int:
        """Due beside or instead of what was drawn, and not drawn."""
        return _sum(self.best) - _sum(self.kept)

    @property
    def uncovered(self) -> tuple[Paid, ...]:
        """What the best combination pays and was not drawn at all (BEN-09)."""
        drawn = {each.name for each in self.drawn}
        return tuple(each for each in self.best if each.name not in drawn)


@dataclass(frozen=True, slots=True)
class Sums:
    """What proposals come to: savings and what is owed to people stand side by side."""

    persons_overpaid: int
    overpaid_fen: int
    persons_forgoing: int
    forgone_fen: int


def propose(claims: Iterable[Claim], pack: Pack) -> tuple[Proposal, ...]:
    """One proposal a person and month of the claims, in the order of persons and months.

    Claims of one name for one month are one: drawn twice counts twice, due but once (the greatest).
    Of combinations that pay the same, the one with more of what is drawn already stands, then the
    smaller one, then the first by name. Raises `TooManyClaims`.
    """
    given: defaultdict[tuple[str, Month], list[Claim]] = defaultdict(list)
    for claim in claims:
        given[claim.person, claim.month].append(claim)
    return tuple(_proposal(*key, _joined(given[key]), pack) for key in sorted(given))


def sums(proposals: Iterable[Proposal]) -> Sums:
    """Persons and fen of both sides."""
    listed = list(proposals)
    over = [each for each in listed if each.overpaid_fen]
    under = [each for each in listed if each.forgone_fen]
    return Sums(
        len({each.person for each in over}),
        sum(each.overpaid_fen for each in over),
        len({each.person for each in under}),
        sum(each.forgone_fen for each in under),
    )


def stacking_of(first: str, second: str, month: Month, pack: Pack) -> Clash:
    """How a pair stands in a month; for OFFSET `first` is what is taken off `second`.

    >>> from verification.pack import load_pack
    >>> stacking_of("CARE", "TEKUN", Month.parse("2026-10"), load_pack("demo-2026")).stacking.term
    '不得同时享受'
    """
    day = month.first_day
    for one, other in ((first, second), (second, first)):
        row = pack.row("stacking", f"{one}+{other}", day)
        if row is not None:
            return Clash(one, other, Stacking(str(row.value)), row.cite)
    group = [pack.row("aid_group", name, day) for name in (first, second)]
    if group[0] is not None and group[1] is not None and group[0].value == group[1].value:
        return Clash(first, second, Stacking.HIGHER, group[0].cite)
    return Clash(first, second, Stacking.ALLOW, None)


def _joined(claims: Sequence[Claim]) -> list[Claim]:
    found: dict[str, Claim] = {}
    for claim in claims:
        other = found.get(claim.name)
        due = max(claim.due_fen, other.due_fen) if other else claim.due_fen
        drawn = claim.drawn_fen + (other.drawn_fen if other else 0)
        found[claim.name] = Claim(claim.person, claim.name, claim.month, due, drawn)
    return [found[name] for name in sorted(found)]


def _proposal(person: str, month: Month, claims: list[Claim], pack: Pack) -> Proposal:
    drawn = tuple(Paid(claim.name, claim.drawn_fen) for claim in claims if claim.drawn_fen)
    pairs = {
        (one.name, other.name): stacking_of(one.name, other.name, month, pack)
        for one, other in combinations(claims, 2)
    }
    held = {each.name: each.fen for each in drawn}
    clashes = tuple(
        clash for names, clash in pairs.items() if held.keys() >= set(names) and not _is_allowed(clash)
    )
    lawful = {claim.name: min(claim.due_fen, claim.drawn_fen) for claim in claims if claim.drawn_fen}
    due = {claim.name: claim.due_fen for claim in claims if claim.due_fen}
    kept = _best(lawful, pairs, held)
    return Proposal(person, month, drawn, clashes, kept, _best(due, pairs, held))


def _is_allowed(clash: Clash) -> bool:
    return clash.stacking is Stacking.ALLOW and clash.cite is not None


def _best(
    amounts: Mapping[str, int], pairs: Mapping[tuple[str, str], Clash], drawn: Mapping[str, int]
) -> tuple[Paid, ...]:
    """Of all lawful combinations the one that pays most.

    Each knot for itself: sums, counts and the order of names over all are least where they are least in each.
    """
    paid = (each for knot in _knots(sorted(amounts), pairs) for each in _best_of(knot, amounts, pairs, drawn))
    return tuple(sorted(paid, key=lambda each: each.name))


def _best_of(
    names: Sequence[str],
    amounts: Mapping[str, int],
    pairs: Mapping[tuple[str, str], Clash],
    drawn: Mapping[str, int],
) -> tuple[Paid, ...]:
    choices = (_payments(held, amounts, pairs) for held in _lawful(names, pairs))
    ranked = (
        (-_sum(paid), -sum(each.name in drawn for each in paid), len(paid), [p.name for p in paid], paid)
        for paid in choices
    )
    return min(ranked, key=lambda rank: rank[:4])[4]


def _knots(names: Sequence[str], pairs: Mapping[tuple[str, str], Clash]) -> list[list[str]]:
    """The names in groups, so that all pairs of two groups are allowed."""
    knots: list[list[str]] = []
    for name in names:
        tied = [
            knot for knot in knots if any(pairs[one, name].stacking is not Stacking.ALLOW for one in knot)
        ]
        knots = [knot for knot in knots if knot not in tied]
        knots.append(sorted([name, *(each for knot in tied for each in knot)]))
    return knots


def _lawful(names: Sequence[str], pairs: Mapping[tuple[str, str], Clash]) -> list[tuple[str, ...]]:
    """The combinations in which no two exclude each other. Raises `TooManyClaims`."""
    found: list[tuple[str, ...]] = [()]
    for name in names:
        found += [(*held, name) for held in found if not any(_excludes(pairs[one, name]) for one in held)]
        if len(found) > COMBINATIONS_MAX:
            raise TooManyClaims(f"expected at most {COMBINATIONS_MAX} combinations of {len(names)} benefits")
    return found


def _excludes(clash: Clash) -> bool:
    """Both of HIGHER are not held together: the one that is left out is the lower, because more is better."""
    return clash.stacking in (Stacking.PROHIBIT, Stacking.HIGHER)


def _payments(
    names: Sequence[str], amounts: Mapping[str, int], pairs: Mapping[tuple[str, str], Clash]
) -> tuple[Paid, ...]:
    """What a lawful combination pays, without what it pays nothing for."""
    left = {name: amounts[name] for name in names}
    for pair in combinations(names, 2):
        clash = pairs[pair]
        if clash.stacking is Stacking.OFFSET:
            left[clash.second] -= amounts[clash.first]
    return tuple(Paid(name, fen) for name, fen in left.items() if fen > 0)


def _sum(paid: Iterable[Paid]) -> int:
    return sum(each.fen for each in paid)
