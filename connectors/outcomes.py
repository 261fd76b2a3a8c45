"""What became of asking about each subject? From all rows that a department gave, one outcome for each id.

A row that does not decode spoils the answer about its own subject and nobody else's. A row
whose subject cannot be read might be anybody's, so it spoils them all.

Mostly every row decodes and none comes twice: then whole columns are read at a time. Where that
fails the rows are read one by one, which tells what is wrong with which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
from msgspec.structs import astuple

from connectors.ask import Ask
from connectors.decode import Decoder, Row
from connectors.failure import BrokenRow, broken
from connectors.forms import NotInForm
from connectors.reading import reading
from connectors.subjects import Subjects, tidy
from vocabulary.evidence import Found, NoRecord, Outcome, Provenance, Quality
from vocabulary.record import Record

UNREADABLE = (NotInForm, msgspec.ValidationError, ValueError)
"""What is raised by rows that do not decode; a row of another length than the others is a `ValueError`."""

_NOT_PLAIN = (KeyError, *UNREADABLE)


def outcomes(
    ask: Ask,
    decode: Decoder,
    rows: Iterable[Row],
    *,
    at: datetime,
    quality: Quality = Quality.UNCHECKED,
) -> dict[str, Outcome]:
    """Give one outcome for each id asked, from all rows that the department gave for them.

    Raises `Failed` where a row cannot be ascribed to a subject that was asked for.
    """
    came_from, given = provenance(ask.record, at=at, quality=quality), [*rows]
    if not given:
        return dict.fromkeys(ask.ids, NoRecord(came_from))
    try:
        return _all_at_once(ask, decode, [*zip(*given, strict=True)], came_from)
    except UNREADABLE:
        return _row_by_row(ask, decode, given, came_from)


def plain_outcomes(
    ask: Ask,
    decode: Decoder,
    rows: Sequence[Any],
    *,
    at: datetime,
    spelled: bool,
    quality: Quality = Quality.UNCHECKED,
) -> dict[str, Outcome]:
    """As `outcomes`, of rows with cells `f0`, `f1`, … of the types that `Meanings.kind` says, or `Meanings.spelled`.

    Raises one of `UNREADABLE` where `outcomes` has to say what is wrong.
    """
    came_from, subjects = provenance(ask.record, at=at, quality=quality), ask.subjects
    if not rows:
        return dict.fromkeys(subjects, NoRecord(came_from))
    plain = reading(decode, ask.by, spelled=spelled)
    known = subjects.known(plain.word)
    if known is not None:
        try:
            whose, records = plain.read(rows, known)
        except _NOT_PLAIN:  # whole columns are read otherwise below
            pass
        else:
            return _told(subjects, whose, records, came_from)
    columns: list[Sequence[Any]] = [*zip(*map(astuple, rows), strict=True)]
    if spelled:
        columns = [
            cells if meanings.spelled is None else [None if one is None else one.value for one in cells]
            for meanings, cells in zip(decode.meanings, columns, strict=True)
        ]
    return _all_at_once(ask, decode, columns, came_from)


def provenance(record: type[Record], *, at: datetime, quality: Quality = Quality.UNCHECKED) -> Provenance:
    """Give where an answer about `record` comes from."""
    return Provenance(record.department, record.catalogue_id, record.sharing_class, at, quality)


def _all_at_once(
    ask: Ask, decode: Decoder, columns: Sequence[Sequence[object]], came_from: Provenance
) -> dict[str, Outcome]:
    """As `_row_by_row`, where every row decodes and none comes twice. Raises one of `UNREADABLE` where not."""
    place = decode.places[ask.by]
    words = [
        () if at == place else meanings.of(cells)
        for at, (meanings, cells) in enumerate(zip(decode.meanings, columns, strict=True))
    ]
    words[place], whose = _whose(ask, decode, columns[place])
    records = [*map(decode.made, *[words[at] for at in decode.order])]
    return _answers(ask, _by_subject(whose, records, came_from), came_from)


def _told(
    subjects: Subjects, whose: Sequence[str], records: Sequence[Record], came_from: Provenance
) -> dict[str, Outcome]:
    """As `_answers`, about subjects who are asked for as they were given. Raises `NotInForm`."""
    answer: dict[str, Outcome] = dict.fromkeys(subjects, NoRecord(came_from))
    if len({*whose}) < len(records):
        answer.update(_by_subject(whose, records, came_from))
        return answer
    for subject, record in zip(whose, records):  # noqa: B905  # as many, and time counts
        answer[subject] = Found((record,), came_from)
    return answer


def _answers(ask: Ask, found: Mapping[str, Outcome], came_from: Provenance) -> dict[str, Outcome]:
    """One outcome for each id asked, from those that were found."""
    nothing, subjects = NoRecord(came_from), ask.subjects
    return {one: found.get(key, nothing) for one, key in zip(subjects, subjects.tidied, strict=True)}


def _whose(ask: Ask, decode: Decoder, cells: Sequence[object]) -> tuple[Sequence[object], Sequence[str]]:
    """What the column says by which was asked, and whose each row is, tidied. Raises one of `UNREADABLE`."""
    meanings = decode.meanings[decode.places[ask.by]]
    known: Mapping[object, str] | None = ask.subjects.known(meanings.word)  # type: ignore[assignment]  # only looked up in
    if known is not None:
        try:
            whose = [*map(known.__getitem__, cells)]
        except KeyError:  # written otherwise, or nobody's who was asked for
            pass
        else:
            return whose, whose
    words = meanings.of(cells)
    whose = [tidy(str(word)) for word in words]
    if not {*whose} <= {*filter(None, ask.subjects.tidied)}:
        raise NotInForm
    return words, whose


def _by_subject(whose: Sequence[str], records: Sequence[Record], came_from: Provenance) -> dict[str, Outcome]:
    """The rows of each subject, in the order of their keys. Raises `NotInForm` when one comes twice."""
    if len({*whose}) == len(records):
        return {subject: Found((record,), came_from) for subject, record in zip(whose, records, strict=True)}
    grouped = _neighbours(whose, records)
    if grouped is None:
        grouped = {}
        for subject, record in zip(whose, records, strict=True):
            grouped.setdefault(subject, []).append(record)
        for some in grouped.values():
            _put_in_order(some)
    return {subject: Found(tuple(some), came_from) for subject, some in grouped.items()}


def _neighbours(whose: Sequence[str], records: Sequence[Record]) -> dict[str, list[Record]] | None:
    """The rows of each subject, where they stand side by side in the order of their keys; None where they do not."""
    grouped: dict[str, list[Record]] = {}
    before, last, some = "", "", list[Record]()
    for subject, record in zip(whose, records, strict=True):
        key = record.record_id
        if subject == before:
            if key <= last:
                return None
            some.append(record)
        elif subject in grouped:
            return None
        else:
            before, some = subject, [record]
            grouped[subject] = some
        last = key
    return grouped


def _put_in_order(records: list[Record]) -> None:
    """Sort the records of one subject by `record_id`. Raises `NotInForm` when one comes twice."""
    records.sort(key=_BY_RECORD_ID)
    if len({record.record_id for record in records}) < len(records):
        raise NotInForm


def _row_by_row(ask: Ask, decode: Decoder, rows: Sequence[Row], came_from: Provenance) -> dict[str, Outcome]:
    wanted = {tidy(one): one for one in ask.ids}
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        subject = decode.subject(row, ask.by)
        if subject not in wanted:
            raise broken(f"`{ask.record.__name__}`: expected only subjects that were asked for, got another")
        grouped.setdefault(subject, []).append(row)
    return {one: _outcome(decode, grouped.get(tidy(one), ()), came_from) for one in ask.ids}


def _outcome(decode: Decoder, rows: Sequence[Row], came_from: Provenance) -> Outcome:
    if not rows:
        return NoRecord(came_from)
    try:
        records = sorted((decode.decode(row) for row in rows), key=_BY_RECORD_ID)
        if len({record.record_id for record in records}) < len(records):
            raise BrokenRow(f"`{decode.record.__name__}.record_id`: expected each once, got one twice")
    except BrokenRow as why:
        return why.value(came_from.department, at=came_from.fetched_at)
    return Found(tuple(records), came_from)


_BY_RECORD_ID = attrgetter("record_id")
