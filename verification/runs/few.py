"""How are a few households of a snapshot judged? One at a time, in Python: for a few no database is worth planning for.

The same judgements as `runs.district` gives, from the same rules: a run that takes most over
from an earlier one is left with so few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from verification.language.parameter import Pack
from verification.language.rule import Catalogue
from verification.language.seal import canonical
from verification.language.to_python import Judge, Judgement
from verification.runs.cases import cases_of
from verification.runs.readable import require_readable, require_whole
from verification.runs.tables import Rows, Snapshot, schema_of
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership


class FewEngine:
    """A catalogue over one snapshot, of which a few cases at a time are looked at: a `Judges`."""

    steps = 2
    """The rows of the cases are found; the cases are judged."""

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue, pack: Pack) -> None:
        """Raises `PackGap` for a pack that lacks a parameter, `BadSnapshot` as `Engine` does."""
        require_readable(snapshot, catalogue.reads())
        self._snapshot, self._reads = snapshot, catalogue.reads()
        self._judge = Judge(catalogue, pack)
        self._judged: list[Judgement] = []

    def load(self, cases: pa.Table) -> Iterator[str]:
        """Judge some cases of the snapshot, naming each step when it is done. Raises `BadSnapshot`."""
        part = part_of(replace(self._snapshot, cases=cases), self._reads)
        require_whole(part, self._reads)
        yield "rows"
        self._judged = [self._judge.judge(case) for case in cases_of(part)]
        yield "judged"

    def judgements(self) -> Iterator[Judgement]:
        """The judgements of the cases loaded last, in the order of household numbers."""
        return iter(self._judged)

    def sealed(self) -> Iterator[tuple[str, bytes]]:
        """Household number and canonical judgement of the cases loaded last."""
        return ((str(each.household), canonical(each)) for each in self._judged)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._judged = []


def part_of(snapshot: Snapshot, reads: Mapping[type[Record], frozenset[str]]) -> Snapshot:
    """What a snapshot holds about its cases and those ever listed with them, in memory.

    `reads`   record types and the columns of each that are needed; what is not there is left out
    """
    homes = snapshot.cases["household"].combine_chunks()
    listed = snapshot.tables.get(Membership, schema_of(Membership, reads[Membership]).empty_table())
    theirs = _taken(listed, ["person"], pc.field("household").isin(homes))
    people = theirs["person"].combine_chunks().unique()
    tables: dict[type[Record], Rows] = {Membership: listed}
    for record, columns in reads.items():
        rows = snapshot.tables.get(record)
        if rows is not None:
            needed = {*columns, *record.subjects, "record_id"}
            names = [name for name in rows.schema.names if name in needed]
            by = [name for name in record.subjects if name in names]
            tables[record] = _taken(rows, names, _is_theirs(by, homes, people))
    masks = snapshot.persons
    return Snapshot(tables, snapshot.cases, masks.filter(pc.is_in(masks["person"], people)))


def _is_theirs(by: list[str], homes: pa.Array, people: pa.Array) -> pc.Expression:
    """A row is theirs whom it is looked up by."""
    found = pc.scalar(False)
    for subject in by:
        found |= pc.field(subject).isin(homes if subject == "household" else people)
    return found


def _taken(rows: Rows, names: list[str], which: pc.Expression) -> pa.Table:
    if isinstance(rows, pa.Table):
        return rows.filter(which).select(names)
    return rows.to_table(names, which)
