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
    "COMPARED": ("compare_start",),
    "DECIDED": ("decide", "tekun_confirm", "total"),
    "CLOSED": ("notice",),
}
"""The clocks that a case stops by reaching a state."""

STARTED_BY_STATE: Mapping[str, tuple[str, ...]] = {
    "PUBLICIZED": ("publicity",),
    "COMPARED": ("decide",),
    "DECIDED": ("notice",),
}


def started(kinds: tuple[str, ...], *, on: date, pack: Pack) -> tuple[Deadline, ...]:
    """The deadlines of clocks that start on a day. Raises `BeyondCalendar`."""
    return tuple(deadline(kind, start=on, pack=pack) for kind in kinds)
