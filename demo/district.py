"""What do the departments hold of the demo district? 演示区甲: 红花岗区 as published, synthesised from one seed.

6,780 households and 11,221 persons, with the published counts of categories, causes and
households that left. The same seed, day and stories give the same rows, byte for byte.
Stories are households of the district; invented ones fill the rest, and in some of those
contradictions are planted, so that a run of the whole district has something to find.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from random import Random
from typing import Protocol, TypeVar, cast

import msgspec

from demo.care_papers import care_papers
from demo.civil_papers import civil_papers, set_days
from demo.home_papers import home_papers
from demo.households import Slot, family, slots
from demo.ledger import Entry, counts, ledger
from demo.means import means_of, verified_category
from demo.people import HOME, Registrar, employers
from demo.planted import plant
from demo.published import Count, Counts
from demo.school_papers import school_papers
from demo.scribe import Calendar, Dossier, Scribe
from demo.story import load_all
from demo.work_papers import work_papers
from vocabulary.codes import Category, CategoryReason, Cause
from vocabulary.creditcode import CreditCode
from vocabulary.idnumber import WrittenId
from vocabulary.record import Record, columns_of
from vocabulary.records.civil_affairs import CategoryHistory, HouseholdFile
from vocabulary.register import RECORD_TYPES

R = TypeVar("R", bound=Record)

STREETS = tuple(f"{HOME}{number:03d}" for number in range(1, 13))
"""Twelve streets 街道."""

EMPLOYERS = 60

DAY = date(2026, 11, 16)
"""The day of which the demo speaks."""


class DistrictError(ValueError):
    """The stories cannot live in one district: a row's key is used twice, or there are more than were published."""


