"""Whom were two districts found to pay? What `hedui tokens compare --load` kept, given as records of civil affairs.

A register of civil affairs rarely has a table of comparisons; so the gateway keeps them itself, a
file for each month and neighbour in a folder of its own, and answers about `DistrictToken` from
there. Where nothing was ever loaded the register is asked, as for every other record type.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from connectors.ask import (
    Ask,
    Begun,
    Clock,
    Connector,
    Prompt,
    Snapshot,
    SnapshotFailed,
    Together,
    Worth,
    unchecked,
)
from connectors.failure import Failed, broken
from connectors.memory import MemoryConnector
from connectors.search import Find, Finds, Searched, unsearchable
from connectors.tokens import Border
from vocabulary.codes import Department
from vocabulary.evidence import Outcome
from vocabulary.record import Record, columns_of, read_word
from vocabulary.records.civil_affairs import DistrictToken

_NAMES = tuple(columns_of(DistrictToken))


def as_csv(found: Sequence[DistrictToken]) -> bytes:
    """Give records as a table that a spreadsheet opens, with a heading."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_NAMES)
    writer.writerows([str(getattr(row, name)) for name in _NAMES] for row in found)
    return text.getvalue().encode("utf-8-sig")


def from_csv(data: bytes) -> list[DistrictToken]:
    """Read what `as_csv` wrote. Raises `ValueError` for anything else."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return [msgspec.convert(row, DistrictToken, strict=False, dec_hook=read_word) for row in rows]


class TokenBook:
    """What was compared and loaded, for the owner of the folder alone: it names people."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = 0
        self._rows: tuple[DistrictToken, ...] = ()

    def keep(self, border: Border, found: Sequence[DistrictToken]) -> None:
        """Keep what came of one month and neighbour, in place of what was kept of them. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{border.period}-{border.here}-{border.other}.csv"
        under_way = self._folder / f".{path.name}.{os.getpid()}"
        with os.fdopen(os.open(under_way, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(as_csv(found))
            file.flush()
            os.fsync(file.fileno())
        under_way.replace(path)

    @property
    def kept(self) -> bool:
        """Whether anything was ever loaded."""
        return self._folder.is_dir()

    def rows(self) -> tuple[DistrictToken, ...] | None:
        """All that is kept; None where nothing was ever loaded. Raises `OSError`, `ValueError`."""
        try:
            changed = self._folder.stat().st_mtime_ns  # whatever is kept comes by renaming
        except FileNotFoundError:
            return None
        if changed != self._seen:
            files = sorted(self._folder.glob("[0-9]*.csv"))
            self._rows = tuple(row for file in files for row in from_csv(file.read_bytes()))
            self._seen = changed
        return self._rows


class WithTokens:
    """Civil affairs' connector, but for `DistrictToken`, once something was loaded."""

    def __init__(self, inner: Connector, book: TokenBook, *, clock: Clock) -> None:
        self._inner, self._book, self._clock = inner, book, clock
        self._begin = inner.begin if isinstance(inner, Prompt) else None
        self.asks_together = isinstance(inner, Together) and inner.asks_together
        """See `Together.asks_together`."""
        self._kept: tuple[tuple[DistrictToken, ...], MemoryConnector] | None = None

    @property
    def department(self) -> Department:
        """See `Connector.department`."""
        return self._inner.department

    async def fetch(self, ask: Ask) -> Mapping[str, Outcome]:
        """See `Connector.fetch`."""
        try:
            return await self._of(ask.record).fetch(ask)
        except Failed as why:
            return why.for_all(ask.ids, self.department, at=self._clock())

    async def fetch_all(self, asks: Sequence[Ask]) -> list[Mapping[str, Outcome]]:
        """See `Together.fetch_all`."""
        assert isinstance(self._inner, Together)
        theirs = [ask for ask in asks if ask.record is not DistrictToken]
        answers = iter(await self._inner.fetch_all(theirs) if theirs else ())
        return [await self.fetch(ask) if ask.record is DistrictToken else next(answers) for ask in asks]

    def begin(self, asks: Sequence[Ask], *, worth: Worth = unchecked) -> Begun | None:
        """See `Prompt.begin`. What may be kept here is asked patiently: there is nobody to wait for."""
        if self._begin is None or (DistrictToken in {ask.record for ask in asks} and self._book.kept):
            return None
        return self._begin(asks, worth=worth)

    async def find(self, wanted: Find) -> Finds:
        """See `Searched.find`."""
        try:
            of = self._of(wanted.record)
            if not isinstance(of, Searched):
                raise unsearchable()
            return await of.find(wanted)
        except Failed as why:
            return why.value(self.department, at=self._clock())

    def snapshot(self, record: type[Record], columns: frozenset[str], since: str = "") -> Snapshot:
        """See `Connector.snapshot`."""
        try:
            return self._of(record).snapshot(record, columns, since)
        except Failed as why:
            raise SnapshotFailed(why.value(self.department, at=self._clock())) from None

    async def aclose(self) -> None:
        """See `Connector.aclose`."""
        await self._inner.aclose()

    def _of(self, record: type[Record]) -> Connector:
        """Who answers about a record type. Raises `Failed`."""
        try:
            rows = self._book.rows() if record is DistrictToken else None
        except (OSError, ValueError):
            raise broken("`DistrictToken`: expected what was loaded, got files that cannot be read") from None
        if rows is None:
            return self._inner
        if self._kept is None or self._kept[0] is not rows:
            self._kept = rows, MemoryConnector(self.department, {DistrictToken: rows}, clock=self._clock)
        return self._kept[1]
