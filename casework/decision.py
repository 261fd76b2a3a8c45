"""May this decision be made? An adverse one never without a finding that a person confirmed, a closed
window for objections, a hearing, a reason and a second person (社会救助法 art. 47, 48; rule EXIT-04),
and never on values alone that were laid over months (INC-08).

Everything here is pure; the database holds the same conditions once more (`casework.tables`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from casework.finding import FindingState, Lack, NotNow, Standing, window_lacks
from casework.periods import Facts
from vocabulary.codes import Code


class DecisionKind(Code):
    """What is decided about a household."""

    GRANT = "GRANT", "给予救助"
    KEEP = "KEEP", "继续救助"
    INCREASE = "INCREASE", "增发"
    GRADUAL = "GRADUAL", "渐退"
    REFUSE = "REFUSE", "不予救助"
    REDUCE = "REDUCE", "减发"
    TERMINATE = "TERMINATE", "终止救助"

    @property
    def adverse(self) -> bool:
        """Tell whether somebody gets less than they asked for or had."""
        return self in (DecisionKind.REFUSE, DecisionKind.REDUCE, DecisionKind.TERMINATE)


def is_publicized(kind: DecisionKind, *, application: bool) -> bool:
    """Tell whether the seven days of 公示 must be over before a decision of this kind is made.

    `application`   whether somebody applied; else it is a review of relief that is drawn

    Posted is the opinion on an application that is to be followed, whatever the relief is called:
    审核确认办法 art. 19, 特困人员认定办法 likewise. Who is given relief without having applied is posted too.
    A review adjusts what was posted once (art. 31 to 33), and what is refused or taken from somebody is
    told to them alone: names, members and amounts of those who draw relief are all that may be published (art. 24).

    >>> is_publicized(DecisionKind.KEEP, application=True), is_publicized(DecisionKind.KEEP, application=False)
    (True, False)
    """
    return not kind.adverse and (application or kind is DecisionKind.GRANT)


class DecisionState(Code):
    """Where a decision stands. A draft binds nobody."""

    DRAFT = "DRAFT", "草拟"
    CONFIRMED = "CONFIRMED", "已作出"
    RETURNED = "RETURNED", "退回"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a decision rests on when it is to be made.

    `finding`      the finding it names, None when it names none
    `heard`        whether a hearing is recorded with the case
    `drafted_by`   account of who drafted it; `second` of who is about to make it
    `publicized`   whether 公示 has run its natural days; None where it need not (`is_publicized`)
    `visited`      False where an application of a near relative lacks its visit by two, or nobody can tell (HH-10)
    `judged`       whether the verification told a category
    `entitled`     whether the category that it told is one of those who are given relief
    `facts`        what the finding rests on, by period
    """

    finding: Standing | None
    heard: bool
    reason: str
    drafted_by: str
    second: str
    publicized: bool | None
    visited: bool
    judged: bool
    entitled: bool
    facts: Facts


def require(kind: DecisionKind, grounds: Grounds, *, today: date) -> None:
    """Return when a decision of this kind may be made; name everything that is missing, at once.

    Raises `NotNow`.

    >>> alone = Grounds(None, True, "收入超过标准", "mz-0042", "mz-0042", None, True, True, True, Facts())
    >>> require(DecisionKind.KEEP, alone, today=date(2026, 11, 1))
    Traceback (most recent call last):
    casework.finding.NotNow: 需要另一人复核：一人不得单独作出
    """
    lacks = _always(grounds)
    if kind.adverse:
        lacks += _before_adverse(grounds, today)
    elif not grounds.entitled and kind is not DecisionKind.GRADUAL:
        # 渐退 is for those who are entitled no longer (民发〔2022〕83号).
        lacks.append(Lack.NOT_ENTITLED)
    if lacks:
        raise NotNow(lacks)


def _always(grounds: Grounds) -> list[Lack]:
    lacks = []
    if not grounds.reason.strip():
        lacks.append(Lack.NO_REASON)
    if grounds.second == grounds.drafted_by:
        lacks.append(Lack.NO_SECOND)
    if grounds.publicized is False:
        lacks.append(Lack.NOT_PUBLICIZED)
    if not grounds.visited:
        lacks.append(Lack.NO_VISIT)
    if not grounds.judged:
        lacks.append(Lack.INDETERMINATE)
    return lacks


def _before_adverse(grounds: Grounds, today: date) -> list[Lack]:
    lacks = []
    if grounds.finding is None or grounds.finding.state is not FindingState.CONFIRMED:
        lacks.append(Lack.NO_FINDING)
    else:
        lacks += window_lacks(grounds.finding, today)
    if not grounds.heard:
        lacks.append(Lack.NO_HEARING)
    if grounds.facts.of_longer and not grounds.facts.of_a_month:
        lacks.append(Lack.ONLY_AVERAGES)
    return lacks
