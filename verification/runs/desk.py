"""Who judges the cases of a part of a shard? A desk: a database of its own, at which one thread works.

Two desks with half of the cases each are done far sooner than two threads of one database: those
share every table, and have to wait wherever one is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from verification.language.to_sql import Sql
from verification.runs import duck
from verification.runs.assembling import tables_of
from verification.runs.loading import load, load_part, look_at_whole, number_whole
from verification.runs.sealed import Tables
from verification.runs.tables import Snapshot


class Desk:
    """A catalogue on a database of its own, over a snapshot: load some cases, then take what is said of them.

    `memory_mib`   what the database may hold in memory; `spill`, a folder of its own, takes what does not fit
    """

    def __init__(self, snapshot: Snapshot, sql: Sql, *, memory_mib: int, spill: Path) -> None:
        self._snapshot, self._sql = snapshot, sql
        self._memory_mib = memory_mib
        self._connection = duck.connect(memory_mib=memory_mib, threads=1, spill=str(spill))

    def number_whole(self, file: Path, *, memory_mib: int, threads: int) -> None:
        """Number everybody and everything of the snapshot, into a new file: by all threads and with all memory."""
        duck.limit(self._connection, memory_mib=memory_mib, threads=threads)
        number_whole(self._connection, self._snapshot, self._sql.catalogue.reads(), file=file)
        duck.limit(self._connection, memory_mib=self._memory_mib, threads=1)

    def look_at_whole(self, file: Path) -> None:
        """Take cases from there from now on: the file needs no name any more."""
        look_at_whole(self._connection, file)

    def load(self, cases: pa.Table) -> Iterator[str]:
        """Tell every fact of some cases of the snapshot, naming each step when it is done."""
        bring = load(self._connection, replace(self._snapshot, cases=cases), self._sql)
        yield from duck.run(self._connection, self._sql, bring)

    def load_part(self, cases: pa.Table) -> Iterator[str]:
        """The same of cases that were numbered with the whole snapshot."""
        part = replace(self._snapshot, cases=cases)
        bring = load_part(self._connection, part, self._sql)
        yield from duck.run(self._connection, self._sql, bring)

    def tables(self) -> Tables:
        """What is said of the cases loaded last, as columns, in the order of household numbers."""
        return tables_of(self._sql, duck.taken(self._connection, self._sql))

    def interrupt(self) -> None:
        """End the statement that is under way; from another thread."""
        self._connection.interrupt()

    def close(self) -> None:
        """Drop the database."""
        self._connection.close()
