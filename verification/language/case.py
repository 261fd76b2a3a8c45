"""What was answered about one household, as the compiled rules take it?

An answer is usable or it is not. `NotAsked` and `SourceFailed` set the record type's bit in
the mask of that person or household, and whatever rests on it becomes unknown; `NoRecord`
sets nothing, because a department that says *none* has answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from verification.language.to_python import Case, bit_of
from vocabulary.evidence import Evidence, Found, NoRecord, Outcome
from vocabulary.household import is_listed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership


def case_of(evidence: Evidence, *, household: str, on: date, reads: Iterable[type[Record]]) -> Case:
    """The case of a household on a day, from all that one inquiry was answered.

    `reads`   the record types that the rules need (`Catalogue.reads`)
    """
    wanted = tuple(reads)
    rows = {record: _rows(evidence, record) for record in wanted}
    members = listed(rows.get(Membership, ()), household=household, on=on)
    persons = tuple(record for record in wanted if record.subjects != ("household",))
    return Case(
        household,
        on,
        members,
        rows,
        _mask(evidence, (each for each in wanted if "household" in each.subjects), household),
        {member.person: _mask_of_person(evidence, persons, member.person, household) for member in members},
    )


def listed(rows: Iterable[Record], *, household: str, on: date) -> tuple[Membership, ...]:
    """The members of a household on a day, one row a person: of several, the first by record number."""
    found: dict[str, Membership] = {}
    for row in rows:
        if not isinstance(row, Membership) and not _like_membership(row):
            continue
        member: Membership = row  # type: ignore[assignment] # a partial record has the same columns
        if member.household == household and is_listed(member, on=on):
            other = found.get(member.person)
            if other is None or member.record_id < other.record_id:
                found[member.person] = member
    return tuple(sorted(found.values(), key=lambda member: (member.relation, member.person)))


def _like_membership(row: Record) -> bool:
    return row.catalogue_id == Membership.catalogue_id


def _rows(evidence: Evidence, record: type[Record]) -> tuple[Record, ...]:
    """All rows of a type, each once: a row that is found by two subjects is one row."""
    outcomes: Mapping[str, Outcome] = evidence.outcomes.get(record, {})
    found = (row for outcome in outcomes.values() if isinstance(outcome, Found) for row in outcome.records)
    if len(record.subjects) == 1:
        return tuple(found)
    return tuple({row.record_id: row for row in found}.values())


def _mask(evidence: Evidence, records: Iterable[type[Record]], subject: str) -> int:
    mask = 0
    for record in records:
        if not isinstance(evidence.of(record, subject), (Found, NoRecord)):
            mask |= bit_of(record)
    return mask


def _mask_of_person(evidence: Evidence, records: Iterable[type[Record]], person: str, household: str) -> int:
    """A person's mask; rows of which the person is the first subject may also come with the household's."""
    missing = (
        record
        for record in records
        if record.subjects[0] != "person"
        or "household" not in record.subjects
        or not isinstance(evidence.of(record, household), (Found, NoRecord))
    )
    return _mask(evidence, missing, person)
