"""How is a commit one statement? Where a batch only adds entries to the head as this process left it, on SQLite.

Each statement lets the threads that answer run, and then waits until one of them lets it go on: a transaction of
five statements did so a dozen times. Here one statement begins, looks whether the head is still the one that the
signature builds on, adds the batch, moves the head and commits.

It is a trigger of the connection's own, on a view that holds nothing: the tables of the log are as they were.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from audit.alongside import SubjectKey
from audit.merkle import Frontier


class Batch(NamedTuple):
    """What a batch of entries adds.

    `sealed`   what lies beside them
    `after`    the tree with them, and `note` its head, signed
    `keys`     the rows of subjects that have none yet, all of one length
    """

    data: bytes
    sealed: bytes | None
    after: Frontier
    note: bytes
    keys: Sequence[SubjectKey] = ()


class AtOnce:
    """Adds batches over one connection to SQLite, which is in no transaction."""

    def __init__(self, connection: Any) -> None:
        self._execute = connection.execute
        for statement in _SET_UP:
            connection.execute(statement)

    def add(self, batch: Batch, *, to: Frontier, shreddings: int) -> bool:
        """Tell whether the batch was added, and is durable; nothing was changed where not.

        It is added where the log goes on, and its head is of the tree `to` and counts so many `shreddings`.
        Raises what the driver raises.
        """
        rows = [key.subject + key.wrapped for key in batch.keys]
        row_bytes = len(rows[0]) if rows else 1
        assert all(len(row) == row_bytes for row in rows), "wrapped alike, they are of one length"
        before = (to.size, to.to_bytes(), shreddings)
        after = (batch.after.size, batch.after.to_bytes(), batch.note)
        try:
            self._execute(_ADD, (*before, batch.data, batch.sealed, *after, b"".join(rows), row_bytes))
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_TRIGGER:
                raise
            return False
        return True


_SET_UP = (
    "pragma temp_store = memory",  # nothing is laid beside the database, or in a folder for such files
    """
create temp view audit_at_once as
select 0 as size, x'' as peaks, 0 as shreddings, x'' as data, x'' as sealed,
       0 as new_size, x'' as new_peaks, x'' as new_note, x'' as keys, 0 as key_bytes
""",
    """
create temp trigger audit_add_at_once instead of insert on audit_at_once begin
  select raise(abort, 'another head') where not exists (
    select 1 from audit_head where size = new.size and peaks = new.peaks
       and shreddings = new.shreddings and successor is null);
  insert into audit_subject_key (subject, wrapped)
    select substr(new.keys, at, 16), substr(new.keys, at + 16, new.key_bytes - 16) from (
      with recursive rows (at) as (select 1 union all select at + new.key_bytes from rows)
      select at from rows limit length(new.keys) / new.key_bytes);
  insert into audit_batch (first, data, sealed) values (new.size, new.data, new.sealed);
  update audit_head set size = new.new_size, peaks = new.new_peaks, note = new.new_note;
end
""",
)

_ADD = "insert into audit_at_once values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
