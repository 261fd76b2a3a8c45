"""Did those who asked keep the rules? AUD-01 to AUD-04, judged on the log, on the served lists and on a sample.

What is noticed is looked at by a person. Whether somebody has the asker's surname and address stands in
the outcome, where both were known; whose relative somebody is the log never knows. What of AUD-02
cannot be told is counted as such.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from audit.catalogue import Entry
from audit.reconcile import Discrepancy, Kind
from audit.sample import Plan
from gateway.log_desk import china_time
from verification.conduct import Broken, broken
from verification.language.kinds import Value
from verification.language.values import Missing
from verification.pack import Pack
from vocabulary.codes import Category
from vocabulary.evidence import Answer

_HOUR_MS = 3_600_000
_BESIDE_THE_LOG = frozenset({Kind.ACCESS_WITHOUT_ENTRY, Kind.SERVED_TWICE})


@dataclass(frozen=True, slots=True)
class Noticed:
    """A rule of conduct that was found broken: by whom (a pseudonym or a department), and in which entry."""

    rule: str
    zh: str
    who: str
    entry: int | None
    shown: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Conduct:
    """What was noticed in some entries; `cannot_tell` counts, by rule, the entries of which it cannot be told."""

    noticed: tuple[Noticed, ...] = ()
    cannot_tell: Mapping[str, int] = field(default_factory=dict)


def of_entries(entries: Iterable[tuple[int, Entry]], pack: Pack, *, day: date) -> Conduct:
    """AUD-01 and AUD-02 on the intents of a day in China and their outcomes, in the order of the log.

    An intent of the hour before midnight of the day before counts for how many there were within an hour.
    Raises `PackGap`.
    """
    noticed: list[Noticed] = []
    untold: Counter[str] = Counter()
    for index, (caller, facts) in _asked(entries, day).items():
        found = broken("inquiry", facts, pack)
        noticed += [_noticed(each, caller, index) for each in _looked_for(found, Answer.YES)]
        untold.update(each.rule.number for each in _looked_for(found, Answer.UNKNOWN))
    return Conduct(tuple(noticed), dict(untold))


def _asked(entries: Iterable[tuple[int, Entry]], day: date) -> dict[int, tuple[str, dict[str, Value]]]:
    """By the index of each intent of the day: who asked, and what is known of the question."""
    lately: defaultdict[str, deque[int]] = defaultdict(deque)
    asked: dict[int, tuple[str, dict[str, Value]]] = {}
    for index, entry in entries:
        if entry.event == "inquiry.outcome" and "close" in entry.fields and entry.number("intent") in asked:
            asked[entry.number("intent")][1]["same_surname_and_address"] = (
                entry.text("close") == Answer.YES.name
            )
        if entry.event != "inquiry.intent":
            continue
        caller, at = entry.text("caller"), china_time(entry.at)
        within = lately[caller]
        within.append(entry.at_ms)
        while entry.at_ms - within[0] >= _HOUR_MS:
            within.popleft()
        if at.date() == day:
            facts: dict[str, Value] = {"on": day, "hour": at.hour, "looked_up_within_hour": len(within)}
            asked[index] = caller, {**facts, "case_given": "case" in entry.committed}
    return asked


def of_lists(found: Iterable[Discrepancy], pack: Pack, *, day: date) -> tuple[Noticed, ...]:
    """AUD-03 on what a comparison of served lists with the log came to, one a department."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        side = "accesses_without_entry" if each.kind in _BESIDE_THE_LOG else "entries_without_access"
        counts[each.source][side] += 1
    noticed = []
    for source, sides in sorted(counts.items()):
        facts: dict[str, Value] = {
            "on": day,
            "accesses_without_entry": 0,
            "entries_without_access": 0,
            **sides,
        }
        noticed += [_noticed(each, source, None) for each in broken("trail", facts, pack)]
    return tuple(noticed)


def of_sample(plan: Plan, strata: Mapping[str, int], pack: Pack, *, day: date) -> tuple[Noticed, ...]:
    """AUD-04 on a sample that is about to be drawn from these strata. Raises `SampleImpossible`."""
    drawn = plan.allocate(strata).get(Category.TEKUN, 0)
    facts: dict[str, Value] = {"on": day, "confirmed": strata.get(Category.TEKUN, 0), "drawn": drawn}
    return tuple(_noticed(each, "sample", None) for each in broken("sample", facts, pack))


def _looked_for(found: Iterable[Broken], answer: Answer) -> Iterable[Broken]:
    """AUT rules are the refusals' own: what was refused stands in the log as such."""
    return (each for each in found if each.rule.number.startswith("AUD") and each.answer is answer)


def _noticed(found: Broken, who: str, entry: int | None) -> Noticed:
    shown = {name: value for name, value in found.evidence.items() if not isinstance(value, Missing)}
    return Noticed(found.rule.number, found.rule.zh, who, entry, shown)
