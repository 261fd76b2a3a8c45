"""What is known of a question, of a day of the log, of a sample and of a decision, for rules to look at?

The rules about those who ask and decide use the same language as those about households, over
levels of their own. A fact that nobody could tell is left out, and is unknown: never a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from verification.language.kinds import Kind
from verification.language.level import Definition, Level
from verification.language.source import Holds


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that is given: its kind, and its names."""

    kind: Kind
    zh: str
    en: str


def _level(name: str, facts: Mapping[str, Fact]) -> Level:
    """A level whose facts are given by whoever judges; each may be unknown."""
    made = {
        key: Definition(key, None, Holds(fact.kind, uncertain=True), zh=fact.zh, en=fact.en)
        for key, fact in facts.items()
    }
    return Level(name, made)


inquiry = _level(
    "inquiry",
    {
        "on": Fact(Kind.DATE, "查询日期", "day of the question, local civil date"),
        "hour": Fact(Kind.NUMBER, "查询时刻（时）", "hour of the question, 0 to 23, local time"),
        "purpose_given": Fact(Kind.FLAG, "已说明使用目的", "a purpose is stated that an agreement names"),
        "case_given": Fact(Kind.FLAG, "已关联案件", "a case number is stated"),
        "grant_in_force": Fact(Kind.FLAG, "共享协议有效", "an agreement in force shares this with the asker"),
        "inside_grant": Fact(Kind.FLAG, "在协议范围内", "what is asked for lies inside that agreement"),
        "to_third_party": Fact(Kind.FLAG, "提供给第三方", "it would leave for a third party"),
        "provider_agrees": Fact(Kind.FLAG, "提供部门同意", "the providing department agrees in writing"),
        "looked_up_within_hour": Fact(
            Kind.NUMBER, "一小时内查询数", "look-ups of this asker within one hour"
        ),
        "own_relative": Fact(Kind.FLAG, "查询人近亲属", "about a near relative of the asker"),
        "same_surname_and_address": Fact(
            Kind.FLAG, "与查询人同姓同址", "about somebody of the asker's surname and address"
        ),
    },
)
"""One question to the gateway, answered or refused."""

trail = _level(
    "trail",
    {
        "on": Fact(Kind.DATE, "日期", "the day that is compared"),
        "accesses_without_entry": Fact(
            Kind.NUMBER, "无日志的访问数", "accesses that a department lists and the log does not"
        ),
        "entries_without_access": Fact(
            Kind.NUMBER, "无访问的日志数", "entries of the log that a department's list does not bear out"
        ),
    },
)
"""One department's list of a day beside the log."""

sample = _level(
    "sample",
    {
        "on": Fact(Kind.DATE, "抽样日期", "day of the sample"),
        "confirmed": Fact(Kind.NUMBER, "特困认定数", "特困 recognitions in the frame"),
        "drawn": Fact(Kind.NUMBER, "抽查数", "of these, how many are to be looked at"),
    },
)
"""A random check of recognitions."""

decision = _level(
    "decision",
    {
        "on": Fact(Kind.DATE, "决定日期", "day of the decision"),
        "adverse": Fact(Kind.FLAG, "不利决定", "somebody gets less than they asked for or had"),
        "heard": Fact(Kind.FLAG, "已听取意见", "a hearing is recorded with the case"),
        "reasoned": Fact(Kind.FLAG, "已说明理由", "a reason is written down"),
        "finding_confirmed": Fact(Kind.FLAG, "疑点已属实", "it rests on a finding that a person confirmed"),
        "window_closed": Fact(Kind.FLAG, "异议期已过", "the window for objections has closed"),
        "second_person": Fact(Kind.FLAG, "另一人复核", "made by another person than who drafted it"),
        "category_told": Fact(Kind.FLAG, "类别可以判断", "the verification told a category"),
        "facts_of_a_month": Fact(
            Kind.NUMBER,
            "按月事实数",
            "facts it rests on that were recorded for the month they are held against",
        ),
        "facts_of_longer": Fact(
            Kind.NUMBER, "跨月摊算事实数", "facts it rests on whose period is longer than that month"
        ),
    },
)
"""A decision about a household, before it is made."""
