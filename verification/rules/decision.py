"""May this decision be made? The rules that stand before one, in the words of the catalogue."""

from __future__ import annotations

from verification.conduct_facts import decision
from verification.language.functions import every_of
from verification.language.level import Level
from verification.language.rule import Says, Severity, rule


@rule(
    "CAT-07", "待核", "cannot be told",
    of=decision, severity=Severity.BLOCK, cite="社会救助法 art. 45; 三值判断: 数据源未答复不等于查无",
)  # fmt: skip
def category_cannot_be_told(d: Level) -> Says:
    """What the deciding gate needs was not asked, not answered, stale or broken: nobody confirms on that.

    A verification finds it by itself, with what is evidenced so far (`verification.crosscheck`).
    """
    return ~d.category_told, {}


@rule(
    "EXIT-04", "未听取意见", "an adverse decision without hearing, reason, finding, or a second person",
    of=decision, severity=Severity.BLOCK, cite="社会救助法 art. 47–48",
)  # fmt: skip
def not_heard(d: Level) -> Says:
    """Hearing first, a written reason, a finding that a person confirmed after the window closed, a second person."""
    complete = every_of(d.heard, d.reasoned, d.finding_confirmed, d.window_closed, d.second_person)
    return d.adverse & ~complete, {
        "heard": d.heard,
        "reasoned": d.reasoned,
        "finding_confirmed": d.finding_confirmed,
        "window_closed": d.window_closed,
        "second_person": d.second_person,
    }


@rule(
    "INC-08", "平均化禁止", "an adverse decision that rests only on values laid over months",
    of=decision, severity=Severity.BLOCK, cite="社会救助法 art. 48; 个人信息保护法 art. 24",
)  # fmt: skip
def only_averages(d: Level) -> Says:
    """A value whose period is longer than the month it is held against is never the only basis."""
    return d.adverse & (d.facts_of_a_month == 0) & (d.facts_of_longer > 0), {"facts": d.facts_of_longer}
