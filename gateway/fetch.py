"""Whose household is it, whom may we ask about, and what do the departments say? In two levels.

First civil affairs alone: who is listed, where the household is kept, who has authorized the
asking. Then everybody else at once. A department that fails is a value, never an exception;
a person without an authorization is `NotAsked`, with the clause.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from casework.consent import Allowed, Consents, Withheld, consents
from connectors.ask import Ask
from gateway.plan import Plan, Subject
from vocabulary.codes import MemberKind
from vocabulary.evidence import Evidence, NotAsked, Outcome, SourceFailed
from vocabulary.household import Household, is_listed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import (
    Application,
    Authorization,
    Benefit,
    CategoryHistory,
    Declaration,
    HouseholdFile,
    Membership,
    Visit,
)
from vocabulary.region import RegionCode

AskAll = Callable[[list[Ask]], Awaitable[Evidence]]
"""Asks every department at once, within the time that is left."""

Columns = Mapping[type[Record], frozenset[str]]

ON_FILE = frozenset(
    (HouseholdFile, Membership, Application, Declaration, Authorization, Benefit, CategoryHistory, Visit)
)
"""What the household itself handed in, or civil affairs itself did: on file, and no enquiry about anyone."""

LISTING = frozenset({"person", "relation", "kind", "joined_on", "left_on"})
"""What it takes to know who is listed."""

SIGNED = frozenset({"valid_from", "valid_until", "withdrawn_on"})
"""What it takes to know whether an authorization holds."""


class SeveralHouseholds(Exception):
    """A person is listed with more than one household on the day; `numbers` says which. Ask by number."""

    def __init__(self, numbers: tuple[str, ...]) -> None:
        super().__init__(f"expected a person listed with one household, got {len(numbers)}")
        self.numbers = numbers


@dataclass(frozen=True, slots=True)
class Located:
    """A household that is on file, with what civil affairs said in order to find it."""

    household: Household
    region: RegionCode
    consents: Consents
    evidence: Evidence


async def locate(
    subject: Subject, *, on: date, today: date, columns: Columns, ask: AskAll
) -> Located | SourceFailed | None:
    """The household asked about; None when there is none, the failure when civil affairs did not say.

    `today`     the day of asking, on which authorizations must hold, whatever day is asked about
    `columns`   what is to be shown or judged; what finding the household itself takes is added
    Raises `SeveralHouseholds`.
    """
    number = subject.number
    if number is None:
        listing = await _listing(str(subject.id_number), on=on, ask=ask)
        if not isinstance(listing, str):
            return listing
        number = listing
    first = await ask(
        [
            Ask(HouseholdFile, "household", (number,), columns.get(HouseholdFile, frozenset()) | _PLACE),
            Ask(Membership, "household", (number,), columns.get(Membership, frozenset()) | LISTING),
        ]
    )
    for failed in first.failures():
        return failed
    files = first.records(HouseholdFile, number)
    if not files:
        return None
    household = Household.listed(number, first.records(Membership, number), on=on)
    signed = await _authorizations(household, columns=columns, ask=ask)
    return Located(
        household,
        files[0].street,
        consents(household, signed.outcomes.get(Authorization, {}), asked_on=today),
        together(first, signed),
    )


async def fetch(
    located: Located,
    *,
    columns: Columns,
    second: Collection[type[Record]],
    free: Collection[type[Record]],
    ask: AskAll,
) -> Evidence:
    """All that the departments answer about the household, each column once, everybody at once.

    `columns`   what is to be shown or judged
    `second`    record types that the rules look up by each of their subjects: a person's other
                households, a mother's children, a benefit paid to one person
    `free`      record types that may be asked about without an authorization
    """
    asks: list[Ask] = []
    untold: dict[type[Record], dict[str, Outcome]] = {}
    for record, names in columns.items():
        for by in record.subjects if record in second else record.subjects[:1]:
            if (record, by) in _KNOWN:
                continue
            subjects = _subjects(by, located, free=record in free)
            may = tuple(subject for subject, consent in subjects.items() if isinstance(consent, Allowed))
            asks += [Ask(record, by, may, names)] if may else []
            untold.setdefault(record, {}).update(
                (subject, NotAsked(record.department, consent.clause))
                for subject, consent in subjects.items()
                if isinstance(consent, Withheld)
            )
    return together(located.evidence, Evidence(untold), await ask(asks))


async def in_region(numbers: Collection[str], region: RegionCode, *, ask: AskAll) -> tuple[str, ...]:
    """Of these households the numbers of those that are kept in a region, in their order; none when nobody says."""
    files = await ask([Ask(HouseholdFile, "household", tuple(numbers), _PLACE)])
    kept = {
        number: [row.street for row in files.records(HouseholdFile, number) if row.street.within(region)]
        for number in numbers
    }
    return tuple(number for number in numbers if kept[number])


def together(*parts: Evidence) -> Evidence:
    """One evidence of several that ask about different pairs of record type and subject."""
    outcomes: dict[type[Record], dict[str, Outcome]] = {}
    for part in parts:
        for record, by_subject in part.outcomes.items():
            outcomes.setdefault(record, {}).update(by_subject)
    return Evidence(outcomes)


def needed(plan: Plan, reads: Columns) -> Columns:
    """What is to be shown together with what is to be judged by, if anything is judged."""
    wanted: dict[type[Record], frozenset[str]] = dict(plan.columns)
    for record, names in reads.items() if plan.verifies else ():
        wanted[record] = wanted.get(record, frozenset()) | names
    return wanted


_PLACE = frozenset({"district", "street"})
_KNOWN = {(HouseholdFile, "household"), (Membership, "household"), (Authorization, "person")}
"""What finding the household has already asked."""

_ON_FILE: Allowed | Withheld = Allowed("on file")


async def _listing(id_number: str, *, on: date, ask: AskAll) -> str | SourceFailed | None:
    """The number of the one household with which a person is listed on a day."""
    found = await ask([Ask(Membership, "person", (id_number,), LISTING)])
    outcome = found.of(Membership, id_number)
    if isinstance(outcome, SourceFailed):
        return outcome
    rows = [row for row in found.records(Membership, id_number) if is_listed(row, on=on)]
    # An obligor is listed too, but whoever asks for a person's household means the one lived in.
    living = [row for row in rows if row.kind is MemberKind.COHABIT] or rows
    numbers = tuple(sorted({row.household for row in living}))
    if len(numbers) > 1:
        raise SeveralHouseholds(numbers)
    return numbers[0] if numbers else None


async def _authorizations(household: Household, *, columns: Columns, ask: AskAll) -> Evidence:
    persons = tuple(dict.fromkeys(row.person for row in household.members))
    if not persons:
        return Evidence()
    names = columns.get(Authorization, frozenset()) | SIGNED
    return await ask([Ask(Authorization, "person", persons, names)])


def _subjects(by: str, located: Located, *, free: bool) -> Mapping[str, Allowed | Withheld]:
    """Whom a look-up by this column is about, and whether they may be asked about."""
    household = located.household
    persons = dict.fromkeys(row.person for row in household.members)
    if free:
        return dict.fromkeys([household.number] if by == "household" else persons, _ON_FILE)
    if by != "household":
        return {person: located.consents.of(person) for person in persons}
    # What is asked about the household is asked about everyone who lives in it.
    living = [located.consents.of(person) for person in household.cohabiting]
    return {household.number: next((one for one in living if isinstance(one, Withheld)), _ON_FILE)}
