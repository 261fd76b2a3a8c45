"""A change of other tables comes about with its entry, or neither does; on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from audit.alongside import Change
from audit.errors import ChangeRefused
from audit.log import Log, Receipt
from tests.audit.conftest import OpenLog


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The log's database, with a table of somebody else's in it: account 1 holds 10, in version 1."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table account (id integer primary key, held integer, version integer)")
        )
        connection.execute(sa.text("insert into account values (1, 10, 1)"))
    yield engine
    engine.dispose()


def held(engine: sa.Engine) -> list[tuple[int, int]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text("select id, held from account order by id"))]


def change(held: int, *, version: int) -> Change:
    text = f"update account set held = {held}, version = version + 1 where id = 1 and version = {version}"
    return Change(text, ())


async def outcomes(log: Log, *changes: Change) -> list[Receipt | BaseException]:
    waiting = [log.append(b"entry %d" % at, (each,)) for at, each in enumerate(changes)]
    return await asyncio.gather(*waiting, return_exceptions=True)


def test_a_change_comes_about_with_its_entry(open_log: OpenLog, engine: sa.Engine) -> None:
    async def story() -> None:
        async with open_log() as log:
            assert await log.append(b"entry", (change(20, version=1),)) == Receipt(0, 1)
        assert held(engine) == [(1, 20)]

    asyncio.run(story())


def test_of_two_who_change_the_same_version_the_second_is_refused_and_leaves_no_entry(
    open_log: OpenLog, engine: sa.Engine
) -> None:
    async def story() -> None:
        async with open_log() as log:
            first, second = await outcomes(log, change(20, version=1), change(30, version=1))
            entries = await log.entries(0, 1)
            newest = (await log.checkpoint()).splitlines()[1]
        assert (first, type(second)) == (Receipt(0, 1), ChangeRefused)
        assert (entries, newest, held(engine)) == ([b"entry 0"], b"1", [(1, 20)])

    asyncio.run(story())


def test_one_refused_change_does_not_stop_those_who_were_committed_with_it(
    open_log: OpenLog, engine: sa.Engine
) -> None:
    async def story() -> None:
        late = [change(99, version=7) for _ in range(60)]
        good = [Change(f"insert into account values ({number}, 0, 1)", ()) for number in range(2, 62)]
        mixed = [each for pair in zip(late, good, strict=True) for each in pair]
        async with open_log() as log:
            came = await outcomes(log, *mixed)
        assert [type(each) for each in came] == [ChangeRefused, Receipt] * 60
        assert len(held(engine)) == 61

    asyncio.run(story())


def test_a_change_that_breaks_a_rule_of_its_table_is_refused(open_log: OpenLog, engine: sa.Engine) -> None:
    async def story() -> None:
        async with open_log() as log:
            twice = Change("insert into account values (1, 0, 1)", ())
            refused, kept = await outcomes(log, twice, change(20, version=1))
        assert (type(refused), kept, held(engine)) == (ChangeRefused, Receipt(0, 1), [(1, 20)])

    asyncio.run(story())
