"""What does a department say that sends CSV and Excel files?

The newest complete delivery is read once and indexed by subject; the next question only
looks whether a newer one has come. A table with a row whose subject cannot be read answers
nobody: that row might be anybody's, and "no record" would be a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import date, timedelta, timezone
from functools import lru_cache
from itertools import islice
from operator import itemgetter
from pathlib import Path
from threading import Lock
from urllib.parse import unquote, urlsplit

from connectors.arrow import Chunk, chunked
from connectors.ask import Ask, Clock
from connectors.decode import Decoder, Row, decoder
from connectors.delivery import Delivery, newest
from connectors.derived import derived
from connectors.failure import Failed, broken
from connectors.guard import Guard, Patience
from connectors.mapping import Table, Tables
from connectors.register import Register
from vocabulary.codes import Department
from vocabulary.evidence import FailureKind
from vocabulary.record import Record, columns_of

Index = dict[str, list[Row]]

_CHINA = timezone(timedelta(hours=8))

FIRST_LOOK = Patience(timeout_s=30.0, attempts=1)
"""The first look at a delivery reads whole files."""

THREADS = 2
"""Of one gateway in one folder at a time; the first question reads, the others wait for it."""


class FileRegister(Register):
    """A connector to one folder of deliveries, given as `file:///folder`."""

    def __init__(
        self,
        department: Department,
        address: str,
        tables: Tables,
        *,
        clock: Clock,
        today: Callable[[], date] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Open nothing yet. `today` is China's day of the clock unless given."""
        # A first look reads whole files, hence more time; a missing delivery does not come back in milliseconds.
        guard = Guard(department.value, patience or FIRST_LOOK)
        super().__init__(department, tables, guard=guard, clock=clock)
        self._today = today or (lambda: clock().astimezone(_CHINA).date())
        self._folder = Path(unquote(urlsplit(address).path))
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=f"files-{department.value}")
        self._reading = Lock()
        self._identity = ""
        self._indexes: dict[tuple[type[Record], str], Index] = {}
        # Of a task: while one is told what it asked, another may have been answered from a newer delivery. A context
        # keeps its variables for ever: there are as many as registers, which live as long as the gateway.
        self._answered_from: ContextVar[str] = ContextVar("answered from", default="")

    def version(self) -> str:
        """See `Register.version`."""
        delivery = newest(self._folder, today=self._today())
        return f"delivery of {delivery.manifest.delivered_on}, manifest {delivery.identity[:12]}"

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        self._indexes.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def answered_from(self) -> str:
        """The delivery of this task's last answer, by the digest of its manifest; empty before the first."""
        return self._answered_from.get()

    def batch(self) -> str:
        """The newest delivery, by the digest of its manifest. Raises `Failed`."""
        return newest(self._folder, today=self._today()).identity

    async def _look_up(self, ask: Ask, table: Table, decode: Decoder) -> Iterator[Row]:
        """A folder on a network may hang: it hangs the threads of this connector and of no other."""
        running = asyncio.get_running_loop()
        identity, index = await running.run_in_executor(self._threads, self._index, ask.record, ask.by)
        self._answered_from.set(identity)
        return _narrowed(ask, index, decode, table)

    def _stream(self, table: Table, decode: Decoder, since: str) -> Iterator[tuple[Chunk, str]]:
        """A cursor is the delivery and how many of its rows were given."""
        delivery = newest(self._folder, today=self._today())
        identity, _, given = since.partition(":")
        if since and (identity != delivery.identity or not given.isdecimal()):
            raise Failed(FailureKind.STALE, "expected the delivery that the snapshot began with, got another")
        skipped = int(given or 0)
        rows = islice(_selected(delivery, table, decode), skipped, None)
        return chunked(rows, lambda count, _: f"{delivery.identity}:{skipped + count}")

    def _index(self, record: type[Record], by: str) -> tuple[str, Index]:
        """Give the newest delivery, and all its rows by subject, with every field. Raises `Failed`."""
        delivery = newest(self._folder, today=self._today())
        with self._reading:
            if delivery.identity != self._identity:
                self._indexes.clear()
                self._identity = delivery.identity
            index = self._indexes.get((record, by))
            if index is None:
                index = self._indexes[record, by] = _indexed(delivery, self._tables[record], record, by)
        return delivery.identity, index


def _indexed(delivery: Delivery, table: Table, record: type[Record], by: str) -> Index:
    decode = decoder(record, table, frozenset(columns_of(record)))
    index: Index = {}
    for row in _selected(delivery, table, decode):
        subject = decode.subject(row, by)
        if subject is not None:
            index.setdefault(subject, []).append(row)
    return index


def _selected(delivery: Delivery, table: Table, decode: Decoder) -> Iterator[Row]:
    """Give the fields of the decoder, in its order, of every row; other columns of the file are not looked at."""
    rows = delivery.rows(table)
    header = [str(cell).strip() for cell in next(rows, ())]
    try:
        places = [header.index(name) for name in decode.inputs]
    except ValueError:
        raise broken(f"`{table.physical}`: expected the columns agreed, got others") from None
    yield from derived(decode, _picked(rows, places, table, len(header)))


def _picked(
    rows: Iterator[tuple[object, ...]], places: Sequence[int], table: Table, width: int
) -> Iterator[Row]:
    for row in rows:
        if len(row) != width:
            raise broken(f"`{table.physical}`: expected rows of {width} cells, got {len(row)}")
        yield tuple(row[place] for place in places)


def _narrowed(ask: Ask, index: Index, decode: Decoder, table: Table) -> Iterator[Row]:
    """Give the rows of those asked for with only the fields asked for."""
    narrow = _narrowing(decode, table)
    for subject in dict.fromkeys(ask.subjects.tidied):
        yield from map(narrow, index.get(subject, ()))


@lru_cache(maxsize=512)
def _narrowing(decode: Decoder, table: Table) -> Callable[[Row], Row]:
    """What takes the decoder's fields, two or more, out of a row with every field."""
    places = {one.column: place for place, one in enumerate(table.fields)}
    return itemgetter(*(places[one.column] for one in decode.fields))
