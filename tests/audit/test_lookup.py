"""The index: it finds what reading the whole log finds, whoever made it, and costs what it needs to."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from audit import tables
from audit.catalogue import Entry, parse_entry
from audit.commitment import Json
from audit.entry import Made
from audit.errors import AuditError
from audit.log import Log
from audit.lookup import AT_ONCE, Lookup
from audit.statement import _naming, write_statement
from audit.vault import Vault
from tests.audit.conftest import OpenLog
from tests.audit.synthetic import HASH, NOW, OFFICER, PEOPLE, book, intent, outcome


async def append(log: Log, *made: Made) -> None:
    await asyncio.gather(*(log.append(one.bytes, alongside=one.alongside) for one in made))


async def fill(log: Log, *, seed: int, count: int) -> None:
    """Write random intents, answers and shreddings about three people in two epochs."""
    chance = random.Random(seed)
    for number in range(count):
        of = book(chance.choice(["2026-10", "2026-11"]), seed=seed * 1000 + number)
        people = chance.sample(PEOPLE, chance.randint(0, 3))
        kind = chance.choices(["asked", "answered", "shredded"], [8, 8, 1])[0]
        if kind == "asked":
            await append(log, intent(of, *people, at_s=number * 7000))
        elif kind == "answered":
            await append(log, outcome(of, chance.randrange(count), *people))
        else:
            fields: dict[str, Json] = {"caller": OFFICER, "basis": "PIPL-47"}
            await append(log, of.shredding(at=NOW, fields=fields, tags=[of.pseudonym(PEOPLE[0])]))


def entries(log: Log) -> list[tuple[int, bytes]]:
    size = log.reader.head().frontier.size
    return list(enumerate(log.reader.entries(0, size)))


def parsed(log: Log) -> list[tuple[int, Entry]]:
    return [(index, parse_entry(data)) for index, data in entries(log)]


@pytest.mark.parametrize("seed", range(6))
def test_the_index_finds_what_reading_the_whole_log_finds(open_log: OpenLog, seed: int) -> None:
    async def work() -> None:
        async with open_log() as log:
            await fill(log, seed=seed, count=60)
            lookup = Lookup(log.reader, size=60)
            for person in PEOPLE:
                tags = frozenset(book(epoch).pseudonym(person) for epoch in ("2026-10", "2026-11"))
                about = {index for index, entry in parsed(log) if _names(entry, tags)}
                assert set(lookup.naming(tags)) == about
                intents = {index for index, _ in _naming(lambda: entries(log), tags)}
                answers = {index for index, entry in parsed(log) if entry.fields.get("intent") in intents}
                assert set(lookup.answering(intents)) == answers

    asyncio.run(work())


def _names(entry: Entry, tags: frozenset[str]) -> bool:
    shredded = entry.fields.get("shredded")
    return not tags.isdisjoint([*entry.subjects, *(shredded if isinstance(shredded, list) else ())])


def test_a_day_holds_all_its_entries_and_epochs_are_those_of_the_log(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            await fill(log, seed=9, count=60)
            lookup = Lookup(log.reader, size=60)
            days = {entry.at.date() for _, entry in parsed(log)}
            assert len(days) > 3
            for day in days:
                first, end = lookup.days(day, day)
                of_day = [index for index, entry in parsed(log) if entry.at.date() == day]
                assert (first, end) == (of_day[0], of_day[-1] + 1)
            assert lookup.days(None, date(1999, 1, 1)) == (0, 0)
            assert lookup.days(None, None) == (0, 60)
            assert lookup.epochs() == ["2026-10", "2026-11"]

    asyncio.run(work())


def test_what_came_since_is_taken_in_and_what_came_later_is_not_told(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            of = book()
            tag = of.pseudonym(PEOPLE[0])
            for size in range(1, 6):
                await append(log, intent(of, PEOPLE[0]))
                assert Lookup(log.reader, size=size).naming([tag]) == list(range(size))
            assert Lookup(log.reader, size=2).naming([tag]) == [0, 1]
            first = Lookup(log.reader, size=2).days(NOW.date(), NOW.date())
            assert first == (0, 2)

    asyncio.run(work())


def test_several_pieces_taken_in_by_several_at_once_are_taken_in_once(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            of = book()
            made = [intent(of, PEOPLE[number % 3]) for number in range(30)]
            size = 2 * AT_ONCE + 17
            await asyncio.gather(*(log.append(made[number % 30].bytes) for number in range(size)))
            faults: list[AuditError] = []

            def follow() -> None:
                try:
                    Lookup(log.reader, size=size)
                except AuditError as error:
                    faults.append(error)

            threads = [Thread(target=follow) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                await asyncio.to_thread(thread.join)
            assert faults == []
            with log.reader.engine.connect() as connection:
                rows = connection.execute(sa.select(sa.func.count()).select_from(tables.lookup)).scalar()
            assert rows == size
            found = Lookup(log.reader, size=size).naming([of.pseudonym(PEOPLE[1])])
            assert found == [index for index in range(size) if index % 30 % 3 == 1]

    asyncio.run(work())


def test_an_index_that_was_lost_is_made_again(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            of = book()
            await append(log, intent(of, PEOPLE[0]))
            tag = of.pseudonym(PEOPLE[0])
            assert Lookup(log.reader, size=1).naming([tag]) == [0]
            with log.reader.engine.begin() as connection:
                for table in (tables.lookup, tables.span, tables.followed):
                    connection.execute(table.delete())
            assert Lookup(log.reader, size=1).naming([tag]) == [0]

    asyncio.run(work())


def test_bytes_that_are_no_entry_are_passed_over(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            of = book()
            strange = [
                b"\xff",
                b"",
                b"{}",
                b'{"at":9007199254740991,"epoch":"x","event":"x","fields":{},"subjects":[]}',
            ]
            strange.append(b'{"at":1,"epoch":"x","event":"x","fields":{},"subjects":["no hex"]}')
            for data in strange:
                await log.append(data)
            await append(log, intent(of, PEOPLE[0]))
            assert Lookup(log.reader, size=6).naming([of.pseudonym(PEOPLE[0])]) == [5]

    asyncio.run(work())


def test_a_list_is_found_by_department_and_day(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            of = book()
            for source, day in (
                ("health", "2026-11-21"),
                ("health", "2026-11-22"),
                ("education", "2026-11-22"),
            ):
                fields: dict[str, Json] = {
                    "source": source,
                    "day": day,
                    "list": HASH,
                    "accesses": 1,
                    "persons": 1,
                }
                await append(log, of.entry("source.served", at=NOW + timedelta(days=1), fields=fields))
            lookup = Lookup(log.reader, size=3)
            assert lookup.served("health", "2026-11-22") == [1]
            assert lookup.served("health", "2026-11-23") == []

    asyncio.run(work())


def test_a_statement_reads_what_is_about_the_person_and_nothing_else(open_log: OpenLog) -> None:
    async def work() -> None:
        async with open_log() as log:
            of, size = book(), 900
            made = [intent(of, PEOPLE[number % 150 == 7]) for number in range(size)]
            await asyncio.gather(*(log.append(one.bytes, alongside=one.alongside) for one in made))
            finds = Lookup(log.reader, size=size)
            read: list[int] = []

            class Counted:
                tile = staticmethod(log.reader.tile)

                @staticmethod
                def entries(first: int, end: int) -> list[bytes]:
                    read.extend(range(first, end))
                    return log.reader.entries(first, end)

            written = write_statement(
                Counted(),
                finds=finds,
                checkpoint=await log.checkpoint(),
                pseudonyms={of.epoch: of.pseudonym(PEOPLE[1])},
                vault=Vault(log.reader, of.sealing),
            )
            about = [index for index in range(size) if index % 150 == 7]
            assert [access.index for access in written.accesses] == sorted(read) == about

    asyncio.run(work())
