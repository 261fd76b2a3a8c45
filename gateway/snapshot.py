"""What do all departments hold of the whole district at this moment? One snapshot, as a run reads it.

Each register gives its whole district once; one that fails leaves its part unknown for everybody,
and the run goes on. Of a person who has authorized nothing, what others hold is unknown as well,
as when a caseworker asks: a run is no way round an authorization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from casework.authorized import Authorized, Scopes, joined, scopes_of
from casework.consent import Allowed, Withheld, consents
from connectors.ask import Connector, SnapshotFailed
from connectors.served import ServedBook
from gateway.errors import CannotRun
from gateway.fetch import LISTING, SIGNED
from gateway.wanted import ON_FILE
from verification.language.to_python import bit_of, mask_of
from verification.runs.ageing import DAY
from verification.runs.tables import Snapshot, cases_table, masks_table, schema_of
from vocabulary.codes import Department
from vocabulary.evidence import Found, NoRecord, Outcome, Provenance
from vocabulary.household import Household
from vocabulary.record import Record, partial, read_word
from vocabulary.records.civil_affairs import Authorization, HouseholdFile, Membership

Columns = Mapping[type[Record], frozenset[str]]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Taken:
    """All that a run reads, and how it came.

    `failed`    departments whose snapshot failed, and how
    `answered`  subjects in what each department gave, each record type by itself
    `persons`   how many are listed
    """

    snapshot: Snapshot
    failed: Mapping[Department, str]
    answered: Mapping[Department, int]
    persons: int

    def noted(self) -> tuple[dict[str, str], dict[str, int]]:
        """What the log says of it: the state of each department, and subjects in what it gave."""
        told = dict.fromkeys(self.answered, "ANSWERED") | dict(self.failed)
        sources = {each.value: state for each, state in told.items()}
        return sources, {each.value: count for each, count in self.answered.items() if count}


def count_answered(served: ServedBook | None, started: int, answered: Mapping[Department, int]) -> None:
    """Count what departments answered, under the index of the entry that began it. Raises `OSError`."""
    some = {department: persons for department, persons in answered.items() if persons}
    if served is not None and some:
        served.add(str(started), some)


def take_snapshot(
    connectors: Mapping[Department, Connector],
    reads: Columns,
    *,
    on: date,
    today: date,
    authorized: Authorized | None,
) -> Taken:
    """Ask every department for its whole district.

    `today`       the day of asking, on which authorizations must hold, whatever day is asked about
    `authorized`  our own register of authorizations, beside civil affairs'; None where there is none
    Raises `CannotRun`.
    """
    tables: dict[type[Record], pa.Table] = {}
    failed: dict[Department, str] = {}
    lacking = 0
    for record, columns in {**_NEEDED, **_joined(reads, _NEEDED)}.items():
        try:
            tables[record] = table_of(connectors, record, columns | {DAY})
        except SnapshotFailed as failure:
            if record in _NEEDED:
                raise CannotRun(str(failure)) from None
            failed[record.department] = failure.failure.failure.value
            lacking |= bit_of(record)
    households, members = _listed(tables, on=on)
    signed: Mapping[str, Outcome] = _signed(tables[Authorization])
    scopes: Scopes = {}
    if authorized is not None:
        signed, scopes = _with_ours(tables, signed, authorized, households)
    terms = _Asking(reads, lacking, max(on, today), members, scopes)
    cases, masks = _masks(households, signed, terms, on=on)
    snapshot = Snapshot(tables, cases_table(cases), masks_table(masks))
    return Taken(snapshot, failed, _answered(tables), len(masks))


def table_of(
    connectors: Mapping[Department, Connector], record: type[Record], columns: frozenset[str]
) -> pa.Table:
    """Some columns of all records of a type. Raises `connectors.ask.SnapshotFailed`."""
    schema = schema_of(record, columns)
    given = connectors[record.department].snapshot(record, columns)
    batches = [batch.select(schema.names).cast(schema) for batch in given]
    return pa.Table.from_batches(batches, schema=schema)


def rows_of(record: type[R], table: pa.Table) -> list[R]:
    """The rows of a table as records with its columns."""
    kind = partial(record, frozenset(table.column_names))
    return cast("list[R]", msgspec.convert(table.to_pylist(), list[kind], dec_hook=read_word))  # type: ignore[valid-type] # made at run time


_NEEDED: Columns = {
    HouseholdFile: frozenset({"record_id", "as_of", "household", "opened_on"}),
    Membership: LISTING | {"record_id", "as_of", "household"},
    Authorization: SIGNED | {"record_id", "as_of", "person"},
}
"""What it takes to know which households there are, who is listed, and who has authorized the asking."""


def _joined(one: Columns, other: Columns) -> Columns:
    return {record: names | other.get(record, frozenset()) for record, names in one.items()}


def _answered(tables: Mapping[type[Record], pa.Table]) -> dict[Department, int]:
    found: dict[Department, int] = {}
    for record, table in tables.items():
        named = pc.count_distinct(table[record.subjects[0]]).as_py()
        found[record.department] = found.get(record.department, 0) + named
    return found


def _listed(
    tables: Mapping[type[Record], pa.Table], *, on: date
) -> tuple[list[Household], Mapping[str, Sequence[Membership]]]:
    """The households on file on a day, in the order of their numbers, and the rows of each, of other days too."""
    members: dict[str, list[Membership]] = {}
    for row in rows_of(Membership, tables[Membership]):
        members.setdefault(row.household, []).append(row)
    files = sorted(
        row.household for row in rows_of(HouseholdFile, tables[HouseholdFile]) if row.opened_on <= on
    )
    return [Household.listed(number, members.get(number, ()), on=on) for number in files], members


_NEVER = datetime.min.replace(tzinfo=UTC)
_CAME_FROM = Provenance(
    Authorization.department, Authorization.catalogue_id, Authorization.sharing_class, _NEVER
)
_NOTHING = NoRecord(_CAME_FROM)


def _signed(table: pa.Table) -> dict[str, Outcome]:
    """The authorizations of each person, as civil affairs would answer."""
    signed: dict[str, list[Authorization]] = {}
    for row in rows_of(Authorization, table):
        signed.setdefault(row.person, []).append(row)
    return {person: Found(tuple(rows), _CAME_FROM) for person, rows in signed.items()}


def _with_ours(
    tables: dict[type[Record], pa.Table],
    signed: Mapping[str, Outcome],
    authorized: Authorized,
    households: Sequence[Household],
) -> tuple[Mapping[str, Outcome], Scopes]:
    """The authorizations with those of our own register, in the table that rules read as well."""
    persons = {row.person for household in households for row in household.members}
    ours = authorized.everybody(persons)
    if not ours:
        return signed, {}
    columns = frozenset(tables[Authorization].column_names)
    both = dict(signed)
    for person, kept in ours.items():
        both[person] = joined(signed.get(person, _NOTHING), kept, person=person, columns=columns)
    rows = [record for one in both.values() if isinstance(one, Found) for record in one.records]
    values = [{name: getattr(row, name) for name in columns} for row in rows]
    tables[Authorization] = pa.Table.from_pylist(values, schema=tables[Authorization].schema)
    return both, scopes_of(one for kept in ours.values() for one in kept)


class _Asking(NamedTuple):
    """Under what persons are asked about: what is `lacking` of everybody, the day of asking, who was ever listed."""

    reads: Columns
    lacking: int
    asked_on: date
    members: Mapping[str, Sequence[Membership]]
    scopes: Scopes


def _masks(
    households: Sequence[Household], signed: Mapping[str, Outcome], terms: _Asking, *, on: date
) -> tuple[list[tuple[str, date, int]], dict[str, int]]:
    """Which record types have no usable answer, for each household and for each person."""
    reads, lacking = terms.reads, terms.lacking
    of_household = mask_of(record for record in reads if "household" in record.subjects)
    of_person = mask_of(record for record in reads if record.subjects != ("household",))
    asking = [record for record in reads if record not in ON_FILE]
    cases: list[tuple[str, date, int]] = []
    persons: dict[str, int] = {}
    for household in households:
        known = consents(
            household,
            {row.person: signed.get(row.person, _NOTHING) for row in household.members},
            asked_on=terms.asked_on,
            listed=terms.members.get(household.number, ()),
            scopes=terms.scopes,
        )
        closed = {row.person: _closed(known.of(row.person), asking) for row in household.members}
        of_all = 0
        for person in household.cohabiting:
            of_all |= closed[person] & of_household
        cases.append((household.number, on, (lacking & of_household) | of_all))
        for person, mask in closed.items():
            # Of somebody listed twice only that is read which both households' agreements open.
            persons[person] = persons.get(person, lacking & of_person) | (mask & of_person)
    return cases, persons


def _closed(consent: Allowed | Withheld, asking: Sequence[type[Record]]) -> int:
    """The record types that nobody may be asked for about a person of this consent."""
    if isinstance(consent, Withheld):
        return mask_of(asking)
    if consent.departments is None:
        return 0
    return mask_of(record for record in asking if record.department not in consent.departments)
