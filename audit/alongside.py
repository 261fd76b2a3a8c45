"""What is written in the same transaction as an entry, and is no part of it?

The log holds nothing personal. What an entry commits to is sealed and lies beside the log,
under secrets that can be destroyed; the log and its proofs do not change when they are.
This module only names the rows: `audit.vault` makes them, `audit.subject_keys` fills in the
secrets of the moment, `audit.store` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import Any, NamedTuple, Protocol

from audit.errors import ChangeRefused, StoreDamaged

MARK_BYTES = 16


class SubjectKey(NamedTuple):
    """The one secret of a subject, wrapped under the vault key.

    `subject`   the subject's pseudonym, 16 bytes
    """

    subject: bytes
    wrapped: bytes


class Sealed(NamedTuple):
    """What lies beside an entry.

    `mark`      16 bytes: tells under which secrets of its subjects it was sealed, and nothing about them
    `payload`   the entry's key and values, sealed under a key that takes all of these secrets
    """

    mark: bytes
    payload: bytes


class Seals(Protocol):
    """Seals under one vault key; `audit.vault.Sealing` does."""

    @property
    def vault(self) -> bytes:
        """Names the vault key without telling it."""

    def new_secret(self, subject: bytes) -> tuple[SubjectKey, bytes]:
        """The row of a subject that has none yet, and the secret in it."""

    def secret_of(self, key: SubjectKey) -> bytes:
        """The secret in a row. Raises `WrongVaultKey`."""

    def sealed(self, payload: bytes, *, nonce: bytes, secrets: Iterable[bytes]) -> Sealed:
        """A payload sealed under the secrets of all subjects, in the order of their pseudonyms."""


class Seal(NamedTuple):
    """To be sealed when the entry is written: only then is it known which secrets its subjects have.

    `subjects`  pseudonyms, ascending, 32 hex digits each
    `nonce`     the entry's own, 16 bytes
    `payload`   the entry's key and values, in clear
    """

    subjects: tuple[str, ...]
    nonce: bytes
    payload: bytes
    by: Seals


class Shred(NamedTuple):
    """Destroy the secret of a subject, a pseudonym of 32 hex digits, in the transaction that logs the shredding."""

    subject: str


class Change(NamedTuple):
    """A change of other tables in the same database: it comes about with its entry, or neither does.

    `text`       one insert, update or delete, in the words of the database's driver
    `arguments`  what the driver puts into it
    `rows`       how many rows it must touch; with any other number the caller gets `ChangeRefused`
    """

    text: str
    arguments: Any
    rows: int = 1


Row = Seal | Shred | Change
Alongside = Sequence[Row]


def make_changes(cursor: Any, alongside: Sequence[tuple[int, Alongside]], dbapi: Any) -> None:
    """Make the changes that come about with a batch of entries, each given with its entry's place in the batch.

    Raises `ChangeRefused` with the place of the first that cannot be made; the transaction must end then.
    """
    for at, change in ((at, row) for at, rows in alongside for row in rows if isinstance(row, Change)):
        try:
            cursor.execute(change.text, change.arguments)
        except dbapi.IntegrityError as error:
            raise ChangeRefused("expected a change that the table's rules allow", at=at) from error
        if cursor.rowcount != change.rows:
            expected = f"expected a change of `{change.rows}` rows, got one of `{cursor.rowcount}`"
            raise ChangeRefused(expected, at=at)


_FRAME = Struct(">HI")
"""Place in the batch, and length of mark and payload together."""


def pack_sealed(sealed: Iterable[tuple[int, Sealed]]) -> bytes | None:
    """What lies beside a batch of entries, each with its place in the batch; None when nothing does."""
    parts: list[bytes] = []
    for at, (mark, payload) in sealed:
        parts += (_FRAME.pack(at, MARK_BYTES + len(payload)), mark, payload)
    return b"".join(parts) if parts else None


def unpack_sealed(data: bytes) -> Iterator[tuple[int, Sealed]]:
    """Place in the batch and content of what `pack_sealed` wrote. Raises `StoreDamaged` when it is cut short."""
    end = 0
    while end < len(data):
        begin = end + _FRAME.size
        if begin > len(data):
            raise StoreDamaged("expected whole frames beside a batch of entries")
        at, length = _FRAME.unpack_from(data, end)
        end = begin + length
        if length < MARK_BYTES or end > len(data):
            raise StoreDamaged("expected whole frames beside a batch of entries")
        yield at, Sealed(data[begin : begin + MARK_BYTES], data[begin + MARK_BYTES : end])
