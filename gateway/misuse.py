"""Which look-ups should somebody ask about? The rules of conduct (AUD-01, AUD-02) over the entries of some days.

What the log can show is judged: the hour, and how many look-ups of one caller fell into an hour.
That a case is missing cannot happen here, as nothing is answered without one; whether somebody
looked up a relative is not in the log and stays unknown.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from audit.catalogue import Entry
from verification.conduct import broken
from verification.language.kinds import Value
from verification.language.rule import Rule
from verification.pack import Pack
from vocabulary.evidence import Answer

_CHINA = timezone(timedelta(hours=8))
_HOUR_MS = 3_600_000
_LOOKED_FOR = frozenset({"AUD-01", "AUD-02"})


@dataclass(frozen=True, slots=True)
class Suspect:
    """One look-up that a rule of conduct found. `caller` is the log's pseudonym."""

    index: int
    at: datetime
    caller: str
    rule: Rule
    hour: int
    within_hour: int


def suspects(entries: Iterable[tuple[int, Entry]], pack: Pack) -> Iterator[Suspect]:
    """The look-ups to ask about, in the order of the log, out of entries that ascend."""
    lately: dict[str, deque[int]] = defaultdict(deque)
    for index, entry in entries:
        if entry.event != "inquiry.intent":
            continue
        caller = entry.text("caller")
        within = lately[caller]
        within.append(entry.at_ms)
        while within[0] <= entry.at_ms - _HOUR_MS:
            within.popleft()
        at = datetime.fromtimestamp(entry.at_ms / 1000, UTC).astimezone(_CHINA)
        facts: dict[str, Value] = {
            "on": at.date(),
            "hour": at.hour,
            "looked_up_within_hour": len(within),
            "case_given": True,
        }
        for found in broken("inquiry", facts, pack):
            if found.rule.number in _LOOKED_FOR and found.answer is Answer.YES:
                yield Suspect(index, at, caller, found.rule, at.hour, len(within))
