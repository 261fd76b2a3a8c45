"""Was a question allowed, was it usual, and does the log tell of it what the departments tell?

AUT-01 to AUT-03 are what a refusal names; AUD-01 to AUD-04 are looked for afterwards. None of
them reads a department's record.
"""

from __future__ import annotations

from verification.conduct_facts import inquiry, sample, trail
from verification.language.kinds import Kind
from verification.language.level import Level
from verification.language.parameter import param
from verification.language.rule import Says, Severity, rule


@rule(
    "AUT-01", "无有效协议或目的查询", "a question without an agreement in force, or without purpose and case",
    of=inquiry, severity=Severity.BLOCK, cite="政务数据共享条例 art. 20",
)  # fmt: skip
def no_grant(q: Level) -> Says:
    """Purpose and case are stated, and an agreement in force shares something with the asker for it."""
    return ~(q.purpose_given & q.case_given & q.grant_in_force), {
        "purpose": q.purpose_given,
        "case": q.case_given,
        "grant": q.grant_in_force,
    }


@rule(
    "AUT-02", "超出协议范围", "a field outside the agreement",
    of=inquiry, severity=Severity.BLOCK, cite="政务数据共享条例 art. 20, 25",
)  # fmt: skip
def outside_grant(q: Level) -> Says:
    """There is an agreement, and what is asked for lies outside it."""
    return q.grant_in_force & ~q.inside_grant, {}


@rule(
    "AUT-03", "未经同意提供给第三方", "to a third party without the provider's consent",
    of=inquiry, severity=Severity.BLOCK, cite="政务数据共享条例 art. 25, 40",
)  # fmt: skip
def onward(q: Level) -> Says:
    """Whoever provided a record decides whether it goes further."""
    return q.to_third_party & ~q.provider_agrees, {}


@rule(
    "AUD-01", "非工作时间或高频查询", "out of hours, or too many within one hour",
    of=inquiry, severity=Severity.REVIEW, cite="社会救助法 art. 70 (六); pack: quiet_from_hour, look_ups_an_hour",
)  # fmt: skip
def unusual_hour_or_number(q: Level) -> Says:
    """From the pack's evening hour until its morning hour, or more look-ups in an hour than the pack's number."""
    late = q.hour >= param("quiet_from_hour", at=q.on, kind=Kind.NUMBER)
    early = q.hour < param("quiet_until_hour", at=q.on, kind=Kind.NUMBER)
    many = q.looked_up_within_hour > param("look_ups_an_hour", at=q.on, kind=Kind.NUMBER)
    return late | early | many, {"hour": q.hour, "look_ups": q.looked_up_within_hour}


@rule(
    "AUD-02", "无案件或亲属查询", "a look-up without a case, or of somebody close to the asker",
    of=inquiry, severity=Severity.REVIEW, cite="社会救助法 art. 70 (六)",
)  # fmt: skip
def no_case_or_close(q: Level) -> Says:
    """A case is missing, or the person is a relative of the asker, or of the asker's surname and address."""
    return ~q.case_given | q.own_relative | q.same_surname_and_address, {
        "case": q.case_given,
        "relative": q.own_relative,
        "surname_and_address": q.same_surname_and_address,
    }


@rule(
    "AUD-03", "日志与回执不符", "an access without an entry, or an entry without an access",
    of=trail, severity=Severity.CONFLICT, cite="社会救助法 art. 70 (四); 政务数据共享条例 art. 29",
)  # fmt: skip
def trail_differs(t: Level) -> Says:
    """What a department lists of a day and what the log has of it differ in either direction."""
    return (t.accesses_without_entry > 0) | (t.entries_without_access > 0), {
        "accesses_without_entry": t.accesses_without_entry,
        "entries_without_access": t.entries_without_access,
    }


@rule(
    "AUD-04", "特困抽查比例不足", "fewer 特困 recognitions checked than the law asks",
    of=sample, severity=Severity.CONFLICT, cite="特困人员认定办法 art. 16; pack: tekun_sample_percent",
)  # fmt: skip
def sample_too_small(s: Level) -> Says:
    """Compared by multiplication: exactly the share is enough."""
    least = param("tekun_sample_percent", at=s.on, kind=Kind.NUMBER)
    return s.drawn * 100 < s.confirmed * least, {"confirmed": s.confirmed, "drawn": s.drawn}
