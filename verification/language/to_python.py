"""How does a catalogue judge one household? As one generated function that looks at every row once per source.

The text of the function is made from the validated catalogue and a policy pack; it is
compiled when the pack is bound, and judges any number of households from then on. It is written
twice: for plain cases, in which every department answered and nothing disagrees, without a single
test for what is unknown; and for all others. A case that turns out not to be plain is judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec

from verification.language.kinds import Value
from verification.language.level import Doubt
from verification.language.parameter import Pack
from verification.language.python_asked import NotPlain
from verification.language.python_judge import Writer
from verification.language.python_rows import RowsText
from verification.language.python_text import Text
from verification.language.rule import Catalogue, Rule, Severity
from verification.language.source import ColumnOf, Holds, Source
from verification.language.values import Missing, Result, result
from vocabulary.evidence import Answer
from vocabulary.month import Month
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership
from vocabulary.register import RECORD_TYPES

Rows = Mapping[type[Record], Sequence[Record]]
"""All rows that were found for a household and its members, by record type; each row once."""


def bit_of(record: type[Record]) -> int:
    """The bit of a record type in a mask of missing answers: its place in `RECORD_TYPES`."""
    return 1 << RECORD_TYPES.index(record)


def mask_of(records: Iterable[type[Record]]) -> int:
    """The mask that says of these record types that there is no usable answer."""
    mask = 0
    for record in records:
        mask |= bit_of(record)
    return mask


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one household on one day.

    `members`     its listed members, one row a person, in an order that does not matter
    `unanswered`  mask of record types that were not usably answered for the household
    `unanswered_of`  the same for persons; one that is not named was answered about
    """

    household: str
    on: date
    members: Sequence[Membership]
    rows: Rows
    unanswered: int = 0
    unanswered_of: Mapping[str, int] | None = None


