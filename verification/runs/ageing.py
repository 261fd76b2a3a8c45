"""Whose answers in a snapshot are too old to conclude from? They are left out, and their bits set in the masks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from verification.freshness import EACH_BY_ITSELF, Limits, limits, oldest_good
from verification.language.parameter import Pack
from verification.language.to_python import bit_of
from verification.runs.tables import Snapshot, masks_table
from vocabulary.record import Record

DAY = "as_of"


def aged(snapshot: Snapshot, pack: Pack) -> Snapshot:
    """The snapshot without the answers that are older than the pack allows, and with the masks of whom they are of.

    Tables without a column `as_of` are taken for good. Of cases of several days the last one counts.
    """
    on = day_of(snapshot)
    return snapshot if on is None else aged_within(snapshot, limits(pack, on), on)


def day_of(snapshot: Snapshot) -> date | None:
    """The last day of the cases; None where there are none."""
    last: date | None = pc.max(snapshot.cases.column("on")).as_py()
    return last


def aged_within(snapshot: Snapshot, within: Limits, on: date) -> Snapshot:
    """As `aged`, by limits that are given."""
    masks: defaultdict[str, int] = defaultdict(int)
    tables = dict(snapshot.tables)
    for record, days in within.items():
        table = snapshot.tables.get(record)
        if table is not None and DAY in table.schema.names:
            old = _too_old(record, table, oldest_good(on, days))
            if len(old):
                tables[record] = _without(record, table, old)
            for subject in old.to_pylist():
                masks[subject] |= bit_of(record)
    return _masked(replace(snapshot, tables=tables), masks) if masks else snapshot


def _too_old(record: type[Record], table: pa.Table, since: date) -> pa.Array:
    """The subjects of whom the answer is too old: all rows in which one stands, in whichever column."""
    given = table if isinstance(table, pa.Table) else table.to_table(columns=[*record.subjects, DAY])
    first = pc.min(given.column(DAY)).as_py()
    if first is None or first >= since:
        return pa.array([], pa.string())
    extreme = "min" if record in EACH_BY_ITSELF else "max"
    stands = [given.select([subject, DAY]).rename_columns(["who", DAY]) for subject in record.subjects]
    by = pa.concat_tables(stands).group_by("who").aggregate([(DAY, extreme)])
    old = by.filter(pc.less(by.column(f"{DAY}_{extreme}"), pa.scalar(since, pa.date32())))
    return old.column("who").drop_null().combine_chunks()


def _without(record: type[Record], table: pa.Table, old: pa.Array) -> pa.Table:
    """The rows that are in an answer to somebody about which nothing is too old."""
    given = table if isinstance(table, pa.Table) else table.to_table()
    kept = None
    for subject in record.subjects:
        column = given.column(subject)
        good = pc.and_(pc.is_valid(column), pc.invert(pc.is_in(column, old)))
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
