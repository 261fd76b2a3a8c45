"""What do the tables that come out make up? As columns, rule by rule; and judgements, household by household."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.rule import Rule
from verification.language.to_python import Found, Judgement, because_of
from verification.language.to_sql import Answered, Shown, Sql
from verification.language.values import Missing, Result, result
from verification.runs.sealed import Tables
from vocabulary.evidence import Answer

_HEAD = ("household", "person", "person_mask", "household_mask", "members_mask", "answer", "milder")
"""The columns of a table of answers before the evidence."""


def tables_of(sql: Sql, taken: Callable[[str, str], pa.Table]) -> Tables:
    """What the tables `told` and `answers` of each level say.

    `taken`   the table of that name and level, in the order of household and person, with codes, persons and
              households as text
    """
    told, answers = {}, {}
    for level in (HOUSEHOLD, MEMBER):
        told[level] = _told(taken("told", level), level, sql.told[level])
        found = taken("answers", level)
        for each in sql.answers[level]:
            answers[each.rule.number] = _answers(found, level, each)
    return Tables(told, answers)


def assembled(sql: Sql, tables: Tables) -> Iterator[Judgement]:
    """The judgements that they make up, in the order of household numbers."""
    members: dict[str, dict[str, dict[str, Result]]] = {}
    for household, person, *cells in _rows(tables.told[MEMBER]):
        members.setdefault(household, {})[person] = _values(sql.told[MEMBER], cells)
    found: dict[str, list[Found]] = {}
    for level in (HOUSEHOLD, MEMBER):
        for answered in sql.answers[level]:
            for household, each in _found(answered, tables.answers[answered.rule.number]):
                found.setdefault(household, []).append(each)
    for household, _, *cells in _rows(tables.told[HOUSEHOLD]):
        ours = sorted(found.get(household, ()), key=lambda each: (each.rule.number, each.person or ""))
        facts = _values(sql.told[HOUSEHOLD], cells)
        yield Judgement(household, facts, members.get(household, {}), tuple(ours))


# ------------------------------------------------------------------ as columns


def _told(taken: pa.Table, level: str, shown: list[Shown]) -> pa.Table:
    """Household, person, and a column a fact; of one that may be absent and unknown `…:known` says which it is."""
    columns = [taken["household"], _person(taken, level), *_columns(taken, shown)]
    return pa.table(columns, names=["household", "person", *_names(shown)])


def _answers(taken: pa.Table, level: str, answered: Answered) -> pa.Table:
    """The answers that are not NO: `answer` (null: cannot tell), whether it is the milder one, and the evidence."""
    sure = taken[answered.answer]
    milder = _never(taken) if answered.milder is None else taken[answered.milder]
    answer = pc.or_kleene(sure, milder)
    is_milder = pc.and_not(_surely(milder), _surely(sure))
    own = taken["pmask"] if level == MEMBER else _never(taken).cast(pa.int64())
    head = [taken["household"], _person(taken, level), own, taken["hmask"], taken["amask"], answer, is_milder]
    columns = [*head, *_columns(taken, answered.evidence)]
    table = pa.table(columns, names=[*_HEAD, *_names(answered.evidence)])
    return table.filter(pc.or_kleene(pc.is_null(answer), answer))


def _columns(taken: pa.Table, shown: Iterable[Shown]) -> list[pa.ChunkedArray]:
    names = ((each.value, each.known) for each in shown)
    return [taken[name] for both in names for name in both if name is not None]


def _names(shown: Iterable[Shown]) -> list[str]:
    names = ((each.name, f"{each.name}:known") if each.known else (each.name,) for each in shown)
    return [name for both in names for name in both]


def _person(taken: pa.Table, level: str) -> pa.ChunkedArray:
    return taken["person"] if level == MEMBER else pa.nulls(len(taken), pa.string())


def _surely(answer: pa.Array) -> pa.Array:
    return pc.and_kleene(pc.is_valid(answer), answer)


def _never(taken: pa.Table) -> pa.Array:
    """False in every row, and no scalar of ours: to make one brings pandas along, see `tables.no_rows`."""
    return pc.is_valid(pa.nulls(len(taken)))


# ------------------------------------------------------------------ as judgements


def _found(answered: Answered, answers: pa.Table) -> Iterator[tuple[str, Found]]:
    rule: Rule = answered.rule
    for household, person, own, mask, among, answer, milder, *cells in _rows(answers):
        because = because_of(rule.doubts, own=own, household=mask, among=among) if answer is None else ()
        severity = rule.milder[0] if milder and rule.milder is not None else rule.severity
        evidence = _values(answered.evidence, cells)
        yield household, Found(rule, person, Answer.of(answer), severity, evidence, because)


def _values(shown: Iterable[Shown], cells: Iterable[Any]) -> dict[str, Result]:
    """Values by name from the cells of a row; of one that may be absent and unknown the next cell says which it is."""
    found: dict[str, Result] = {}
    left = iter(cells)
    for each in shown:
        value = next(left)
        known = next(left) if each.known else True
        if value is None:
            found[each.name] = Missing.ABSENT if each.expr.optional and known else Missing.UNKNOWN
        else:
            found[each.name] = result(value, each.expr.kind, each.expr.codes)
    return found


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
