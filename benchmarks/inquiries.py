"""What does it cost to note an inquiry? An intent, an outcome and a receipt, by sixteen askers at once.

In processor time of the whole process, writer's thread and database included, and beside SHA-256: a slow moment
is no slow program. Households are asked about again and again, as in a run of a gateway.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.commitment import Json
from audit.entry import EntryBook, Form, Made
from audit.log import Log, Receipt
from audit.note import Signer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ORIGIN = "hedui.example/benchmark"
ASKERS = 16
HOUSEHOLDS = 1_000
MEMBERS = 4
LISTED = 50
"""Households in a list: with their members, 250 subjects."""

ASKED: list[Json] = [f"Person.field{number}" for number in range(20)]
SOURCES: dict[str, Json] = {"civil_affairs": "ANSWERED", "health": "ANSWERED", "social_security": "ANSWERED"}
PERSONS: dict[str, Json] = {"civil_affairs": 4, "health": 4, "social_security": 3}
WHO: dict[str, Json] = {
    "caller": "benchmark officer-7",
    "department": "civil_affairs",
    "post": "clerk",
    "agreements": "ab" * 32,
}
HUNDRED = bytes(100)
NUMBERS = count()
"""Of inquiries: each has its own, as in the gateway."""


class Measured(NamedTuple):
    """Microseconds of processor time for one inquiry, and the same in SHA-256 of a hundred bytes."""

    us: float
    hashes: float


def noted(*, rounds: int, tell: Callable[[str, float, str], None]) -> dict[str, float]:
    """An inquiry about a household, and one about a list."""
    with tempfile.TemporaryDirectory() as folder:
        household, listed = uvloop.run(_measured(Path(folder), rounds))
    tell("noting an inquiry", household.us, "µs of CPU")
    tell(f"… about {LISTED} households", listed.us, "µs of CPU")
    return {
        "inquiry_us": household.us,
        "inquiry_vs_sha256": household.hashes,
        "inquiry_list_us": listed.us,
        "inquiry_list_vs_sha256": listed.hashes,
    }


async def _measured(folder: Path, rounds: int) -> tuple[Measured, Measured]:
    book = EntryBook(pseudonym_key=bytes(32), vault_key=bytes(32), epoch="2026-11")
    log = await Log.open(
        f"sqlite:///{folder}/log.db",
        origin=ORIGIN,
        signers=[Signer.ed25519(ORIGIN, Ed25519PrivateKey.generate())],
        guard=folder / "guard",
    )
    everybody = list(range(HOUSEHOLDS))
    await _asked(log, book, [everybody[at : at + LISTED] for at in range(0, HOUSEHOLDS, LISTED)])
    chance = random.Random(1)
    one = [[chance.choice(everybody)] for _ in range(600)]
    many = [
        [*everybody[at : at + LISTED]] for at in (chance.randrange(HOUSEHOLDS - LISTED) for _ in range(150))
    ]
    came: list[tuple[Measured, Measured]] = []
    for _ in range(rounds):
        came.append((await _timed(log, book, one), await _timed(log, book, many)))
    await log.aclose()
    household, listed = zip(*came, strict=True)
    return _typical(household), _typical(listed)


async def _timed(log: Log, book: EntryBook, about: Sequence[Sequence[int]]) -> Measured:
    begun = time.process_time()
    for _ in range(20_000):
        sha256(HUNDRED).digest()
    hashed = time.process_time()
    await _asked(log, book, about)
    took = (time.process_time() - hashed) / len(about)
    return Measured(took * 1e6, took / ((hashed - begun) / 20_000))


def _typical(rounds: Sequence[Measured]) -> Measured:
    return Measured(median(one.us for one in rounds), median(one.hashes for one in rounds))


async def _asked(log: Log, book: EntryBook, about: Sequence[Sequence[int]]) -> None:
    """Note an inquiry about each of these lists of households: so many askers, each one after the other."""
    waiting = list(about)
    # As the gateway does: what one caller's intents have in common is written once.
    form = book.form("inquiry.intent", {**WHO, "asked": ASKED, "sources": [*SOURCES]}, differ=["request"])

    async def asker() -> None:
        while waiting:
            await _inquiry(log, book, form, waiting.pop())

    await asyncio.gather(*(asker() for _ in range(ASKERS)))


async def _inquiry(log: Log, book: EntryBook, form: Form, households: Sequence[int]) -> None:
    named = [f"H{number:06d}" for number in households]
    people = [f"529901199001{number:04d}{at:02d}" for number in households for at in range(MEMBERS)]
    request = f"request-{next(NUMBERS):08x}"
    intent = book.filled(
        form,
        at=NOW,
        fields={"request": request},
        subjects=named,
        committed={"purpose": "低保复核", "case": "案卷-2026-0017"},
    )
    index = (await _append(log, intent)).index
    outcome = book.entry(
        "inquiry.outcome",
        at=NOW,
        fields={
            "intent": index,
            "sources": SOURCES,
            "persons": PERSONS,
            "result": "ANSWERED",
            "request": request,
        },
        subjects=[*named, *people],
        committed={"answer": "ef" * 32, "category": "DIBAO"},
    )
    await log.proof((await _append(log, outcome)).index)


async def _append(log: Log, made: Made) -> Receipt:
    return await log.append(made.bytes, alongside=made.alongside)
