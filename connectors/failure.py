"""How did a source fail? What transports raise among themselves, and what becomes of it.

    Exception
    └── Failed              a source gave no usable answer: one `FailureKind` and a detail
        └── BrokenRow       one row does not say what was agreed: its column, never its value

Neither leaves a connector: `fetch` turns them into `SourceFailed`, `snapshot` into
`SnapshotFailed`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from vocabulary.codes import Department
from vocabulary.evidence import FailureKind, Outcome, SourceFailed


class Failed(Exception):
    """A source gave no usable answer. `detail` names no person, no key and no value of a record."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind.value}: {detail}")
        self.kind = kind
        self.detail = detail

    def value(self, department: Department, *, at: datetime) -> SourceFailed:
        """Give the failure as the value that an inquiry carries on."""
        return SourceFailed(department, self.kind, at, self.detail)

    def for_all(self, ids: Iterable[str], department: Department, *, at: datetime) -> dict[str, Outcome]:
        """Give every subject this failure."""
        failed = self.value(department, at=at)
        return dict.fromkeys(ids, failed)


class BrokenRow(Failed):
    """One row does not say what was agreed."""

    def __init__(self, detail: str) -> None:
        super().__init__(FailureKind.CONTRACT_BROKEN, detail)


def by_status(status: int) -> Failed:
    """Give the failure that an HTTP status other than success stands for."""
    kind = _STATUSES.get(status)
    if kind is None:
        kind = FailureKind.UNREACHABLE if status >= _SERVERS_OWN else FailureKind.CONTRACT_BROKEN
    return Failed(kind, f"expected status 200, got {status}")


def broken(detail: str) -> Failed:
    """Give the failure of a source that answers otherwise than agreed."""
    return Failed(FailureKind.CONTRACT_BROKEN, detail)


_SERVERS_OWN = 500

_STATUSES = {
    401: FailureKind.REFUSED,
    403: FailureKind.REFUSED,
    408: FailureKind.TIMED_OUT,
    429: FailureKind.QUOTA_EXCEEDED,
    504: FailureKind.TIMED_OUT,
}
