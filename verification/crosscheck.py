"""What do the departments' answers about one household say together? The only entry point for one household.

The order of work: bind the rules to the pack, judge the case, then tell the answer: gates,
members, income line by line, arithmetic, findings, and what cannot be told and why.

    Exception
    └── NobodyListed    civil affairs answered, and lists nobody with this household on this day
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from verification import arithmetic, explain
from verification.bound import proven_least
from verification.catalogue import CATALOGUE
from verification.citation import in_chinese
from verification.evidence_words import in_english
from verification.freshness import own_limits, usable, usable_within
from verification.income import evidence_lines, verified
from verification.language.case import case_of
from verification.language.level import Doubt
from verification.language.to_python import Case, Drawn, Found, Judge, Judgement, because_of
from verification.language.values import Missing, Result
from verification.pack import Pack
from verification.rules.decision import category_cannot_be_told
from verification.verdict import (
    INDETERMINATE,
    Because,
    CannotTell,
    Counting,
    Finding,
    Gate,
    IncomeLine,
    Indeterminate,
    Step,
    Verdict,
)
from vocabulary.codes import Category, MemberKind, Relation
from vocabulary.evidence import Answer, Evidence, NoRecord, NotAsked, SourceFailed
from vocabulary.evidence import Found as Answered
from vocabulary.idnumber import WrittenId
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership

_GATES: tuple[tuple[Category, str, str], ...] = (
    (Category.TEKUN, "tekun", "特困人员认定办法 art. 4–9"),
    (Category.DIBAO, "dibao", "社会救助法 art. 18"),
    (Category.EDGE, "edge", "社会救助法 art. 21"),
    (Category.RIGID, "rigid", "社会救助法 art. 22; 刚性支出困难家庭认定办法"),
)
_ANSWERS = {Answer.YES: ("是", "yes"), Answer.NO: ("否", "no"), Answer.UNKNOWN: ("无法判断", "cannot tell")}
_PACKS_KEPT = 16
_RECORDS = "_records"
_READS = CATALOGUE.reads()
_RULESET_HASH = CATALOGUE.hash


class NobodyListed(Exception):
    """Civil affairs lists nobody with this household on this day: there is nothing to verify."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """The rules compiled for one pack, and the income lines drawn with it."""

    judge: Judge
    everything: Drawn
    best: Drawn


_bound: dict[str, _Bound] = {}


def reads() -> dict[type[Record], frozenset[str]]:
    """The record types and columns that a verification reads: ask the departments for these and no others."""
    return dict(_READS)


def crosscheck(evidence: Evidence, household: str, on: date, pack: Pack) -> Verdict:
    """What the evidence says of a household on a day, by a policy pack.

    `evidence`   one outcome per record type of `reads()` for the household and each listed person;
                 a pair that is missing counts as not asked, and an answer that is too old or of a doubtful
                 batch as failed: what rests on it is unknown
    `on`         the day of application or review; the window is the twelve months before its month
    Raises `NobodyListed`, `NotInForce` for a day before the pack's values, `ArithmeticDiffers`.
    """
    evidence = usable(evidence, pack, on)
    verdict = _verdict(evidence, household, on, pack)
    for own in own_limits(pack, on):
        apart = _verdict(usable_within(evidence, own.days, on), household, on, pack)
        verdict = replace(
            verdict,
            findings=_of_both(verdict.findings, apart.findings, own.rules),
            cannot_tell=_of_both(verdict.cannot_tell, apart.cannot_tell, own.rules),
        )
    return verdict


Told = TypeVar("Told", Finding, CannotTell)


def _of_both(told: Iterable[Told], apart: Iterable[Told], rules: frozenset[str]) -> tuple[Told, ...]:
    """What is told of all rules, with that of some from a judgement apart."""
    both = [each for each in told if each.rule not in rules] + [each for each in apart if each.rule in rules]
    return tuple(sorted(both, key=lambda each: (each.rule, each.person or "")))


def _verdict(evidence: Evidence, household: str, on: date, pack: Pack) -> Verdict:
    """As `crosscheck`, of evidence of which nothing is too old."""
    bound = _bind(pack)
    case = case_of(evidence, household=household, on=on, reads=_READS)
    if not case.members and isinstance(evidence.of(Membership, household), (Answered, NoRecord)):
        raise NobodyListed(f"expected members of the household on {on}, got none")
    judgement = bound.judge.judge(case)
    told = _Telling(judgement, case, evidence, pack, bound)
    lines = told.lines
    return Verdict(
        household=household,
        on=on,
        window=told.window,
        pack=pack.name,
        pack_hash=pack.hash,
        ruleset_hash=_RULESET_HASH,
        category=told.category("category"),
        declared_category=told.category("declared_category"),
        gates=told.gates(),
        members=told.members(),
        counted_members=told.whole("counted_members"),
        annual_fen=told.whole("annual_fen"),
        declared_annual_fen=told.whole("declared_annual_fen"),
        evidenced_fen=told.whole("evidenced_fen") or 0,
        lower_bound_fen=told.least,
        per_capita_month=told.per_capita(),
        payable_fen=told.whole("payable_fen"),
        declared_payable_fen=told.whole("declared_payable_fen"),
        single_person=told.single_person(),
        rigid_fen=told.whole("rigid_fen"),
        rigid_ratio_percent=told.rigid_ratio(),
        lines=lines,
        arithmetic=told.arithmetic(lines),
        findings=told.findings(),
        cannot_tell=told.cannot_tell(),
    )


def _bind(pack: Pack) -> _Bound:
    found = _bound.get(pack.hash)
    if found is None:
        if len(_bound) >= _PACKS_KEPT:
            _bound.pop(next(iter(_bound)))
        found = _Bound(Judge(CATALOGUE, pack), Drawn(evidence_lines, pack), Drawn(verified, pack))
        _bound[pack.hash] = found
    return found


class _Telling:
    """Puts a judgement into the words and figures of a verdict. Computes nothing that a rule decides."""

    def __init__(
        self, judgement: Judgement, case: Case, evidence: Evidence, pack: Pack, bound: _Bound
    ) -> None:
        self.facts, self.of_member, self.found = judgement.facts, judgement.members, judgement.found
        self.case, self.evidence, self.pack = case, evidence, pack
        masks = case.unanswered_of or {}
        self.among = 0
        for mask in masks.values():
            self.among |= mask
        month = Month.of(case.on)
        self.window = (month.plus(-pack.number("window_months", case.on)), month.plus(-1))
        self.lines = self._lines(bound)
        self.least = self._least()

    def whole(self, name: str) -> int | None:
        value = self.facts[name]
        return int(value) if isinstance(value, int) else None

    def category(self, name: str) -> Category | Indeterminate:
        value = self.facts[name]
        return INDETERMINATE if isinstance(value, Missing) else Category(str(value))

    def per_capita(self) -> str | None:
        annual, members = self.whole("annual_fen"), self.whole("counted_members")
        if annual is None or not members:
            return None
        return arithmetic.per_head(annual, members=members, months=self.window[1] - self.window[0] + 1)

    def rigid_ratio(self) -> str | None:
        """Rigid spending over the pack's denominator; None where there is no income to divide by."""
        gross = self.pack.code("rigid_denominator", self.case.on) == "GROSS"
        spent, whole = self.whole("rigid_fen"), self.whole("gross_annual_fen" if gross else "annual_fen")
        return (
            arithmetic.percent(spent, whole)
            if spent is not None and whole is not None and whole > 0
            else None
        )

    def single_person(self) -> dict[WrittenId, int]:
        return {
            WrittenId(person): arithmetic.number(facts["alone_fen"])
            for person, facts in sorted(self.of_member.items())
            if facts["enters_alone"] is True and isinstance(facts["alone_fen"], int)
        }

    def gates(self) -> tuple[Gate, ...]:
        return tuple(self._gate(category, fact, article) for category, fact, article in _GATES)

    def _gate(self, category: Category, fact: str, article: str) -> Gate:
        definition = CATALOGUE.household.definitions[fact]
        answer = _answer(self.facts[fact])
        because = self._because(definition.doubts) if answer is Answer.UNKNOWN else ()
        zh, en = _ANSWERS[answer]
        missing = "、".join(dict.fromkeys(f"{b.department.term}" for b in because))
        lacking = ", ".join(dict.fromkeys(in_english(b.department) for b in because))
        return Gate(
            category,
            answer,
            f"{definition.zh}：{zh}" + (f"（{missing}未答复或未查询）" if missing else ""),
            f"{definition.en}: {en}" + (f" (no usable answer from {lacking})" if lacking else ""),
            article,
            because,
        )

    def members(self) -> tuple[Counting, ...]:
        return tuple(_counting(WrittenId(person), facts) for person, facts in sorted(self.of_member.items()))

    def _least(self) -> int | None:
        """The income itself where it is told, else what it is proven not to be below."""
        annual = self.whole("annual_fen")
        if annual is not None:
            return annual
        return proven_least(
            self.lines,
            counted={person: _answer(facts["counted"]) for person, facts in self.of_member.items()},
            evidence=self.evidence,
            household=self.case.household,
            cost_fen=self.pack.number("employment_cost_fen_month", self.case.on),
            months=self.window[1] - self.window[0] + 1,
        )

    def _lines(self, bound: _Bound) -> tuple[IncomeLine, ...]:
        return explain.income_lines(
            bound.everything.rows(self.case.rows),
            bound.best.rows(self.case.rows),
            case=self.case,
            evidence=self.evidence,
            pack=self.pack,
            window=self.window,
        )

    def arithmetic(self, lines: tuple[IncomeLine, ...]) -> tuple[Step, ...]:
        """Nothing where the sum itself cannot be told: half a sum explains nothing."""
        if any(isinstance(self.facts[name], Missing) for name in ("annual_fen", "line_fen")):
            return ()
        counted = {person: facts for person, facts in self.of_member.items() if facts["counted"] is True}
        return arithmetic.arithmetic(
            lines, counted=counted, facts=self.facts, pack=self.pack, on=self.case.on
        )

    def findings(self) -> tuple[Finding, ...]:
        found = [self._finding(each) for each in self.found if each.answer is Answer.YES]
        if self.category("category") is INDETERMINATE:
            found.append(self._undetermined())
        return tuple(sorted(found, key=lambda each: (each.rule, each.person or "")))

    def _finding(self, found: Found) -> Finding:
        relation = {person: Relation(str(facts["relation"])) for person, facts in self.of_member.items()}
        zh, en = explain.found_words(found, relation)
        return Finding(
            found.rule.number,
            found.rule.zh,
            found.rule.en,
            found.severity,
            WrittenId(found.person) if found.person is not None else None,
            found.rule.cite,
            {name: value for name, value in found.evidence.items() if not name.endswith(_RECORDS)},
            zh,
            en,
            tuple(sorted(_named_records(found) or self._rests_on(found))),
        )

    def _rests_on(self, found: Found) -> Iterable[str]:
        """Where a rule names no records: all of the types that its condition reads, the person's or the household's."""
        types = {record for _, record in found.rule.doubts} - {Membership}
        for record, rows in self.case.rows.items():
            for row in rows if record in types else ():
                if found.person is None or getattr(row, "person", None) == found.person:
                    yield f"{record.__name__}/{row.record_id}"

    def _undetermined(self) -> Finding:
        """CAT-07: the category cannot be told; what is evidenced so far, and what is proven, are said beside it."""
        bound, line = self.least, self.whole("line_fen")
        above = bound is not None and line is not None and bound >= line
        reached = (
            ("，无论其余数据如何均已达到或超过低保线", ", at or above the standard whatever else comes")
            if above
            else ("", "")
        )
        silent = list(dict.fromkeys(b.department for gate in self.gates() for b in gate.because))
        who = "、".join(each.term for each in silent) or "数据"
        whose = ", ".join(map(in_english, silent)) or "the records"
        evidenced = self.whole("evidenced_fen") or 0
        amount, cite = arithmetic.yuan(evidenced), category_cannot_be_told.cite
        return Finding(
            category_cannot_be_told.number,
            category_cannot_be_told.zh,
            category_cannot_be_told.en,
            category_cannot_be_told.severity,
            None,
            cite,
            {
                "evidenced_fen": evidenced,
                "lower_bound_fen": Missing.UNKNOWN if bound is None else bound,
                "reaches_the_line": above,
            },
            f"待核：{who}未答复、未查询或记录不一致，无法判断类别；核算期内已有证据的收入 {amount}元{reached[0]}。"
            f"依据：{in_chinese(cite)}。",
            f"cannot be told: no answer, or records that differ, from {whose}; {amount} yuan of the window "
            f"is evidenced so far{reached[1]}. Under {cite}.",
        )

    def cannot_tell(self) -> tuple[CannotTell, ...]:
        return tuple(
            CannotTell(
                each.rule.number,
                WrittenId(each.person) if each.person is not None else None,
                tuple(self._reason(record, each.person) for record in each.because),
            )
            for each in self.found
            if each.answer is Answer.UNKNOWN
        )

    def _because(self, doubts: Iterable[Doubt]) -> tuple[Because, ...]:
        missing = because_of(doubts, own=0, household=self.case.unanswered, among=self.among)
        return tuple(self._reason(record, None) for record in missing)

    def _reason(self, record: type[Record], person: str | None) -> Because:
        """How a record type failed: for the person, or else for the first subject of whom it did."""
        subjects = [person] if person is not None else []
        subjects += [self.case.household, *sorted(self.of_member)]
        for subject in subjects:
            match self.evidence.of(record, subject):
                case SourceFailed(failure=failure):
                    return Because(record.__name__, record.department, failure.value)
                case NotAsked(clause=clause):
                    state = f"NOT_ASKED: {clause}"
                    if subject in self.evidence.outcomes.get(record, {}):
                        return Because(record.__name__, record.department, state)
        return Because(record.__name__, record.department, "NOT_ASKED")


