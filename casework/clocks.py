"""By when must each step of a case be done? The statutory clocks of a case, a finding and a correction.

Working days are counted by the dated calendar with 调休 (`verification.clock`); 公示 runs in
natural days. A day beyond the published calendar is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from verification.clock import Deadline, deadline
from verification.pack import Pack
from vocabulary.codes import ApplicationKind

STARTED_BY_OPENING: Mapping[ApplicationKind, tuple[str, ...]] = {
    ApplicationKind.TEKUN: ("tekun_survey", "total"),
    **{
        kind: ("survey_start", "compare_start", "total")
        for kind in ApplicationKind
        if kind is not ApplicationKind.TEKUN
    },
}
"""The clocks that start with the day a case is accepted."""

MET_BY_STATE: Mapping[str, tuple[str, ...]] = {
    "SURVEYING": ("survey_start", "tekun_survey"),
    # Back to comparing ends 公示: what was posted is no longer what will be decided, and is posted anew.
    "COMPARED": ("compare_start", "publicity"),
    "DECIDED": ("decide", "tekun_confirm", "total"),
    "CLOSED": ("notice",),
}
"""The clocks that a case stops by reaching a state."""

_STARTED_BY_STATE: Mapping[str, tuple[str, ...]] = {
    "PUBLICIZED": ("publicity",),
    "COMPARED": ("decide",),
    "DECIDED": ("notice",),
}


def started_by(state: str, kind: ApplicationKind) -> tuple[str, ...]:
    """The clocks that a case of a kind starts by reaching a state.

    特困 is confirmed within a time of its own, by 特困人员认定办法.

    >>> started_by("COMPARED", ApplicationKind.TEKUN), started_by("COMPARED", ApplicationKind.DIBAO)
    (('tekun_confirm',), ('decide',))
    """
    if kind is ApplicationKind.TEKUN and state == "COMPARED":
        return ("tekun_confirm",)
    return _STARTED_BY_STATE.get(state, ())


def started(kinds: tuple[str, ...], *, on: date, pack: Pack) -> tuple[Deadline, ...]:
    """The deadlines of clocks that start on a day. Raises `BeyondCalendar`."""
    return tuple(deadline(kind, start=on, pack=pack) for kind in kinds)
