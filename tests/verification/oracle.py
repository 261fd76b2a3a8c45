"""A naive second opinion on income, category and payable, written from the law's text alone.

It shares nothing with `verification`: plain loops over records, fractions instead of
multiplied-out comparisons, its own list of what counts. Slow and obvious on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import (
    Benefit,
    CategoryHistory,
    Declaration,
    Funeral,
    Membership,
    Person,
    PropertyCheck,
)
from vocabulary.records.disability import Certificate, RehabilitationExpense
from vocabulary.records.education import Enrolment, FeeBill
from vocabulary.records.health import Death, IllnessRecognition, Settlement
from vocabulary.records.social_security import InjuryBenefit, Insurance, Pension, UnemploymentBenefit

NOT_INCOME = {
    "SCHOLARSHIP", "PREFERENTIAL_CARE", "FAMILY_PLANNING", "BRAVERY_AWARD", "AGE_ALLOWANCE",
    "DISABILITY_SUBSIDY", "RELIEF", "EDUCATION_AID", "TRAINING_SUBSIDY",
}  # fmt: skip
NO_MONEY = {"UNEMPLOYED", "EMPLOYMENT_COST"}
"""What a household declares that is no receipt."""
PENSIONS = {"PENSION", "CENTRAL_BASE_PENSION", "LOCAL_BASE_PENSION", "PERSONAL_PENSION"}
POSTGRADUATE = {"MASTER", "DOCTOR"}
SCHOOL = {"PRIMARY", "JUNIOR", "SENIOR", "VOCATIONAL"}
INCAPABLE = {("1", 1), ("4", 1), ("4", 2), ("5", 1), ("5", 2), ("5", 3), ("6", 1), ("6", 2), ("6", 3)}


@dataclass(frozen=True)
class Policy:
    """The numbers that the oracle varies; the rest are those of the demo pack.

    `bands`     分档: up to which percent of the standard, and fen a head and month; none is 差额
    `pension_excluded_until`   the last month for which the central base pension does not count; None is for ever
    """

    standard: int = 63_600
    disposable: int = 3_120_000
    edge: Fraction = Fraction(3, 2)
    ratio: Fraction = Fraction(3, 5)
    cost: int = 20_000
    rounding: str = "CEIL_YUAN"
    gross: bool = False
    alone: str = "OWN_INCOME"
    bands: tuple[tuple[int, int], ...] = ()
    rigid: frozenset[str] = frozenset({"MEDICAL", "EDUCATION", "REHABILITATION"})
    pension_excluded_until: Month | None = None

    def counts(self, kind: str, month: int, *, tekun: bool) -> bool:
        """Whether a receipt is income; of 特困 the central base pension is excluded for ever."""
        if kind == "CENTRAL_BASE_PENSION":
            until = self.pension_excluded_until
            return not tekun and until is not None and month > int(until)
        return kind not in NOT_INCOME


@dataclass(frozen=True)
class Opinion:
    counted: int
    annual: int
    category: str
    payable: int
    alone: dict[str, int]


def opinion(
    records: Sequence[Record], household: str, on: date, policy: Policy, *, declared: bool = False
) -> Opinion:
    """What the law gives, from all records of the household, for the verified or the declared side."""
    rows: dict[type, list] = defaultdict(list)
    for record in records:
        rows[type(record)].append(record)
    listed = [
        m for m in rows[Membership]
        if m.household == household and m.joined_on <= on and not (m.left_on and m.left_on <= on)
    ]  # fmt: skip
    counted = [m for m in listed if is_counted(m, rows, on)]
    income = {m.person: income_of(m.person, rows, household, on, policy, declared=declared) for m in listed}
    real = {m.person: income_of(m.person, rows, household, on, policy, declared=False) for m in listed}
    annual = sum(income[m.person] for m in counted)
    gross = sum(
        income_of(m.person, rows, household, on, policy, declared=declared, before_cost=True) for m in counted
    )
    over = any(check.over_limit for check in rows[PropertyCheck])
    n = len(counted)
    category = "NONE"
    line = Fraction(policy.standard) * 12 * n
    if n and not over and is_tekun(listed, counted, real, rows, household, on, policy, declared=declared):
        category = "TEKUN"
    elif n and not over and Fraction(annual, 12 * n) < policy.standard:
        category = "DIBAO"
    elif n and not over and Fraction(annual, 12 * n) < policy.standard * policy.edge:
        category = "EDGE"
    elif n and not over and Fraction(annual, n) < policy.disposable:
        spent = sum(rigid_of(m.person, rows, on, policy) for m in counted)
        below = gross if policy.gross else annual
        if spent > policy.ratio * below:
            category = "RIGID"
    payable = due(annual, line, policy, heads=n) if category == "DIBAO" else 0
    alone = {
        m.person: amount_alone(real[m.person], policy)
        for m in counted
        if not over and enters_alone(m, category, real, rows, household, on, policy)
    }
    return Opinion(n, annual, category, payable, alone)


def due(annual: int, line: Fraction, policy: Policy, *, heads: int) -> int:
    """What is paid a month: by bands so much a head, else the gap to the line, rounded once."""
    if policy.bands:
        amounts = [fen for percent, fen in policy.bands if annual < line * percent / 100]
        return heads * amounts[0] if amounts else 0
    return rounded((line - annual) / 12, policy)


def amount_alone(own: int, policy: Policy) -> int:
    for_one = Fraction(policy.standard * 12)
    if policy.alone == "STANDARD":
        return due(0, for_one, policy, heads=1)
    return due(own, for_one, policy, heads=1)


def is_dead(person: str, rows: dict, on: date) -> bool:
    """By the certificate; where there is none, by the cremation."""
    days = [d.died_on for d in rows[Death] if d.person == person]
    days = days or [f.cremated_on for f in rows[Funeral] if f.person == person]
    return bool(days) and min(days) <= on


def is_counted(m: Membership, rows: dict, on: date) -> bool:
    if m.kind != "COHABIT" or m.special in ("PRISON", "COMPULSORY_REHAB", "MISSING", "CLERGY_3Y"):
        return False
    if is_dead(m.person, rows, on):
        return False
    studying = any(
        e.person == m.person and e.status == "ENROLLED" and e.full_time and e.stage in POSTGRADUATE
        for e in rows[Enrolment]
    )
    return not (studying and m.relation not in ("0", "1"))


def month_numbers(on: date) -> set[int]:
    this = on.year * 12 + on.month - 1
    return set(range(this - 12, this))


def income_of(
    person: str,
    rows: dict,
    household: str,
    on: date,
    policy: Policy,
    *,
    declared: bool,
    before_cost: bool = False,
    tekun: bool = False,
) -> int:
    official, said = registered(person, rows), declarations(person, rows, household)
    total, worked = 0, set()
    for key in official.keys() | said.keys():
        if key[1] not in month_numbers(on):
            continue
        lines = said.get(key, []) if declared else official.get(key) or said.get(key, [])
        for kind, fen in lines:
            total += fen if policy.counts(kind, key[1], tekun=tekun) else 0
            if kind == "WAGE" and fen > 0:
                worked.add(key[1])
    return total if before_cost else total - policy.cost * len(worked)


Lines = dict[tuple[str, int], list[tuple[str, int]]]
"""What was received, by family of kinds and month: kinds with fen."""


def declarations(person: str, rows: dict, household: str) -> Lines:
    said: Lines = defaultdict(list)
    for d in rows[Declaration]:
        if d.person == person and d.household == household and d.item not in NO_MONEY:
            family = "PENSION" if d.item in PENSIONS else str(d.item)
            said[family, int(d.month)].append((str(d.item), d.amount_fen))
    return said


def registered(person: str, rows: dict) -> Lines:
    """What the registers say, by family of kinds and month."""
    official: Lines = defaultdict(list)
    for i in rows[Insurance]:
        if i.person == person and (i.kind, i.participation, i.status) == ("PENSION", "EMPLOYEE", "NORMAL"):
            official["WAGE", int(i.month)].append(("WAGE", i.base_fen))
    for p in rows[Pension]:
        if p.person == person:
            parts = {
                "CENTRAL_BASE_PENSION": p.central_base_fen,
                "LOCAL_BASE_PENSION": p.local_base_fen,
                "PERSONAL_PENSION": p.personal_fen,
                "PENSION": p.employee_fen,
            }
            official["PENSION", int(p.month)] += list(parts.items())
    for u in rows[UnemploymentBenefit]:
        if u.person == person:
            official["UNEMPLOYMENT_BENEFIT", int(u.month)].append(("UNEMPLOYMENT_BENEFIT", u.amount_fen))
    for b in rows[InjuryBenefit]:
        if b.person == person:
            official["INJURY_BENEFIT", int(b.month)].append(("INJURY_BENEFIT", b.amount_fen))
    return official


def rigid_of(person: str, rows: dict, on: date, policy: Policy) -> int:
    start = date(on.year - 1, on.month, min(on.day, 28) if on.month == 2 else on.day)
    spent = 0
    for s in rows[Settlement] if "MEDICAL" in policy.rigid else ():
        if s.person == person and s.designated and start < s.discharged_on <= on:
            spent += s.compliant_self_pay_fen
    for f in rows[FeeBill] if "EDUCATION" in policy.rigid else ():
        if f.person == person and f.stage not in POSTGRADUATE and start < f.paid_on <= on:
            spent += min(f.paid_fen, f.public_standard_fen)
    for r in rows[RehabilitationExpense] if "REHABILITATION" in policy.rigid else ():
        if r.person == person and start < r.spent_on <= on:
            spent += r.self_pay_fen
    return spent


def age_on(person: str, on: date, rows: dict) -> int:
    """By the id number; where its last character is not the right one, by the register."""
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(person[:17], weights, strict=True))
    born = (int(person[6:10]), int(person[10:12]), int(person[12:14]))
    if "10X98765432"[total % 11] != person[17]:
        (day,) = {p.birth for p in rows[Person] if p.person == person}
        born = (day.year, day.month, day.day)
    return on.year - born[0] - ((on.month, on.day) < born[1:])


def holding(person: str, rows: dict, on: date) -> list[Certificate]:
    return [
        c for c in rows[Certificate]
        if c.person == person and c.status == "VALID" and not (c.valid_until and c.valid_until < on)
    ]  # fmt: skip


def disabilities(certificate: Certificate) -> set[tuple[str, int]]:
    parts = {(p[0], int(p[1])) for p in certificate.parts.split(",") if p}
    return parts | {(str(certificate.category), certificate.grade)}


def severe(person: str, rows: dict, on: date) -> bool:
    return any(c.grade <= 2 for c in holding(person, rows, on))


def severe_for_alone(person: str, rows: dict, on: date) -> bool:
    found = {d for c in holding(person, rows, on) for d in disabilities(c)}
    return any(grade <= 2 or (kind in "56" and grade == 3) for kind, grade in found)


def is_tekun(
    listed: list,
    counted: list,
    real: dict,
    rows: dict,
    household: str,
    on: date,
    policy: Policy,
    *,
    declared: bool,
) -> bool:
    for m in counted:
        age = age_on(m.person, on, rows)
        by_disability = any(d in INCAPABLE for c in holding(m.person, rows, on) for d in disabilities(c))
        incapable = age >= 60 or age < 16 or by_disability or stays_at_school(m.person, rows, household, on)
        means = income_of(m.person, rows, household, on, policy, declared=declared, tekun=True)
        if not incapable or means >= policy.standard * 12 or is_orphan(m.person, rows, household, on):
            return False
    return not any(can_support(m, real, rows, on, policy) for m in listed if m not in counted)


def can_support(m: Membership, real: dict, rows: dict, on: date, policy: Policy) -> bool:
    """Whether somebody who is not counted owes support and can give it."""
    age = age_on(m.person, on, rows)
    if is_dead(m.person, rows, on) or age < 18 or m.special in ("PRISON", "MISSING"):
        return False
    weak = age >= 70 or severe(m.person, rows, on) or severe_for_alone(m.person, rows, on)
    return not (weak and real[m.person] < policy.disposable)


def is_orphan(person: str, rows: dict, household: str, on: date) -> bool:
    return any(
        b.person == person
        and b.household == household
        and b.kind == "ORPHAN"
        and int(b.month) in month_numbers(on)
        for b in rows[Benefit]
    )


def stays_at_school(person: str, rows: dict, household: str, on: date) -> bool:
    """社会救助法 art. 16: who was 特困 as a minor and is still at school up to senior or vocational."""
    reading = any(
        e.person == person and e.status == "ENROLLED" and e.stage in SCHOOL for e in rows[Enrolment]
    )
    return reading and any(
        h.household == household and h.category == "TEKUN" and h.since <= on
        and not (h.until and h.until <= on) and age_on(person, h.since, rows) < 18
        for h in rows[CategoryHistory]
    )  # fmt: skip


def enters_alone(
    m: Membership, category: str, real: dict, rows: dict, household: str, on: date, policy: Policy
) -> bool:
    if real[m.person] >= policy.standard * 12:
        return False
    ill = any(
        i.person == m.person and i.valid_from <= on and not (i.valid_until and i.valid_until < on)
        for i in rows[IllnessRecognition]
    )
    if category == "EDGE" and (severe_for_alone(m.person, rows, on) or ill):
        return True
    idle = not works(m.person, rows, household, on)
    adult = age_on(m.person, on, rows) >= 18
    return category in ("EDGE", "RIGID", "NONE") and adult and idle and severe(m.person, rows, on)


def works(person: str, rows: dict, household: str, on: date) -> bool:
    window = month_numbers(on)
    insured = {
        int(i.month) for i in rows[Insurance]
        if i.person == person and (i.kind, i.participation, i.status) == ("PENSION", "EMPLOYEE", "NORMAL")
    }  # fmt: skip
    paid = {
        int(i.month) for i in rows[Insurance]
        if i.person == person and i.base_fen > 0
        and (i.kind, i.participation, i.status) == ("PENSION", "EMPLOYEE", "NORMAL")
    }  # fmt: skip
    said = {
        int(d.month) for d in rows[Declaration]
        if d.person == person and d.household == household and d.amount_fen > 0
        and (d.item == "BUSINESS" or (d.item == "WAGE" and int(d.month) not in insured))
    }  # fmt: skip
    return bool((paid | said) & window)


def rounded(yuan_fen: Fraction, policy: Policy) -> int:
    due = max(Fraction(0), yuan_fen)
    if policy.rounding == "CEIL_YUAN":
        return ceil(due / 100) * 100
    if policy.rounding == "HALF_UP_FEN":
        return floor(due + Fraction(1, 2))
    return floor(due)


def at_least(
    records: Sequence[Record], household: str, on: date, policy: Policy, silent: frozenset[type[Record]]
) -> int:
    """The least verified income of the window among all answers that those who are silent could give.

    Month by month and family by family each possible answer is tried: a register may know nothing, or have
    paid nothing, and the smallest wage brings its employment cost; a person may be dead, or study.
    """
    rows: dict[type, list] = defaultdict(list)
    for record in records:
        if type(record) not in silent:
            rows[type(record)].append(record)
    listed = [
        m for m in rows[Membership]
        if m.household == household and m.joined_on <= on and not (m.left_on and m.left_on <= on)
    ]  # fmt: skip
    least = 0
    for m in listed:
        counted = {is_counted(m, told, on) for told in answers_about(m.person, rows, on, silent)}
        own = least_of(m.person, rows, household, on, policy, silent)
        least += own if counted == {True} else min(0, own) if True in counted else 0
    return least


def answers_about(person: str, rows: dict, on: date, silent: frozenset[type[Record]]) -> list[dict]:
    """The rows with each answer that registers of deaths and of students could give."""
    dead = [[], [Death(record_id="a", as_of=on, person=person, died_on=on)],
            [Death(record_id="a", as_of=on, person=person, died_on=date.max)]]  # fmt: skip
    burnt = [[], [Funeral(record_id="a", as_of=on, person=person, cremated_on=on)]]
    master = {"name": "", "school": "", "stage": "MASTER", "full_time": True, "ownership": "PUBLIC"}
    studying = [
        [],
        [Enrolment(record_id="a", as_of=on, person=person, status="ENROLLED", since=on, **master)],
    ]
    told = []
    for deaths in dead if Death in silent else [rows[Death]]:
        for funerals in burnt if Funeral in silent else [rows[Funeral]]:
            for enrolments in studying if Enrolment in silent else [rows[Enrolment]]:
                told.append(defaultdict(list, {Death: deaths, Funeral: funerals, Enrolment: enrolments}))
    return told


REGISTERS = {
    "WAGE": Insurance,
    "PENSION": Pension,
    "UNEMPLOYMENT_BENEFIT": UnemploymentBenefit,
    "INJURY_BENEFIT": InjuryBenefit,
}


def least_of(
    person: str, rows: dict, household: str, on: date, policy: Policy, silent: frozenset[type[Record]]
) -> int:
    official, said = registered(person, rows), declarations(person, rows, household)
    families = {family for family, _ in official.keys() | said.keys()} | {"WAGE"}
    total = 0
    for family in families:
        for month in month_numbers(on):
            own = official.get((family, month), []) or said.get((family, month), [])
            possible = [worth(own, month, policy)]
            if REGISTERS.get(family) in silent:
                possible.append(0)
                if family == "WAGE":
                    possible.append(-policy.cost)
            total += min(possible)
    return total


def worth(lines: list[tuple[str, int]], month: int, policy: Policy) -> int:
    """What the lines of one family and month come to, less the cost of a month's work."""
    counted = sum(fen for kind, fen in lines if policy.counts(kind, month, tekun=False))
    return counted - (policy.cost if any(kind == "WAGE" and fen > 0 for kind, fen in lines) else 0)
