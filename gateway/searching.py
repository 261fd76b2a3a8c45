"""Which households are there in a region, or with somebody of this name? Their numbers, a page at a time, and no more.

Civil affairs says who there is; each household is then asked about and decided as if its number had been
given. A name is compared whole, as it is written, and is never part of an address, a log line or an entry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import date

from connectors.ask import Ask
from connectors.search import Find, Finds
from gateway.asked_about import Listing, Search
from gateway.fetch import LISTING, PLACE, AskAll, together
from vocabulary.codes import MemberKind
from vocabulary.evidence import Evidence, SourceFailed
from vocabulary.household import is_listed
from vocabulary.records.civil_affairs import HouseholdFile, Membership, Person

NAMESAKES = 200
"""Persons of one name that are looked at; where there are more, the answer says that there are more households."""

FindAll = Callable[[Find], Awaitable[Finds]]
"""Asks the department that keeps them, within the time that is left."""


@dataclass(frozen=True, slots=True)
class Page:
    """What was found: a page of households by number, and what was answered in order to find them."""

    listing: Listing
    evidence: Evidence

    @property
    def sought(self) -> tuple[str, ...]:
        """Every person and household that was answered about."""
        return tuple(dict.fromkeys(key for by in self.evidence.outcomes.values() for key in by))


async def search(wanted: Search, *, on: date, ask: AskAll, find: FindAll) -> Page | SourceFailed:
    """The page of households that are looked for, or how civil affairs failed to say."""
    if wanted.name is None:
        return await _in_region(wanted, find)
    return await _of_name(wanted, wanted.name, on=on, ask=ask, find=find)


async def _in_region(wanted: Search, find: FindAll) -> Page | SourceFailed:
    found = await find(
        Find(
            HouseholdFile,
            "household",
            most=wanted.first + 1,
            within=("street", wanted.region),
            after=wanted.after,
        )
    )
    if isinstance(found, SourceFailed):
        return found
    numbers = tuple(found)[: wanted.first]
    listing = Listing(numbers, cursors=numbers, begins=not wanted.after, more=len(found) > wanted.first)
    return Page(listing, Evidence({HouseholdFile: found}))


async def _of_name(wanted: Search, name: str, *, on: date, ask: AskAll, find: FindAll) -> Page | SourceFailed:
    """Those who are called so, the households that they live in on the day, and of these those of the region."""
    called = await find(Find(Person, "person", most=NAMESAKES + 1, equals=("name", name)))
    if isinstance(called, SourceFailed):
        return called
    persons = tuple(called)[:NAMESAKES]
    listed = await ask([Ask(Membership, "person", persons, LISTING)]) if persons else Evidence()
    homes = tuple(sorted({number for person in persons for number in _homes(listed, person, on=on)}))
    files = await ask([Ask(HouseholdFile, "household", homes, PLACE)]) if homes else Evidence()
    evidence = together(Evidence({Person: called}), listed, files)
    failed = next(_failures(evidence), None)
    if failed is not None:
        return failed
    inside = [
        number
        for number in homes
        if any(row.street.within(wanted.region) for row in files.records(HouseholdFile, number))
    ]
    numbers = tuple(inside[: wanted.first])
    more = len(inside) > wanted.first or len(called) > NAMESAKES
    return Page(Listing.of(numbers, more=more), evidence)


def _homes(listed: Evidence, person: str, *, on: date) -> set[str]:
    """The households that a person lives in; of one who lives in none, those that they owe support to."""
    rows = [row for row in listed.records(Membership, person) if is_listed(row, on=on)]
    living = [row for row in rows if row.kind is MemberKind.COHABIT]
    return {row.household for row in living or rows}


def _failures(evidence: Evidence) -> Iterator[SourceFailed]:
    for by_subject in evidence.outcomes.values():
        yield from (one for one in by_subject.values() if isinstance(one, SourceFailed))
