"""What does the letter of a decision say? What was decided, on which grounds, and how to object. Pure.

The person concerned reads it: it is Chinese, it names the articles, and it names nobody but by
the household's number. 社会救助法 art. 48 asks for the reasons in writing, art. 76 for the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from casework.decisions import Decision
from casework.findings import Finding
from casework.paper import Paper, Part
from vocabulary.money import fen_with_commas

USE = "仅供本行政区域内社会救助审核使用。"
REMEDY = "如不服本决定，可以依法申请行政复议，或者提起行政诉讼（《社会救助法》第七十六条）。"


def decision_letter(
    decision: Decision,
    *,
    finding: Finding | None,
    rule_names: Mapping[str, str],
    articles: Mapping[str, str],
    heard_on: Sequence[date],
) -> Paper:
    """The letter of one decision; that of a draft says that it is one and binds nobody.

    `rule_names`, `articles`   by the number of a rule
    `heard_on`                 the days on which the person was heard
    """
    parts = [_decided(decision)]
    if finding is not None:
        parts.append(
            _rests_on(finding, rule_names.get(finding.rule, finding.rule), articles.get(finding.rule, ""))
        )
    if heard_on:
        days = "、".join(day.isoformat() for day in heard_on)
        parts.append(Part("听取意见", (f"已于 {days} 听取当事人意见（《社会救助法》第四十八条）。",)))
    parts += [_digests(decision), Part("救济途径", (REMEDY,))]
    return Paper(f"{decision.kind.term}决定通知书", decision.case.number, tuple(parts), USE)


def _decided(decision: Decision) -> Part:
    case, made = decision.case, decision.decided_on
    standing = f"于 {made} 作出" if made else "草拟中，尚未作出，不发生效力"
    rows = (
        ("决定", decision.kind.term),
        ("救助类别", decision.category.term),
        ("月应发金额", f"{fen_with_commas(decision.payable_fen)} 元/月"),
        ("理由", decision.reason),
    )
    says = f"家庭 {case.household}，案件 {case.number}，{case.opened_on} 受理。本决定{standing}。"
    return Part("决定", (says,), ("事项", "内容"), rows)


def _rests_on(finding: Finding, name: str, article: str) -> Part:
    told = (
        f"{finding.told_on} 告知当事人，异议期至 {finding.objection_until}" if finding.told_on else "未告知"
    )
    rows = (("疑点", f"{finding.rule} {name}（{finding.state.term}）"), ("依据", article), ("告知", told))
    return Part("所依据的疑点", (), ("事项", "内容"), rows)


def _digests(decision: Decision) -> Part:
    rows = (
        ("政策参数包", decision.pack),
        ("规则集", decision.rules),
        ("核验输入", decision.inputs),
        ("核验结果", decision.result),
    )
    says = "凭以下摘要值可以离线重算本决定所依据的核对结论。"
    return Part("核验依据的摘要值", (says,), ("内容", "SHA-256"), rows)
