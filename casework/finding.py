"""What may happen to a finding next? 疑似 → 异议 → 复核 → 属实, or 撤销.

A rule finds, a person decides: what a rule found is suspected until the person concerned was
told, had the time to object, and somebody confirmed it with a reason. Everything here is pure.

    CaseworkError
    ├── NotNow        names every condition that is still open, with its article
    └── BadRequest    says what of the request is missing, too long or unknown
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from casework.role import Act
from vocabulary.codes import Code


class CaseworkError(Exception):
    """Something that casework does not do; the message says why."""


class BadRequest(CaseworkError):
    """Something of the request is missing, too long or unknown; nothing was written."""


class FindingState(Code):
    """Where a finding stands."""

    SUSPECTED = "SUSPECTED", "疑似"
    OBJECTED = "OBJECTED", "异议"
    REVIEWING = "REVIEWING", "复核"
    CONFIRMED = "CONFIRMED", "属实"
    WITHDRAWN = "WITHDRAWN", "撤销"

    @property
    def open(self) -> bool:
        """Tell whether somebody still has to look at it."""
        return self not in (FindingState.CONFIRMED, FindingState.WITHDRAWN)


class Lack(Code):
    """A condition that is not met yet, with the article that asks for it."""

    WRONG_STATE = "WRONG_STATE", "当前状态不允许这样做"
    NOT_TOLD = "NOT_TOLD", "尚未告知当事人：审核确认办法 第十八条"
    WINDOW_OPEN = "WINDOW_OPEN", "异议期未满：审核确认办法 第十八条"
    NO_REASON = "NO_REASON", "没有写明理由：社会救助法 第四十八条"
    NO_FINDING = "NO_FINDING", "没有经人认定属实的疑点：社会救助法 第四十八条"
    NO_HEARING = "NO_HEARING", "没有听取当事人意见的记录：社会救助法 第四十八条"
    NO_SECOND = "NO_SECOND", "需要另一人复核：一人不得单独作出"
    NOT_PUBLICIZED = "NOT_PUBLICIZED", "公示期未满：审核确认办法 第十九条"
    NO_VISIT = "NO_VISIT", "近亲属案件未由两人入户调查：审核确认办法 第十一条、第十六条"
    OVERTAKEN = "OVERTAKEN", "已有更新的版本生效：请在其基础上重新起草"
    ONLY_AVERAGES = "ONLY_AVERAGES", "仅凭跨月摊算的数值，不得单独作为依据：INC-08"
    NOT_ENTITLED = "NOT_ENTITLED", "核对结论为不符合，不能据以给予、继续或增发救助：社会救助法 第十三条"
    INDETERMINATE = "INDETERMINATE", "核对结论待核，不能据以作出决定：CAT-07"


class NotNow(CaseworkError):
    """Not before what is missing is there: `lacks` names all of it."""

    def __init__(self, lacks: Iterable[Lack]) -> None:
        self.lacks = tuple(lacks)
        super().__init__("；".join(lack.term for lack in self.lacks))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one finding stands.

    `objection_until`   the last day on which an objection is in time; None while nobody was told
    """

    state: FindingState
    objection_until: date | None

    def window_closed(self, today: date) -> bool:
        """Tell whether the time to object is over; its last day is still in time."""
        return self.objection_until is not None and today > self.objection_until


_FROM: dict[Act, tuple[frozenset[FindingState], FindingState]] = {
    Act.TELL: (frozenset({FindingState.SUSPECTED}), FindingState.SUSPECTED),
    Act.OBJECT: (frozenset({FindingState.SUSPECTED}), FindingState.OBJECTED),
    Act.REVIEW: (frozenset({FindingState.OBJECTED}), FindingState.REVIEWING),
    Act.CONFIRM: (frozenset({FindingState.SUSPECTED, FindingState.REVIEWING}), FindingState.CONFIRMED),
    Act.WITHDRAW: (
        frozenset({FindingState.SUSPECTED, FindingState.OBJECTED, FindingState.REVIEWING}),
        FindingState.WITHDRAWN,
    ),
}


def next_state(act: Act, standing: Standing, *, reason: str, today: date) -> FindingState:
    """Where an act leads. An objection is taken until the finding is confirmed, also after its time.

    Raises `NotNow`.

    >>> told = Standing(FindingState.SUSPECTED, date(2026, 10, 15))
    >>> next_state(Act.CONFIRM, told, reason="缴费记录相符", today=date(2026, 10, 16)).term
    '属实'
    >>> next_state(Act.CONFIRM, told, reason="缴费记录相符", today=date(2026, 10, 15))
    Traceback (most recent call last):
    casework.finding.NotNow: 异议期未满：审核确认办法 第十八条
    """
    allowed, after = _FROM[act]
    lacks = [] if standing.state in allowed else [Lack.WRONG_STATE]
    if act is not Act.TELL and act is not Act.REVIEW and not reason.strip():
        lacks.append(Lack.NO_REASON)
    if act is Act.CONFIRM:
        lacks += window_lacks(standing, today)
    if lacks:
        raise NotNow(lacks)
    return after


def window_lacks(standing: Standing, today: date) -> list[Lack]:
    """What is missing of having told the person and given them time."""
    if standing.objection_until is None:
        return [Lack.NOT_TOLD]
    return [] if standing.window_closed(today) else [Lack.WINDOW_OPEN]
