"""Which evidence of income is there, line by line, and in which words is a finding told?

Lines are drawn from the same sources as the rules' facts; how they add up stands in
`verification.arithmetic`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from verification.arithmetic import number, yuan
from verification.citation import in_chinese
from verification.evidence_words import in_english, words_of
from verification.income import EXCLUDED, OFFICIAL, PENSION_FAMILY
from verification.language.rule import Severity
from verification.language.to_python import Case, Found
from verification.language.values import Missing, Result
from verification.pack import Pack
from verification.verdict import REPLACED, IncomeLine
from vocabulary.codes import Code, DeclaredItem, Relation
from vocabulary.evidence import Evidence, EvidenceState, NoRecord, SourceFailed
from vocabulary.evidence import Found as Answered
from vocabulary.idnumber import WrittenId, mask
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.social_security import InjuryBenefit, Insurance, Pension, UnemploymentBenefit
from vocabulary.register import BY_NAME

NO_VALUE = "pack: income_class; 该种类当月无分类"
REGISTER: dict[DeclaredItem, type[Record]] = {
    DeclaredItem.WAGE: Insurance,
    **dict.fromkeys(PENSION_FAMILY, Pension),
    DeclaredItem.UNEMPLOYMENT_BENEFIT: UnemploymentBenefit,
    DeclaredItem.INJURY_BENEFIT: InjuryBenefit,
}
"""Which register could say something of a kind of income; of the others none does."""

Drawn = Iterable[Mapping[str, Result]]


def income_lines(
    everything: Drawn, best: Drawn, *, case: Case, evidence: Evidence, pack: Pack, window: tuple[Month, Month]
) -> tuple[IncomeLine, ...]:
    """Every line of the window with its class, its article and how it stands against its register.

    `everything`   all evidence lines of the household's members
    `best`         those of the highest rank, which alone are counted
    Order: person, month, kind, record.
    """
    chosen = {_key(row) for row in best}
    rows = [row for row in everything if _within(row, case, window)]
    sums = _sums_by_rank(rows)
    lines = [
        _line(row, chosen=_key(row) in chosen, state=_state(row, sums, evidence), pack=pack) for row in rows
    ]
    return tuple(sorted(lines, key=lambda line: (line.person, line.month, line.kind, line.record_id)))


def found_words(found: Found, relation: Mapping[str, Relation]) -> tuple[str, str]:
    """A finding in one sentence each, Chinese and English, with its article; it says 疑似 and never a whole id number."""
    rule, person = found.rule, found.person
    whom_zh = f"{relation[person].term}（{mask(person)}）" if person else "家庭"
    whom_en = f"{mask(person)}" if person else "the household"
    shown = [
        (name, value)
        for name, value in found.evidence.items()
        if not isinstance(value, Missing) and not name.endswith("_records")
    ]
    said = [(*words_of(name, rule=rule.number), name, value) for name, value in shown]
    zh = "，".join(f"{word}{_told_zh(name, value)}" for word, _, name, value in said)
    en = ", ".join(f"{word}{_told_en(name, value)}" for _, word, name, value in said)
    hint = "提示" if found.severity is Severity.INFO else "疑似"
    return (
        f"{hint}{rule.zh}：{whom_zh}" + (f"，{zh}" if zh else "") + f"。依据：{in_chinese(rule.cite)}。",
        f"{'note' if hint == '提示' else 'possible'}: {rule.en}: {whom_en}"
        + (f" ({en})" if en else "")
        + f". Under {rule.cite}.",
    )


# ------------------------------------------------------------------ lines


def _key(row: Mapping[str, Result]) -> tuple[Result, ...]:
    return row["record_type"], row["record_id"], row["kind"]


def _within(row: Mapping[str, Result], case: Case, window: tuple[Month, Month]) -> bool:
    """In the window, of a listed member, not declared for another household, and not an empty part."""
    people = {member.person for member in case.members}
    mine = row["household"] in (case.household, Missing.ABSENT)
    return (
        mine
        and row["person"] in people
        and window[0] <= number(row["month"]) <= window[1]
        and row["fen"] != 0
    )


def _sums_by_rank(rows: Drawn) -> dict[tuple[Result, ...], dict[int, int]]:
    """Per person, family and month: the sum of each rank."""
    sums: dict[tuple[Result, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        sums[row["person"], row["family"], row["month"]][number(row["rank"])] += number(row["fen"])
    return sums


def _state(
    row: Mapping[str, Result], sums: Mapping[tuple[Result, ...], dict[int, int]], evidence: Evidence
) -> EvidenceState:
    by_rank = sums[row["person"], row["family"], row["month"]]
    if OFFICIAL in by_rank:
        agree = len(set(by_rank.values())) == 1 and len(by_rank) == 2
        return EvidenceState.MATCH if agree else EvidenceState.MISMATCH
    register = REGISTER.get(DeclaredItem(str(row["kind"])))
    if register is None:
        return EvidenceState.NOT_ASKED
    match evidence.of(register, str(row["person"])):
        case Answered() | NoRecord():
            return EvidenceState.NO_RECORD
        case SourceFailed():
            return EvidenceState.SOURCE_FAILED
        case _:
            return EvidenceState.NOT_ASKED


def _line(row: Mapping[str, Result], *, chosen: bool, state: EvidenceState, pack: Pack) -> IncomeLine:
    kind, month = DeclaredItem(str(row["kind"])), Month(number(row["month"]))
    record = BY_NAME[str(row["record_type"])]
    dated = pack.row("income_class", kind, month.first_day)
    counts = dated is not None and dated.value != EXCLUDED
    return IncomeLine(
        WrittenId(str(row["person"])),
        month,
        kind,
        number(row["fen"]),
        chosen and counts,
        (dated.cite if dated is not None else NO_VALUE) if chosen else REPLACED,
        record.department,
        record.__name__,
        str(row["record_id"]),
        state,
    )


def _told_zh(name: str, value: Result) -> str:
    if name.endswith("fen") and isinstance(value, int):
        return f" {yuan(value)}元"
    if isinstance(value, bool):
        return "：是" if value else "：否"
    return f"：{value.term}" if isinstance(value, Code) else f" {value}"


def _told_en(name: str, value: Result) -> str:
    if name.endswith("fen") and isinstance(value, int):
        return f" {yuan(value)} yuan"
    if isinstance(value, bool):
        return ": yes" if value else ": no"
    return f": {in_english(value)}" if isinstance(value, Code) else f" {value}"
