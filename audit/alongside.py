"""What is written in the same transaction as an entry, and is no part of it?

The log holds nothing personal. What an entry commits to is sealed and lies beside the log,
under keys that can be destroyed; the log and its proofs do not change when they are.
This module only names the rows: `audit.vault` fills them, `audit.store` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from audit.errors import ChangeRefused


class Sealed(NamedTuple):
    """A payload of one entry, sealed under one key of one subject. The log adds the entry's index.

    `subject`   the subject's tag, 1 to 64 bytes, no id number
    `key_id`    which of the subject's keys, 1 to 32 bytes
    `payload`   sealed bytes, with the wrapped per-entry key inside
    """

    subject: bytes
    key_id: bytes
    payload: bytes


class SubjectKey(NamedTuple):
    """One key of a subject, wrapped. A subject may have several, so that two writers need not agree."""

    subject: bytes
    key_id: bytes
    wrapped: bytes


class Shred(NamedTuple):
    """Destroy every key of a subject, in the transaction that logs the shredding."""

    subject: bytes


class Change(NamedTuple):
    """A change of other tables in the same database: it comes about with its entry, or neither does.

    `text`       one insert, update or delete, in the words of the database's driver
    `arguments`  what the driver puts into it
    `rows`       how many rows it must touch; with any other number the caller gets `ChangeRefused`
    """

    text: str
    arguments: Any
    rows: int = 1


Row = Sealed | SubjectKey | Shred | Change
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
