"""Who looked at me? Every access to one person, with proofs that anybody can check offline.

A statement holds each entry that names one of the person's pseudonyms, the intent and the answers that
belong to it, a proof that it is in the log, and the opened fields (the purpose, above all). That nothing
was left out can be told by whoever has the whole log: `verify_statement` then looks for itself.
That a pseudonym is this person's is the operator's word: only who holds the key can compute it.
Asking for a statement is an event of its own, `statement.asked`, logged by who serves it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from audit.archive import open_files
from audit.catalogue import Entry, parse_entry
from audit.commitment import Disclosure, Json, canonical, parse_canonical
from audit.errors import (
    AuditError,
    FileMissing,
    MalformedEntry,
    MalformedStatement,
    NotCanonical,
    Shredded,
    StatementIncomplete,
    WrongDisclosure,
    WrongProof,
)
from audit.kinds import is_code, is_pseudonym
from audit.merkle import leaf_hash, verify_inclusion
from audit.note import Checkpoint, Note
from audit.policy import Policy
from audit.proof import format_hashes, parse_hashes
from audit.report import Problem, Reading, Report
from audit.tiles import WIDTH, TileName, Tree, unpack_entries

FORMAT = "hedui-statement/v1"
_SHOWN = frozenset({"purpose", "basis", "reason"})
_EPOCH = re.compile(
    rb'"epoch":"([A-Za-z0-9_.:/-]+)"'
).search  # the only one in canonical bytes; parsing takes longer


class Rows(Protocol):
    """What a statement is drawn from; `audit.reader.Reader` has it."""

    def entries(self, first: int, end: int) -> list[bytes]:
        """The entries [first, end) of the log."""

    def tile(self, level: int, index: int, width: int) -> bytes:
        """The first `width` hashes of a tile."""


class Finds(Protocol):
    """Says where to look, so that the log is not read whole; `audit.lookup.Lookup` does."""

    def naming(self, pseudonyms: Iterable[str]) -> list[int]:
        """Every entry that may name one of the pseudonyms."""

    def answering(self, intents: Iterable[int]) -> list[int]:
        """Every entry that may answer one of the intents."""


class Opens(Protocol):
    """Opens committed fields; `audit.vault.Vault` does."""

    def disclose(self, index: int) -> list[Disclosure]:
        """All fields of an entry. Raises `Shredded`."""


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of a statement: its index, its bytes as logged, its proof, and fields that were opened."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]
    opened: tuple[Disclosure, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """Who looked at the person with these pseudonyms, up to a signed head.

    `pseudonyms`  epoch → the person's pseudonym in it, for every epoch that was searched
    `checkpoint`  the head as signed; the statement claims to be complete up to it
    `accesses`    ascending by index
    """

    pseudonyms: Mapping[str, str]
    checkpoint: bytes
    accesses: tuple[Access, ...]

    def to_bytes(self) -> bytes:
        """The statement as a file: canonical JSON."""
        return canonical(
            {
                "accesses": [_access_as_json(access) for access in self.accesses],
                "checkpoint": self.checkpoint.decode(),
                "format": FORMAT,
                "pseudonyms": {**self.pseudonyms},
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Statement:
        """Read a statement. Raises `MalformedStatement`; nothing in it is verified yet."""
        try:
            given = parse_canonical(data)
        except NotCanonical as error:
            raise MalformedStatement("expected canonical JSON") from error
        match given:
            case {
                "accesses": list(accesses),
                "checkpoint": str(checkpoint),
                "format": form,
                "pseudonyms": dict(pseudonyms),
            } if isinstance(given, dict) and len(given) == 4 and form == FORMAT:
                found = tuple(_access(one) for one in accesses)
            case _:
                raise MalformedStatement(
                    f"expected accesses, checkpoint, pseudonyms and the format `{FORMAT}`"
                )
        tags = {epoch: str(tag) for epoch, tag in pseudonyms.items() if is_code(epoch) and is_pseudonym(tag)}
        if not tags or len(tags) != len(pseudonyms):
            raise MalformedStatement("expected a pseudonym for one epoch or more")
        statement = cls(tags, checkpoint.encode(), found)
        if statement.to_bytes() != data or any(one.index >= next_.index for one, next_ in pairwise(found)):
            raise MalformedStatement("expected accesses in ascending order, each in its one spelling")
        return statement


def write_statement(
    rows: Rows,
    *,
    finds: Finds,
    checkpoint: bytes,
    pseudonyms: Mapping[str, str],
    vault: Opens,
) -> Statement:
    """The statement about a person, up to a signed head. Waits for the database; run it in a thread.

    Purpose, basis and reason are opened; those of entries that were shredded stay closed.

    `finds`       over at least the entries of the head
    `pseudonyms`  of this person, by epoch, in every epoch whose key is kept
    """
    size = Checkpoint.parse(Note.parse(checkpoint).text).size
    tree = Tree(rows.tile)
    accesses = []
    for index, entry in _found(rows, finds, frozenset(pseudonyms.values()), size):
        path = tuple(tree.inclusion(index, size))
        accesses.append(Access(index, entry, path, _opened(vault, index)))
    return Statement(dict(sorted(pseudonyms.items())), checkpoint, tuple(accesses))


def verify_statement(data: bytes, *, policy: str, bundle: Path | None = None) -> list[Problem]:
    """What is wrong with a statement; empty when nothing is.

    `policy`  the reader's own tlog-policy. Raises `MalformedPolicy`
    `bundle`  a bundle of the whole log, checked before with `audit.verify`: every entry of it up to the statement's
              head is searched for the pseudonyms, so that an access left out is found
    """
    report = Report()
    trusted = Policy.parse(policy.encode("utf-8", "surrogateescape"))
    try:
        statement = Statement.parse(data)
        pairs = [(access.index, access.entry) for access in statement.accesses]
        named = {index for index, _ in _naming(lambda: pairs, frozenset(statement.pseudonyms.values()))}
        head = trusted.open(Note.parse(statement.checkpoint))
    except AuditError as error:
        report.add("statement", error)
        return report.problems
    for access in statement.accesses:
        for fault in _faults(access, head):
            report.add(f"access {access.index}", fault)
    for index in sorted({index for index, _ in pairs} - named):
        report.add(f"access {index}", MalformedStatement("expected an entry that names the person"))
    if bundle is not None:
        _find_left_out(report, bundle, statement, head=head)
    return report.problems


def describe(statement: Statement) -> Iterator[str]:
    """One line per access, for the person: when, which event, who, and why where that was opened."""
    for access in statement.accesses:
        entry = parse_entry(access.entry)
        who = "/".join(
            str(entry.fields[name]) for name in ("department", "post", "caller") if name in entry.fields
        )
        why = "; ".join(f"{one.name}: {one.value}" for one in access.opened)
        yield f"{access.index:>9}  {entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.event}  {who or '-'}  {why or '-'}"


def _faults(access: Access, head: Checkpoint) -> Iterator[AuditError]:
    try:
        leaf = leaf_hash(access.entry)
        verify_inclusion(index=access.index, size=head.size, leaf=leaf, path=access.path, root=head.root)
    except WrongProof as error:
        yield error
    try:
        entry = parse_entry(access.entry)
        for one in access.opened:
            if one.index != access.index:
                raise WrongDisclosure("expected an opened field of this entry")
            one.check(entry.committed)
    except (MalformedEntry, WrongDisclosure) as error:
        yield error


def _find_left_out(report: Report, bundle: Path, statement: Statement, *, head: Checkpoint) -> None:
    """Compare with every entry of a whole log that names the person."""
    given = {access.index: access.entry for access in statement.accesses}
    try:
        entries = list(_from_bundle(Reading(open_files(bundle), report), head.size))
        if len(entries) != head.size:
            raise FileMissing(f"expected the first `{head.size}` entries of the log")
        named = list(_naming(lambda: entries, frozenset(statement.pseudonyms.values())))
        epochs = Counter(found[1].decode() for _, entry in entries if (found := _EPOCH(entry)))
    except AuditError as error:
        report.add(bundle.name, error)
        return
    for epoch in sorted(epochs.keys() - statement.pseudonyms.keys()):
        fault = f"expected the epoch `{epoch}` to be searched as well, which `{epochs[epoch]}` entries are of"
        report.add("statement", StatementIncomplete(fault))
    for index, entry in named:
        if given.get(index) != entry:
            report.add("statement", MalformedStatement(f"expected entry `{index}`, which names the person"))


def _from_bundle(reading: Reading, size: int) -> Iterator[tuple[int, bytes]]:
    for name in reading.files.names:
        if not name.startswith("tile/entries/"):
            continue
        data = reading.read(name)
        first = TileName.parse(name).index * WIDTH
        found = unpack_entries(data) if data is not None else []
        yield from ((index, entry) for index, entry in enumerate(found, first) if index < size)


def _found(rows: Rows, finds: Finds, pseudonyms: frozenset[str], size: int) -> Iterator[tuple[int, bytes]]:
    """What `_naming` gives of the whole log, from the entries alone that may be among it."""
    about = set(finds.naming(pseudonyms))
    read = {index: rows.entries(index, index + 1)[0] for index in about if index < size}
    named = [(index, parse_entry(data)) for index, data in read.items()]
    intents = {index for index, entry in named if entry.event == "inquiry.intent"}
    intents |= {entry.number("intent") for _, entry in named if "intent" in entry.fields}
    for index in intents | set(finds.answering(intents)):
        if index < size and index not in read:
            read[index] = rows.entries(index, index + 1)[0]
    pairs = sorted(read.items())
    return _naming(lambda: pairs, pseudonyms)


def _naming(
    read: Callable[[], Iterable[tuple[int, bytes]]], pseudonyms: frozenset[str]
) -> Iterator[tuple[int, bytes]]:
    """The entries about a person, the intents that they answer, and the answers to the intents among them."""
    marks = [f'"{pseudonym}"'.encode() for pseudonym in pseudonyms]
    # An intent may name only the household, and its outcome then everybody in it: who asked stands in the intent.
    intents = set(_answered(read(), marks, pseudonyms))
    for index, data in read():
        # Most entries are about others: looking for bytes is a hundred times cheaper than reading the entry.
        marked = index in intents or any(mark in data for mark in marks)
        if not marked and not (intents and b'"intent":' in data):
            continue
        entry = parse_entry(data)
        if index in intents or _is_about(entry, pseudonyms) or entry.fields.get("intent") in intents:
            yield index, data
        if entry.event == "inquiry.intent" and _is_about(entry, pseudonyms):
            intents.add(index)


def _answered(
    pairs: Iterable[tuple[int, bytes]], marks: list[bytes], pseudonyms: frozenset[str]
) -> Iterator[int]:
    """The intents that entries about a person answer."""
    for _, data in pairs:
        if b'"intent":' in data and any(mark in data for mark in marks):
            entry = parse_entry(data)
            if _is_about(entry, pseudonyms) and "intent" in entry.fields:
                yield entry.number("intent")


def _is_about(entry: Entry, pseudonyms: frozenset[str]) -> bool:
    shredded = entry.fields.get("shredded")
    named = {*entry.subjects, *(shredded if isinstance(shredded, list) else ())}
    return not pseudonyms.isdisjoint(named)


def _opened(vault: Opens, index: int) -> tuple[Disclosure, ...]:
    try:
        return tuple(one for one in vault.disclose(index) if one.name in _SHOWN)
    except Shredded:
        return ()


def _access_as_json(access: Access) -> Json:
    opened = [one.as_json() for one in access.opened]
    path = format_hashes(access.path)
    return {"entry": access.entry.decode(), "index": access.index, "opened": opened, "path": path}


def _access(given: Json) -> Access:
    match given:
        case {"entry": str(entry), "index": int(index), "opened": list(opened), "path": str(path)} if (
            index >= 0 and type(index) is int  # `true` is a whole number to Python
        ):
            return Access(
                index,
                entry.encode(),
                parse_hashes(path.splitlines()),
                tuple(Disclosure.from_json(one) for one in opened),
            )
    raise MalformedStatement("expected an access: entry, index, opened fields and path")
