"""Do the departments and the log tell the same of a day? Each access has its entry, each entry its access.

A department's list of a day that is over is signed with the department's key, kept, and noted
(`source.served`) the first time it is compared; from then on it must be the list that was noted.
A department that keeps its own list puts it, signed, where ours would be.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.catalogue import Entry
from audit.errors import Malformed, NotProven
from audit.lookup import Lookup
from audit.note import Signer, VerifierKey
from audit.reconcile import CLAIMS, UNCERTAIN, Discrepancy, Kind, ServedList, reconcile
from connectors.served import BadCount, ServedBook
from gateway.errors import CannotOpen
from gateway.log_desk import LogDesk, china_day, now, size_of
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.register import RECORD_TYPES

_FAILED = UNCERTAIN | {kind.value for kind in FailureKind}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a comparison came to: departments with a list, accesses in them, and every disagreement."""

    day: date
    departments: int
    accesses: int
    final: bool
    discrepancies: tuple[Discrepancy, ...]
    faults: tuple[str, ...]
    """Lists that cannot be believed, each in a line."""


class Lists:
    """The signed lists of all departments, in `<folder>/<day>/<department>.served`, and their keys.

    `make_keys`   on a development machine, where no department has a key of its own
    """

    def __init__(self, folder: Path, book: ServedBook, *, make_keys: bool) -> None:
        self._folder, self._book, self._make_keys = folder, book, make_keys

    def signed(self, department: Department, day: date) -> bytes | None:
        """The list that was kept; None when there is none."""
        path = self._path(department, day)
        return path.read_bytes() if path.exists() else None

    def departments(self, day: date, noted: Collection[Department]) -> list[Department]:
        """Those that can be asked, and any other of which a count, a list or a note of the day is there."""
        asked = {record.department for record in RECORD_TYPES}
        return [
            one
            for one in Department
            if one in asked or one in noted or self.signed(one, day) or self._book.of_day(one, day)
        ]

    def counted(self, department: Department, day: date) -> ServedList:
        """The list as it follows from our own counts. Raises `BadCount`, also for what is no index of an intent."""
        counts = self._book.of_day(department, day)
        if not all(at.isdecimal() for at in counts):
            raise BadCount(f"{department.value}: expected references that are indexes of intents")
        return ServedList(
            department.value, day.isoformat(), {int(at): persons for at, persons in counts.items()}
        )

    def keep(self, department: Department, served: ServedList) -> bytes:
        """Sign a list and keep it. Raises `CannotOpen` when the department's key is not here."""
        signed = served.sign(self._signer(department))
        path = self._path(department, date.fromisoformat(served.day))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(signed)
        return signed

    def open(self, department: Department, signed: bytes) -> ServedList:
        """A kept list, if the department signed it. Raises `MalformedServedList`, `MalformedNote`, `NotProven` kinds."""
        return ServedList.open(signed, key=self._verifier(department))

    def _path(self, department: Department, day: date) -> Path:
        return self._folder / day.isoformat() / f"{department.value}.served"

    def _verifier(self, department: Department) -> VerifierKey:
        path = self._folder / f"{department.value}.vkey"
        return (
            VerifierKey.parse(path.read_text("ascii").strip())
            if path.exists()
            else self._signer(department).key
        )

    def _signer(self, department: Department) -> Signer:
        path = self._folder / f"{department.value}.key"
        if not path.exists():
            if not self._make_keys:
                raise CannotOpen(
                    f"expected the signed list of `{department.value}`, or its key, in the folder `served`"
                )
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(Ed25519PrivateKey.generate().private_bytes_raw())
        private = Ed25519PrivateKey.from_private_bytes(path.read_bytes())
        return Signer.ed25519(f"{department.value}.served", private)


async def reconcile_day(desk: LogDesk, lists: Lists, day: date, *, today: date) -> Reconciled:
    """Compare all departments with the log. A day that is not over is compared, but nothing is signed yet.

    Raises `BadCount`, `CannotOpen`, and what `Log.append` raises.
    """
    size = size_of(await desk.log.checkpoint())
    came = await asyncio.to_thread(_compared, desk, lists, day, size=size, final=day < today)
    if came.final:
        for department, served in came.given.items():
            if department not in came.noted:
                await _note(desk, lists, department, served, came.found)
    accesses = sum(len(served.persons) for served in came.given.values())
    return Reconciled(day, len(came.given), accesses, came.final, tuple(came.found), tuple(came.faults))


