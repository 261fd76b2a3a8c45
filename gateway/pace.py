"""How often may somebody ask, and about how many? Who looks up one household after the other is noticed.

Counts by the clock's own minute, hour or day: questions of a caller, households that a caller asks
about, those of them that are not there, households in lists, questions about one household. What
claims to know a value (`verify`) is counted by household and day: three tries are a mistake,
thirty are a guess.

    Refused
    └── TooOften     which limit, and after how many seconds it is worth asking again
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gateway.access import Refused
from gateway.caller import Caller
from gateway.errors import NotLogged

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so many seconds; `setting` is the clause that a refusal cites."""

    setting: str
    most: int
    every_s: int
    what: str


@dataclass(frozen=True, slots=True)
class Pace:
    """What may be asked, and how often.

    `questions`    of one caller a minute
    `households`   that one caller asks about in an hour, each once
    `misses`       of these, that are not there or not in the caller's region
    `about`        questions about one household in an hour, whoever asks
    `listed`       households in lists of one caller in an hour, each time
    `claims`       values that are claimed of one household in a day, whoever claims
    """

    questions: int = 600
    households: int = 300
    misses: int = 30
    about: int = 120
    claims: int = 30
    listed: int = 5_000


class TooOften(Refused):
    """Asked too often, or about too many: wait.

    `again_in_s`   seconds until the count begins anew
    `noted`        whether this is the first refusal by the limit since the count began: it is noted in the log,
                   those that follow are not, or a flood of questions would become a flood of entries
    """

    def __init__(self, *, who: str, limit: Limit, again_in_s: int, noted: bool) -> None:
        super().__init__(who=who, what=f"more than {limit.most} {limit.what}", clause=limit.setting)
        self.again_in_s, self.noted = again_in_s, noted


class Counts(Protocol):
    """Keeps counts of keys within windows of time."""

    def add(self, key: str, window: int, every_s: int, many: int = 1) -> int:
        """Count a key within a window; what the count comes to."""
        ...


class OwnCounts:
    """Counts of one process."""

    def __init__(self) -> None:
        self._counts: dict[int, tuple[int, dict[str, int]]] = {}

    def add(self, key: str, window: int, every_s: int, many: int = 1) -> int:
        """See `Counts.add`. A window that is over is forgotten whole."""
        kept = self._counts.get(every_s)
        if kept is None or kept[0] != window:
            kept = self._counts[every_s] = window, {}
        counts = kept[1]
        count = counts[key] = counts.get(key, 0) + many
        return count


class SharedCounts:
    """Counts that the worker processes of one machine share, in a file that need not outlive them.

    Whom nobody counts is not answered: where the file cannot be written, `add` raises `NotLogged`.
    """

    def __init__(self, file: Path) -> None:
        self._file = sqlite3.connect(file, isolation_level=None, timeout=5.0)
        self._file.executescript(_SCHEMA)
        self._newest: dict[int, int] = {}

    def add(self, key: str, window: int, every_s: int, many: int = 1) -> int:
        """See `Counts.add`. What is over is deleted when the next window begins."""
        try:
            if self._newest.get(every_s) != window:
                self._file.execute("DELETE FROM seen WHERE every = ? AND start < ?", (every_s, window))
                self._newest[every_s] = window
            ((count,),) = self._file.execute(_ADD, (every_s, key, window, many)).fetchall()
        except sqlite3.Error as error:
            raise NotLogged(f"expected to count the question, got {type(error).__name__}") from None
        assert isinstance(count, int), "the table says so"
        return count

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


_SCHEMA = """
PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS seen (every INTEGER, key TEXT, start INTEGER, many INTEGER,
                                 PRIMARY KEY (every, key)) WITHOUT ROWID;
"""

_ADD = """
INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  many = CASE WHEN start = excluded.start THEN many + excluded.many ELSE excluded.many END, start = excluded.start
RETURNING many
"""


class Pacing:
    """Holds callers to a pace. Safe for one event loop.

    `pseudonym`   gives the keyed pseudonym of an account or a household: no number of anybody is kept
    `clock`       gives the present instant, UTC
    """

    def __init__(
        self,
        pace: Pace,
        counts: Counts,
        *,
        pseudonym: Callable[[str], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._limits = {
            kind: Limit(setting, getattr(pace, kind), every_s, what)
            for kind, (setting, every_s, what) in _LIMITS.items()
        }
        self._counts, self._clock = counts, clock
        self._pseudonym = pseudonym

    def asks(self, caller: Caller) -> None:
        """Count a question of a caller. Raises `TooOften`."""
        self._count("questions", self._account(caller), caller, at=self._now())

    def asks_about(self, caller: Caller, household: str, *, claims: int = 0) -> None:
        """Count a question about a household, by its number or a member's. Raises `TooOften`."""
        account, about, at = self._account(caller), self._pseudonym(household), self._now()
        self._count("misses", account, caller, at=at, many=0)
        self._count("about", about, caller, at=at)
        if claims:
            self._count("claims", about, caller, at=at, many=claims)
        if self._counts.add(f"first {account} {about}", at // HOUR_S, HOUR_S) == 1:
            self._count("households", account, caller, at=at)

    def lists(self, caller: Caller, households: int) -> None:
        """Count a list of households, whose caller works through them for a review. Raises `TooOften`."""
        account, at = self._account(caller), self._now()
        self._count("misses", account, caller, at=at, many=0)
        self._count("listed", account, caller, at=at, many=households)

    def counts(self) -> bool:
        """Tell whether a question could be counted now."""
        try:
            self._counts.add("ready", self._now() // MINUTE_S, MINUTE_S, 0)
        except NotLogged:
            return False
        return True

    def missed(self, caller: Caller, many: int = 1) -> None:
        """Count households that were not there; the next question notices."""
        self._counts.add(f"misses {self._account(caller)}", self._now() // HOUR_S, HOUR_S, many)

    def _count(self, kind: str, key: str, caller: Caller, *, at: int, many: int = 1) -> None:
        limit = self._limits[kind]
        window = at // limit.every_s
        count = self._counts.add(f"{kind} {key}", window, limit.every_s, many)
        if count < limit.most or (count == limit.most and many):
            return
        again_in_s = limit.every_s - at % limit.every_s
        noted = self._counts.add(f"refused {kind} {key}", window, limit.every_s) == 1
        raise TooOften(who=caller.office, limit=limit, again_in_s=again_in_s, noted=noted)

    def _account(self, caller: Caller) -> str:
        return self._pseudonym(f"{caller.issuer} {caller.subject}")

    def _now(self) -> int:
        return int(self._clock().timestamp())


_LIMITS = {
    "questions": ("HEDUI_MAX_QUESTIONS_PER_MINUTE", MINUTE_S, "questions a minute"),
    "households": ("HEDUI_MAX_HOUSEHOLDS_PER_HOUR", HOUR_S, "households an hour"),
    "misses": ("HEDUI_MAX_MISSES_PER_HOUR", HOUR_S, "households an hour that are not there"),
    "about": ("HEDUI_MAX_QUESTIONS_PER_HOUSEHOLD", HOUR_S, "questions an hour about one household"),
    "listed": ("HEDUI_MAX_LISTED_PER_HOUR", HOUR_S, "households an hour in lists"),
    "claims": ("HEDUI_MAX_CLAIMS_PER_DAY", DAY_S, "claims a day about one household"),
}
