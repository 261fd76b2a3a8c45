"""What was the last head that we signed? A file outside the database remembers.

Whoever restores an old database would sign a second history over the same indexes. The log
compares the database with this file before it signs anything. The file is replaced whole:
written beside, synced, renamed. It may trail the log by the interval at which the log writes
it; the witnesses, outside the operator's reach, are the guard that does not trail for long.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from audit.errors import GuardUnreadable, Malformed
from audit.note import Checkpoint, Note


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
            raise GuardUnreadable(
                f"expected the last signed head in `{self._path.name}`, got `{error.strerror}`"
            ) from error
        try:
            head = Checkpoint.parse(Note.parse(data).text)
        except Malformed as error:
            raise GuardUnreadable(f"expected the last signed head in `{self._path.name}`: {error}") from error
        if head.origin != self._origin:
            raise GuardUnreadable(
                f"expected the head of `{self._origin}` in `{self._path.name}`, got one of `{head.origin}`"
            )
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
