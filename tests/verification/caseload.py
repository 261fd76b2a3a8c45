"""All stories as one caseload, as a run reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pyarrow as pa

from demo.story import load_all
from verification.language.case import case_of
from verification.language.rule import Catalogue
from verification.runs.tables import Snapshot, cases_table, masks_table, table_of
from verification.whatif import FACTS
from vocabulary.record import Record


@cache
def stories_snapshot(catalogue: Catalogue = FACTS) -> Snapshot:
    """The households of the stories, as far as a catalogue reads them."""
    return snapshot_of(catalogue.reads())


def snapshot_of(reads: Mapping[type[Record], frozenset[str]]) -> Snapshot:
    """The households of the stories with what was answered about them in these columns."""
    rows: dict[type[Record], dict[str, Record]] = {record: {} for record in reads}
    cases, persons = [], {}
    for story in load_all():
        case = case_of(story.evidence(reads), household=story.household, on=story.on, reads=reads)
        cases.append((story.household, story.on, case.unanswered))
        persons.update(case.unanswered_of or {})
        for record, found in case.rows.items():
            rows[record] |= {row.record_id: row for row in found}
    tables = {record: table_of(record, list(found.values()), reads[record]) for record, found in rows.items()}
    return Snapshot(tables, cases_table(cases), masks_table(persons))


def with_table(snapshot: Snapshot, record: type[Record], table: pa.Table) -> Snapshot:
    """The same snapshot with one other table."""
    tables: Mapping[type[Record], pa.Table] = {**snapshot.tables, record: table}
    return Snapshot(tables, snapshot.cases, snapshot.persons)
