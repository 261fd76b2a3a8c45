"""What does a household live on, by the rows alone? Written apart from `demo.means`, naively, for the tests."""

from collections import defaultdict
from collections.abc import Iterable

from demo.district import District
from vocabulary.codes import Category, InsuranceKind, InsuranceStatus, MemberKind, Participation
from vocabulary.records.civil_affairs import Declaration, Membership
from vocabulary.records.disability import RehabilitationExpense
from vocabulary.records.education import FeeBill
from vocabulary.records.health import Settlement
from vocabulary.records.social_security import Insurance, Pension, UnemploymentBenefit

EXCLUDED = {"CENTRAL_BASE_PENSION", "AGE_ALLOWANCE", "FAMILY_PLANNING"}


class Oracle:
    """Sums of one district: declared and verified, per household over the window."""

    def __init__(self, district: District) -> None:
        self.members: dict[str, list[str]] = defaultdict(list)
        for row in district.of(Membership):
            if row.kind is MemberKind.COHABIT:
                self.members[row.household].append(row.person)
        self.declared = self._declared(district)
        self.verified = {key: dict(lines) for key, lines in self.declared.items()}
        self._official(district)
        self.spent = self._spent(district)

    def annual(self, household: str, *, declared: bool = False) -> int:
        """Counted income of the household in fen, employment cost taken off."""
        source = self.declared if declared else self.verified
        total = 0
        for person in self.members[household]:
            for (_, item), fen in source.get(person, {}).items():
                if item not in EXCLUDED:
                    total += fen - (20_000 if item == "WAGE" and fen > 0 else 0)
        return total

    def category(self, household: str, *, declared: bool = False) -> Category:
        annual, people = self.annual(household, declared=declared), len(self.members[household])
        if annual < 63_600 * 12 * people:
            return Category.DIBAO
        if annual < 95_400 * 12 * people:
            return Category.EDGE
        spent = sum(self.spent[person] for person in self.members[household])
        return Category.RIGID if annual < 3_120_000 * people and 10 * spent > 6 * annual else Category.NONE

    def _declared(self, district: District) -> dict[str, dict[tuple[int, str], int]]:
        lines: dict[str, dict[tuple[int, str], int]] = defaultdict(dict)
        for row in district.of(Declaration):
            assert lines[row.person].get((row.month, row.item), row.amount_fen) == row.amount_fen
            lines[row.person][row.month, row.item] = row.amount_fen
        return lines

    def _official(self, district: District) -> None:
        for base in district.of(Insurance):
            if base.kind is InsuranceKind.PENSION and base.participation is Participation.EMPLOYEE:
                assert base.status is InsuranceStatus.NORMAL
                self.verified.setdefault(base.person, {})[base.month, "WAGE"] = base.base_fen
        for benefit in district.of(UnemploymentBenefit):
            self.verified.setdefault(benefit.person, {})[benefit.month, "UNEMPLOYMENT_BENEFIT"] = (
                benefit.amount_fen
            )
        for row in district.of(Pension):
            mine = self.verified.setdefault(row.person, {})
            for item, fen in zip(
                ("PENSION", "LOCAL_BASE_PENSION", "PERSONAL_PENSION"),
                (row.employee_fen, row.local_base_fen, row.personal_fen),
                strict=True,
            ):
                mine[row.month, item] = fen

    def _spent(self, district: District) -> dict[str, int]:
        """Medical, education and rehabilitation of the twelve months before the day."""
        first, on = district.on.replace(year=district.on.year - 1), district.on
        spent: dict[str, int] = defaultdict(int)
        for stay in district.of(Settlement):
            spent[stay.person] += stay.compliant_self_pay_fen * (first <= stay.discharged_on < on)
        for bill in district.of(FeeBill):
            spent[bill.person] += min(bill.paid_fen, bill.public_standard_fen) * (first <= bill.paid_on < on)
        for care in district.of(RehabilitationExpense):
            spent[care.person] += care.self_pay_fen * (first <= care.spent_on < on)
        return spent


def in_order(district: District) -> Iterable[tuple[str, Category]]:
    """The households without a planted contradiction, and the category each must come out as."""
    return ((home.number, home.expected) for home in district.households if home.expected is not None)
