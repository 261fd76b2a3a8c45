"""What is asked of the departments, whichever household it is about? Worked out once for what may be shown of a question."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from casework.resource import of_column, of_state
from connectors.ask import maskable
from vocabulary.codes import Department
from vocabulary.record import Record
from vocabulary.records.civil_affairs import (
    Application,
    Authorization,
    Benefit,
    CategoryHistory,
    Declaration,
    HouseholdFile,
    Membership,
    Visit,
)

Columns = Mapping[type[Record], frozenset[str]]

ON_FILE = frozenset(
    (HouseholdFile, Membership, Application, Declaration, Authorization, Benefit, CategoryHistory, Visit)
)
"""What the household itself handed in, or civil affairs itself did: on file, and no enquiry about anyone."""


class Wanted(msgspec.Struct, frozen=True):
    """Columns by record type, and how they are asked for.

    `columns`   what is to be shown or judged; what finding the household itself takes is added (`gateway.fetch`)
    `hidden`    of these what is to come masked: what no rule of this inquiry reads, and nothing is joined by
    `second`    record types that the rules look up by each of their subjects: a person's other
                households, a mother's children, a benefit paid to one person
    `free`      record types that may be asked about without a person's authorization
    `sources`   who is asked
    """

    columns: Columns
    hidden: Columns = {}
    second: Collection[type[Record]] = ()
    free: Collection[type[Record]] = ()
    sources: frozenset[Department] = frozenset()


def wanted(
    shown: Columns, hidden: Columns, *, reads: Columns, needs_consent: Callable[[str], bool]
) -> Wanted:
    """What is asked in order to show some columns, and to judge by others.

    `hidden`          of what is shown what is shown in no other way than masked
    `reads`           what is judged by, if anything is; it comes in clear, and is masked where it is told
    `needs_consent`   tells of a resource that is shown whether that takes the person's authorization
    """
    columns = {
        record: shown.get(record, frozenset()) | reads.get(record, frozenset())
        for record in {**shown, **reads}
    }
    return Wanted(
        columns,
        {
            record: (names & maskable(record)) - reads.get(record, frozenset())
            for record, names in hidden.items()
        },
        second=columns if reads else (),
        free=frozenset(record for record in columns if _is_free(record, shown, needs_consent)),
        sources=frozenset(record.department for record in columns),
    )


def _is_free(record: type[Record], shown: Columns, needs_consent: Callable[[str], bool]) -> bool:
    """Of what is shown the agreements say it; of what is only judged by, what is on file anyway is free."""
    if record not in shown:
        return record in ON_FILE
    return not any(map(needs_consent, [of_state(record), *(of_column(record, one) for one in shown[record])]))
