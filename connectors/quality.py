"""Was what a department gave us as agreed, and which rows were not? Results of checks, as they are kept.

A check (`connectors.expectations`) runs in a process of its own over a delivery or a snapshot
and keeps its result here, as JSON in a folder; the gateway reads what the newest one says of the
batch that it answers from. A result names rows by the register's own key and holds no value: no
id number, no name, no amount.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from vocabulary.codes import Code, Department
from vocabulary.evidence import Quality
from vocabulary.record import Record

KEYS_KEPT = 200
"""Failing rows that a result names where it is kept; it counts all of them."""

LOOKED_AGAIN_S = 0.5
"""So soon what another process has kept is known to answers; a look costs more than the rest of a question."""

Count = Annotated[int, Meta(ge=0)]


class Gravity(Code):
    """How much it matters that an expectation is not kept; the words of the contracts."""

    CRITICAL = "critical", "严重"
    """Who or what is meant cannot be told: nothing is concluded from the batch."""
    ERROR = "error", "错误"
    """A value is not as agreed: its row is not read, the others are."""
    WARNING = "warning", "提示"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation and how it was kept.

    `column`        ours; empty where the whole table is meant
    `expectation`   its name at Great Expectations, or one of ours
    `rows`          all rows of the batch
    `failing_rows`  those that fail it; a few may be allowed
    `kept`          whether it was kept
    `keys`          the register's keys of failing rows; of a result that was kept the first `KEYS_KEPT`
    """

    column: str
    expectation: str
    severity: Gravity
    rows: Count
    failing_rows: Count
    kept: bool
    keys: tuple[str, ...] = ()


class BatchCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of one table came to.

    `record`      name of the record type
    `batch`       which delivery; empty for a register that answers live
    `checked_at`  UTC
    `newest`      the last day for which a row says that it is true; None where no row does
    """

    department: Department
    record: str
    batch: str
    checked_at: datetime
    rows: Count
    newest: date | None
    checked: tuple[Checked, ...]

    @property
    def quality(self) -> Quality:
        """What is to be thought of the batch."""
        broken = any(not one.kept and one.severity is Gravity.CRITICAL for one in self.checked)
        return Quality.DOUBTFUL if broken else Quality.SOUND

    @property
    def broken(self) -> tuple[Checked, ...]:
        """The expectations that were not kept, the gravest first."""
        order = [*Gravity]
        return tuple(
            sorted((one for one in self.checked if not one.kept), key=lambda one: order.index(one.severity))
        )


class QualityBook:
    """The results of all checks, in a folder. Read by several processes while one writes.

    `<department>/<Record>.json` is the newest of a record type; older ones lie beside it, by instant. `now` gives seconds
    that never go back.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._now = folder, now
        self._read: dict[Path, tuple[int, BatchCheck]] = {}
        self._known: dict[type[Record], tuple[float, str | None, Quality]] = {}

    def keep(self, check: BatchCheck) -> None:
        """Keep a result, with few of its keys; on return it is the newest of its record type. Raises `OSError`."""
        folder = self._folder / check.department.value
        folder.mkdir(parents=True, exist_ok=True)
        written = msgspec.json.format(msgspec.json.encode(_shortened(check)), indent=1)
        (folder / f"{check.record}-{check.checked_at:%Y%m%dT%H%M%S%f}Z.json").write_bytes(written)
        under_way = folder / f".{check.record}.{os.getpid()}"
        under_way.write_bytes(written)
        under_way.replace(folder / f"{check.record}.json")
        self._known.clear()

    def newest(self, record: type[Record]) -> BatchCheck | None:
        """The newest result of a record type; None where there is none, or none that can be read."""
        path = self._folder / record.department.value / f"{record.__name__}.json"
        with suppress(OSError, msgspec.DecodeError):
            written = path.stat().st_mtime_ns
            known = self._read.get(path)
            if known is None or known[0] != written:
                known = self._read[path] = written, msgspec.json.decode(path.read_bytes(), type=BatchCheck)
            return known[1]
        return None

    def quality(self, record: type[Record], batch: str) -> Quality:
        """What is known of a batch: what its own check said; of a register that answers live, the newest check.

        What another process keeps is known `LOOKED_AGAIN_S` later.
        """
        known, now = self._known.get(record), self._now()
        if known is None or now - known[0] >= LOOKED_AGAIN_S:
            check = self.newest(record)
            told = (None, Quality.UNCHECKED) if check is None else (check.batch, check.quality)
            known = self._known[record] = (now, *told)
        return known[2] if known[1] == batch else Quality.UNCHECKED

    def of(self, records: Iterable[type[Record]]) -> tuple[BatchCheck, ...]:
        """The newest results of record types, of those that were checked."""
        found = map(self.newest, records)
        return tuple(check for check in found if check is not None)


def _shortened(check: BatchCheck) -> BatchCheck:
    shorter = [msgspec.structs.replace(one, keys=one.keys[:KEYS_KEPT]) for one in check.checked]
    return msgspec.structs.replace(check, checked=tuple(shorter))


def key_shown(key: object, *, row: int) -> str:
    """Give a row's key as it may be shown; its place where the key is missing or could name a person.

    >>> key_shown("ZZ-000017", row=3), key_shown("529901195001010007", row=3), key_shown(None, row=3)
    ('ZZ-000017', 'row 3', 'row 3')
    """
    plain = isinstance(key, str | int) and _KEY.fullmatch(str(key).strip()) and not _LONG.search(str(key))
    return str(key).strip() if plain else f"row {row}"


_KEY = re.compile(r"[A-Za-z0-9_./:-]{1,64}")
_LONG = re.compile(r"[0-9]{11}")
"""A telephone has 11 digits, an id number 15 or 17 in a row."""
