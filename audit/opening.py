"""May this process continue the log? Checked once, before anything is signed.

The guard's head is read first, then the database's: a head that another process adds between
the two does no harm. The database must lead to the head that was signed over it, and that head
must continue what the guard remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from audit.errors import (
    GuardUnreadable,
    LogEnded,
    LogForked,
    LogRolledBack,
    Malformed,
    NoSuchEntry,
    NotProven,
    StoreBusy,
    StoreDamaged,
)
from audit.guard import Guard
from audit.note import Checkpoint, Note, Signer, VerifierKey
from audit.reader import Reader
from audit.store import Head, Store
from audit.tiles import Tree


class Continued(NamedTuple):
    """A head that may be continued, and the ids of the keys that had signed the one in the database."""

    head: Head
    signed_by: frozenset[bytes]


def checked_head(
    store: Store,
    guard: Guard,
    signers: tuple[Signer, ...],
    earlier_keys: tuple[VerifierKey, ...],
    clock: Callable[[], float],
) -> Continued:
    """The head of a log that may be continued; created when there is none, signed anew when the keys have changed.

    Raises `CannotOpen` in its kinds, `WrongOrigin`, `StoreBusy`, `StoreBroken`.
    """

    def sign(head: Checkpoint) -> bytes:
        return bytes(head.sign(signers, time=int(clock())))

    known = guard.read()
    store.create(sign)
    reader = Reader(store.engine)
    try:
        head = reader.head()
    except Malformed as error:
        raise StoreDamaged(f"expected a head in the database: {error}") from error
    keys = (*(signer.key for signer in signers), *earlier_keys)
    signed = _require_signed(head.note, origin=store.origin, keys=keys)
    tree = Tree(reader.tile)
    try:
        if tree.root(signed.size) != signed.root:
            raise StoreDamaged(f"expected the rows to lead to the signed root of `{signed.size}` entries")
        _require_continues(known, signed, tree)
    except (NoSuchEntry, Malformed) as error:
        raise StoreDamaged(f"expected the rows of `{signed.size}` entries: {error}") from error
    signed_by = frozenset(line.key_id for line in Note.parse(head.note).signatures)
    if signed_by != {signer.key.key_id for signer in signers}:
        with suppress(LogEnded):
            head = store.resign(sign)  # a key was added or taken away since
    advance(guard, head.note)
    return Continued(head, signed_by)


def advance(guard: Guard, note: bytes) -> None:
    """Have the guard remember a checkpoint. Raises `StoreBusy` when it cannot be written, `GuardUnreadable`."""
    try:
        guard.advance(note)
    except OSError as error:
        raise StoreBusy(f"expected to write the guard, got `{error.strerror}`") from error


def _require_continues(known: Checkpoint | None, head: Checkpoint, tree: Tree) -> None:
    """Return when `head` continues what was `known`, which must have been read before `head` was.

    Raises `LogRolledBack`, `LogForked`, and `GuardUnreadable` when the log has entries and no guard.
    """
    if known is None:
        if head.size:
            raise GuardUnreadable(
                f"expected the last signed head of a log of `{head.size}` entries, got no file"
            )
        return
    if known.size > head.size:
        raise LogRolledBack(f"expected `{known.size}` entries or more, got `{head.size}`")
    if tree.root(known.size) != known.root:
        raise LogForked(f"expected the first `{known.size}` entries to be those that were signed")


def _require_signed(note: bytes, *, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The head that one of our own keys signed. Raises `LogForked`: no key of ours would have signed it."""
    try:
        return Checkpoint.open(Note.parse(note), origin=origin, keys=keys)
    except (Malformed, NotProven) as error:
        raise LogForked(f"expected a head signed by the log's own keys: {error}") from error
