"""Whose answers in a snapshot are too old to conclude from? They are left out, and their bits set in the masks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from verification.freshness import EACH_BY_ITSELF, limits, oldest_good
from verification.language.parameter import Pack
from verification.language.to_python import bit_of
from verification.runs.tables import Snapshot, masks_table
from vocabulary.record import Record

DAY = "as_of"


def aged(snapshot: Snapshot, pack: Pack) -> Snapshot:
    """The snapshot without the answers that are older than the pack allows, and with the masks of whom they are of.

    Tables without a column `as_of` are taken for good. Of cases of several days the last one counts.
    """
    if snapshot.cases.num_rows == 0:
        return snapshot
    on: date = pc.max(snapshot.cases.column("on")).as_py()
    old: defaultdict[str, int] = defaultdict(int)
    tables = dict(snapshot.tables)
    for record, days in limits(pack, on).items():
        table = snapshot.tables.get(record)
        if table is not None and DAY in table.schema.names:
            found = _too_old(record, table, oldest_good(on, days))
            if found:
                tables[record] = _without(table, found)
            for subject in (each for names in found.values() for each in names):
                old[subject] |= bit_of(record)
    return _masked(replace(snapshot, tables=tables), old) if old else snapshot


def _too_old(record: type[Record], table: pa.Table, since: date) -> dict[str, list[str]]:
    """The subjects of whom the answer is too old, by each column by which the type is looked up."""
    given = table if isinstance(table, pa.Table) else table.to_table(columns=[*record.subjects, DAY])
    first = pc.min(given.column(DAY)).as_py()
    if first is None or first >= since:
        return {}
    extreme = "min" if record in EACH_BY_ITSELF else "max"
    found: dict[str, list[str]] = {}
    for subject in record.subjects:
        by = given.select([subject, DAY]).group_by(subject).aggregate([(DAY, extreme)])
        old = by.filter(pc.less(by.column(f"{DAY}_{extreme}"), pa.scalar(since, pa.date32())))
        found[subject] = [name for name in old.column(subject).to_pylist() if name is not None]
    return found if any(found.values()) else {}


def _without(table: pa.Table, old: dict[str, list[str]]) -> pa.Table:
    """The rows that are in an answer to somebody about which nothing is too old."""
    given = table if isinstance(table, pa.Table) else table.to_table()
    kept = None
    for subject, names in old.items():
        column = given.column(subject)
        good = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, pa.array(names, pa.string()))))
        kept = good if kept is None else pc.or_(kept, good)
    return given.filter(kept)


def _masked(snapshot: Snapshot, old: dict[str, int]) -> Snapshot:
    homes, masks = (snapshot.cases.column(name).to_pylist() for name in ("household", "mask"))
    cases = [mask | old.get(home, 0) for home, mask in zip(homes, masks, strict=True)]
    place = snapshot.cases.schema.get_field_index("mask")
    people = dict(
        zip(*(snapshot.persons.column(name).to_pylist() for name in ("person", "mask")), strict=True)
    )
    persons = {**people, **{name: people.get(name, 0) | bits for name, bits in old.items()}}
    return replace(
        snapshot,
        cases=snapshot.cases.set_column(place, "mask", pa.array(cases, pa.int64())),
        persons=masks_table(persons),
    )
