"""What may a person ask of the log? Who looked at me; and, in the end, that what it holds of me is destroyed."""

from __future__ import annotations

import asyncio

from audit.log import Receipt
from audit.statement import Statement, write_statement
from gateway.log_desk import OPERATOR, LogDesk, now
from vocabulary.idnumber import IdNumber


async def statement_for(desk: LogDesk, person: IdNumber, *, basis: str) -> Statement:
    """Every access to a person up to now, this asking included: it is noted before anything is gathered.

    `basis`   a code: by which right it is asked for
    Raises what `EntryBook.entry` and `Log.append` raise.
    """
    await desk.note("statement.asked", {"basis": basis}, subjects=[person])
    return await asyncio.to_thread(
        write_statement,
        desk.log.reader,
        checkpoint=await desk.head(),
        pseudonyms=[desk.book.pseudonym(person)],
        vault=desk.vault(),
    )


async def shred(desk: LogDesk, person: IdNumber, *, basis: str, reason: str | None) -> Receipt:
    """Destroy the keys of a person: nothing that was sealed about them can be opened by anybody, ever again.

    The entry and the destruction are one transaction. Entries, roots and proofs stay as they are.
    """
    made = desk.book.shredding(
        at=now(),
        fields={"caller": OPERATOR, "basis": basis},
        tags=[desk.book.pseudonym(person)],
        reason=reason,
    )
    return await desk.write(made)