class Found(msgspec.Struct, frozen=True, gc=False):
    """A rule's answer YES or UNKNOWN for a household, or for one of its members.

    `because`   for UNKNOWN: the record types without a usable answer that may decide it; empty
                where the records disagree or the pack has no value for that day
    """

    rule: Rule
    person: str | None
    answer: Answer
    severity: Severity
    evidence: dict[str, Result]
    because: tuple[type[Record], ...]


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What the rules say of a household: the facts told, and every answer that is not NO."""

    household: str
    facts: dict[str, Result]
    members: dict[str, dict[str, Result]]
    found: tuple[Found, ...]


class Judge:
    """A catalogue bound to a policy pack: judges households one at a time."""

    def __init__(self, catalogue: Catalogue, pack: Pack) -> None:
        """Write and compile the function. Raises `PackGap` where the pack lacks a parameter."""
        self.catalogue, self.pack = catalogue, pack
        self._plain = _Compiled(Writer(catalogue, pack, plain=True))

    @cached_property
    def _whole(self) -> _Compiled:
        """Compiled when the first case comes that is not plain: a run may have none."""
        return _Compiled(Writer(self.catalogue, self.pack))

    def judge(self, case: Case) -> Judgement:
        """Judge one household. Never raises for anything that records can hold."""
        masks = case.unanswered_of or {}
        lacking = any(masks.values()) and any(masks.get(each.person, 0) for each in case.members)
        if not case.unanswered and not lacking:
            try:
                return self._judged(self._plain, case, masks)
            except NotPlain:
                pass
        return self._judged(self._whole, case, masks)

    def _judged(self, compiled: _Compiled, case: Case, masks: Mapping[str, int]) -> Judgement:
        told, members, raw = compiled.run(case, masks)
        found = [self._found(each, case, masks) for each in raw]
        if len(found) > 1:
            found.sort(key=lambda each: (each.rule.number, each.person or ""))
        return Judgement(case.household, told, members, tuple(found))

    def _found(self, raw: _RawFound, case: Case, masks: Mapping[str, int]) -> Found:
        place, person, verdict, milder, shown = raw
        rule = self.catalogue.rules[place]
        because: tuple[type[Record], ...] = ()
        if verdict is None:
            own, among = masks.get(person, 0) if person is not None else 0, 0
            for member in case.members:
                among |= masks.get(member.person, 0)
            because = because_of(rule.doubts, own=own, household=case.unanswered, among=among)
        evidence = {
            name: result(value, expr.kind, expr.codes)
            for (name, expr), value in zip(rule.evidence, shown, strict=True)
        }
        graded = rule.milder[0] if rule.milder is not None and milder else rule.severity
        return Found(rule, person, Answer.of(verdict), graded, evidence, because)


class Drawn:
    """The rows of one source bound to a policy pack: the lines that an explanation shows."""

    def __init__(self, source: Source, pack: Pack) -> None:
        """Write and compile the function. Raises `PackGap` where the pack lacks a parameter."""
        self.plan = source.plan
        text = Text(pack, lambda expr: rows.column(expr) if isinstance(expr, ColumnOf) else "")
        rows = RowsText(text)
        drawn = rows.draw(self.plan)
        names: dict[str, object] = dict(text.constants)
        lines = ["def draw(tables):", *text.lines, f"    return {drawn}"]
        # As in `Judge`: text made from the validated tree.
        exec(compile("\n".join(lines), "<rows>", "exec"), names)  # noqa: S102
        self._run: Callable[[Rows], Iterable[object]] = names["draw"]  # type: ignore[assignment] # as above

    def rows(self, tables: Rows) -> list[dict[str, Result]]:
        """Each row with its columns by name, in the order in which records were given."""
        columns = list(self.plan.columns.items())
        return [_row(row, columns) for row in self._run(tables)]


def because_of(doubts: Iterable[Doubt], *, own: int, household: int, among: int) -> tuple[type[Record], ...]:
    """The record types without a usable answer that an unknown may be due to, in their fixed order."""
    masks = {"person": own, "household": household, "members": among}
    found = {record for who, record in doubts if masks[who] & bit_of(record)}
    return tuple(record for record in RECORD_TYPES if record in found)


class _Compiled:
    """What a writer wrote: a function of the day, and one of a household on it."""

    def __init__(self, writer: Writer) -> None:
        names = writer.text.constants
        # The text comes from the tree alone, whose names and operators were checked on declaring.
        exec(compile(writer.whole(), "<rules>", "exec"), names)  # noqa: S102
        self._of_day: Callable[[date, Month], _Day] = names["of_day"]  # type: ignore[assignment] # defined by the text
        self._judge: Callable[..., _Raw] = names["judge"]  # type: ignore[assignment] # as above
        self._days: dict[date, tuple[Month, _Day]] = {}

    def run(self, case: Case, masks: Mapping[str, int]) -> _Raw:
        """What the function says of a case. Raises `NotPlain` where it is for plain cases alone."""
        known = self._days.get(case.on)
        if known is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.pop(next(iter(self._days)), None)
            month = Month.of(case.on)
            known = self._days[case.on] = (month, self._of_day(case.on, month))
        month, day = known
        return self._judge(
            case.household, case.on, month, day, case.members, case.rows, case.unanswered, masks
        )


_DAYS_KEPT = 400
_Day = tuple[Value | Missing | None, ...]
_RawFound = tuple[int, str | None, bool | None, bool, tuple[Value | Missing | None, ...]]
_Raw = tuple[dict[str, Result], dict[str, dict[str, Result]], list[_RawFound]]


def _row(row: object, columns: list[tuple[str, Holds]]) -> dict[str, Result]:
    """A drawn line is a tuple in the order of its columns; a record has attributes, None where absent."""
    drawn: dict[str, Result] = {}
    for place, (name, holds) in enumerate(columns):
        value = row[place] if isinstance(row, tuple) else getattr(row, name, None)
        absent = value is None and not isinstance(row, tuple)
        drawn[name] = result(Missing.ABSENT if absent else value, holds.kind, holds.codes)
    return drawn
