"""Was there an access without an entry, or an entry without an access?

A log cannot see what went round it. So each department lists, per day, what it served us: the
index of the intent that was shown to it, and how many people it answered about. It signs the
list; the list's digest is logged (`source.served`). Comparing both directions finds an access that
no intent was logged for, and an outcome that claims an answer the department never gave.

    hedui-served/v1
    health
    2026-11-22
    17 3
    21 1
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from audit.catalogue import Entry
from audit.commitment import Json
from audit.errors import MalformedServedList
from audit.kinds import DAY, is_code
from audit.note import Note, Signer, VerifierKey, parse_size

HEADER = "hedui-served/v1"
_LINE = re.compile(r"(0|[1-9][0-9]{0,18}) ([1-9][0-9]{0,9})").fullmatch


@dataclass(frozen=True, slots=True)
class ServedList:
    """What one department says it served on one day.

    `source`   the department, a code
    `day`      YYYY-MM-DD, the department's own day
    `persons`  index of the intent → people it answered about, 1 or more; ascending by index
    """

    source: str
    day: str
    persons: Mapping[int, int]

    def sign(self, signer: Signer) -> bytes:
        """The list as a note signed with the department's own key."""
        text = str(self)
        return bytes(Note(text, (signer.signature(text, time=0),)))

    def __str__(self) -> str:
        lines = [
            HEADER,
            self.source,
            self.day,
            *(f"{at} {count}" for at, count in sorted(self.persons.items())),
        ]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def open(cls, data: bytes, *, key: VerifierKey) -> ServedList:
        """The list that a department signed. Raises `MalformedServedList`, `MalformedNote`, `NotProven` kinds."""
        note = Note.parse(data)
        note.signed_by([key])
        header, *lines = note.text.removesuffix("\n").split("\n")
        if header != HEADER or len(lines) < 2 or not is_code(lines[0]) or not DAY.fits(lines[1]):
            raise MalformedServedList(f"expected `{HEADER}`, a department, a day and a line per intent")
        persons: dict[int, int] = {}
        for line in lines[2:]:
            found = _LINE(line)
            if found is None:
                raise MalformedServedList("expected an index and a count of 1 or more")
            persons[parse_size(found[1], MalformedServedList)] = int(found[2])
        served = cls(lines[0], lines[1], persons)
        if str(served) != note.text:
            raise MalformedServedList("expected ascending indexes, each once")
        return served

    def entry_fields(self, signed: bytes) -> dict[str, Json]:
        """The fields of `source.served` for this list. `signed` is what `sign` gave."""
        return {
            "accesses": len(self.persons),
            "day": self.day,
            "list": sha256(signed).hexdigest(),
            "persons": sum(self.persons.values()),
            "source": self.source,
        }


class Kind(StrEnum):
    """What can disagree."""

    ACCESS_WITHOUT_ENTRY = "access without entry"
    ENTRY_WITHOUT_ACCESS = "entry without access"
    COUNT_DIFFERS = "count differs"
    SERVED_TWICE = "served twice"


class Discrepancy(NamedTuple):
    """One disagreement between a department and the log."""

    kind: Kind
    source: str
    intent: int
    detail: str


REFERRED_TO = frozenset({"inquiry.intent", "run.started"})
"""Entries that a department is shown the index of, before it is asked."""

CLAIMS = {"inquiry.outcome": "intent", "run.finished": "started"}
"""Entries that say what departments answered, and the field that names the entry before the asking."""

UNASKED = frozenset({"NOT_ASKED"})
"""States in which a source was not asked at all."""

UNCERTAIN = frozenset({"SOURCE_FAILED"})
"""States after which the source may or may not have counted the access: no disagreement either way."""


def reconcile(
    served: Iterable[ServedList],
    entries: Iterable[tuple[int, Entry]],
    *,
    unasked: frozenset[str] = UNASKED,
    uncertain: frozenset[str] = UNCERTAIN,
) -> list[Discrepancy]:
    """Every disagreement, by source and intent; empty when both sides tell the same.

    `served`   lists whose days cover the entries; an access is looked for in all of a source's lists, so that
               one near midnight may stand under either day
    `entries`  index and entry of the same time, ascending
    """
    lists = list(served)
    claims, references = _claims(entries)
    found: list[Discrepancy] = []
    said: dict[tuple[str, int], int] = {}
    for one in lists:
        for index, persons in one.persons.items():
            if (one.source, index) in said:
                found.append(Discrepancy(Kind.SERVED_TWICE, one.source, index, "listed under two days"))
            said[one.source, index] = persons
            if index not in references:
                found.append(
                    Discrepancy(Kind.ACCESS_WITHOUT_ENTRY, one.source, index, "no intent at this index")
                )
    covered = {one.source for one in lists}
    for (source, index), claim in claims.items():
        if source in covered and claim.state not in uncertain:
            found += _compared(source, index, claim, said=said.get((source, index)), unasked=unasked)
    return sorted(found, key=lambda one: (one.source, one.intent, one.kind))


class _Claim(NamedTuple):
    state: str
    persons: int | None


def _compared(
    source: str, index: int, claim: _Claim, *, said: int | None, unasked: frozenset[str]
) -> list[Discrepancy]:
    if claim.state in unasked:
        if said is None:
            return []
        return [Discrepancy(Kind.ACCESS_WITHOUT_ENTRY, source, index, "the outcome says it was not asked")]
    if said is None:
        return [Discrepancy(Kind.ENTRY_WITHOUT_ACCESS, source, index, f"the outcome says `{claim.state}`")]
    if claim.persons is not None and claim.persons != said:
        detail = f"the outcome says `{claim.persons}` people, the source `{said}`"
        return [Discrepancy(Kind.COUNT_DIFFERS, source, index, detail)]
    return []


def _claims(
    entries: Iterable[tuple[int, Entry]],
) -> tuple[dict[tuple[str, int], _Claim], set[int]]:
    """What outcomes say about each source, by source and intent; and the indexes that an access may refer to."""
    claims: dict[tuple[str, int], _Claim] = {}
    references: set[int] = set()
    for index, entry in entries:
        if entry.event in REFERRED_TO:
            references.add(index)
        answered = CLAIMS.get(entry.event)
        if answered is not None:
            states, persons = entry.fields.get("sources", {}), entry.fields.get("persons", {})
            assert isinstance(states, dict)
            assert isinstance(persons, dict)
            for source, state in states.items():
                count = persons.get(source)
                claims[source, entry.number(answered)] = _Claim(
                    str(state), count if isinstance(count, int) else None
                )
    return claims, references
