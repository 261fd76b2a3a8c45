"""Which secret has each subject just now? One row each, made with the first entry about them.

The writer looks here inside its transaction, while it holds the head: nobody else makes or destroys a
secret at that moment. What was found is kept in memory for as long as the head's count of shreddings
stands still: a change tells that some process has destroyed a secret, and all is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from audit import tables
from audit.alongside import Alongside, Seal, Sealed, Seals, Shred, SubjectKey
from audit.errors import KeyUnusable, WrongVaultKey
from audit.tables import Statement

SECRETS_KEPT = 65_536
"""Secrets in memory, beside the vault key that opens them all: of those asked about last. About 15 MB."""

_FOUND_AT_ONCE = (8, 256)
_ADDED_AT_ONCE = (64, 8, 1)
# A statement lets other threads run, and then waits for its turn: so there are few, with many rows each.


class SubjectKeys:
    """The secrets of subjects, for one writer. Not thread-safe: use it in the transaction that holds the head.

    `kept`   secrets in memory, at most
    """

    def __init__(self, engine: sa.Engine, *, kept: int = SECRETS_KEPT) -> None:
        self._sql = _Statements(engine)
        self._half = kept // 2
        # Who is asked about again moves to the younger half; the older is dropped when the younger is full.
        self._younger: dict[str, bytes] = {}
        self._older: dict[str, bytes] = {}
        self._made: list[str] = []
        self._vault = b""
        # As the head stood when the transaction began, and with what it has destroyed itself.
        self._counted = self._shreddings = 0

    def begin(self, shreddings: int) -> None:
        """A transaction holds the head, which counts so many shreddings."""
        self._made.clear()
        if shreddings != self._shreddings:
            self._forget()
        self._shreddings = self._counted = shreddings

    def take_back(self) -> None:
        """The transaction failed: the secrets that it made are not there, and what it counted was not counted."""
        for subject in self._made:
            self._drop(subject)
        self._made.clear()
        self._shreddings = self._counted

    @property
    def shreddings(self) -> int:
        """How many the head counted when the secrets in memory were found."""
        return self._shreddings

    def seal(
        self, cursor: Any, alongside: Sequence[tuple[int, Alongside]]
    ) -> tuple[list[tuple[int, Sealed]], Sequence[SubjectKey]] | None:
        """What these rows ask to be sealed, each with its entry's place in the batch, and the rows of new subjects.

        None where they ask for anything else, or under several vault keys. Changes nothing: who writes what it gives
        does so under a head that is as it was when a transaction began last, and counts as many `shreddings`; else
        `take_back`. Raises `KeyUnusable` as `write` does.
        """
        rows = [(at, row) for at, several in alongside for row in several]
        seals = [(at, row) for at, row in rows if isinstance(row, Seal)]
        if len(seals) < len(rows) or len({row.by.vault for _, row in seals}) > 1:
            return None
        self._made.clear()
        return self._sealed(cursor, seals) if seals else ([], ())

    def write(self, cursor: Any, alongside: Sequence[tuple[int, Alongside]]) -> list[tuple[int, Sealed]]:
        """Seal and shred as these rows ask; what was sealed, each with its entry's place in the batch.

        In order: what was sealed before a shredding is closed by it, what is sealed after it is not.
        Raises `KeyUnusable` with the place of the first entry about a subject whose secret does not open.
        """
        sealed: list[tuple[int, Sealed]] = []
        rows = [(at, row) for at, several in alongside for row in several if isinstance(row, _OURS)]
        for by, group in groupby(rows, key=_vault_of):
            if by is None:
                self._shred(cursor, [row.subject for _, row in group if isinstance(row, Shred)])
            else:
                some, fresh = self._sealed(cursor, [(at, row) for at, row in group if isinstance(row, Seal)])
                self._sql.add(cursor, fresh)
                sealed += some
        return sealed

    def _sealed(
        self, cursor: Any, seals: Sequence[tuple[int, Seal]]
    ) -> tuple[list[tuple[int, Sealed]], Sequence[SubjectKey]]:
        """What was sealed, and the rows of subjects that had none: they are still to be written."""
        by = seals[0][1].by
        if by.vault != self._vault:
            self._forget()
            self._vault = by.vault
        known: list[list[bytes | None]] = [[*map(self._younger.get, seal.subjects)] for _, seal in seals]
        missing: dict[str, int] = {}
        for (at, seal), secrets in zip(seals, known, strict=True):
            if None in secrets:
                for subject, secret in zip(seal.subjects, secrets, strict=True):
                    if secret is None:
                        missing.setdefault(subject, at)
        learned, fresh = self._learn(cursor, missing, by) if missing else ({}, ())
        sealed = []
        for (at, seal), secrets in zip(seals, known, strict=True):
            whole = [
                learned[subject] if secret is None else secret
                for subject, secret in zip(seal.subjects, secrets, strict=True)
            ]
            sealed.append((at, by.sealed(seal.payload, nonce=seal.nonce, secrets=whole)))
        return sealed, fresh

    def _learn(
        self, cursor: Any, missing: dict[str, int], by: Seals
    ) -> tuple[dict[str, bytes], Sequence[SubjectKey]]:
        """The secrets of these subjects, each given with the place of an entry: found, or made, with the new rows."""
        found = {subject: self._older[subject] for subject in missing if subject in self._older}
        wanted = [bytes.fromhex(subject) for subject in missing if subject not in found]
        for key in self._sql.found(cursor, wanted):
            subject = key.subject.hex()
            try:
                found[subject] = by.secret_of(key)
            except WrongVaultKey as error:
                at = missing[subject]
                raise KeyUnusable("expected a subject's secret under this vault key", at=at) from error
        made = [by.new_secret(subject) for subject in wanted if subject.hex() not in found]
        fresh = {key.subject.hex(): secret for key, secret in made}
        self._made += fresh
        found |= fresh
        self._keep(found)
        return found, [key for key, _ in made]

    def _shred(self, cursor: Any, subjects: Sequence[str]) -> None:
        for subject in subjects:
            self._drop(subject)
            self._sql.shred.run(cursor, {"subject": bytes.fromhex(subject)})
        self._sql.count.run(cursor, {"more": len(subjects)})
        self._shreddings += len(subjects)

    def _keep(self, found: dict[str, bytes]) -> None:
        self._younger |= found
        if len(self._younger) > self._half:
            self._younger, self._older = {}, self._younger

    def _drop(self, subject: str) -> None:
        self._younger.pop(subject, None)
        self._older.pop(subject, None)

    def _forget(self) -> None:
        self._younger, self._older = {}, {}


_OURS = (Seal, Shred)


class _Statements:
    """What is said to the database about secrets."""

    def __init__(self, engine: sa.Engine) -> None:
        table = tables.subject_key
        self._find = {
            most: Statement(sa.select(table).where(table.c.subject.in_(_subjects(most))), engine.dialect)
            for most in _FOUND_AT_ONCE
        }
        self._add = {
            most: Statement(table.insert().values([_row(at) for at in range(most)]), engine.dialect)
            for most in _ADDED_AT_ONCE
        }
        self.shred = Statement(
            table.delete().where(table.c.subject == sa.bindparam("subject")), engine.dialect
        )
        more = tables.head.c.shreddings + sa.bindparam("more", type_=sa.Integer)
        self.count = Statement(tables.head.update().values(shreddings=more), engine.dialect)

    def found(self, cursor: Any, subjects: Sequence[bytes]) -> Iterable[SubjectKey]:
        """The rows of these subjects; who has none is not among them."""
        small, large = _FOUND_AT_ONCE
        for begin in range(0, len(subjects), large):
            some = subjects[begin : begin + large]
            most = small if len(some) <= small else large
            filled = [*some, *[some[-1]] * (most - len(some))]  # the statement has so many places
            values = {f"subject_{at}": subject for at, subject in enumerate(filled)}
            for row in self._find[most].run(cursor, values).fetchall():
                yield SubjectKey(*map(bytes, row))

    def add(self, cursor: Any, keys: Sequence[SubjectKey]) -> None:
        """Insert these rows."""
        begin = 0
        while begin < len(keys):
            most = next(size for size in _ADDED_AT_ONCE if begin + size <= len(keys))
            values: dict[str, bytes] = {}
            for at, key in enumerate(keys[begin : begin + most]):
                values[f"subject_{at}"], values[f"wrapped_{at}"] = key
            self._add[most].run(cursor, values)
            begin += most


def _subjects(count: int) -> list[sa.BindParameter[bytes]]:
    return [sa.bindparam(f"subject_{at}", type_=sa.LargeBinary) for at in range(count)]


def _row(at: int) -> dict[str, sa.BindParameter[bytes]]:
    return {name: sa.bindparam(f"{name}_{at}", type_=sa.LargeBinary) for name in SubjectKey._fields}


def _vault_of(placed: tuple[int, Seal | Shred]) -> bytes | None:
    row = placed[1]
    return row.by.vault if isinstance(row, Seal) else None