class _Came(NamedTuple):
    given: Mapping[Department, ServedList]
    noted: Mapping[Department, str]
    found: list[Discrepancy]
    faults: list[str]
    final: bool


def _compared(desk: LogDesk, lists: Lists, day: date, *, size: int, final: bool) -> _Came:
    finds = Lookup(desk.log.reader, size=size)
    noted = _noted(desk, finds, day)
    given, faults = _given(lists, day, noted, final=final)
    # An answer just before midnight is counted on one day and its outcome noted on the next.
    beside = [lists.counted(one, day + timedelta(days=step)) for one in given for step in (-1, 1)]
    listed = [*given.values(), *beside]
    found = reconcile(listed, _concerning(desk, finds, listed, day), uncertain=_FAILED)
    return _Came(given, noted, _of_day(found, given), faults, final)


def _given(
    lists: Lists, day: date, noted: Mapping[Department, str], *, final: bool
) -> tuple[dict[Department, ServedList], list[str]]:
    """The list of each department, and what is wrong with those that cannot be believed."""
    given: dict[Department, ServedList] = {}
    faults: list[str] = []
    for department in lists.departments(day, noted):
        signed = lists.signed(department, day)
        digest = noted.get(department)
        try:
            if signed is None and digest is not None:
                faults.append(f"{department.value}: the list that was noted is not there any more")
            if signed is not None and digest is not None and sha256(signed).hexdigest() != digest:
                faults.append(f"{department.value}: the list is not the one that was noted")
            if signed is None:
                given[department] = lists.counted(department, day)
                if final and digest is None:
                    lists.keep(department, given[department])
            else:
                given[department] = lists.open(department, signed)
        except (Malformed, NotProven) as error:
            faults.append(f"{department.value}: {type(error).__name__}: {error}")
    return given, faults


async def _note(
    desk: LogDesk, lists: Lists, department: Department, served: ServedList, found: Iterable[Discrepancy]
) -> None:
    """Note a list, with how many accesses are missing from it and how many nobody noted."""
    signed = lists.signed(department, date.fromisoformat(served.day))
    if signed is None:
        return
    of_this = [one.kind for one in found if one.source == department.value]
    made = desk.book.entry(
        "source.served",
        at=now(),
        fields={
            **served.entry_fields(signed),
            "missing": of_this.count(Kind.ENTRY_WITHOUT_ACCESS),
            "surplus": of_this.count(Kind.ACCESS_WITHOUT_ENTRY),
        },
    )
    await desk.write(made)


def _noted(desk: LogDesk, finds: Lookup, day: date) -> dict[Department, str]:
    """The digest of each list of a day that was noted; the first one counts."""
    noted: dict[Department, str] = {}
    for department in Department:
        for index in finds.served(department.value, day.isoformat()):
            entry = desk.entry(index)
            if entry is not None and (entry.text("source"), entry.text("day")) == (department, f"{day}"):
                noted.setdefault(department, entry.text("list"))
    return noted


def _concerning(
    desk: LogDesk, finds: Lookup, listed: Iterable[ServedList], day: date
) -> list[tuple[int, Entry]]:
    """What was claimed on a day, and whatever an access refers to; the rest of the log is not read."""
    references = {index for one in listed for index in one.persons}
    found: dict[int, Entry] = {}
    # A day in China begins and ends at 16:00 UTC.
    for index, entry in desk.entries(*finds.days(day - timedelta(days=1), day)):
        if index in references or (entry.event in CLAIMS and china_day(entry.at) == day):
            found[index] = entry
    for index in references - found.keys():
        elsewhere = desk.entry(index)
        if elsewhere is not None:
            found[index] = elsewhere
    return sorted(found.items(), key=lambda pair: pair[0])


def _of_day(found: Iterable[Discrepancy], given: Mapping[Department, ServedList]) -> list[Discrepancy]:
    """Without what is only said of accesses of the days beside this one."""
    listed = {(one.source, index) for one in given.values() for index in one.persons}
    return [
        one
        for one in found
        if one.kind is not Kind.ACCESS_WITHOUT_ENTRY or (one.source, one.intent) in listed
    ]
