"""One secret a subject: agreed on by all who write, forgotten by all when one of them destroys it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit import tables
from audit.catalogue import parse_entry
from audit.entry import EntryBook, Made
from audit.errors import KeyUnusable, Shredded, SigningFailed
from audit.log import Log, Receipt
from audit.note import Signer
from audit.reader import Reader
from audit.subject_keys import SubjectKeys
from audit.vault import Vault
from tests.audit.conftest import SIGNER, OpenLog
from tests.audit.synthetic import NOW, OFFICER, PEOPLE, book, intent

ROOT = Path(__file__).parents[2]


class Device:
    """Signs, unless it is unplugged."""

    def __init__(self) -> None:
        self.is_plugged = True
        self.signer = Signer(SIGNER.key, self._sign)

    def _sign(self, message: bytes) -> bytes:
        if not self.is_plugged:
            raise SigningFailed("expected a signature, got no device")
        return SIGNER.sign(message)


async def write(log: Log, *made: Made) -> list[Receipt]:
    return [await log.append(one.bytes, alongside=one.alongside) for one in made]


def shredding(of: EntryBook, person: str) -> Made:
    return of.shredding(
        at=NOW, fields={"caller": OFFICER, "basis": "PIPL-47"}, tags=[of.pseudonym(person)], reason="申请"
    )


def is_open(vault: Vault, index: int) -> bool:
    try:
        return vault.values(index)["purpose"] == "低保复核"
    except Shredded:
        return False


def test_a_copy_of_the_database_and_the_vault_key_do_not_open_what_was_shredded(
    url: str, open_log: OpenLog, tmp_path: Path
) -> None:
    of = book()

    async def story() -> None:
        async with open_log() as log:
            await write(log, intent(of, *PEOPLE), intent(of, PEOPLE[1]), shredding(of, PEOPLE[0]))

    asyncio.run(story())
    copied = url
    if url.startswith("sqlite"):
        shutil.copy(tmp_path / "log.db", tmp_path / "copy.db")
        copied = f"sqlite:///{tmp_path}/copy.db"
    engine = sa.create_engine(copied)
    reader = Reader(engine)
    assert [is_open(Vault(reader, of.sealing), index) for index in (0, 1)] == [False, True]
    # With all that is left, in every order, the key of the first entry is not found.
    made = intent(book(), *PEOPLE)  # the same bytes as above: the book's randomness follows from a number
    keys = reader.keys_of([bytes.fromhex(of.pseudonym(person)) for person in PEOPLE])
    left = [of.sealing.secret_of(key) for key in keys]
    sealed = reader.sealed_beside([0])[0]
    for secrets in (left, left[::-1], [bytes(32), *left], [*left, left[0]], []):
        assert of.sealing.payload(sealed, nonce=made.nonce, secrets=secrets) is None
    assert made.entry_key not in sealed.payload
    engine.dispose()


def test_whoever_writes_beside_notices_that_a_secret_was_destroyed(open_log: OpenLog) -> None:
    of = book()

    async def story() -> None:
        async with open_log() as one, open_log() as other:
            before = await write(
                one, intent(of, *PEOPLE), intent(of, PEOPLE[1])
            )  # now `one` knows the secrets
            between = await write(other, intent(of, PEOPLE[0]), shredding(of, PEOPLE[0]))
            after = await write(one, intent(of, *PEOPLE), intent(of, PEOPLE[0]))
            last = await write(other, intent(of, PEOPLE[0]), intent(of, *PEOPLE))
            vault = Vault(one.reader, of.sealing)
            assert [is_open(vault, receipt.index) for receipt in before] == [False, True]
            assert not is_open(vault, between[0].index)
            assert all(is_open(vault, receipt.index) for receipt in (*after, *last))

    asyncio.run(story())


def test_in_one_batch_what_comes_after_a_shredding_stays_open(open_log: OpenLog) -> None:
    of = book()

    async def story() -> None:
        async with open_log() as log:
            entries = [
                intent(of, *PEOPLE),
                shredding(of, PEOPLE[0]),
                intent(of, *PEOPLE),
                intent(of, PEOPLE[0]),
            ]
            await write(log, intent(of, PEOPLE[2]))
            await asyncio.gather(*(log.append(made.bytes, made.alongside) for made in entries))
            vault = Vault(log.reader, of.sealing)
            assert [is_open(vault, index) for index in (0, 1, 3, 4)] == [True, False, True, True]

    asyncio.run(story())


def test_a_transaction_that_fails_takes_its_secrets_back(open_log: OpenLog) -> None:
    of, device = book(), Device()

    async def story() -> None:
        async with open_log(signers=[device.signer]) as log:
            device.is_plugged = False
            with pytest.raises(SigningFailed):  # by then secrets have been made
                await write(log, intent(of, *PEOPLE))
            device.is_plugged = True
            assert log.reader.keys_of([bytes.fromhex(of.pseudonym(PEOPLE[0]))]) == []
            [receipt] = await write(log, intent(of, *PEOPLE))
        async with open_log() as log:  # with an empty memory
            assert is_open(Vault(log.reader, of.sealing), receipt.index)

    asyncio.run(story())


def test_a_shredding_that_fails_has_destroyed_nothing(open_log: OpenLog) -> None:
    of, device = book(), Device()

    async def story() -> None:
        async with open_log(signers=[device.signer]) as log:
            await write(log, intent(of, *PEOPLE))
            device.is_plugged = False
            with pytest.raises(SigningFailed):
                await write(log, shredding(of, PEOPLE[0]))
            device.is_plugged = True
            await write(log, intent(of, PEOPLE[0]))
            vault = Vault(log.reader, of.sealing)
            assert is_open(vault, 0)
            assert is_open(vault, 1)

    asyncio.run(story())


def test_a_shredding_that_failed_does_not_hide_one_elsewhere(open_log: OpenLog) -> None:
    of, device = book(), Device()

    async def story() -> None:
        async with open_log(signers=[device.signer]) as one, open_log() as other:
            await write(one, intent(of, *PEOPLE))
            device.is_plugged = False
            with pytest.raises(SigningFailed):
                await write(one, shredding(of, PEOPLE[0]))
            device.is_plugged = True
            await write(other, shredding(of, PEOPLE[1]))  # the head counts one, as `one` had counted its own
            [receipt] = await write(one, intent(of, PEOPLE[1]))
            vault = Vault(one.reader, of.sealing)
            assert is_open(vault, receipt.index)
            assert not is_open(vault, 0)

    asyncio.run(story())


def test_a_secret_that_does_not_open_refuses_the_entries_about_its_subject_alone(
    url: str, open_log: OpenLog
) -> None:
    of = book()

    async def story() -> list[object]:
        async with open_log() as log:
            await write(log, intent(of, PEOPLE[0]), intent(of, PEOPLE[1]))
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            changed = tables.subject_key.update().where(
                tables.subject_key.c.subject == bytes.fromhex(of.pseudonym(PEOPLE[0]))
            )
            connection.execute(changed.values(wrapped=bytes(60)))
        engine.dispose()
        async with open_log() as log:
            several = [intent(of, person) for person in (PEOPLE[2], PEOPLE[0], PEOPLE[1], PEOPLE[0])]
            several.append(intent(of, *PEOPLE))
            answers = await asyncio.gather(
                *(log.append(made.bytes, made.alongside) for made in several), return_exceptions=True
            )
            assert log.fault is None
            assert is_open(Vault(log.reader, of.sealing), (await write(log, intent(of, PEOPLE[2])))[0].index)
            return answers

    answers = asyncio.run(story())
    assert [type(answer) for answer in answers] == [Receipt, KeyUnusable, Receipt, KeyUnusable, KeyUnusable]
    assert not any(person in str(answer) for answer in answers for person in PEOPLE)


def test_another_vault_key_writes_nothing_about_who_is_known(open_log: OpenLog) -> None:
    of = book()
    other = EntryBook(pseudonym_key=bytes(32), vault_key=bytes(32), epoch="2026-11")
    tag = of.pseudonym(PEOPLE[0])

    async def story() -> None:
        async with open_log() as log:
            await write(log, intent(of, PEOPLE[0]))
            named = other.entry(
                "inquiry.outcome",
                at=NOW,
                fields={"intent": 0, "sources": {}},
                tags=[tag],
                committed={"answer": "00"},
            )
            with pytest.raises(KeyUnusable):  # although this process has the secret in its memory
                await write(log, named)
            [receipt] = await write(log, intent(of, PEOPLE[0]))
            assert is_open(Vault(log.reader, of.sealing), receipt.index)

    asyncio.run(story())


def test_more_subjects_than_fit_in_memory_are_looked_up_again(open_log: OpenLog) -> None:
    of = book()
    people = [f"52990119900101{at:04d}" for at in range(30)]

    async def story() -> None:
        async with open_log() as log:
            keys = SubjectKeys(log.reader.engine, kept=8)
            log._writer._store._keys = keys
            about = [people[at : at + 7] for at in range(0, 24, 3)]
            for _ in range(2):
                made = [intent(of, *some) for some in (*about, people, people[:2])]
                await asyncio.gather(*(log.append(one.bytes, one.alongside) for one in made))
                assert len(keys._younger) + len(keys._older) <= 8 + len(people)
            vault = Vault(log.reader, of.sealing)
            size = log.reader.head().frontier.size
            assert size == 20
            assert all(is_open(vault, index) for index in range(size))
            assert len(log.reader.keys_of([bytes.fromhex(of.pseudonym(one)) for one in people])) == 30

    asyncio.run(story())


WRITER = """
import asyncio, sys
from pathlib import Path
from threading import Thread
from audit.log import Log
from tests.audit.conftest import ORIGIN, SIGNER
from tests.audit.synthetic import PEOPLE, book, intent

