"""Who may do what in casework? Seven roles, from the post (岗位) that a caller's own department vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from casework.agreement import Recipient
from vocabulary.codes import Code
from vocabulary.region import RegionCode


class Role(Code):
    """What somebody is to casework."""

    CLERK = "CLERK", "窗口"
    VERIFIER = "VERIFIER", "核对员"
    SUPERVISOR = "SUPERVISOR", "复核主管"
    LAWYER = "LAWYER", "法务"
    EVALUATOR = "EVALUATOR", "评估员"
    OPERATOR = "OPERATOR", "运维"
    STEWARD = "STEWARD", "数据管理员"
    """Of a department that provides records: answers for them."""


class Act(Code):
    """What can be done to a case, a finding or a decision."""

    READ = "READ", "查看案件"
    OPEN_CASE = "OPEN_CASE", "受理案件"
    MOVE_CASE = "MOVE_CASE", "推进案件"
    ADD_FINDING = "ADD_FINDING", "登记疑点"
    ASSIGN = "ASSIGN", "分派"
    TELL = "TELL", "告知当事人"
    OBJECT = "OBJECT", "登记异议"
    REVIEW = "REVIEW", "复核"
    CONFIRM = "CONFIRM", "认定属实"
    WITHDRAW = "WITHDRAW", "撤销疑点"
    HEAR = "HEAR", "听取意见"
    DRAFT = "DRAFT", "起草决定"
    DECIDE = "DECIDE", "作出决定"
    DISPUTE = "DISPUTE", "提出校核"
    ANSWER = "ANSWER", "答复校核"
    AUTHORIZE = "AUTHORIZE", "登记或撤回授权"
    EDIT_AGREEMENT = "EDIT_AGREEMENT", "修订共享协议"
    SIGN_AGREEMENT = "SIGN_AGREEMENT", "签署共享协议"


_DAILY = frozenset({Act.READ, Act.OPEN_CASE, Act.TELL, Act.OBJECT, Act.DISPUTE, Act.AUTHORIZE})
_CHECKING = _DAILY | {
    Act.MOVE_CASE,
    Act.ADD_FINDING,
    Act.REVIEW,
    Act.WITHDRAW,
    Act.HEAR,
    Act.DRAFT,
    Act.ANSWER,
}

MAY: Mapping[Role, frozenset[Act]] = {
    Role.CLERK: _DAILY,
    Role.VERIFIER: _CHECKING,
    Role.SUPERVISOR: _CHECKING | {Act.ASSIGN, Act.CONFIRM, Act.DECIDE, Act.SIGN_AGREEMENT},
    Role.LAWYER: frozenset({Act.READ, Act.EDIT_AGREEMENT, Act.SIGN_AGREEMENT}),
    Role.EVALUATOR: frozenset(),
    Role.OPERATOR: frozenset(),
    Role.STEWARD: frozenset({Act.ANSWER}),
}
"""Acts by role: whoever confirms and decides is not who found. Evaluators and operators see no case."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at work on cases.

    `account`   issuer and subject as the caller's token names them, 3 to 96 characters
    `region`    the subtree for which they work
    """

    account: str
    department: Recipient
    post: str
    region: RegionCode

    @property
    def role(self) -> Role | None:
        """The role of the post; None for a post that casework does not know."""
        inside = self.department is Recipient.CIVIL_AFFAIRS
        for role in Role:
            if role.term == self.post and (inside or role in (Role.EVALUATOR, Role.STEWARD)):
                return role
        return None

    def may(self, act: Act) -> bool:
        """Tell whether the role includes an act, wherever the household lives."""
        return self.role is not None and act in MAY[self.role]

    def covers(self, region: RegionCode) -> bool:
        """Tell whether a household of this region lies in the actor's subtree (四级贯通)."""
        return region.within(self.region)
