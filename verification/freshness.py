"""Which answers may conclusions rest on? Neither those that are too old nor those of a batch that broke its contract.

The pack says for a record type for how many days after its day (`as_of`) it is good. What is older
stays evidence that is shown, but is no usable answer: it counts as a source that failed with STALE,
and whatever rests on it cannot be told. A batch that is DOUBTFUL counts as CONTRACT_BROKEN.

The limit stands with the record type and not with each rule: a category and a finding of one verdict
must rest on the same evidence (docs/decisions/0017-how-old-evidence-may-be.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from verification.language.kinds import Kind, PackGap
from verification.language.parameter import Pack, check, value_at
from vocabulary.evidence import Evidence, FailureKind, Found, NoRecord, Outcome, Quality, SourceFailed
from vocabulary.record import Record
from vocabulary.records.civil_affairs import PropertyCheck
from vocabulary.records.housing import Dwelling
from vocabulary.register import BY_NAME

TABLE = "max_age_days"
EACH_BY_ITSELF: frozenset[type[Record]] = frozenset({PropertyCheck, Dwelling})
"""Of these each record is an answer of its own; of the others the newest one tells how old the answer is."""


def limits(pack: Pack, on: date) -> dict[type[Record], int]:
    """Days for which a record type's answers are good on a day; a type that is not there has no limit."""
    try:
        rows = pack.table(TABLE)
    except PackGap:
        return {}
    found = {
        BY_NAME[name]: value_at(check(dated, TABLE, Kind.NUMBER, None), on) for name, dated in rows.items()
    }
    return {record: int(days) for record, days in found.items() if isinstance(days, int)}


def oldest_good(on: date, days: int) -> date:
    """The earliest day of a record that is still good: exactly so many days old is.

    >>> oldest_good(date(2026, 11, 16), 92)
    datetime.date(2026, 8, 16)
    """
    return on - timedelta(days=days)


def usable(evidence: Evidence, pack: Pack, on: date) -> Evidence:
    """The evidence with every answer that is too old or doubtful as a failure of its source."""
    good = {record: oldest_good(on, days) for record, days in limits(pack, on).items()}
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
