"""Which answers may conclusions rest on? Neither those that are too old nor those of a batch that broke its contract.

The pack says for a record type for how many days after its day (`as_of`) it is good. What is older
stays evidence that is shown, but is no usable answer: it counts as a source that failed with STALE,
and whatever rests on it cannot be told. A batch that is DOUBTFUL counts as CONTRACT_BROKEN.

The limit stands with the record type: a category and a finding of one verdict rest on the same
evidence. A pack may hold a rule to fresher evidence than that; such a rule is judged apart, on what
is usable by its own limits (docs/decisions/0017-how-old-evidence-may-be.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from verification.language.kinds import Kind, PackGap
from verification.language.parameter import Pack, check, value_at
from verification.language.rule import Rule
from vocabulary.evidence import Evidence, FailureKind, Found, NoRecord, Outcome, Quality, SourceFailed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import PropertyCheck
from vocabulary.records.housing import Dwelling
from vocabulary.register import BY_NAME

TABLE = "max_age_days"
TABLE_OF_RULES = "rule_max_age_days"
"""Rows are `RULE+RecordType`, as `INC-01+Insurance`."""

EACH_BY_ITSELF: frozenset[type[Record]] = frozenset({PropertyCheck, Dwelling})
"""Of these each record is an answer of its own; of the others the newest one tells how old the answer is."""


Limits = Mapping[type[Record], int]
"""Days for which a record type's answers are good."""


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """Rules that a pack holds to fresher evidence than others, all of them to the same."""

    rules: frozenset[str]
    days: Limits


def limits(pack: Pack, on: date) -> dict[type[Record], int]:
    """Days for which a record type's answers are good on a day; a type that is not there has no limit."""
    return {BY_NAME[name]: days for name, days in _days(pack, TABLE, on).items()}


def own_limits(pack: Pack, on: date) -> tuple[OwnLimits, ...]:
    """What rules are held to besides `limits` on a day, by the first of their numbers; mostly there is nothing."""
    of_rules: defaultdict[str, dict[type[Record], int]] = defaultdict(dict)
    for name, days in _days(pack, TABLE_OF_RULES, on).items():
        rule, _, record = name.partition("+")
        of_rules[rule][BY_NAME[record]] = days
    same: defaultdict[tuple[tuple[str, int], ...], set[str]] = defaultdict(set)
    for rule, days_of in of_rules.items():
        same[tuple(sorted((record.__name__, days) for record, days in days_of.items()))].add(rule)
    found = (
        OwnLimits(frozenset(rules), {BY_NAME[name]: days for name, days in each})
        for each, rules in same.items()
    )
    return tuple(sorted(found, key=lambda own: min(own.rules)))


def misfits(names: Iterable[str], rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """Rows of `TABLE_OF_RULES` that no rule can be held to, each with what is wrong."""
    numbered = {rule.number: rule for rule in rules}
    for name in sorted(names):
        number, _, record = name.partition("+")
        if number not in numbered:
            yield name, f"expected `RULE+RecordType` with a rule that there is, got `{number}`"
        elif record not in {each.__name__ for each in numbered[number].reads()}:
            yield name, f"expected a record type that {number} reads, got `{record}`"


def _days(pack: Pack, table: str, on: date) -> dict[str, int]:
    try:
        rows = pack.table(table)
    except PackGap:
        return {}
    found = {name: value_at(check(dated, table, Kind.NUMBER, None), on) for name, dated in rows.items()}
    return {name: int(days) for name, days in found.items() if isinstance(days, int)}


def oldest_good(on: date, days: int) -> date:
    """The earliest day of a record that is still good: exactly so many days old is.

    >>> oldest_good(date(2026, 11, 16), 92)
    datetime.date(2026, 8, 16)
    """
    return on - timedelta(days=days)


def usable(evidence: Evidence, pack: Pack, on: date) -> Evidence:
    """The evidence with every answer that is too old or doubtful as a failure of its source."""
    return usable_within(evidence, limits(pack, on), on)


def usable_within(evidence: Evidence, within: Limits, on: date) -> Evidence:
    """As `usable`, by limits that are given."""
    good = {record: oldest_good(on, days) for record, days in within.items()}
    outcomes: dict[type[Record], Mapping[str, Outcome]] = {}
    for record, by_subject in evidence.outcomes.items():
        since, each = good.get(BY_NAME.get(record.__name__, record)), record.__name__ in _EACH
        changed = {
            subject: failed
            for subject, outcome in by_subject.items()
            if (failed := _failed(record, outcome, since=since, each=each)) is not None
        }
        outcomes[record] = {**by_subject, **changed} if changed else by_subject
    return Evidence(outcomes)


_EACH = frozenset(record.__name__ for record in EACH_BY_ITSELF)


def _failed(record: type[Record], outcome: Outcome, *, since: date | None, each: bool) -> SourceFailed | None:
    if not isinstance(outcome, (Found, NoRecord)):
        return None
    source = outcome.provenance
    if source.quality is Quality.DOUBTFUL:
        return SourceFailed(
            record.department, FailureKind.CONTRACT_BROKEN, source.fetched_at, "doubtful batch"
        )
    if since is None or not isinstance(outcome, Found):
        return None
    days = [row.as_of for row in outcome.records]
    day = min(days) if each else max(days)
    if day >= since:
        return None
    return SourceFailed(record.department, FailureKind.STALE, source.fetched_at, f"of {day}")
