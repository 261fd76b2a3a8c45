"""What does building one entry cost? In processor time, and beside SHA-256: a slow moment is no slow program."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from statistics import median

from audit.commitment import Json
from audit.entry import EntryBook, Made, Spelled

PEOPLE = ["529901199001011237", "529901196503072218", "52990220100415003X"]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
AT_ONCE = 100
SHORT: dict[str, Json | Spelled] = {
    "answer": "ef" * 32,
    "category": "DIBAO",
    "inputs": "01" * 32,
    "result": "23" * 32,
}
PLAIN: dict[str, Json] = {
    "intent": 4711,
    "sources": {"social_security": "ANSWERED", "civil_affairs": "ANSWERED", "disability": "TIMED_OUT"},
    "pack": "ab" * 32,
    "rules": "cd" * 32,
}


def built(*, rounds: int, tell: Callable[[str, float, str], None]) -> dict[str, float]:
    """A real entry: the outcome of an inquiry about three people, with four commitments.

    Beside it the same with all that the gateway adds, with its values sealed, and keeping the 40 kB of a verdict.
    """
    book = EntryBook(pseudonym_key=bytes(32), vault_key=bytes(32), epoch="2026-11")
    numbers = count()
    waiting: list[dict[str, Json]] = []
    document = Spelled(b'{"rows":[' + b",".join([b'{"fen":63600,"month":"2026-10"}'] * 1300) + b"]}")
    kept, hundred = {**SHORT, "inputs": document}, bytes(100)

    def build(committed: dict[str, Json | Spelled] = SHORT) -> Made:
        return book.entry(
            "inquiry.outcome", at=NOW, fields=waiting.pop(), subjects=PEOPLE, committed=committed
        )

    works: dict[str, Callable[[], object]] = {
        "building an entry": lambda: book.entry(
            "inquiry.outcome", at=NOW, fields=PLAIN, subjects=PEOPLE, committed=SHORT
        ),
        "… with every field": build,
        "… and sealing its values": lambda: build().alongside,
        "an entry that keeps 40 kB": lambda: build(kept),
        "SHA-256 of a hundred bytes": lambda: sha256(hundred).digest(),
    }
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            waiting[:] = [_fields(next(numbers)) for _ in range(AT_ONCE)]  # no request comes twice
            took[name].append(_busy_us(work))
    for name, values in took.items():
        tell(name, median(values), "µs")
    entries, hashes = took["building an entry"], took["SHA-256 of a hundred bytes"]
    return {
        "entry_build_us": median(entries),
        "entry_build_full_us": median(took["… with every field"]),
        "entry_build_vs_sha256": median(one / other for one, other in zip(entries, hashes, strict=True)),
    }


def _fields(number: int) -> dict[str, Json]:
    return {
        **PLAIN,
        "persons": {"social_security": 3, "civil_affairs": 4},
        "result": "ANSWERED",
        "findings": {"INC-03": 1, "HH-02": 2},
        "request": f"request-{number:x}",
    }


def _busy_us(work: Callable[[], object]) -> float:
    """Microseconds of this thread's processor time for one: others on the machine do not count."""
    begun = time.thread_time()
    for _ in range(AT_ONCE):
        work()
    return (time.thread_time() - begun) / AT_ONCE * 1e6
