"""Which bytes are the judgements of a whole shard? The same as `language.seal` writes one by one, from columns.

A run of a city would spend far more on making an object of every value, only to write it out
again, than on the rules. Here each column becomes the text of its values, and the texts are
joined, so many households at a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain

import pyarrow as pa
import pyarrow.compute as pc

from verification.language.kinds import WHOLE, Kind
from verification.language.level import HOUSEHOLD, MEMBER
from verification.language.to_python import because_of
from verification.language.to_sql import Answered, Shown, Sql
from verification.language.values import Missing, month_told
from vocabulary.evidence import Answer

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Tables:
    """What a run says of one shard, as Arrow, in the order of household and person.

    `told`      by level, a row a household or member: the facts told
    `answers`   by rule number, a row an answer that is not NO, with its evidence
    """

    told: dict[str, pa.Table]
    answers: dict[str, pa.Table]


def joined(parts: Sequence[Tables]) -> Tables:
    """What is said of several parts, in their order, as if it were said of one."""
    first = parts[0]
    return Tables(
        {level: pa.concat_tables(part.told[level] for part in parts) for level in first.told},
        {number: pa.concat_tables(part.answers[number] for part in parts) for number in first.answers},
    )


def sealed(tables: Tables, sql: Sql) -> Iterator[tuple[str, bytes]]:
    """Each household and its canonical judgement, in the order of household numbers."""
    homes, members = tables.told[HOUSEHOLD], tables.told[MEMBER]
    found = _found(tables, sql)
    member_of, found_of = _first_of(members, homes), _first_of(found, homes)
    for start in range(0, len(homes), _AT_ONCE):
        part = homes.slice(start, _AT_ONCE)
        end = start + len(part)
        theirs = members.slice(member_of[start], member_of[end] - member_of[start])
        people = _joined(
            ['"', _escaped(theirs["person"]), '":', _object(theirs, tuple(sql.told[MEMBER]))], len(theirs)
        )
        answers = found["text"].slice(found_of[start], found_of[end] - found_of[start])
        texts = _joined(
            [
                '{"facts":',
                _object(part, tuple(sql.told[HOUSEHOLD])),
                ',"found":[',
                _listed(answers, found_of[start : end + 1]),
                '],"household":"',
                _escaped(part["household"]),
                '","members":{',
                _listed(people, member_of[start : end + 1]),
                "}}",
            ],
            len(part),
        )
        yield from zip(part["household"].to_pylist(), texts.cast(pa.binary()).to_pylist(), strict=True)


def _found(tables: Tables, sql: Sql) -> pa.Table:
    """Every answer as text, in the order in which its household's judgement has them."""
    levels = (sql.answers[HOUSEHOLD], sql.answers[MEMBER])
    parts = [_FOUND.empty_table()]
    for answered in chain(*levels):
        rows = tables.answers[answered.rule.number]
        if len(rows):
            number = pa.repeat(answered.rule.number, len(rows))
            person = pc.fill_null(rows["person"].cast(pa.string()), "")
            parts.append(
                pa.table([rows["household"], number, person, _answers(rows, answered)], schema=_FOUND)
            )
    order = [(name, "ascending") for name in ("household", "rule", "person")]
    return pa.concat_tables(parts).sort_by(order)


def _answers(rows: pa.Table, answered: Answered) -> pa.Array:
    """The rows of a rule's answers, each as text."""
    rule = answered.rule
    person = rows["person"].cast(pa.string())
    named = pc.if_else(pc.is_valid(person), _quoted(person), "null")
    answer = _each(
        rows["answer"].cast(pa.int64()),
        lambda sure: _text(Answer.of(None if sure is None else bool(sure)).value),
    )
    milder = rule.severity if rule.milder is None else rule.milder[0]
    severity = pc.if_else(rows["milder"], _text(str(milder)), _text(str(rule.severity)))
    return _joined(
        [
            '{"answer":',
            answer,
            ',"because":',
            _because(rows, answered),
            ',"evidence":',
            _object(rows, answered.evidence),
            ',"person":',
            named,
            f',"rule":{_text(rule.number)},"severity":',
            severity,
            "}",
        ],
        len(rows),
    )


