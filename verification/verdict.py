"""What does a verification say? One frozen value: the answer, its arithmetic, what was found, what cannot be told.

A verdict decides nothing about a person: it finds, and a person decides (社会救助法 art. 48).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from verification.language.rule import Severity
from verification.language.values import Result
from vocabulary.codes import Category, Code, DeclaredItem, Department
from vocabulary.evidence import Answer, EvidenceState
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month


class Indeterminate(Code):
    """待核: the category cannot be told. Neither eligible nor refused."""

    INDETERMINATE = "INDETERMINATE", "待核"


INDETERMINATE = Indeterminate.INDETERMINATE


class Compat(Code):
    """核对比对结果: how what is declared stands to what is verified, category first and then amount."""

    COMPATIBLE = "COMPATIBLE", "合理相符"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS", "同类不同额"
    CONFLICT = "CONFLICT", "类别不一致"
    INDETERMINATE = "INDETERMINATE", "待核"


@dataclass(frozen=True, slots=True)
class Because:
    """A record type without a usable answer, and how it failed: why something cannot be told."""

    record: str
    department: Department
    state: str
    """`NOT_ASKED` with its clause, or the kind of failure."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate of the order 特困 → 低保 → 边缘 → 刚性, answered by itself."""

    category: Category
    answer: Answer
    zh: str
    en: str
    article: str
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class Counting:
    """Whether one listed person is counted as a member of the household, and why."""

    person: WrittenId
    counted: Answer
    zh: str
    en: str
    article: str


REPLACED = "审核确认办法 art. 17: 有部门记录的以部门记录为准"
"""The article of a line that is not counted because there is better evidence of the same."""


@dataclass(frozen=True, slots=True)
class IncomeLine:
    """One piece of evidence of income in one month: counted or not, by which article, from which record.

    `state`   how the declaration stands against the department, for this person, kind and month
    """

    person: WrittenId
    month: Month
    kind: DeclaredItem
    fen: int
    counted: bool
    article: str
    department: Department
    record: str
    record_id: str
    state: EvidenceState


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the arithmetic. Those that `adds` sum exactly to the verified annual income."""

    zh: str
    en: str
    fen: int
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """疑点: a rule found something. A person looks at it; nothing follows from it by itself.

    `person`    None for the household
    `records`   the records it rests on, as `record type/record id`
    """

    rule: str
    name_zh: str
    name_en: str
    severity: Severity
    person: WrittenId | None
    article: str
    evidence: Mapping[str, Result]
    zh: str
    en: str
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CannotTell:
    """A rule that could not be decided, about whom, and which answers are missing."""

    rule: str
    person: WrittenId | None
    because: tuple[Because, ...]


@dataclass(frozen=True)
class Verdict:
    """核对结论 on one household on one day. Amounts are whole fen; None where they cannot be told.

    `annual_fen`         verified counted income over the window, after employment cost
    `evidenced_fen`      what is evidenced so far: the sum of what was answered; a promise in neither direction
    `lower_bound_fen`    what the income is not below whatever is still to come; None where nothing is proven
    `per_capita_month`   yuan a head and month, half up to the fen: for display, never used to decide
    `payable_fen`        低保 a month; 0 outside 低保 (特困 has a standard of its own)
    `single_person`      who may enter alone, and the amount a month
    `rigid_ratio_percent`  three places, half up, for display
    """

    household: str
    on: date
    window: tuple[Month, Month]
    pack: str
    pack_hash: str
    ruleset_hash: str
    category: Category | Indeterminate
    declared_category: Category | Indeterminate
    gates: tuple[Gate, ...]
    members: tuple[Counting, ...]
    counted_members: int | None
    annual_fen: int | None
    declared_annual_fen: int | None
    evidenced_fen: int
    lower_bound_fen: int | None
    per_capita_month: str | None
    payable_fen: int | None
    declared_payable_fen: int | None
    single_person: Mapping[WrittenId, int]
    rigid_fen: int | None
    rigid_ratio_percent: str | None
    lines: tuple[IncomeLine, ...]
    arithmetic: tuple[Step, ...]
    findings: tuple[Finding, ...]
    cannot_tell: tuple[CannotTell, ...]

    @property
    def compat(self) -> Compat:
        """The declaration against the evidence. COMPATIBLE: ask the person for nothing (社会救助法 art. 62)."""
        if INDETERMINATE in (self.category, self.declared_category):
            return Compat.INDETERMINATE
        if self.category != self.declared_category:
            return Compat.CONFLICT
        if self.payable_fen is None or self.declared_payable_fen is None:
            return Compat.INDETERMINATE
        same = self.payable_fen == self.declared_payable_fen
        return Compat.COMPATIBLE if same else Compat.AMOUNT_DIFFERS
