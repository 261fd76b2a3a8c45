"""What is there to show, once everything is fetched and judged? The objects that the schema's fields read.

What of them may be shown is decided field by field in `gateway.answer`. What is shown masked and
judged by no rule came masked already; the rest is whole here, and is masked where it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import msgspec
from graphql import GraphQLError

from verification.verdict import Verdict
from vocabulary.codes import Code, Department
from vocabulary.evidence import Evidence, Found, NoRecord, NotAsked, Outcome, SourceFailed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership


class AnswerState(Code):
    """答复状态: what became of asking one department for one record type about one subject. Null is never "no"."""

    FOUND = "FOUND", "有记录: the department has records"
    NO_RECORD = "NO_RECORD", "查无记录: the department was asked and has nothing"
    NOT_ASKED = "NOT_ASKED", "未查询: we did not ask; `reason` is the clause"
    SOURCE_FAILED = (
        "SOURCE_FAILED",
        "数据源未答复: we asked and got no usable answer, which is neither yes nor no",
    )
    WITHHELD = "WITHHELD", "不予提供: the sharing agreement does not let you see it; `reason` is the clause"


class Sourced(msgspec.Struct, frozen=True, gc=False):
    """What one department answered about one subject, or why the asker may not know."""

    record: type[Record]
    outcome: Outcome
    name: Callable[[str], str]
    """Gives the pseudonym of a subject."""
    withheld: str | None = None
    """The clause that withholds even whether there is a record."""

    def without(self, clause: str) -> Sourced:
        """The same answer for one who may not know it."""
        return Sourced(self.record, self.outcome, self.name, clause)

    @property
    def state(self) -> AnswerState:
        """Which of the five it is."""
        if self.withheld is not None:
            return AnswerState.WITHHELD
        return _STATES[type(self.outcome)]

    @property
    def reason(self) -> str | None:
        """Why there is no answer: the clause, or how the source failed."""
        if self.withheld is not None:
            return self.withheld
        match self.outcome:
            case NotAsked(clause=clause):
                return clause
            case SourceFailed(failure=failure, detail=detail):
                return f"{failure.value} {failure.term}" + (f": {detail}" if detail else "")
            case _:
                return None

    @property
    def records(self) -> tuple[Record, ...]:
        """The records, where there are some and they may be seen."""
        return self.outcome.records if self.withheld is None and isinstance(self.outcome, Found) else ()

    @property
    def handles(self) -> tuple[str, ...]:
        """What to name each record by to the gateway, for whoever may not see the department's key of it."""
        return tuple([handle_of(row, self.name) for row in self.records])


def handle_of(row: Record, name: Callable[[str], str]) -> str:
    """A record's handle, 32 hex digits: keyed, so that it tells nothing of the key that the department has for it.

    `name`   gives the pseudonym of a subject; no subject is written like a record here
    """
    kind = type(row)
    return name(f"record/{kind.department.value}/{kind.__name__}/{row.record_id}")


_STATES: Mapping[type[object], AnswerState] = {
    Found: AnswerState.FOUND,
    NoRecord: AnswerState.NO_RECORD,
    NotAsked: AnswerState.NOT_ASKED,
    SourceFailed: AnswerState.SOURCE_FAILED,
}


