"""How is each household of a snapshot looked at alone? One case a household, as one inquiry would give it.

For what is not asked in SQL: a run of the rules takes `runs.district`, which is many times faster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import msgspec

from verification.language.case import listed
from verification.language.to_python import Case
from verification.runs.tables import Snapshot
from vocabulary.record import Record
from vocabulary.records.civil_affairs import Membership

_Index = Mapping[str, Mapping[object, Sequence[int]]]


def cases_of(snapshot: Snapshot) -> Iterator[Case]:
    """The cases of a snapshot in the order of household numbers, each with its people's rows.

    Rows have the snapshot's columns and no others: months are ordinals, codes and id numbers text.
    """
    rows = {record: _rows(snapshot, record) for record in snapshot.tables}
    index = {record: _index(record, found) for record, found in rows.items()}
    masks = dict(
        zip(*(snapshot.persons.column(name).to_pylist() for name in ("person", "mask")), strict=True)
    )
    cases = sorted(snapshot.cases.to_pylist(), key=lambda case: str(case["household"]))
    for case in cases:
        household, on = case["household"], case["on"]
        home = _of(rows[Membership], index[Membership], {"household": {household}})
        members = listed(home, household=household, on=on)
        people = {str(member.person) for member in members}
        wanted = {"household": {household}, "person": people, "mother": people}
        found = {record: _of(rows[record], index[record], wanted) for record in rows}
        yield Case(household, on, members, found, case["mask"], {each: masks.get(each, 0) for each in people})


def _rows(snapshot: Snapshot, record: type[Record]) -> Sequence[Record]:
    table = snapshot.table(record)
    kind = msgspec.defstruct(
        record.__name__,
        table.column_names,
        frozen=True,
        gc=False,
        namespace={"catalogue_id": record.catalogue_id},
    )
    columns = (column.to_pylist() for column in table.columns)
    return cast("Sequence[Record]", [kind(*values) for values in zip(*columns, strict=True)])


def _index(record: type[Record], rows: Sequence[Record]) -> _Index:
    """Places of rows by each column by which the record type is looked up."""
    found: dict[str, dict[object, list[int]]] = {}
    for subject in record.subjects:
        by: defaultdict[object, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            by[getattr(row, subject, None)].append(place)
        found[subject] = by
    return found


def _of(rows: Sequence[Record], index: _Index, wanted: Mapping[str, set[str]]) -> tuple[Record, ...]:
    """The rows of these subjects, each once, in the snapshot's order."""
    places = {
        place
        for subject, by in index.items()
        for value in wanted.get(subject, ())
        for place in by.get(value, ())
    }
    return tuple(rows[place] for place in sorted(places))
