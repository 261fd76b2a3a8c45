"""What does each person draw in each month, and what is due in the last one and not drawn? Claims for `stacking`.

What was drawn is taken month by month from the records, as due by itself: whether it is, the
rules of each benefit say (BEN-03, BEN-04, CAT-06, LIF-01), not its standing beside others. A
benefit that names nobody is the household's and is told of its head. What is due and not drawn
(BEN-09) is claimed for the last month of the window alone: a verification is of one day, and is
never spread over the months before it. Student aid stands in the September that opens its year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from verification.category import household, member
from verification.entitlement import Entitlement
from verification.language.rule import Catalogue
from verification.language.to_python import Case, Judge, Judgement, bit_of
from verification.pack import Pack
from verification.rules import benefit as benefit_rules
from verification.stacking import Claim
from vocabulary.codes import Category, InjuryBenefitKind, MemberKind
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Benefit
from vocabulary.records.disability import DisabilitySubsidy
from vocabulary.records.education import Aid
from vocabulary.records.social_security import InjuryBenefit, UnemploymentBenefit

R = TypeVar("R", bound=Record)

DUE = Catalogue(
    member,
    household,
    [benefit_rules.due_and_not_drawn],
    told=[
        household.category,
        household.payable_fen,
        household.relief_months,
        household.window_from,
        household.window_to,
        member.alone_fen,
        member.living_due,
        member.care_due,
    ],
)
"""The facts that say what is due and not drawn."""

DRAWN: Mapping[type[Record], frozenset[str]] = {
    Benefit: frozenset({"household", "person", "kind", "month", "amount_fen", "paid"}),
    DisabilitySubsidy: frozenset({"person", "kind", "month", "amount_fen"}),
    Aid: frozenset({"person", "academic_year", "programme", "amount_fen"}),
    UnemploymentBenefit: frozenset({"person", "month", "amount_fen"}),
    InjuryBenefit: frozenset({"person", "kind", "month", "amount_fen"}),
}
"""The records that say what was drawn, and their columns."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """An entitlement of which it cannot be told whether it is due or drawn, or how much it would be."""

    person: str
    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """The claims of one household's people, and what cannot be told of them."""

    claims: tuple[Claim, ...]
    cannot_tell: tuple[Unsure, ...]


def reads() -> dict[type[Record], frozenset[str]]:
    """The record types and columns to ask for."""
    found = dict(DUE.reads())
    for record, columns in DRAWN.items():
        found[record] = found.get(record, frozenset()) | columns
    return found


class Holdings:
    """Tells claims by one policy pack, of any number of households."""

    def __init__(self, pack: Pack) -> None:
        """Compile the facts. Raises `PackGap` where the pack lacks a parameter."""
        self._pack, self._judge = pack, Judge(DUE, pack)

    def of(self, case: Case) -> Held:
        """The claims of a household's people, from a case made with `reads()`."""
        judged = self._judge.judge(case)
        window = range(_month(judged, "window_from"), _month(judged, "window_to") + 1)
        claims = [claim for claim in drawn(case) if _within(claim, window)]
        due, unsure = self._due(case, judged)
        return Held((*claims, *due), (*unsure, *_unanswered(case)))

    def _due(self, case: Case, judged: Judgement) -> tuple[list[Claim], list[Unsure]]:
        last = Month(_month(judged, "window_to"))
        claims, unsure = [], []
        for person, name, whether, fen in self._possible(case, judged):
            if not isinstance(whether, bool) or (whether and not isinstance(fen, int)):
                unsure.append(Unsure(person, str(name)))
            elif whether and isinstance(fen, int):
                claims.append(Claim(person, str(name), last, fen, 0))
        return claims, unsure

    def _possible(self, case: Case, judged: Judgement) -> Iterator[tuple[str, str, object, object]]:
        """Person, entitlement, whether it is due and not drawn, and how much a month."""
        facts = judged.facts
        nothing_paid, category = facts["relief_months"], facts["category"]
        told = isinstance(nothing_paid, int) and isinstance(category, str)
        for due, fen in ((Category.DIBAO, facts["payable_fen"]), (Category.TEKUN, None)):
            yield _holder(case), due, (category == due and nothing_paid == 0) if told else None, fen
        for person, own in sorted(judged.members.items()):
            alone = own["alone_fen"]
            if isinstance(alone, int) and alone > 0 and told:
                yield person, Entitlement.SINGLE, nothing_paid == 0, alone
            yield person, Entitlement.LIVING, own["living_due"], self._subsidy(Entitlement.LIVING, case)
            # 护理补贴 also asks for a need of long-term care, which no register knows: no amount is claimed.
            yield person, Entitlement.CARE, own["care_due"], None

    def _subsidy(self, name: str, case: Case) -> object:
        row = self._pack.row("subsidy_fen_month", name, case.on)
        return None if row is None else row.value


def drawn(case: Case) -> Iterator[Claim]:
    """Everything that the records say was paid, of any month."""
    home = _holder(case)
    for paid in _rows(case, Benefit):
        if paid.paid and paid.household == case.household:
            yield _claim(paid.person or home, paid.kind, paid.month, paid.amount_fen)
    for subsidy in _rows(case, DisabilitySubsidy):
        yield _claim(subsidy.person, subsidy.kind, subsidy.month, subsidy.amount_fen)
    for injury in _rows(case, InjuryBenefit):
        yield _claim(injury.person, _INJURY[injury.kind], injury.month, injury.amount_fen)
    for dole in _rows(case, UnemploymentBenefit):
        yield _claim(dole.person, Entitlement.UNEMPLOYMENT_BENEFIT, dole.month, dole.amount_fen)
    for aid in _rows(case, Aid):
        yield _claim(aid.person, aid.programme, Month(aid.academic_year * 12 + 8), aid.amount_fen)


_INJURY = {
    InjuryBenefitKind.DISABILITY_ALLOWANCE: Entitlement.DISABILITY_ALLOWANCE,
    InjuryBenefitKind.LIVING_CARE: Entitlement.LIVING_CARE,
}


def _holder(case: Case) -> str:
    """Of whom a household's benefit is told."""
    cohabiting = [row.person for row in case.members if row.kind == MemberKind.COHABIT]
    return cohabiting[0] if len(cohabiting) == 1 else case.household


def _claim(person: str, name: str, month: Month, fen: int) -> Claim:
    return Claim(person, str(name), Month(month), fen, fen)


def _within(claim: Claim, window: range) -> bool:
    """Benefits of the window's months; student aid of any year."""
    return claim.name not in set(Entitlement) or claim.month in window


def _unanswered(case: Case) -> Iterator[Unsure]:
    """Of whom it is not known what was drawn, because nobody usably answered."""
    for person, mask in sorted((case.unanswered_of or {}).items()):
        for record in DRAWN:
            if mask & bit_of(record):
                yield Unsure(person, record.term)


def _rows(case: Case, record: type[R]) -> Sequence[R]:
    """Rows of a type; those of a verification carry the columns that it reads and no others."""
    return cast("Sequence[R]", case.rows.get(record, ()))


def _month(judged: Judgement, name: str) -> int:
    value = judged.facts[name]
    assert isinstance(value, int), "the window is told by the day and the pack alone"
    return value