async def main(url, guard, seed):
    of = book(seed=int(seed))
    log = await Log.open(url, origin=ORIGIN, signers=[SIGNER], guard=Path(guard))
    print("open", flush=True)
    told = Thread(target=sys.stdin.read)
    told.start()
    more = 3  # when nothing is shredded any more
    while more:
        more -= not told.is_alive()
        several = [intent(of, *some) for some in (PEOPLE, PEOPLE[:1], PEOPLE[1:], PEOPLE[2:])]
        await asyncio.gather(*(log.append(made.bytes, made.alongside) for made in several))
        await asyncio.sleep(0.01)
    await log.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


def test_processes_that_write_while_another_shreds_leave_what_came_after_open_and_nothing_else(
    url: str, open_log: OpenLog, tmp_path: Path
) -> None:
    of = book(seed=99)

    async def story() -> dict[int, str]:
        async with open_log() as log:
            writers = [
                subprocess.Popen(
                    [sys.executable, "-c", WRITER, url, str(tmp_path / "guard"), str(seed)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    cwd=ROOT,
                    text=True,
                )
                for seed in (1, 2)
            ]
            for writer in writers:
                assert writer.stdout is not None
                assert writer.stdout.readline() == "open\n"
            shredded = {}
            for number in range(12):
                person = PEOPLE[number % 3]
                [receipt] = await write(log, shredding(of, person))
                shredded[receipt.index] = person
                await write(log, intent(of, person))
                await asyncio.sleep(0.01)
            for writer in writers:
                writer.communicate(timeout=60)
            assert [writer.returncode for writer in writers] == [0, 0]
            return shredded

    async def check(shredded: dict[int, str]) -> tuple[int, int]:
        last = {of.pseudonym(person): index for index, person in shredded.items()}
        async with open_log() as log:
            vault, opened, closed = Vault(log.reader, of.sealing), 0, 0
            stored = log.reader.entries(0, log.reader.head().frontier.size)
            asked = [(at, parse_entry(data)) for at, data in enumerate(stored) if b"inquiry.intent" in data]
            for begin in range(0, len(asked), 200):
                some = asked[begin : begin + 200]
                found = vault.values_of(some)
                for index, entry in some:
                    expected = all(index > last[tag] for tag in entry.subjects)
                    assert (found[index] is not None) == expected, index
                    opened, closed = opened + expected, closed + (not expected)
            return opened, closed

    shredded = asyncio.run(story())
    opened, closed = asyncio.run(check(shredded))
    assert closed > 0
    assert opened > 2 * 3 * 4
