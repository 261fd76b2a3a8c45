"""What was the last head that we signed? A file outside the database remembers.

Whoever restores an old database would sign a second history over the same indexes. The log
compares the database with this file before it signs anything. The file is replaced whole:
written beside, synced, renamed. It may trail the log by the interval at which the log writes
it; the witnesses, outside the operator's reach, are the guard that does not trail for long.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from audit.errors import GuardUnreadable, LogForked, LogRolledBack, Malformed, NotProven
from audit.note import Checkpoint, Note, VerifierKey
from audit.tiles import Tree


class Guard:
    """The last signed checkpoint, in the file at `path`. Several processes on one machine may share it."""

    def __init__(self, path: Path, *, origin: str) -> None:
        self._path = path
        self._origin = origin

    def read(self) -> Checkpoint | None:
        """The head that was written last, or None when there never was one. Raises `GuardUnreadable`."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GuardUnreadable(f"expected the last signed head, got `{error.strerror}`") from error
        try:
            head = Checkpoint.parse(Note.parse(data).text)
        except Malformed as error:
            raise GuardUnreadable(f"expected the last signed head: {error}") from error
        if head.origin != self._origin:
            raise GuardUnreadable(f"expected the head of `{self._origin}`, got one of `{head.origin}`")
        return head

    def advance(self, note: bytes) -> None:
        """Remember this checkpoint, unless a larger one is remembered already. Durable on return.

        Raises `OSError` when the file cannot be written, `GuardUnreadable` when it cannot be read.
        """
        size = Checkpoint.parse(Note.parse(note).text).size
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{self._path.name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self.read()
            if known is None or known.size <= size:
                self._replace(note)

    def _replace(self, note: bytes) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("wb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def require_continues(known: Checkpoint | None, head: Checkpoint, tree: Tree) -> None:
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


def require_signed(note: bytes, *, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The head that one of our own keys signed. Raises `LogForked`: no key of ours would have signed it."""
    try:
        return Checkpoint.open(Note.parse(note), origin=origin, keys=keys)
    except (Malformed, NotProven) as error:
        raise LogForked(f"expected a head signed by the log's own keys: {error}") from error
