"""Whose household is it, whom may we ask about, and what do the departments say? In two levels.

First civil affairs alone: who is listed, where the household is kept, who has authorized the
asking. Then everybody else at once. A department that fails is a value, never an exception;
a person without an authorization is `NotAsked`, with the clause.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import cast

import msgspec

from casework.authorizations import Authorization as OnPaper
from casework.authorized import Authorized, joined, scopes_of
from casework.consent import Allowed, Consent, Consents, Withheld, consents_of
from connectors.ask import Ask, carried
from connectors.subjects import Subjects
from gateway.asked_about import Subject
from gateway.wanted import Wanted
from vocabulary.codes import Department, MemberKind
from vocabulary.evidence import Evidence, Found, NotAsked, Outcome, SourceFailed
from vocabulary.household import Household, is_listed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Authorization, HouseholdFile, Membership
from vocabulary.region import RegionCode

AskAll = Callable[[list[Ask]], Awaitable[Evidence]]
"""Asks every department at once, within the time that is left."""

LISTING = frozenset({"person", "relation", "kind", "joined_on", "left_on"})
"""What it takes to know who is listed."""

PLACE = frozenset({"district", "street"})
"""What it takes to know where a household is kept."""

SIGNED = frozenset({"valid_from", "valid_until", "withdrawn_on"})
"""What it takes to know whether an authorization holds."""


class SeveralHouseholds(Exception):
    """A person is listed with more than one household on the day; `numbers` says which. Ask by number."""

    def __init__(self, numbers: tuple[str, ...]) -> None:
        super().__init__(f"expected a person listed with one household, got {len(numbers)}")
        self.numbers = numbers


class Located(msgspec.Struct, frozen=True):
    """A household that is on file, with what civil affairs said in order to find it.

    `evidence`   the same of all that were looked for together
    `persons`    everybody listed with any of these
    """

    household: Household
    region: RegionCode
    consents: Consents
    evidence: Evidence
    persons: tuple[str, ...]


async def locate(
    subject: Subject,
    *,
    on: date,
    today: date,
    wanted: Wanted,
    ask: AskAll,
    authorized: Authorized | None = None,
) -> Located | SourceFailed | None:
    """The household asked about; None when there is none, the failure when civil affairs did not say.

    `today`     the day of asking, on which authorizations must hold, whatever day is asked about
    `authorized`   our own register of authorizations, beside civil affairs'
    Raises `SeveralHouseholds`.
    """
    number = subject.number
    if number is None:
        listing = await _listing(str(subject.id_number), on=on, ask=ask)
        if not isinstance(listing, str):
            return listing
        number = listing
    found = await locate_each((number,), on=on, today=today, wanted=wanted, ask=ask, authorized=authorized)
    return found[number]


async def locate_each(
    numbers: Sequence[str],
    *,
    on: date,
    today: date,
    wanted: Wanted,
    ask: AskAll,
    authorized: Authorized | None = None,
) -> dict[str, Located | SourceFailed | None]:
    """The households of these numbers, as `locate` gives one: each department is asked once for all of them."""
    asked = Subjects(numbers)
    first = await ask(
        [
            _asked(record, "household", asked, wanted, besides=found_by)
            for record, found_by in ((HouseholdFile, PLACE), (Membership, LISTING))
        ]
    )
    files, rows = (first.outcomes.get(record, {}) for record in (HouseholdFile, Membership))
    listed = {
        number: cast("tuple[Membership, ...]", row.records)
        for number, row in rows.items()
        if isinstance(row, Found)
    }
    households = {number: Household.listed(number, listed.get(number, ()), on=on) for number in asked}
    persons = Subjects(_persons(households.values()))
    ours = authorized.of(persons) if authorized else {}
    signed = _with_ours(await _authorizations(persons, wanted, ask=ask), ours, wanted)
    scopes = scopes_of(one for kept in ours.values() for one in kept)
    evidence = together(first, signed)
    authorizations = signed.outcomes.get(Authorization, {})
    agreed = consents_of(
        households.values(), authorizations, on=on, asked_on=today, listed=listed, scopes=scopes
    )
    found: dict[str, Located | SourceFailed | None] = {}
    for number, household in households.items():
        outcomes = (files.get(number), rows.get(number))
        file, row = outcomes
        if isinstance(file, Found) and not isinstance(row, SourceFailed):
            region = cast("HouseholdFile", file.records[0]).street
            found[number] = Located(household, region, agreed[number], evidence, persons)
        else:
            found[number] = next((one for one in outcomes if isinstance(one, SourceFailed)), None)
    return found


async def fetch(located: Sequence[Located], wanted: Wanted, *, ask: AskAll) -> Evidence:
    """All that the departments answer about households found together, each column once, everybody at once.

    `located`   one or more
    """
    asks: list[Ask] = []
    untold: dict[type[Record], dict[str, Outcome]] = {}
    asked: dict[tuple[str, bool, Department | None], tuple[tuple[str, ...], Mapping[str, Withheld]]] = {}
    scoped = any(one.consents.scoped for one in located)
    for record in wanted.columns:
        for by in record.subjects if record in wanted.second else record.subjects[:1]:
            if (record, by) in _KNOWN:
                continue
            key = by, record in wanted.free, record.department if scoped else None
            if key not in asked:
                asked[key] = _parted(by, located, free=key[1], department=key[2])
            may, withheld = asked[key]
            asks += [_asked(record, by, may, wanted)] if may else []
            unasked = untold.setdefault(record, {})
            for subject, consent in withheld.items():
                unasked[subject] = NotAsked(record.department, consent.clause)
    return together(located[0].evidence, Evidence(untold), await ask(asks))


async def in_region(numbers: Collection[str], region: RegionCode, *, ask: AskAll) -> tuple[str, ...]:
    """Of these households the numbers of those that are kept in a region, in their order; none when nobody says."""
    files = await ask([Ask(HouseholdFile, "household", tuple(numbers), PLACE)])
    kept = {
        number: [row.street for row in files.records(HouseholdFile, number) if row.street.within(region)]
        for number in numbers
    }
    return tuple(number for number in numbers if kept[number])


def together(*parts: Evidence) -> Evidence:
    """One evidence of several that ask about different pairs of record type and subject."""
    outcomes: dict[type[Record], Mapping[str, Outcome]] = {}
    for part in parts:
        for record, by_subject in part.outcomes.items():
            known = outcomes.get(record)
            # Nobody changes what was answered, so that it need not be copied.
            outcomes[record] = {**known, **by_subject} if known and by_subject else by_subject or known or {}
    return Evidence(outcomes)


def _asked(
    record: type[Record],
    by: str,
    ids: tuple[str, ...],
    wanted: Wanted,
    *,
    besides: frozenset[str] = frozenset(),
) -> Ask:
    names = wanted.columns.get(record, frozenset()) | besides
    return Ask(record, by, ids, names, wanted.hidden.get(record, frozenset()))


_KNOWN = {(HouseholdFile, "household"), (Membership, "household"), (Authorization, "person")}
"""What finding the household has already asked."""

_ON_FILE = Allowed("on file")


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


def _persons(households: Iterable[Household]) -> tuple[str, ...]:
    """Everybody who is listed with one of them, once."""
    return tuple(dict.fromkeys([row.person for one in households for row in one.members]))


async def _authorizations(persons: tuple[str, ...], wanted: Wanted, *, ask: AskAll) -> Evidence:
    if not persons:
        return Evidence()
    names = wanted.columns.get(Authorization, frozenset()) | SIGNED
    return await ask([Ask(Authorization, "person", persons, names)])


def _with_ours(signed: Evidence, ours: Mapping[str, Sequence[OnPaper]], wanted: Wanted) -> Evidence:
    """What civil affairs answered, with what our own register has of the same persons."""
    if not ours:
        return signed
    names = carried(Authorization, wanted.columns.get(Authorization, frozenset()) | SIGNED)
    answered = dict(signed.outcomes.get(Authorization, {}))
    for person, kept in ours.items():
        answered[person] = joined(answered[person], kept, person=person, columns=names)
    return Evidence({Authorization: answered})


def _parted(
    by: str, located: Sequence[Located], *, free: bool, department: Department | None
) -> tuple[tuple[str, ...], Mapping[str, Withheld]]:
    """Those whom a look-up by this column is about and who may be asked about, and why the others may not."""
    agreed = free or (department is None and all(one.consents.everyone for one in located))
    if by != "household" and agreed:
        may, withheld = _persons(one.household for one in located), dict[str, Withheld]()
    else:
        consents = _subjects(by, located, free=free, department=department)
        withheld = {subject: one for subject, one in consents.items() if isinstance(one, Withheld)}
        may = tuple([subject for subject in consents if subject not in withheld])
    known = located[0].persons
    return known if may == known else Subjects(may), withheld


def _subjects(
    by: str, located: Sequence[Located], *, free: bool, department: Department | None
) -> Mapping[str, Consent]:
    """Whether those whom a look-up is about may be asked about, of that department if one is named.

    Of somebody listed with two households that is asked which both have agreed to: where one lacks
    consent, as after another joined it (LIF-06), the person is withheld, by the first such article.
    """
    if by == "household":
        return {one.household.number: _of_all(one, free=free, department=department) for one in located}
    subjects: dict[str, Consent] = dict.fromkeys(_persons(one.household for one in located), _ON_FILE)
    agreed = [_agreed(one.consents, department) for one in reversed(located)]
    for each in agreed:
        subjects.update(each)
    if sum(map(len, agreed)) > len(subjects):
        for each in agreed:
            subjects.update({person: one for person, one in each.items() if isinstance(one, Withheld)})
    return subjects


def _agreed(consents: Consents, department: Department | None) -> Mapping[str, Consent]:
    if department is None:
        return consents.of_person
    return {person: consents.of(person, department) for person in consents.of_person}


def _of_all(one: Located, *, free: bool, department: Department | None) -> Consent:
    """What is asked about a household is asked about everyone who lives in it."""
    if free:
        return _ON_FILE
    living = (one.consents.of(person, department) for person in one.household.cohabiting)
    return next((consent for consent in living if isinstance(consent, Withheld)), _ON_FILE)