def _because(rows: pa.Table, answered: Answered) -> pa.Array:
    @cache
    def because(own: int, household: int, among: int) -> str:
        records = because_of(answered.rule.doubts, own=own, household=household, among=among)
        return _text([record.__name__ for record in records])

    if rows["answer"].null_count == 0:
        return pa.repeat("[]", len(rows))
    columns = [rows[name].to_pylist() for name in ("answer", "person_mask", "household_mask", "members_mask")]
    texts = [because(*masks) if answer is None else "[]" for answer, *masks in zip(*columns, strict=True)]
    return pa.array(texts, pa.string())


def _object(rows: pa.Table, shown: tuple[Shown, ...]) -> pa.Array:
    """The values of each row as a JSON object."""
    parts: list[pa.Array | str] = ["{"]
    for at, each in enumerate(sorted(shown, key=lambda one: one.name)):
        parts += [f"{',' if at else ''}{_text(each.name)}:", _values(rows, each)]
    return _joined([*parts, "}"], len(rows))


def _values(rows: pa.Table, shown: Shown) -> pa.Array:
    """A column's values as JSON; of one that is missing, which way."""
    column = rows[shown.name].combine_chunks()
    texts = _TEXTS.get(shown.expr.kind, _quoted)(column)
    if column.null_count == 0:
        return texts
    if not shown.expr.optional:
        return pc.fill_null(texts, _UNKNOWN)
    if shown.known is None:
        return pc.fill_null(texts, _ABSENT)
    known = pc.fill_null(rows[f"{shown.name}:known"].combine_chunks(), False)
    return pc.coalesce(texts, pc.if_else(known, _ABSENT, _UNKNOWN))


def _whole(column: pa.Array) -> pa.Array:
    return column.cast(pa.int64()).cast(pa.string())


def _days(column: pa.Array) -> pa.Array:
    return _quoted(column.cast(pa.string()))


def _months(column: pa.Array) -> pa.Array:
    return _each(
        column.cast(pa.int64()), lambda ordinal: None if ordinal is None else _text(str(month_told(ordinal)))
    )


def _each(column: pa.Array, text_of: Callable[[int | None], str | None]) -> pa.Array:
    """The text of each value, of which there are few."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    found = column.dictionary_encode(null_encoding="encode")
    texts = pa.array([text_of(value) for value in found.dictionary.to_pylist()], pa.string())
    return texts.take(found.indices)


def _quoted(column: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', _escaped(column), '"', "")


def _escaped(column: pa.Array) -> pa.Array:
    """Texts as they stand between quotation marks in JSON; nearly all stand there as they are."""
    column = column.cast(pa.string())
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    special = pc.fill_null(pc.match_substring_regex(column, '["\\\\\\x00-\\x1f]'), False)
    if not pc.any(special).as_py():
        return column
    return pc.replace_with_mask(
        column,
        special,
        pa.array([_text(each)[1:-1] for each in column.filter(special).to_pylist()], pa.string()),
    )


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _joined(parts: list[pa.Array | str], count: int) -> pa.Array:
    """Texts side by side in each row."""
    if count == 0:
        return pa.array([], pa.string())
    return pc.binary_join_element_wise(*parts, "")


def _first_of(rows: pa.Table, homes: pa.Table) -> list[int]:
    """Where the rows of each household begin; both in the order of households. One more at the end."""
    counts = [0] * len(homes)
    found = pc.index_in(
        rows["household"].combine_chunks(), homes["household"].combine_chunks()
    ).value_counts()
    for place, count in zip(
        found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True
    ):
        counts[place] = count
    return list(accumulate(counts, initial=0))


def _listed(texts: pa.Array | pa.ChunkedArray, first: list[int]) -> pa.Array:
    """The texts of each household with commas between them."""
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    lists = pa.ListArray.from_arrays(pa.array([each - first[0] for each in first], pa.int32()), texts)
    return pc.binary_join(lists, ",")


_UNKNOWN, _ABSENT = (_text({"missing": each.value}) for each in (Missing.UNKNOWN, Missing.ABSENT))
_TEXTS: dict[Kind, Callable[[pa.Array], pa.Array]] = {
    **dict.fromkeys(WHOLE, _whole),
    Kind.FLAG: lambda column: column.cast(pa.string()),
    Kind.DATE: _days,
    Kind.MONTH: _months,
}
_FOUND = pa.schema([(name, pa.string()) for name in ("household", "rule", "person", "text")])
