"""How is an entry made: canonical bytes for the log, sealed values for the vault?

    book = EntryBook(pseudonym_key=k1, vault_key=k2, epoch="2026-11")
    made = book.entry("inquiry.intent", at=now, fields={...}, subjects=[...], committed={...})
    receipt = await log.append(made.bytes, alongside=made.alongside)

What stands alike in many entries is looked at and spelled once: by `book.form`, for `book.filled`.

A subject's number becomes a pseudonym under the epoch's key; a committed value becomes a hash
with a key that only the vault keeps. An entry that does not fit the catalogue is refused, and
an operation that cannot be logged must not happen.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import msgspec

from audit import vault
from audit.alongside import Row, Shred
from audit.catalogue import EVENTS, LONGEST_ENTRY, SCHEMA, Event, misfit
from audit.commitment import (
    DEEPEST_COMMITTED,
    KEY_BYTES,
    Disclosure,
    Json,
    Keyed,
    canonical,
    commitments,
    field_keys,
)
from audit.entropy import Entropy
from audit.errors import EntryRefused, EntryTooLong, NotCanonical
from audit.kinds import MOST_SUBJECTS, is_code

Octets: TypeAlias = bytes
"""`bytes`, under a name that `Made.bytes` does not hide."""

NONCE_BYTES = 16
PSEUDONYM_DIGITS = 32

PSEUDONYMS_KEPT = 65_536
"""A household is named several times in each question, and asked about again. With more they are made anew."""


class Spelled(bytes):
    """The canonical bytes of a value, spelled by the caller: for documents that take long to look through.

    Whoever makes one vouches for the spelling, and for at most `DEEPEST_COMMITTED` levels: another value
    could not be opened again.
    """


class Form(msgspec.Struct, frozen=True):
    """What many entries of one event have in common, ready to be filled in; `EntryBook.form` makes it.

    `varies`   an event that has just the fields that differ, and all of them
    `before`   by name, in order: what is written before each of those
    """

    event: str
    varies: Event
    before: tuple[tuple[str, bytes], ...]
    end: bytes


class Made(msgspec.Struct, frozen=True, gc=False):
    """An entry ready to be appended.

    `bytes`      what the log stores, 1 to 65,535 bytes
    `entry_key`  opens the committed fields; never leaves the process but sealed
    `values`     canonical bytes of the committed values
    """

    bytes: Octets
    entry_key: Octets
    values: Mapping[str, Octets]
    nonce: Octets
    subjects: tuple[str, ...]
    sealing: vault.Sealing
    shredded: tuple[str, ...] = ()

    @property
    def alongside(self) -> tuple[Row, ...]:
        """What is sealed or shredded in the transaction that logs the entry."""
        shreds = tuple(map(Shred, self.shredded)) if self.shredded else ()
        if not self.values:
            return shreds
        seal = vault.to_seal(
            self.values, entry_key=self.entry_key, nonce=self.nonce, subjects=self.subjects, by=self.sealing
        )
        return (seal, *shreds)

    def disclose(self, name: str, *, index: int) -> Disclosure:
        """One committed field opened, for the receipt of whoever asked. `index` is where the log put the entry."""
        key = field_keys(self.entry_key, self.values)[name]
        return Disclosure(index, name, key, msgspec.json.decode(self.values[name]))


class EntryBook:
    """Makes the entries of one pseudonym epoch. Safe to share between threads.

    `pseudonym_key`  32 bytes, of this epoch only; kept outside the log's database
    `vault_key`      32 bytes, wraps the key of every sealed entry; kept outside the log's database
    `epoch`          a code, for example `2026-11`; another epoch gives other pseudonyms
    `entropy`        gives that many random bytes; by default the operating system's
    """

    def __init__(
        self,
        *,
        pseudonym_key: bytes,
        vault_key: bytes,
        epoch: str,
        entropy: Callable[[int], bytes] | None = None,
    ) -> None:
        entropy = entropy or Entropy()
        if len(pseudonym_key) != KEY_BYTES:
            raise ValueError(f"expected a pseudonym key of `{KEY_BYTES}` bytes")
        if not is_code(epoch):
            raise ValueError("expected an epoch that is a code")
        self.epoch = epoch
        self._sealing = vault.Sealing(vault_key, entropy=entropy)
        self._entropy = entropy
        # The epoch is mixed in, so that a key used twice by mistake still gives other pseudonyms.
        keyed = Keyed(hmac.digest(pseudonym_key, epoch.encode(), "sha256"))
        self.pseudonym: Callable[[str], str] = _Pseudonyms(keyed).__getitem__
        """Gives the pseudonym of an id number, household number or account name in this epoch, 32 hex digits."""

    @property
    def sealing(self) -> vault.Sealing:
        """Seals under the book's vault key; give it to `Vault` to open what the book sealed."""
        return self._sealing

    def form(self, event: str, fields: Mapping[str, Json], *, differ: Collection[str]) -> Form:
        """What entries of an event have in common: `fields`, as `entry` takes them. It is good for this book alone.

        `differ`   the names of the fields that each entry is given; none of a person

        Raises `EntryRefused` as `entry` would, whatever the others come to hold.
        """
        kind = EVENTS.get(event)
        if (
            kind is None
            or not kind.kinds.keys() >= set(differ)
            or {*_PERSONS[event], *fields}.intersection(differ)
        ):
            raise EntryRefused("expected an event of the catalogue, and fields of it that differ")
        public = self._public(event, fields)
        wrong = misfit(replace(kind, fields={}, optional=kind.kinds), public)
        if wrong is None and not kind.fields.keys() <= {*public, *differ}:
            wrong = f"expected the fields `{', '.join(sorted(kind.fields))}`"
        if wrong is not None:
            raise EntryRefused(f"event `{event}`: {wrong}")
        before: list[tuple[str, bytes]] = []
        written, comma = b"{", b""
        for name in sorted({*public, *differ}):
            written += b'%s"%s":' % (comma, name.encode())
            if name in public:
                written += _encode(public[name])
            else:
                before.append((name, written))
                written = b""
            comma = b","
        varies = replace(kind, fields={name: kind.kinds[name] for name in differ}, optional={})
        return Form(event, varies, tuple(before), written + b"}")

    def filled(
        self,
        form: Form,
        *,
        at: datetime,
        fields: Mapping[str, Json],
        subjects: Iterable[str] = (),
        committed: Mapping[str, Json | Spelled],
    ) -> Made:
        """As `entry`, with the fields that the form leaves open. Raises what `entry` raises."""
        concerned = tuple(sorted({*map(self.pseudonym, subjects)}))
        _refuse_misfit(form.event, form.varies, fields, committed, subjects=len(concerned))
        written = b"".join([part for name, before in form.before for part in (before, _encode(fields[name]))])
        public = msgspec.Raw(written + form.end)
        return self._made(form.event, at=at, fields=public, tags=concerned, committed=committed)

    def entry(
        self,
        event: str,
        *,
        at: datetime,
        fields: Mapping[str, Json],
        subjects: Iterable[str] = (),
        tags: Iterable[str] = (),
        committed: Mapping[str, Json | Spelled] | None = None,
    ) -> Made:
        """An entry of the catalogue, with 128 random bits.

        `at`         UTC; kept to the millisecond
        `fields`     public; a field that is a person is given as the id or account and stored as a pseudonym
        `subjects`   ids of those concerned, in any order; stored as sorted pseudonyms
        `tags`       pseudonyms of those concerned whose ids the writer does not know, as an entry gave them
        `committed`  only committed to; the values go to the vault

        Raises `EntryRefused` when the catalogue has no such event, field or value, `NotCanonical` when a
        committed value has no canonical form or could not be opened again, `EntryTooLong` over 65,535 bytes.
        """
        kind = EVENTS.get(event)
        if kind is None:
            raise EntryRefused("expected an event of the catalogue")
        concerned = tuple(sorted({*map(self.pseudonym, subjects), *tags}))
        public = self._public(event, fields)
        _refuse_misfit(event, kind, public, committed or {}, subjects=len(concerned))
        return self._made(event, at=at, fields=public, tags=concerned, committed=committed or {})

    def shredding(
        self, *, at: datetime, fields: Mapping[str, Json], tags: Collection[str], reason: Json = None
    ) -> Made:
        """The entry of `subject.shredded`; appending it with its rows destroys the keys of these pseudonyms.

        `tags`  pseudonyms of one person in every epoch that is kept: `book.pseudonym(person)` of each book
        """
        shredded: list[Json] = [*sorted(set(tags))]
        public = self._public("subject.shredded", {**fields, "shredded": shredded})
        committed = {} if reason is None else {"reason": reason}
        _refuse_misfit("subject.shredded", EVENTS["subject.shredded"], public, committed, subjects=0)
        return self._made(
            "subject.shredded", at=at, fields=public, tags=(), committed=committed, shredded=tuple(tags)
        )

    def _public(self, event: str, fields: Mapping[str, Json]) -> Mapping[str, Json]:
        persons = _PERSONS[event]
        if not persons:
            return fields
        public = dict(fields)
        for name in persons:
            person = public.get(name)
            if person is not None:
                if not isinstance(person, str):
                    raise EntryRefused(f"field `{name}` expected the id or account of a person")
                public[name] = self.pseudonym(person)
        return public

    def _made(
        self,
        event: str,
        *,
        at: datetime,
        fields: Mapping[str, Json] | msgspec.Raw,
        tags: tuple[str, ...],
        committed: Mapping[str, Json | Spelled],
        shredded: tuple[str, ...] = (),
    ) -> Made:
        random = self._entropy(NONCE_BYTES + KEY_BYTES)
        nonce, entry_key = random[:NONCE_BYTES], random[NONCE_BYTES:]
        try:
            # Most values are texts, which the encoder spells canonically in a quarter of the time.
            values = {
                name: _plain(value) if type(value) is str else _canonical(value)
                for name, value in committed.items()
            }
        except UnicodeEncodeError as error:
            raise NotCanonical("expected text without lone surrogates") from error
        made = commitments(entry_key, values)
        data = _encode(_Frame(_milliseconds(at), made, self.epoch, event, fields, nonce.hex(), tags, SCHEMA))
        if len(data) > LONGEST_ENTRY:
            raise EntryTooLong(f"expected at most `{LONGEST_ENTRY}` bytes, got `{len(data)}`")
        return Made(data, entry_key, values, nonce, tags, self._sealing, shredded)


