"""Which connector speaks for which department?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from connectors import civil_affairs, disability, education, health, social_security
from connectors.ask import Clock, Connector
from connectors.guard import Patience
from connectors.mapping import Tables
from vocabulary.codes import Department

TABLES: Mapping[Department, Tables] = {
    Department.CIVIL_AFFAIRS: civil_affairs.TABLES,
    Department.SOCIAL_SECURITY: social_security.TABLES,
    Department.HEALTH: health.TABLES,
    Department.EDUCATION: education.TABLES,
    Department.DISABILITY: disability.TABLES,
}
"""What each department's tables and fields mean in our words."""

_CONNECT: Mapping[Department, Callable[..., Connector]] = {
    Department.CIVIL_AFFAIRS: civil_affairs.connect,
    Department.SOCIAL_SECURITY: social_security.connect,
    Department.HEALTH: health.connect,
    Department.EDUCATION: education.connect,
    Department.DISABILITY: disability.connect,
}


def connect(
    addresses: Mapping[Department, str],
    *,
    clock: Clock,
    today: Callable[[], date] | None = None,
    patience: Mapping[Department, Patience] | None = None,
) -> dict[Department, Connector]:
    """Give a connector for each address: an SQLAlchemy URL, `http://key@host:port` or `file:///folder`.

    `today`    the day after which no delivery is dated, where it is not the clock's own
    `patience` says how long to wait for whom, where it is not the transport's own.
    Nothing is opened yet; a department that cannot be reached says so when it is asked.
    """
    given = patience or {}
    dated: Mapping[Department, Mapping[str, object]] = {Department.EDUCATION: {"today": today}}
    return {
        department: _CONNECT[department](
            address, clock=clock, patience=given.get(department), **dated.get(department, {})
        )
        for department, address in addresses.items()
    }
