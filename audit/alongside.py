"""What is written in the same transaction as an entry, and is no part of it?

The log holds nothing personal. What an entry commits to is sealed and lies beside the log,
under keys that can be destroyed; the log and its proofs do not change when they are.
This module only names the rows: `audit.vault` fills them, `audit.store` writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


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


Row = Sealed | SubjectKey | Shred
Alongside = Sequence[Row]
