"""Where do the random bytes of entries come from? From the operating system, some thousand at a time."""

from __future__ import annotations

import os
from threading import Lock

AHEAD_BYTES = 8_192
"""Fetched at a time: enough for some dozen entries."""


class Entropy:
    """Gives random bytes, each once. Safe to share between threads; a process that was forked fetches its own.

    Asking the operating system costs more than an entry's hashes, so it is asked for many entries at a time. What is
    kept ahead stands in memory beside the vault key, which opens as much.

    `ahead`   bytes that are fetched at a time
    """

    def __init__(self, *, ahead: int = AHEAD_BYTES) -> None:
        self._ahead = ahead
        self._one_at_a_time = Lock()
        self._kept, self._at, self._process = b"", 0, os.getpid()

    def __call__(self, count: int) -> bytes:
        """That many bytes."""
        with self._one_at_a_time:
            begin, end = self._at, self._at + count
            if end > len(self._kept) or self._process != os.getpid():
                self._kept, self._process = os.urandom(max(self._ahead, count)), os.getpid()
                begin, end = 0, count
            self._at = end
            return self._kept[begin:end]
