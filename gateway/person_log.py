"""What may a person ask of the log? Who looked at me; and, in the end, that what it holds of me is destroyed.

Both reach every pseudonym epoch whose key is at hand. What an epoch holds whose key is not cannot be
told by anybody; `unsearched` names it, and whoever checks a statement against the whole log finds it.
"""

from __future__ import annotations

import asyncio

from audit.log import Receipt
from audit.lookup import Lookup
from audit.statement import Statement, write_statement
from gateway.log_desk import OPERATOR, LogDesk, now, size_of
from vocabulary.idnumber import IdNumber


async def statement_for(desk: LogDesk, subject: str, *, basis: str) -> Statement:
    """Every access to a person up to now, this asking included: it is noted before anything is gathered.

    `subject`   id number of the person, or the number of a household
    `basis`     a code: by which right it is asked for
    Raises what `EntryBook.entry` and `Log.append` raise.
    """
    await desk.note("statement.asked", {"basis": basis}, subjects=[subject])
    head = await desk.head()
    pseudonyms = desk.pseudonyms(subject)

    def written() -> Statement:
        finds = Lookup(desk.log.reader, size=size_of(head))
        return write_statement(
            desk.log.reader, finds=finds, checkpoint=head, pseudonyms=pseudonyms, vault=desk.vault()
        )

    return await asyncio.to_thread(written)


async def unsearched(desk: LogDesk) -> list[str]:
    """The epochs of which the log has entries, and of which the key is not at hand."""
    size = size_of(await desk.log.checkpoint())
    epochs = await asyncio.to_thread(lambda: Lookup(desk.log.reader, size=size).epochs())
    return [epoch for epoch in epochs if epoch not in desk.epochs]


async def shred(desk: LogDesk, person: IdNumber, *, basis: str, reason: str | None) -> Receipt:
    """Destroy the keys of a person in every known epoch: nobody can open what was sealed about them, ever again.

    The entry and the destruction are one transaction. Entries, roots and proofs stay as they are.
    """
    made = desk.book.shredding(
        at=now(),
        fields={"caller": OPERATOR, "basis": basis},
        tags=desk.pseudonyms(person).values(),
        reason=reason,
    )
    return await desk.write(made)
