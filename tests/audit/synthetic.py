"""Entries, keys and people for the tests of entries, vault, sample and bundle. Nobody in here is real."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.commitment import Json
from audit.entry import EntryBook, Made

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
HASH = "ab" * 32
PEOPLE = ("529901199001011237", "529901196503072218", "52990220100415003X")
NAMES = ("演示甲", "演示乙", "演示丙")
OFFICER = "officer-7@civil-affairs"


VAULT_KEY = random.Random(0).randbytes(64)[32:]
"""That of `book`."""


def book(epoch: str = "2026-11", *, seed: int = 1) -> EntryBook:
    """A book whose keys and randomness follow from a number."""
    source = random.Random(seed)
    keys = random.Random(0)
    return EntryBook(
        pseudonym_key=keys.randbytes(32), vault_key=keys.randbytes(32), epoch=epoch, entropy=source.randbytes
    )


def intent_fields(**more: Json) -> dict[str, Json]:
    """The public fields of an intent."""
    asked: list[Json] = ["Insurance.base_fen", "Pension.personal_fen"]
    return {
        "caller": OFFICER,
        "department": "civil_affairs",
        "post": "clerk",
        "agreements": HASH,
        "asked": asked,
        **more,
    }


def intent(of: EntryBook, *people: str, at_s: int = 0, **committed: Json) -> Made:
    """An inquiry's intent about people, with a purpose and a case unless told otherwise."""
    values: dict[str, Any] = committed or {"purpose": "低保复核", "case": f"案卷 {NAMES[0]} {PEOPLE[0]}"}
    return of.entry(
        "inquiry.intent",
        at=NOW + timedelta(seconds=at_s),
        fields=intent_fields(),
        subjects=people,
        committed=values,
    )


def outcome(of: EntryBook, intent_index: int, *people: str, states: dict[str, Json] | None = None) -> Made:
    """The outcome of an inquiry."""
    return of.entry(
        "inquiry.outcome",
        at=NOW,
        fields={"intent": intent_index, "sources": states or {"social_security": "MATCH"}},
        subjects=people,
        committed={"answer": HASH, "category": "DIBAO"},
    )
