"""What does our own register add to what civil affairs says of authorizations?

Looked up anew with every question, under the pseudonyms of every period whose key is kept: who took
an agreement back is asked about no more, whichever process wrote it down. A withdrawal takes back
everything that the person had signed up to its day, in whosever register. Where civil affairs did
not answer, nothing is added: it may know of a withdrawal that we do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
import sqlalchemy as sa

from casework import tables
from casework.authorizations import Authorization, authorization_in
from casework.kept import Kept
from vocabulary.codes import Department
from vocabulary.evidence import Found, NoRecord, Outcome
from vocabulary.record import Record, partial, read_word
from vocabulary.records.civil_affairs import Authorization as Signed

Scopes = Mapping[str, frozenset[Department]]
"""By record id of an authorization, who may be asked by it; one that is not there names no departments."""

OURS = "hedui-"
"""Before the ids of our own register, among those of civil affairs."""


@dataclass(frozen=True)
class Authorized:
    """Our register, as questions look into it. Safe from several threads.

    `pseudonyms`   from a person to the pseudonym of one period; one for each period whose key is kept
    """

    kept: Kept
    pseudonyms: Sequence[Callable[[str], str]]

    def of(self, persons: Iterable[str]) -> dict[str, list[Authorization]]:
        """What is on file of some persons; who is not in it has nothing on file."""
        tags = {pseudonym(person): person for person in persons for pseudonym in self.pseudonyms}
        if not tags:
            return {}
        table = tables.authorization
        found: dict[str, list[Authorization]] = {}
        for row in self.kept.rows(sa.select(table).where(table.c.person.in_(tags)).order_by(table.c.id)):
            found.setdefault(tags[row["person"]], []).append(authorization_in(row))
        return found

    def everybody(self, persons: Iterable[str]) -> dict[str, list[Authorization]]:
        """The same for a whole district: the register is read once, and is the smaller of the two."""
        table = tables.authorization
        by_tag: dict[str, list[Authorization]] = {}
        for row in self.kept.rows(sa.select(table).order_by(table.c.id)):
            by_tag.setdefault(row["person"], []).append(authorization_in(row))
        if not by_tag:
            return {}
        found: dict[str, list[Authorization]] = {}
        for person in persons:
            for pseudonym in self.pseudonyms:
                found.setdefault(person, []).extend(by_tag.get(pseudonym(person), ()))
        return {person: ours for person, ours in found.items() if ours}


def joined(
    outcome: Outcome, ours: Sequence[Authorization], *, person: str, columns: frozenset[str]
) -> Outcome:
    """What civil affairs answered of one person's authorizations, with ours.

    `columns`   those that its records carry
    """
    if not isinstance(outcome, Found | NoRecord):
        return outcome
    until = max((one.withdrawn_on for one in ours if one.withdrawn_on is not None), default=None)
    theirs = outcome.records if isinstance(outcome, Found) else ()
    records = [_taken_back(record, until) for record in theirs]
    # One of ours that was signed on the very day says by itself whether it was before or after.
    for one in ours:
        if one.method is not None:
            record = _as_record(one, person, columns)
            records.append(record if one.valid_from == until else _taken_back(record, until))
    return Found(tuple(records), outcome.provenance) if records else outcome


def scopes_of(ours: Iterable[Authorization]) -> Scopes:
    """Who may be asked by each of these."""
    return {record_id(one): one.departments for one in ours}


def record_id(one: Authorization) -> str:
    """Under which id an authorization of ours stands among civil affairs' records."""
    return OURS + one.id


def _taken_back(record: Record, until: date | None) -> Record:
    """A record of civil affairs', withdrawn where it was signed up to the day on which the person took it back."""
    signed: Signed = record  # type: ignore[assignment]  # connectors give a partial type with these columns
    if until is None or signed.valid_from > until:
        return record
    first = until if signed.withdrawn_on is None else min(until, signed.withdrawn_on)
    return msgspec.structs.replace(record, withdrawn_on=first)


def _as_record(one: Authorization, person: str, columns: frozenset[str]) -> Record:
    values = {
        "record_id": record_id(one),
        "as_of": one.recorded_on,
        "person": person,
        "method": one.method,
        "valid_from": one.valid_from,
        "valid_until": one.valid_until,
        "withdrawn_on": one.withdrawn_on,
    }
    kind = partial(Signed, columns)
    return msgspec.convert({name: values[name] for name in kind.__struct_fields__}, kind, dec_hook=read_word)