def _named_records(found: Found) -> list[str]:
    """The records that the rule itself names, in evidence called after their type: `insurance_records`."""
    named = []
    for name, ids in found.evidence.items():
        if name.endswith(_RECORDS) and isinstance(ids, str):
            record = name.removesuffix(_RECORDS).title().replace("_", "")
            named += [f"{record}/{record_id}" for record_id in ids.split(",") if record_id]
    return named


def _answer(value: Result) -> Answer:
    return Answer.UNKNOWN if isinstance(value, Missing) else Answer.of(value is True)


def _counting(person: WrittenId, facts: Mapping[str, Result]) -> Counting:
    """Why somebody is counted, or is not: the first reason that the law gives."""
    counted, article = _answer(facts["counted"]), "审核确认办法 art. 7"
    if counted is Answer.UNKNOWN:
        return Counting(
            person, counted, "数据未答复，无法判断", "cannot be told without the missing answers", article
        )
    if counted is Answer.YES:
        return Counting(person, counted, "共同生活的家庭成员", "lives in the household", article)
    if facts["kind"] == MemberKind.OBLIGOR:
        zh, en, article = "不共同生活的义务人", "owes support from outside", "社会救助法 art. 41"
    elif facts["alive"] is False:
        zh, en = "已死亡", "has died"
    elif facts["away"] is True:
        zh, en = f"{getattr(facts['special'], 'term', '')}，不计入", "away in a way that the law excludes"
    else:
        zh, en, article = "全日制研究生在读，不计入", "a full-time postgraduate", "审核确认办法 art. 7 (三)"
    return Counting(person, counted, zh, en, article)
