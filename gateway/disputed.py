"""Has whom a dispute is about the record that is disputed? Its department says so, asked as the caller may see it.

A record that is not there, that is somebody else's, and that the caller may not see are refused in one
sentence: a dispute tells nobody which of them it is. To whom the department's key is hidden, the record is
named by its handle (`gateway.view.handle_of`), which an answer gives beside it: what is held against somebody
can be disputed at every window (个人信息保护法 art. 46).

    Exception
    └── Unfounded     why it may not be disputed, in a sentence that tells of nobody
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from casework.agreement import Access
from casework.authorized import Authorized
from casework.cedar import AgreementSet, Standing
from casework.consent import Consents
from casework.resource import of_column, of_state
from connectors.ask import Ask
from gateway.access import needs_consent
from gateway.fetch import LISTING, AskAll, Located, fetch, in_region, locate_each
from gateway.view import handle_of
from gateway.wanted import Wanted
from vocabulary.codes import Department
from vocabulary.errors import MalformedIdNumber
from vocabulary.evidence import Found, Outcome, SourceFailed
from vocabulary.idnumber import IdNumber
from vocabulary.record import Record, columns_of
from vocabulary.records.civil_affairs import Membership
from vocabulary.region import RegionCode
from vocabulary.register import record_types

Given = Mapping[str, Any]

_NOT_THEIRS = "expected a record of the subject's that the caller may see, got another or none"


class Unfounded(Exception):
    """The record may not be disputed."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller may see of households in its region: by which agreements, and by which of our own authorizations.

    `name`   gives the pseudonym of a subject, which handles are made with
    """

    agreements: AgreementSet
    standing: Standing
    authorized: Authorized | None
    name: Callable[[str], str]


def names_record(given: Given) -> bool:
    """Tell whether the arguments of an act say which record it is about."""
    return "record" in given and "columns" in given


def department_of(given: Given) -> Department | None:
    """Who owns the record; None where there is no such type."""
    record = _record_of(given)
    return None if record is None else record.department


async def founded(given: Given, *, sight: Sight, on: date, ask: AskAll) -> Given:
    """The act's arguments, with the record's key where a handle was given for it. Raises `Unfounded`.

    `given`   the act's arguments: `subject`, `region`, `record`, `columns`, and `record_id` or `handle`
    `on`      today
    """
    if (given.get("record_id") is None) is (given.get("handle") is None):
        raise Unfounded("expected either `recordId` or `handle`, got both or none")
    record = _record_of(given)
    if record is None or not columns_of(record).keys() >= set(given["columns"]):
        return {"record_id": "", **given}  # told as such by the act itself
    names = [of_state(record), *(of_column(record, name) for name in given["columns"])]
    decided = [sight.agreements.decide(name, sight.standing).outcome for name in names]
    if Access.DENIED in decided:
        raise Unfounded(_NOT_THEIRS)
    outcomes = await _outcomes(record, names, given, sight=sight, on=on, ask=ask)
    rows = [row for one in outcomes if isinstance(one, Found) for row in one.records]
    for row in rows:
        if _is_named(row, given, sight):
            return {**given, "record_id": row.record_id}
    failed = next((one for one in outcomes if isinstance(one, SourceFailed)), None)
    if failed is None:
        raise Unfounded(_NOT_THEIRS)
    says = f"got `{failed.failure.value}`, and nothing was changed"
    raise Unfounded(f"expected {failed.department.term} to say whose the record is, {says}")


def _is_named(row: Record, given: Given, sight: Sight) -> bool:
    if given.get("handle") is None:
        return row.record_id == str(given["record_id"])
    return handle_of(row, sight.name) == str(given["handle"])


async def _outcomes(
    record: type[Record], names: Sequence[str], given: Given, *, sight: Sight, on: date, ask: AskAll
) -> list[Outcome]:
    """What the department answers about the subject: a household with all who belong to it, or one person alone."""
    person = _person_in(given["subject"])
    numbers = (given["subject"],) if person is None else await _households(person, given["region"], ask=ask)
    free = not any(needs_consent(sight.agreements, name, sight.standing) for name in names)
    wanted = Wanted({record: frozenset()}, second={record}, free={record} if free else ())
    places = await locate_each(numbers, on=on, today=on, wanted=wanted, ask=ask, authorized=sight.authorized)
    located = [one for one in places.values() if isinstance(one, Located)]
    if person is not None and record.subjects[0] != "household":
        located = [_alone(one, person) for one in located]
        asked = {person}
    else:
        asked = {each for one in located for each in (one.household.number, *_persons(one))}
    silent = [one for one in places.values() if isinstance(one, SourceFailed)]
    if not located:
        return [*silent]
    found = await fetch(located, wanted, ask=ask)
    return [found.of(record, subject) for subject in sorted(asked)]


async def _households(person: str, region: RegionCode, *, ask: AskAll) -> tuple[str, ...]:
    """The households of a region with which somebody is, or was, listed."""
    listed = await ask([Ask(Membership, "person", (person,), LISTING)])
    return await in_region(
        sorted({row.household for row in listed.records(Membership, person)}), region, ask=ask
    )


def _alone(located: Located, person: str) -> Located:
    """The same household as if nobody else belonged to it, so that nobody else is asked about."""
    household = located.household
    rows = tuple([row for row in household.members if row.person == person])
    consents = Consents({person: located.consents.of(person)}, located.consents.scoped)
    alone = msgspec.structs.replace(household, members=rows)
    return msgspec.structs.replace(located, household=alone, consents=consents)


def _persons(located: Located) -> list[str]:
    return [row.person for row in located.household.members]


def _record_of(given: Given) -> type[Record] | None:
    return next((one for one in record_types() if one.__name__ == given["record"]), None)


def _person_in(written: str) -> str | None:
    try:
        return str(IdNumber.parse(written))
    except MalformedIdNumber:
        return None
