"""What would a faultless department answer? The reference that every other connector is held against."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from connectors.arrow import batches
from connectors.ask import Ask, Clock, Snapshot, SnapshotFailed, carried
from connectors.decode import shown_in_part
from connectors.failure import Failed
from connectors.outcomes import provenance
from connectors.search import Find, Finds
from connectors.subjects import tidy
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Found, NoRecord, Outcome
from vocabulary.record import Record, columns_of, partial


class MemoryConnector:
    """Records held in memory, given as they are.

    `failing`   every question fails so
    `delay_s`   every question first takes so long
    """

    def __init__(
        self,
        department: Department,
        rows: Mapping[type[Record], Sequence[Record]],
        *,
        clock: Clock,
        failing: FailureKind | None = None,
        delay_s: float = 0.0,
    ) -> None:
        self.department = department
        self._clock = clock
        self._failing = failing
        self._delay_s = delay_s
        self._rows = {
            record: sorted(rows[record], key=lambda row: row.record_id)
            for record in rows
            if record.department is department
        }
        self._index: dict[tuple[type[Record], str], dict[str, list[Record]]] = {}

    async def fetch(self, ask: Ask) -> Mapping[str, Outcome]:
        """See `Connector.fetch`."""
        await asyncio.sleep(self._delay_s)
        at = self._clock()
        if self._failing is not None:
            return Failed(self._failing, _TOLD_TO_FAIL).for_all(ask.ids, self.department, at=at)
        came_from, index = provenance(ask.record, at=at), self._indexed(ask.record, ask.by)
        return {
            one: Found(tuple(narrowed(row, ask.carried, ask.masked) for row in index[tidy(one)]), came_from)
            if tidy(one) in index
            else NoRecord(came_from)
            for one in ask.ids
        }

    async def find(self, wanted: Find) -> Finds:
        """See `Searched.find`."""
        await asyncio.sleep(self._delay_s)
        at = self._clock()
        if self._failing is not None:
            return Failed(self._failing, _TOLD_TO_FAIL).value(self.department, at=at)
        fitting = {
            key: [row for row in rows if _fits(row, wanted)]
            for key, rows in self._indexed(wanted.record, wanted.by).items()
            if key > wanted.after
        }
        keys = sorted(key for key, rows in fitting.items() if rows)[: wanted.most]
        came_from, shown = provenance(wanted.record, at=at), carried(wanted.record, wanted.columns)
        return {key: Found(tuple(narrowed(row, shown) for row in fitting[key]), came_from) for key in keys}

    def snapshot(self, record: type[Record], columns: frozenset[str], since: str = "") -> Snapshot:
        """See `Connector.snapshot`."""
        if self._failing is not None:
            failed = Failed(self._failing, _TOLD_TO_FAIL)
            raise SnapshotFailed(failed.value(self.department, at=self._clock()))
        rows = self._rows.get(record, ())
        keys = ["", *(row.record_id for row in rows)]
        if since not in keys:
            failed = Failed(FailureKind.STALE, "expected the cursor of a snapshot in memory, got another")
            raise SnapshotFailed(failed.value(self.department, at=self._clock()))
        behind = batches(record, columns, rows[keys.index(since) :])
        return Snapshot(((batch, batch["record_id"][-1].as_py()) for batch in behind), since=since)

    async def aclose(self) -> None:
        """Nothing to let go."""

    def _indexed(self, record: type[Record], by: str) -> dict[str, list[Record]]:
        index = self._index.get((record, by))
        if index is None:
            index = self._index[record, by] = {}
            for row in self._rows.get(record, ()):
                subject = getattr(row, by)
                if subject is not None:
                    index.setdefault(tidy(subject), []).append(row)
        return index


def _fits(row: Record, wanted: Find) -> bool:
    if wanted.equals is not None and getattr(row, wanted.equals[0]) != wanted.equals[1]:
        return False
    if wanted.within is None:
        return True
    region = getattr(row, wanted.within[0])
    return region is not None and bool(region.within(wanted.within[1]))


def narrowed(row: Record, columns: frozenset[str], masked: frozenset[str] = frozenset()) -> Record:
    """Give the same row with only these columns, and of some only what is shown masked."""
    names = [name for name in columns_of(type(row)) if name in columns]
    made = partial(type(row), columns)(**{name: getattr(row, name) for name in names})
    return shown_in_part(made, (columns_of(type(row))[name] for name in masked)) if masked else made


_TOLD_TO_FAIL = "told to fail"