class Story(Protocol):
    """What the district needs of a story: its number, its category in the register, its day and its records."""

    @property
    def household(self) -> str: ...  # noqa: D102
    @property
    def registered(self) -> Category: ...  # noqa: D102
    @property
    def on(self) -> date: ...  # noqa: D102
    @property
    def records(self) -> tuple[Record, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class HouseholdOfDistrict:
    """One household and what was meant by it.

    `on`        the day for which it is verified
    `expected`  the category that a verification gives; None in stories and where a contradiction is planted
    `planted`   the rule whose contradiction was planted, or None
    """

    number: str
    on: date
    expected: Category | None
    planted: str | None
    is_story: bool


@dataclass(frozen=True, slots=True)
class District:
    """The canonical rows, by record type in the register's order, each type sorted by `record_id`."""

    seed: int
    on: date
    rows: Mapping[type[Record], list[Record]]
    households: tuple[HouseholdOfDistrict, ...]
    """Stories first, then the invented ones by number."""

    def of(self, record: type[R]) -> list[R]:
        """The rows of one record type."""
        return cast("list[R]", self.rows[record])


def build(seed: int, *, on: date = DAY, stories: Sequence[Story] | None = None) -> District:
    """The district of a seed on a day, with these stories among its households; None is all that come with the demo.

    Raises `DistrictError` when a key is used twice, or the stories exceed the published counts;
    `demo.story.StoryError` when a story cannot be read.
    """
    stories = load_all() if stories is None else stories
    rng, scribe = Random(seed), Scribe(Calendar(on))
    told = [row for story in stories for row in _records_of(story)]
    _gather(told)  # a key that is used twice is found before a district is made round it
    registrar = Registrar(rng, on=on, taken=_ids_in(told))
    firms = employers(rng, EMPLOYERS)
    dossiers = [
        _dossier(rng, slot, registrar, scribe, firms, place)
        for place, slot in enumerate(_slots(rng, told), 1)
    ]
    plant(rng, dossiers, scribe=scribe, registrar=registrar, employers=firms)
    rows = _gather([*told, *(row for dossier in dossiers for row in dossier.records)])
    return District(seed, on, rows, (*_stories(stories), *_invented(dossiers, on)))


def counts_of(district: District) -> Counts:
    """The published tables as the district's rows give them."""
    return counts(ledger(district.rows))


def digest(district: District) -> str:
    """SHA-256 of all rows: record types in the register's order, rows in theirs, canonical JSON a line."""
    encoder = msgspec.json.Encoder(enc_hook=str)
    seal = hashlib.sha256()
    for record in RECORD_TYPES:
        seal.update(f"{record.__name__}\n".encode())
        for row in district.rows[record]:
            seal.update(encoder.encode(row) + b"\n")
    return seal.hexdigest()


def _dossier(
    rng: Random, slot: Slot, registrar: Registrar, scribe: Scribe, firms: Sequence[CreditCode], place: int
) -> Dossier:
    """One invented household with all its papers in order."""
    calendar = scribe.calendar
    home = family(rng, slot, registrar, number=f"HG-{place:05d}", street=rng.choice(STREETS), on=calendar.on)
    set_days(rng, home, calendar)
    means = means_of(rng, home, employers=firms)
    records = [
        *civil_papers(rng, home, means, scribe),
        *work_papers(rng, home, means, scribe),
        *care_papers(rng, home, means, scribe),
        *school_papers(rng, home, scribe),
        *home_papers(home, scribe),
    ]
    return Dossier(home, means, records)


def _slots(rng: Random, told: Iterable[Record]) -> list[Slot]:
    """What the stories leave of the published tables."""
    entries = ledger(_by_type(told))
    taken: defaultdict[tuple[Category, bool], Count] = defaultdict(lambda: Count(0, 0))
    for entry in entries:
        taken[entry.line, entry.left] += Count(1, entry.persons)
    try:
        return slots(rng, taken=taken, causes=_causes(entries))
    except ValueError as wrong:
        raise DistrictError(f"expected stories that fit into the published counts: {wrong}") from None


def _causes(entries: Iterable[Entry]) -> Counter[Cause]:
    return Counter(entry.cause for entry in entries)


def _records_of(story: Story) -> list[Record]:
    """A story's records, and the category it is registered in where the story does not say since when."""
    records = list(story.records)
    file = next(row for row in records if isinstance(row, HouseholdFile) and row.household == story.household)
    if story.registered is not Category.NONE and not any(isinstance(row, CategoryHistory) for row in records):
        records.append(
            CategoryHistory(
                record_id=f"{story.household}-{CategoryHistory.catalogue_id}",
                as_of=story.on,
                household=story.household,
                category=story.registered,
                since=file.opened_on,
                reason=CategoryReason.NEW,
            )
        )
    return records


def _ids_in(records: Iterable[Record]) -> frozenset[str]:
    """Every id number that a record mentions in any column."""
    values = (getattr(row, name) for row in records for name in columns_of(type(row)))
    return frozenset(value for value in values if isinstance(value, WrittenId))


def _by_type(records: Iterable[Record]) -> dict[type[Record], list[Record]]:
    rows: dict[type[Record], list[Record]] = {record: [] for record in RECORD_TYPES}
    for row in records:
        rows[type(row)].append(row)
    return rows


def _gather(records: Iterable[Record]) -> dict[type[Record], list[Record]]:
    """The rows by type, sorted by their keys, each key once."""
    rows = _by_type(records)
    for record, of_type in rows.items():
        of_type.sort(key=lambda row: row.record_id)
        if any(one.record_id == other.record_id for one, other in pairwise(of_type)):
            raise DistrictError(f"expected every {record.__name__} to have a key of its own, got one twice")
    return rows


def _stories(stories: Iterable[Story]) -> list[HouseholdOfDistrict]:
    return [HouseholdOfDistrict(story.household, story.on, None, None, is_story=True) for story in stories]


def _invented(dossiers: Iterable[Dossier], on: date) -> list[HouseholdOfDistrict]:
    return [
        HouseholdOfDistrict(
            dossier.family.number,
            on,
            None if dossier.planted else verified_category(dossier.family, dossier.means),
            dossier.planted,
            is_story=False,
        )
        for dossier in dossiers
    ]