class MemberView(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One person listed with the household."""

    row: Membership
    name: Callable[[str], str]
    """Gives the pseudonym of a subject."""
    evidence: Evidence

    @property
    def pseudonym(self) -> str:
        """The name under which the person stands in the log."""
        return self.name(self.row.person)

    def answer(self, record: type[Record]) -> Sourced:
        """What was answered about this person."""
        answered = self.evidence.outcomes.get(record)
        found = None if answered is None else answered.get(self.row.person)
        return Sourced(
            record, self.evidence.of(record, self.row.person) if found is None else found, self.name
        )


@dataclass(frozen=True, slots=True)
class Absence:
    """Why there is no household to show: a code for machines, a sentence for people."""

    code: str
    message: str
    more: Mapping[str, object] = field(default_factory=dict)

    def error(self) -> GraphQLError:
        """The error that tells it."""
        return GraphQLError(self.message, extensions={"code": self.code, **self.more})


class _Unjudged:
    """Stands where a verdict would, for one who may see nothing of it."""


class HouseholdView(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One household on one day, with all that was fetched about it."""

    number: str
    on: date
    name: Callable[[str], str]
    """Gives the pseudonym of a subject."""
    members: tuple[MemberView, ...]
    evidence: Evidence
    verdict: Verdict | Absence | None

    @property
    def pseudonym(self) -> str:
        """The name under which the household stands in the log."""
        return self.name(self.number)

    def verification(self) -> Verdict | _Unjudged:
        """The verdict. Raises `GraphQLError` when there is nothing to judge.

        When nothing of a verdict may be shown, nothing was judged; each of its fields is then refused
        by itself, and none is read.
        """
        if isinstance(self.verdict, Absence):
            raise self.verdict.error()
        return self.verdict if self.verdict is not None else _Unjudged()

    def answer(self, record: type[Record]) -> Sourced:
        """What was answered about the household as a whole."""
        return Sourced(record, self.evidence.of(record, self.number), self.name)


class EdgeView(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One household of a work list, or why there is none to show."""

    cursor: str
    household: HouseholdView | Absence

    def asked_for(self) -> HouseholdView:
        """The household. Raises `GraphQLError` when there is none."""
        if isinstance(self.household, Absence):
            raise self.household.error()
        return self.household


class PageView(msgspec.Struct, frozen=True, eq=False):
    """Where in a work list a page stands."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class ListView(msgspec.Struct, frozen=True, eq=False):
    """A page of a work list."""

    edges: list[EdgeView]
    page_info: PageView


@dataclass(frozen=True, slots=True)
class LogView:
    """The audit log as it stood when the intent of this inquiry had been written."""

    origin: str
    size: int
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The root of an answer."""

    household: HouseholdView | Absence | None
    log: LogView | None
    sources: Mapping[str, Mapping[str, object]]
    """Per department: `state`, and where it failed, `failure`, `detail` and how often."""
    deeds: Mapping[str, object] = field(default_factory=dict)
    """What came of each act that was asked for, by its place in the answer; an error where it was not done."""
    listed: ListView | Absence | None = None
    """A page of households that were asked about together, or why there is none."""

    def deed(self, key: str) -> object:
        """What came of an act. Raises `GraphQLError` when it was not done."""
        came = self.deeds[key]
        if isinstance(came, GraphQLError):
            raise came
        return came

    def asked_for_together(self) -> ListView | None:
        """The page. Raises `GraphQLError` when nobody said who is on it."""
        if isinstance(self.listed, Absence):
            raise self.listed.error()
        return self.listed

    def asked_for(self) -> HouseholdView | None:
        """The household. Raises `GraphQLError` when there is none, so that it is never taken for an empty one."""
        if isinstance(self.household, Absence):
            raise self.household.error()
        return self.household


def sources_of(evidence: Evidence) -> dict[str, dict[str, object]]:
    """Per department, in a fixed order, what became of asking it; `ANSWERED` says nothing of what was found.

    A department that failed for some of those asked about is `SOURCE_FAILED`: with how it failed
    first, and for how many pairs of person and record type.
    """
    sources: dict[Department, dict[str, object]] = {}
    for record, by_subject in evidence.outcomes.items():
        seen = sources.get(record.department)
        if seen is None:
            seen = sources[record.department] = {"state": "NOT_ASKED"}
        kinds = set(map(type, by_subject.values()))
        if SourceFailed in kinds:
            failures = [one for one in by_subject.values() if isinstance(one, SourceFailed)]
            failed = seen.get("failed", 0)
            assert isinstance(failed, int)
            seen.setdefault("failure", failures[0].failure.value)
            seen.setdefault("detail", failures[0].detail)
            seen.update(state="SOURCE_FAILED", failed=failed + len(failures))
        elif seen["state"] == "NOT_ASKED" and kinds - {NotAsked}:
            seen["state"] = "ANSWERED"
    return {name: sources[one] for one, name in _IN_ORDER if one in sources}


_IN_ORDER = tuple((one, one.value) for one in Department)