class _Pseudonyms(dict[str, str]):
    """By person. Looked up by the hundred for a list of households, where a cache that puts in order costs twice."""

    def __init__(self, keyed: Keyed) -> None:
        super().__init__()
        self._keyed = keyed

    def __missing__(self, person: str) -> str:
        if len(self) >= PSEUDONYMS_KEPT:
            self.clear()
        tag = self[person] = self._keyed.hex(person.encode())[:PSEUDONYM_DIGITS]
        return tag


class _Frame(msgspec.Struct, gc=False):
    """What stands in every entry, in the order in which it is written."""

    at: int
    committed: Mapping[str, str]
    epoch: str
    event: str
    fields: Mapping[str, Json] | msgspec.Raw
    nonce: str
    subjects: tuple[str, ...]
    v: int


# Public fields are codes, hex and whole numbers: nothing in them needs an escape, so this encoder and the
# one that re-reads them agree byte for byte. A test holds both together.
_encode = msgspec.json.Encoder(order="deterministic").encode

_plain = msgspec.json.Encoder().encode


def _canonical(value: Json | Spelled) -> bytes:
    if value is None:
        return b"null"
    return value if isinstance(value, Spelled) else canonical(value, deepest=DEEPEST_COMMITTED)


_PERSONS: Mapping[str, tuple[str, ...]] = {name: event.persons for name, event in EVENTS.items()}

_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _milliseconds(at: datetime) -> int:
    if at.tzinfo is not UTC and at.utcoffset() != timedelta(0):
        raise EntryRefused("expected an instant in UTC")
    since = (at - _EPOCH_START) // _MILLISECOND
    if since < 0:
        raise EntryRefused("expected an instant after 1970")
    return since


def _refuse_misfit(
    name: str, event: Event, fields: Mapping[str, Json], committed: Collection[str], *, subjects: int
) -> None:
    wrong = misfit(event, fields)
    if wrong is None and not event.committed.issuperset(committed):
        wrong = "a committed field that the event does not have"
    if wrong is None and not event.fewest_subjects <= subjects <= MOST_SUBJECTS:
        wrong = f"expected `{event.fewest_subjects}` to `{MOST_SUBJECTS}` subjects"
    if wrong is not None:
        raise EntryRefused(f"event `{name}`: {wrong}")
